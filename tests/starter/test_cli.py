"""The command line on a stack of its own, as a newcomer uses it: up, work, down, up again."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

ARTICLE = Path("starter/demo/article.html")
REAL = ("DATABASE_URL", "TEMPORAL_", "ANTHROPIC_", "META_", "X_ADS_", "ADFLIGHT_", "AI_ADS_")


@dataclass
class Command:
    """Runs ``adflight`` against one directory, without a terminal."""

    directory: Path

    def __call__(self, *arguments: str, code: int | None = 0, **variables: str) -> str:
        """Run a command; its stdout. Fails on another exit code than ``code``."""
        done = self.run(*arguments, **variables)
        if code is not None:
            assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command and keep everything it said."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(REAL)}
        return subprocess.run(
            [sys.executable, "-c", "from starter.cli import main; main()", *arguments],
            env={**clean, "ADFLIGHT_DIRECTORY": str(self.directory), "COLUMNS": "200", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run a command with --json; stdout must be one JSON document."""
        return json.loads(self(*arguments, "--json", code=code))

    def until(self, look: Callable[[], Any], seconds: float = 30) -> Any:
        """Poll until a look finds something."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        return found

    def up(self) -> None:
        """Start the stack detached, on free ports."""
        free = ("--temporal-port", "0", "--ui-port", "0", "--sandbox-port", "0", "--events-port")
        out = self("up", "--detach", "--tempo", "600", *free, "0")
        assert "Ready after" in out
        assert "sandbox" in out


@pytest.fixture(scope="module")
def adflight() -> Generator[Command]:
    directory = Path(tempfile.mkdtemp(prefix="af-cli-", dir="/tmp"))
    directory.chmod(0o755)
    command = Command(directory)
    command.up()
    yield command
    command("down", code=None)


def processes(directory: Path) -> list[str]:
    """Command lines of everything that still runs for a stack."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(directory) in line and "pytest" not in line:
            found.append(line)
    return found


def test_without_a_stack_each_command_says_how_to_start_one(tmp_path: Path) -> None:
    nothing = Command(tmp_path)
    for arguments in (("campaigns",), ("approvals",), ("event", "post-published", str(ARTICLE))):
        done = nothing.run(*arguments)
        assert done.returncode == 1
        assert "adflight up" in done.stderr
    assert nothing.json("status")["running"] is False
    doctor = nothing.json("doctor", code=1)
    assert all(check["mend"] for check in doctor["checks"] if not check["ok"])
    down = nothing.run("kill", "00000000-0000-4000-8000-000000000000", "--yes")
    assert down.returncode == 1
    assert "Temporal does not answer" in down.stderr


def test_the_whole_job_by_hand(adflight: Command) -> None:
    assert adflight.json("doctor")["ok"] is True
    assert "No campaigns yet" in adflight("campaigns")
    first = adflight.json("event", "post-published", str(ARTICLE))
    again = adflight.json("event", "post-published", str(ARTICLE))
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert first["promotion"] == again["promotion"]
    waiting = adflight.until(
        lambda: (found := adflight.json("approvals")) and len(found) == 2 and found
    )
    ids = {one["platform"]: one["campaign_id"] for one in waiting}
    meta, x = ids["meta"], ids["x"][:8]
    assert waiting[0]["before"]["daily budget"] == "none"
    assert waiting[0]["worst_case_micros"] > 0
    assert waiting[0]["if_unanswered"]

    refused = adflight.run("approve", meta)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert "Would approve" in adflight("approve", meta, "--dry-run")
    adflight("modify", meta, "--daily-budget", "0.10", code=1)
    adflight("modify", meta, "--daily-budget", "12", "--by", "ana")
    stale = adflight.run("approve", meta, "--version", "1", "--yes")
    assert stale.returncode == 1
    assert "version 1 was seen, version 2 is the proposal" in stale.stderr
    adflight("approve", meta, "--yes", "--by", "ana")
    twice = adflight.run("approve", meta, "--yes")
    assert "approved by ana" in twice.stderr
    assert adflight.json("reject", x, "--reason", "not on X")["status"] == "declined"

    def status() -> str:
        return adflight.json("show", meta)["status"]

    adflight.until(lambda: status() == "active")
    assert adflight.json("pause", meta)["status"] == "paused"
    assert adflight.json("resume", meta)["status"] in ("active", "pending_review")
    over = adflight.run("budget", meta, "99999")
    assert over.returncode == 5
    assert "limit" in over.stderr
    assert adflight.json("budget", meta, "9")["message"] == "daily budget is $9.00"
    assert len(adflight.json("kill", "all", "--dry-run")["campaigns"]) == 1
    assert adflight.run("kill", meta).returncode == 2
    assert adflight.json("kill", meta, "--yes", "--by", "ana")["status"] == "killed"
    gone = adflight.run("resume", meta)
    assert gone.returncode == 1
    assert "killed" in gone.stderr
    kinds = {one["decision_type"] for one in adflight.json("decisions", "-n", "200")}
    assert {"evaluate", "create_campaign", "approve", "launch", "kill_campaign"} <= kinds
    assert len(adflight.json("events")) == 2


