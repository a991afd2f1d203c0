"""A campaign runs through several runs; nothing it knows is lost between them."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest_asyncio

from models.contract.campaign import Cadence, Pause, Receipt, Resume
from models.contract.vocabulary import CampaignStatus
from tests.faults.rig import Rig, own_stack, rigged
from tests.stack import eventually

BUSY = Cadence(
    pacing=timedelta(minutes=30),
    figures=timedelta(minutes=20),
    landing_page=timedelta(minutes=30),
    lease=timedelta(minutes=60),
    restatement=timedelta(minutes=10),
)


@pytest_asyncio.fixture(loop_scope="session")
async def turning_rig() -> AsyncGenerator[Rig]:
    """A server that suggests a new run after every hundred events."""
    async with (
        own_stack(limit__historyCount__suggestContinueAsNew="100") as stack,
        rigged(stack) as rig,
    ):
        rig.team.cadence = BUSY
        yield rig


async def test_state_wishes_and_leases_survive_continue_as_new(turning_rig: Rig) -> None:
    rig = turning_rig
    await rig.start_worker()
    handles = await rig.propose()
    await rig.approve(handles.values())
    before = await rig.launched(handles.values())
    first = [(await handle.describe()).run_id for handle in handles.values()]

    async def turned_and_renewed() -> bool:
        runs = [(await handle.describe()).run_id for handle in handles.values()]
        views = [await rig.team.view(handle) for handle in handles.values()]
        renewed = [
            new.lease_until is not None and new.lease_until > old.lease_until
            for new, old in zip(views, before, strict=True)
            if old.lease_until is not None
        ]
        return all(a != b for a, b in zip(runs, first, strict=True)) and all(renewed)

    await eventually(turned_and_renewed, seconds=40)
    meta, x = handles["meta"], handles["x"]
    for handle in (meta, x):  # wishes reach whichever run is there
        await handle.execute_update("pause", Pause(by="ana"), result_type=Receipt)
    await meta.execute_update("resume", Resume(by="ana"), result_type=Receipt)
    view = await rig.until(meta, CampaignStatus.ACTIVE, CampaignStatus.PENDING_REVIEW)
    old = next(one for one in before if one.platform == "meta")
    assert view.tree == old.tree
    assert view.plan == old.plan
    assert view.visits[: len(old.visits)] == old.visits
    await rig.assert_single(view)
    await meta.signal("kill")
    result = await meta.result()
    assert result["status"] == "killed"
    await rig.switched_off(view)
    assert (await rig.team.view(x)).status is CampaignStatus.PAUSED
    query = f"WorkflowId = '{meta.id}'"
    runs = [one.id async for one in rig.client.list_workflows(query)]
    assert len(runs) > 1
