"""Backup, restore and reconcile: what happened after the backup spends nothing unknown."""

import asyncio
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from temporalio.client import WorkflowUpdateFailedError

from models.contract.campaign import Approve, ChangeBudget, Kill, Receipt
from models.contract.money import Money
from models.contract.vocabulary import CampaignStatus
from models.database import Database
from starter.chaos.throwaway import bare_environment
from starter.cli.app import run_command
from starter.stack.local import LocalStack, Options
from starter.temporal import connect
from tests.faults.rig import settings_of
from tests.stack import TeamUnderTest, serving

LIVE = (CampaignStatus.PENDING_REVIEW, CampaignStatus.ACTIVE)
BY = ("--by", "ana", "--yes")


@pytest.fixture
def directory() -> Iterator[Path]:
    # A short path: the database's socket lives below it, and its user must be let in.
    place = Path(tempfile.mkdtemp(prefix="af-", dir="/tmp"))
    place.chmod(0o755)
    yield place / "stack"
    shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[TeamUnderTest]:
    """The stack of a directory with all its workers, at the real tempo: no lease ends and no
    inspection is due while the test looks."""
    with bare_environment():
        stack = LocalStack(
            Options(
                directory,
                temporal_port=0,
                ui_port=0,
                sandbox_port=0,
                events_port=0,
                workers=False,
            )
        )
        await asyncio.to_thread(stack.start)
    settings = settings_of(stack)
    client, database = await connect(settings), Database(settings.database_url)
    url = f"{settings.sandbox_url}/control"
    try:
        with patch.dict(os.environ, stack.environment):
            async with (
                httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as control,
                serving(settings, client, "management", "creative", "analytics", "guard", "watch"),
            ):
                yield TeamUnderTest(settings.team_id, settings, client, database, control)
    finally:
        await database.close()
        await asyncio.to_thread(stack.stop)


def adflight(directory: Path, *arguments: str) -> tuple[int, str, str]:
    """A command in this process: its exit code and what it said."""
    out, err = io.StringIO(), io.StringIO()
    variables = {"ADFLIGHT_DIRECTORY": str(directory), "COLUMNS": "200"}
    with patch.dict(os.environ, variables), redirect_stdout(out), redirect_stderr(err):
        code = run_command(list(arguments))
    return code, out.getvalue(), err.getvalue()


async def told(directory: Path, *arguments: str) -> Any:
    """A command that succeeds with --json; its document."""
    code, out, err = await asyncio.to_thread(adflight, directory, *arguments, "--json")
    assert code == 0, (arguments, out, err)
    return json.loads(out)


async def alive(team: TeamUnderTest, network: str, kind: str) -> list[dict[str, Any]]:
    """Objects of a kind as the network itself holds them."""
    rows = await team.objects(network, kind)
    return [row for row in rows if row.get("status") != "DELETED" and not row.get("deleted")]


async def set_budget(team: TeamUnderTest, campaign: str, dollars: int) -> str:
    """Ask the campaign for a daily budget; its answer."""
    ask = ChangeBudget(by="ana", daily_budget=Money.of(dollars))
    try:
        receipt = await team.handle(campaign).execute_update(
            "change_budget", ask, result_type=Receipt
        )
    except WorkflowUpdateFailedError as refusal:
        return str(refusal.cause)
    return receipt.message


def _names(place: str) -> list[str]:
    return os.listdir(place)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def without(archive: Path, name: str, target: Path) -> Path:
    """An archive that lacks a file."""
    with tarfile.open(archive) as whole, tarfile.open(target, "w:gz") as part:
        for member in whole:
            if member.name != name:
                part.addfile(member, whole.extractfile(member))
    return target


async def test_after_a_restore_the_networks_are_reconciled_before_anything_is_raised(
    directory: Path, tmp_path: Path
) -> None:
    """One campaign is live when the backup is made. After it the other is launched and the first
    raised; neither is known to the restored stack."""
    archive = tmp_path / "adflight.tar.gz"
    async with running(directory) as team:
        handles = await team.proposed(await team.promote(await team.publish()))
        meta, x = (handles[name].id.removeprefix("campaign-") for name in ("meta", "x"))
        await handles["meta"].signal("approve", Approve(by="ana", version=1))
        await team.until(handles["meta"], *LIVE)
        (group,) = await alive(team, "meta", "adset")
        agreed = int(group["daily_budget"])

        made = await told(directory, "backup", str(archive))

        assert _mode(archive) == 0o600
        assert {"postgres.dump", "temporal.db", "memory.json"} <= made["files"].keys()
        code, _, said = await asyncio.to_thread(
            adflight, directory, "restore", str(archive), "--yes"
        )
        assert (code, "end it with `adflight down`" in said) == (1, True)
        await handles["x"].signal("approve", Approve(by="ana", version=1))
        await team.until(handles["x"], *LIVE)
        await set_budget(team, meta, agreed // 100 + 15)
        (group,) = await alive(team, "meta", "adset")
        assert int(group["daily_budget"]) == agreed + 1500

    damaged = without(archive, "temporal.db", tmp_path / "damaged.tar.gz")
    code, _, said = await asyncio.to_thread(adflight, directory, "restore", str(damaged), "--yes")
    assert (code, "temporal.db is not what was saved" in said) == (1, True)
    restored = await told(directory, "restore", str(archive), "--yes")
    assert "temporal.db" in _names(restored["kept"])

    async with running(directory) as team:
        refusal = await set_budget(team, meta, agreed // 100 + 5)
        assert "adflight reconcile" in refusal
        (unknown,) = await alive(team, "x", "campaign")
        tried = await told(directory, "reconcile", "--dry-run")
        assert (await alive(team, "x", "campaign"))[0]["entity_status"] == "ACTIVE"

        done = await told(directory, "reconcile", *BY)

        assert (done["confirmed"], done["lifted"]) == (True, 1)
        found = {one["platform"]: one["findings"] for one in done["accounts"]}
        assert {one["platform"]: one["findings"] for one in tried["accounts"]} == found
        off = {name: len(texts) for name, texts in found.items() if texts}
        assert off == {"meta": 1, "x": 1}
        assert "raised on the network" in found["meta"][0]
        assert "carries our key" in found["x"][0]
        (stopped,) = await alive(team, "x", "campaign")
        assert (stopped["id"], stopped["entity_status"]) == (unknown["id"], "PAUSED")
        (group,) = await alive(team, "meta", "adset")
        assert int(group["daily_budget"]) == agreed
        kinds = {one["decision_type"] for one in await told(directory, "decisions", "-n", "200")}
        assert {"recover", "drift"} <= kinds
        assert "daily budget is" in await set_budget(team, meta, agreed // 100 + 5)

        # What the restore forgot is found again under its key, not made a second time.
        handle = team.handle(x)
        await handle.signal("approve", Approve(by="ana", version=1))
        await team.until(handle, *LIVE)
        (again,) = await alive(team, "x", "campaign")
        assert (again["id"], again["entity_status"]) == (stopped["id"], "ACTIVE")
        for campaign in (meta, x):
            await team.handle(campaign).signal("kill", Kill(by="ana"))
            await team.until(team.handle(campaign), CampaignStatus.KILLED)


async def test_what_is_no_backup_is_named(directory: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("hello")
    for arguments, expected, why in (
        (("restore", str(letter), "--yes"), 1, "is no backup made by `adflight backup`"),
        (("backup", str(tmp_path / "b.tar.gz")), 1, "adflight up"),
        (("reconcile", "--yes"), 2, "--by"),
    ):
        code, _, said = await asyncio.to_thread(adflight, directory, *arguments)
        assert (code, why in said) == (expected, True), said
