"""``kill -9`` of the worker in the middle of a launch."""

import asyncio

from tests.faults.rig import Rig, seeded
from tests.stack import eventually

SEED = 20261121


async def test_a_launch_survives_kill_9_at_any_instant(rig: Rig) -> None:
    instants = seeded(SEED)
    await rig.start_worker()
    handles = await rig.propose()
    for network in handles:
        await rig.team.arm(network, "delay", method="POST", count=9, seconds=0.3)
    await rig.approve(handles.values())
    ids = [handle.id.removeprefix("campaign-") for handle in handles.values()]
    for share in (1, 7):  # effects asked for so far, over both networks

        async def under_way(share: int = share) -> bool:
            asked = [len(await rig.team.effects(one)) for one in ids]
            return sum(asked) >= share

        await eventually(under_way, seconds=40, every=0.05)
        await asyncio.sleep(instants.uniform(0.0, 0.6))
        rig.worker.kill()
        await rig.start_worker()
    for view in await rig.launched(handles.values(), seconds=60):
        await rig.assert_single(view)
        assert await rig.campaign_is_on(view)
    attempts = [one.attempts for each in ids for one in await rig.team.effects(each)]
    assert max(attempts) > 1, f"no kill hit a create; seed {SEED}"
    assert rig.worker.kills == 2
