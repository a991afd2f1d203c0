"""The Temporal server dies in the middle of a launch, and comes back."""

import asyncio
import signal

from tests.faults.rig import Rig, seeded
from tests.stack import eventually

SEED = 7


async def test_a_launch_survives_kill_9_of_the_temporal_server(rig: Rig) -> None:
    await rig.start_worker()
    handles = await rig.propose()
    for network in handles:
        await rig.team.arm(network, "delay", method="POST", count=6, seconds=0.3)
    ids = [handle.id.removeprefix("campaign-") for handle in handles.values()]
    await rig.approve(handles.values())

    async def under_way() -> bool:
        return sum([len(await rig.team.effects(one)) for one in ids]) >= 3

    await eventually(under_way, seconds=30, every=0.05)
    await asyncio.sleep(seeded(SEED).uniform(0.0, 0.5))
    server = rig.stack.programs["temporal"]
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(server.process.wait, 10)
    await asyncio.sleep(1.0)  # the worker meets a server that is not there
    server.start()
    for view in await rig.launched(handles.values(), seconds=60):
        await rig.assert_single(view)
        assert await rig.campaign_is_on(view)
