"""The kill switch: from the stock CLI, without a worker, without PostgreSQL, in the middle of
an activation."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from models.contract.vocabulary import CampaignStatus
from starter.stack.postgres import EmbeddedPostgres
from tests.faults.rig import Rig, settings_of, steadily
from tests.stack import eventually

LATE = 1.5
"""Real seconds; less than the sandbox's settling time, as a network promises."""
BATCH = {"meta": r"^/meta/(v[\d.]+/?)?$", "x": "/batch/accounts/.*/campaigns$"}


async def stock_kill(rig: Rig, workflow_id: str) -> None:
    """``temporal workflow signal --name kill``: no input, nothing of ours."""
    program = Path(sys.executable).parent / "temporal"
    done = await asyncio.to_thread(
        subprocess.run,
        [
            str(program), "workflow", "signal", "--name", "kill", "--workflow-id", workflow_id,
            "--address", rig.stack.environment["TEMPORAL_ADDRESS"],
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


async def test_the_stock_cli_kills_with_and_without_workers(rig: Rig) -> None:
    await rig.start_worker()
    handles = await rig.propose()
    await rig.approve(handles.values())
    meta, x = await rig.launched([handles["meta"], handles["x"]])

    began = asyncio.get_running_loop().time()
    await stock_kill(rig, handles["meta"].id)
    await rig.switched_off(meta, seconds=8)
    result = await asyncio.wait_for(handles["meta"].result(), 10)
    assert result["status"] == "killed"
    assert asyncio.get_running_loop().time() - began < 8

    rig.worker.kill()
    await stock_kill(rig, handles["x"].id)
    await asyncio.sleep(0.5)
    assert await rig.campaign_is_on(x), "nobody works: the signal can only be kept"
    await rig.start_worker()
    await rig.switched_off(x, seconds=30)
    result = await asyncio.wait_for(handles["x"].result(), 20)
    assert result["status"] == "killed"
    for view in (meta, x):
        await rig.assert_kill_recorded(view)


async def test_a_kill_during_activation_leaves_nothing_active(rig: Rig) -> None:
    """Meta answers late; X applies the activation after the connection broke."""
    await rig.start_worker()
    handles = await rig.propose()
    await rig.team.arm("meta", "delay", method="POST", path=BATCH["meta"], count=20, seconds=0.6)
    await rig.team.arm("x", "late_write", method="POST", path=BATCH["x"], seconds=LATE)
    await rig.approve(handles.values())

    async def kill_when(platform: str, hit: Callable[[], Awaitable[bool]]) -> None:
        await eventually(hit, seconds=30, every=0.05)
        await handles[platform].signal("kill")

    async def meta_is_half_on() -> bool:
        return await rig.is_active(handles["meta"], "ad_group", "adset")

    async def x_lost_its_activation() -> bool:
        return await rig.fired("x", "late_write") > 0

    await asyncio.gather(kill_when("meta", meta_is_half_on), kill_when("x", x_lost_its_activation))
    results = [await asyncio.wait_for(one.result(), 40) for one in handles.values()]
    assert [result["status"] for result in results] == ["killed", "killed"]
    views = [await rig.team.view(handle) for handle in handles.values()]
    for view in views:
        assert not await rig.campaign_is_on(view), f"{view.platform} is on after its kill"

    async def all_off() -> bool:
        return not any([await rig.campaign_is_on(view) for view in views])

    await steadily(all_off, 2 * LATE)


async def test_a_kill_works_while_postgresql_is_stopped(rig: Rig) -> None:
    await rig.start_worker()
    handles = await rig.propose()
    await rig.approve(handles.values())
    views = await rig.launched(handles.values())
    postgres = EmbeddedPostgres(settings_of(rig.stack).directory)
    await asyncio.to_thread(postgres.stop)
    try:
        for handle in handles.values():
            await stock_kill(rig, handle.id)
        for view in views:
            await rig.switched_off(view, seconds=15)
        statuses = [(await rig.team.view(handle)).status for handle in handles.values()]
        assert CampaignStatus.KILLED not in statuses, "the record cannot have been written yet"
    finally:
        await asyncio.to_thread(postgres.start)
    for handle, view in zip(handles.values(), views, strict=True):
        result = await asyncio.wait_for(handle.result(), 40)
        assert result["status"] == "killed"
        await rig.assert_kill_recorded(view)
    rows = {row.status for row in await rig.team.campaigns()}
    assert rows == {"killed"}
