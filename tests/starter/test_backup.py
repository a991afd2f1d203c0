"""Backup, restore and reconcile: what happened after the backup spends nothing unknown."""

import json
import tarfile
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.starter.test_cli import ARTICLE, Command, processes

BY = ("--by", "ana", "--yes")
FREE = ("--temporal-port", "0", "--ui-port", "0", "--sandbox-port", "0", "--events-port", "0")


def up(command: Command) -> None:
    """At the real tempo: no lease ends and no inspection is due while the test looks."""
    assert "Ready after" in command("up", "--detach", "--tempo", "1", *FREE)


@pytest.fixture(scope="module")
def adflight() -> Generator[Command]:
    directory = Path(tempfile.mkdtemp(prefix="af-b-", dir="/tmp"))
    directory.chmod(0o755)
    command = Command(directory)
    up(command)
    yield command
    command("down", code=None)


def on_network(adflight: Command, network: str, kind: str) -> list[dict[str, Any]]:
    """Objects of a kind as the network itself holds them."""
    variables = json.loads((adflight.directory / "stack.json").read_text())["environment"]
    url = f"{variables['ADFLIGHT_SANDBOX_URL']}/control/objects/{network}/{kind}"
    rows: list[dict[str, Any]] = httpx.get(url, timeout=20, trust_env=False).json()
    return [row for row in rows if row.get("status") != "DELETED" and not row.get("deleted")]


def live(adflight: Command, campaign: str) -> None:
    states = ("active", "pending_review")
    adflight.until(lambda: adflight.json("show", campaign)["status"] in states)


def test_after_a_restore_the_networks_are_reconciled_before_anything_is_raised(
    adflight: Command, tmp_path: Path
) -> None:
    """One campaign is live when the backup is made. After it the other is launched and the first
    raised; neither is known to the restored stack."""
    adflight("event", "post-published", str(ARTICLE))
    waiting = adflight.until(
        lambda: (found := adflight.json("approvals")) and len(found) == 2 and found
    )
    ids = {one["platform"]: one["campaign_id"] for one in waiting}
    adflight("approve", ids["meta"], *BY)
    live(adflight, ids["meta"])
    (group,) = on_network(adflight, "meta", "adset")
    agreed = int(group["daily_budget"])

    archive = tmp_path / "adflight.tar.gz"
    made = adflight.json("backup", str(archive))
    assert archive.stat().st_mode & 0o777 == 0o600
    assert {"postgres.dump", "temporal.db", "memory.json"} <= made["files"].keys()
    running = adflight.run("restore", str(archive), "--yes")
    assert running.returncode == 1
    assert "end it with `adflight down`" in running.stderr

    adflight("approve", ids["x"], *BY)
    live(adflight, ids["x"])
    adflight("budget", ids["meta"], str(agreed // 100 + 15), "--by", "ana")
    adflight("down")
    damaged = tmp_path / "damaged.tar.gz"
    with tarfile.open(archive) as whole, tarfile.open(damaged, "w:gz") as part:
        for member in whole:
            if member.name != "temporal.db":
                part.addfile(member, whole.extractfile(member))
    refused = adflight.run("restore", str(damaged), "--yes")
    assert refused.returncode == 1
    assert "temporal.db is not what was saved" in refused.stderr

    restored = adflight.json("restore", str(archive), "--yes")
    assert Path(restored["kept"], "temporal.db").exists()
    up(adflight)

    raised = adflight.run("budget", ids["meta"], str(agreed // 100 + 5), "--by", "ana")
    assert raised.returncode != 0, raised.stdout
    assert "adflight reconcile" in raised.stderr
    (unknown,) = on_network(adflight, "x", "campaign")
    assert unknown["entity_status"] == "ACTIVE"
    tried = adflight.json("reconcile", "--dry-run")
    (unknown,) = on_network(adflight, "x", "campaign")
    assert unknown["entity_status"] == "ACTIVE"
    done = adflight.json("reconcile", *BY)

    assert done["confirmed"] is True
    assert done["lifted"] == 1
    found = {one["platform"]: one["findings"] for one in done["accounts"]}
    assert {one["platform"]: len(one["findings"]) for one in tried["accounts"]} == {
        "meta": 1,
        "x": 1,
    }
    assert "raised on the network" in found["meta"][0]
    assert "carries our key" in found["x"][0]
    (stopped,) = on_network(adflight, "x", "campaign")
    assert stopped["entity_status"] == "PAUSED"
    (group,) = on_network(adflight, "meta", "adset")
    assert int(group["daily_budget"]) == agreed
    kinds = {one["decision_type"] for one in adflight.json("decisions", "-n", "200")}
    assert {"recover", "drift"} <= kinds

    # What the restore forgot is found again under its key, not made a second time.
    adflight("approve", ids["x"], *BY)
    live(adflight, ids["x"])
    (again,) = on_network(adflight, "x", "campaign")
    assert (again["id"], again["entity_status"]) == (stopped["id"], "ACTIVE")
    adflight("kill", "all", "--by", "ana", "--yes")
    adflight("down")
    assert processes(adflight.directory) == []


def test_what_is_no_backup_is_named(adflight: Command, tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("hello")
    done = adflight.run("restore", str(other), "--yes")
    assert done.returncode == 1
    assert "is no backup made by `adflight backup`" in done.stderr
    nowhere = Command(tmp_path / "nowhere").run("backup", str(tmp_path / "b.tar.gz"))
    assert nowhere.returncode == 1
    assert "adflight up" in nowhere.stderr
    assert adflight.run("reconcile", "--yes").returncode == 2