def test_an_admin_makes_a_campaign_and_everything_is_stopped(
    adflight: Command, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "platform: x\nurl: https://journal.example/2026/bakery-energy\ndaily_budget: '15'\n"
        "flight: {hours: 48}\nname: Bakery by hand\n"
    )
    shown = adflight.json("new", str(plan), "--dry-run")
    assert shown["dry_run"] is True
    assert shown["sandbox"] is True
    assert shown["needs_approval"] is False
    made = adflight.json("new", str(plan), "--yes", "--by", "ana")["campaign_id"]
    adflight.until(lambda: adflight.json("show", made)["status"] == "active")
    stopped = adflight.json("kill", "team", "--yes", "--level", "emergency", "--by", "ana")
    assert {one["status"] for one in stopped["campaigns"]} == {"killed"}
    assert all(one["seconds_to_confirmed"] < 30 for one in stopped["accounts"])
    (incident,) = adflight.until(
        lambda: [
            one
            for one in adflight.json("incidents")
            if one["key"] == stopped["incident"] and "to_last_confirmed" in one["seconds"]
        ]
    )
    assert incident["seconds"]["to_first_call"] <= incident["seconds"]["to_last_confirmed"]
    while_stopped = adflight.json("new", str(plan), "--yes")["campaign_id"]
    asked = adflight.until(
        lambda: [one for one in adflight.json("approvals") if one["campaign_id"] == while_stopped]
    )
    assert "stop" in asked[0]["reasons"][0]
    nameless = adflight.run("recover", "team", "--yes", "--reason", "all is well", "--by", "")
    assert nameless.returncode == 2
    assert "--by NAME" in nameless.stderr
    why = ("--by", "ana", "--reason", "the price was right after all")
    assert adflight.json("recover", "team", "--yes", *why)["lifted"] == 1
    assert adflight.json("incident", incident["id"])["state"] == "resolved"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", "zzz"), 2, "No campaign begins with 'zzz'"),
        (("event", "post-published", "no-such-file.html"), 2, "no file"),
        (("event", "post-published", "http://journal.example/a"), 2, "https"),
        (("event", "post-published", "https://127.0.0.1/a"), 2, "url"),
        (("new", "--platform", "myspace", "--url", "https://a.example/b"), 2, "known"),
        (("new", "--platform", "x", "--url", "https://a.example/b"), 2, "daily_budget is missing"),
        (
            ("new", "--platform", "x", "--url", "https://a.example/b", "--daily-budget", "1"),
            5,
            "minimum $10.00",
        ),
        (
            ("new", "--platform", "x", "--url", "https://a.example/b", "--daily-budget", "9999"),
            5,
            "campaign limit $500.00",
        ),
        (("new", "--platform", "x", "--url", "https://a.example/b", "--daily-budget", "ten"), 2,
         "not a number"),
        (("nonsense",), 2, "No such command"),
        (("feed", "add", "ftp://a.example/feed"), 2, "url"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_with_the_way_out(
    adflight: Command, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = adflight.run(*arguments)
    assert done.returncode == code, done.stderr
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_database_that_is_down_is_named_with_the_way_out(tmp_path: Path) -> None:
    free = ("--temporal-port", "0", "--ui-port", "0", "--sandbox-port", "0", "--events-port", "0")
    down = Command(tmp_path).run(
        "up", *free, DATABASE_URL="postgresql://ads:pass-word@127.0.0.1:1/adflight"
    )
    assert down.returncode == 1
    assert "PostgreSQL is not usable" in down.stderr
    assert "unset that for the embedded server" in " ".join(down.stderr.split())
    assert "pass-word" not in down.stderr
    assert processes(tmp_path) == []


def test_data_is_kept_what_dies_is_restarted_and_nothing_is_left_running(adflight: Command) -> None:
    second = adflight.run("up", "--temporal-port", "0")
    assert second.returncode == 1
    assert "already runs" in second.stderr
    before = {one["id"] for one in adflight.json("campaigns")}
    assert len(before) >= 2
    adflight("down")
    assert processes(adflight.directory) == []
    assert "No stack runs here" in adflight("down")
    adflight.up()
    assert {one["id"] for one in adflight.json("campaigns")} == before
    assert adflight.json("doctor")["ok"] is True
    supervisor = json.loads((adflight.directory / "stack.json").read_text())["processes"][
        "supervisor"
    ]["pid"]
    worker = json.loads((adflight.directory / "stack.json").read_text())["processes"]["worker"]
    psutil.Process(worker["pid"]).kill()

    def restarted() -> bool:
        known = json.loads((adflight.directory / "stack.json").read_text())["processes"]["worker"]
        return known["pid"] != worker["pid"] and psutil.pid_exists(known["pid"])

    adflight.until(restarted)
    psutil.Process(supervisor).kill()  # the supervisor dies without a chance to clear up
    adflight("down")
    assert processes(adflight.directory) == []
