"""A small chaos: one seed decides faults and kills; the promises hold afterwards."""

import asyncio

from models.contract.vocabulary import CampaignStatus
from tests.faults.rig import Rig, seeded, steadily

SEED = 430
ROUNDS = 2


async def test_the_promises_hold_in_a_seeded_chaos(rig: Rig) -> None:
    chaos = seeded(SEED)
    print(f"chaos seed {SEED}")
    await rig.start_worker()
    proposals = await asyncio.gather(*(rig.propose() for _ in range(3)))
    handles = [handle for proposal in proposals for handle in proposal.values()]
    for network in ("meta", "x"):
        for kind, chance in (("lost_answer", 0.05), ("late_write", 0.05), ("delay", 0.1)):
            await rig.team.arm(network, kind, method="POST", chance=chance, count=3, seconds=1.2)
        await rig.team.arm(network, "server_error", chance=0.03, count=2)
        await rig.team.arm(network, "duplicate", method="POST", chance=0.05, count=3)
    await rig.approve(handles)
    killed = chaos.choice(handles)
    for turn in range(ROUNDS):
        await asyncio.sleep(chaos.uniform(0.6, 2.0))
        if turn == ROUNDS - 1:
            await killed.signal("kill")
        rig.worker.kill()
        await rig.restart_networks()
        await rig.start_worker()
    survivors = [handle for handle in handles if handle is not killed]
    views = await rig.launched(survivors, seconds=60)
    result = await asyncio.wait_for(killed.result(), 60)
    assert result["status"] == "killed", f"seed {SEED}"
    gone = await rig.team.view(killed)
    assert gone.status is CampaignStatus.KILLED
    for view in views:
        await rig.assert_single(view)
        assert await rig.campaign_is_on(view), f"seed {SEED}"

    async def quiet() -> bool:
        return not await rig.campaign_is_on(gone)

    await steadily(quiet, 2.0)
    faults = (await rig.team.control.get("/faults")).json()["faults"]
    assert sum(fault["fired"] for fault in faults) >= 5, f"seed {SEED}: a chaos without faults"
    assert rig.worker.kills == ROUNDS
