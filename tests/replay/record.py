"""Record the golden histories: ``python -m tests.replay.record`` (about a minute).

Tells a few stories on a stack of its own and keeps what the server wrote down. Record anew when a
story was added or before anything was released; a history that stands for campaigns that run is
never replaced to make a test pass (see docs/durability.md).
"""

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from models.contract.campaign import Cadence, Kill, Modify, Pause, Receipt, Reject, Resume
from models.contract.guard import StopOrder
from models.contract.vocabulary import CampaignStatus
from starter.stack.local import LocalStack
from tests.faults.rig import Rig, own_stack, rigged
from tests.replay.golden import FOLDER, replay, save
from tests.stack import eventually, page

_ACTIVE = CampaignStatus.ACTIVE
_CADENCE = Cadence(
    pacing=timedelta(minutes=45),
    fatigue=timedelta(minutes=70),
    figures=timedelta(minutes=40),
    landing_page=timedelta(minutes=80),
    lease=timedelta(minutes=100),
    review=timedelta(minutes=10),
    restatement=timedelta(minutes=10),
)
_WORDS = " ".join(f"Net number {number} was mended by the harbour people." for number in range(9))


async def _proposed(rig: Rig) -> tuple[str, dict[str, WorkflowHandle[Any, Any]]]:
    url = f"https://journal.example/{rig.team.id.hex[:8]}/nets"
    answer = await rig.team.control.post(
        "/pages", json={"url": url, "html": page(url, text=_WORDS)}
    )
    answer.raise_for_status()
    promotion = await rig.team.promote(url)
    return promotion, await rig.team.proposed(promotion)


async def _launch(rig: Rig, handle: WorkflowHandle[Any, Any], hours: float) -> None:
    """Shorten the flight, approve the new version, and see it deliver."""
    view = await rig.team.view(handle)
    now = view.visits[-1].at
    change = Modify(by="ana", version=1, end=now + timedelta(hours=hours))
    await handle.execute_update("modify", change, result_type=Receipt)
    asked = {"by": "ana", "version": 2}
    await handle.execute_update("approve", asked, result_type=Receipt)
    await rig.until(handle, _ACTIVE)


async def _flight(rig: Rig) -> dict[str, WorkflowHandle[Any, Any]]:
    """Two whole flights, the promotion that started them, and a creative."""
    promotion, handles = await _proposed(rig)
    await asyncio.gather(*(_launch(rig, handle, hours=4) for handle in handles.values()))

    async def paced() -> bool:
        return all([(await rig.team.view(one)).spend is not None for one in handles.values()])

    await eventually(paced, seconds=30)
    await asyncio.sleep(1)  # campaign time passes: the story is recorded, not tested
    for handle in handles.values():
        await handle.execute_update("pause", Pause(by="ana"), result_type=Receipt)
        await handle.execute_update("resume", Resume(by="ana"), result_type=Receipt)
    for handle in handles.values():
        await asyncio.wait_for(handle.result(), 60)
    campaign = handles["meta"].id.removeprefix("campaign-")
    return {
        "promotion": rig.client.get_workflow_handle(promotion),
        "creative": rig.client.get_workflow_handle(f"creative-{campaign}"),
        "meta-flight": handles["meta"],
        "x-flight": handles["x"],
    }


async def _stops(rig: Rig) -> dict[str, WorkflowHandle[Any, Any]]:
    """Killed while active, declined, and an account's guard that stopped everything."""
    _, handles = await _proposed(rig)
    await handles["x"].signal("reject", Reject(by="ana", reason="not now"))
    await handles["x"].result()
    await _launch(rig, handles["meta"], hours=30)
    account = (await rig.team.campaigns())[0].account_id
    guard = rig.client.get_workflow_handle(f"guard-meta-{account}")
    await guard.execute_update("stop", StopOrder(by="ana", reason="drill"), result_type=dict)
    await asyncio.wait_for(handles["meta"].result(), 30)
    return {"x-declined": handles["x"], "meta-stopped-by-guard": handles["meta"], "guard": guard}


async def _kill(rig: Rig) -> dict[str, WorkflowHandle[Any, Any]]:
    """Killed by a person's signal while active."""
    _, handles = await _proposed(rig)
    await handles["meta"].signal("reject", Reject(by="ana"))
    await _launch(rig, handles["x"], hours=30)
    await handles["x"].signal("kill", Kill(by="ana", reason="recorded"))
    await asyncio.wait_for(handles["x"].result(), 30)
    return {"x-killed": handles["x"]}


async def _pages(rig: Rig) -> dict[str, WorkflowHandle[Any, Any]]:
    """A campaign that continues as new: its first run, and one that took over a live one."""
    _, handles = await _proposed(rig)
    await handles["x"].signal("reject", Reject(by="ana"))
    meta = handles["meta"]
    await _launch(rig, meta, hours=30)
    first = (await meta.describe()).raw_info.first_run_id

    async def turned() -> str | None:
        run = (await meta.describe()).run_id
        return run if run != first else None

    later = await eventually(turned, seconds=60)
    await meta.signal("kill", Kill(by="ana", reason="recorded"))
    await asyncio.wait_for(meta.result(), 30)
    return {
        "meta-continued-1": rig.client.get_workflow_handle(meta.id, run_id=first),
        "meta-continued-2": rig.client.get_workflow_handle(meta.id, run_id=later),
    }


Story = Callable[[Rig], Awaitable[dict[str, WorkflowHandle[Any, Any]]]]


async def record() -> None:
    """Tell every story and keep its histories, each replayed once before it is kept."""
    FOLDER.mkdir(exist_ok=True)
    for knobs, stories in (({}, (_flight, _stops, _kill)), (_TURNING, (_pages,))):
        async with own_stack(sealed=False, **knobs) as stack:
            for story in stories:
                async with _staffed(stack) as rig:
                    for name, handle in (await story(rig)).items():
                        history = await handle.fetch_history()
                        await replay(history)
                        save(name, history)
                        print(f"{name}: {len(history.events)} events", flush=True)


_TURNING = {"limit__historyCount__suggestContinueAsNew": "150"}


@asynccontextmanager
async def _staffed(stack: LocalStack) -> AsyncGenerator[Rig]:
    async with rigged(stack) as rig:
        rig.team.cadence = _CADENCE
        await rig.start_worker()
        yield rig


if __name__ == "__main__":
    asyncio.run(record())
    gc.collect()  # the SDK's native threads dislike an interpreter that goes in a hurry
