"""Transport faults and the control API over a real socket; the program itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]


@pytest.fixture
def plain(sandbox_factory: Callable[..., Sandbox]) -> Sandbox:
    return sandbox_factory(networks=())


def publish_count(sandbox: Sandbox) -> int:
    """Model calls are numbered, so the counter shows how often a request was applied."""
    return sandbox.world.next_number("claude.request") - 1


def ask(sandbox: Sandbox, **options: float) -> httpx.Response:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-api-key": "k", "anthropic-version": "2026-10-21"}
    url = f"{sandbox.url}/claude/v1/messages"
    return httpx.post(url, json=body, headers=headers, trust_env=False, **options)


def test_a_lost_answer_leaves_the_effect(plain: Sandbox) -> None:
    plain.arm("claude", "lost_answer", method="POST", path="messages$")
    with pytest.raises(httpx.RemoteProtocolError):
        ask(plain)
    assert publish_count(plain) == 1
    assert plain.fired("claude", "lost_answer") == 1
    assert ask(plain).status_code == 200


def test_a_late_write_is_applied_later(plain: Sandbox) -> None:
    plain.arm("claude", "late_write", seconds=0.4)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(plain)
    assert publish_count(plain) == 0
    time.sleep(0.7)
    assert publish_count(plain) == 2  # the peek above counted as one


def test_a_duplicate_is_applied_twice_and_answered_once(plain: Sandbox) -> None:
    plain.arm("claude", "duplicate")
    assert ask(plain).json()["type"] == "message"
    assert publish_count(plain) == 2


def test_a_delay_outlasts_the_clients_patience(plain: Sandbox) -> None:
    plain.arm("claude", "delay", count=2, seconds=0.5)
    with pytest.raises(httpx.ReadTimeout):
        ask(plain, timeout=0.2)
    began = time.monotonic()
    assert ask(plain).status_code == 200
    assert time.monotonic() - began >= 0.5
    assert publish_count(plain) == 2


def test_filters_keep_other_requests_whole(plain: Sandbox) -> None:
    plain.arm("claude", "lost_answer", method="DELETE")
    plain.arm("claude", "lost_answer", path="/v1/models")
    plain.arm("meta", "lost_answer")
    assert ask(plain).status_code == 200


def test_control_reports_and_clears(plain: Sandbox) -> None:
    assert plain.control.get("/health").json() == {"ok": True, "networks": []}
    clock = plain.control.get("/clock").json()
    assert clock["tempo"] == 60
    assert clock["seed"] == 7
    plain.world.put("meta", "ad", "1", {"id": "1"})
    plain.world.note("meta", "created", {"id": "1"})
    assert plain.control.get("/objects/meta").json()["ad"] == [{"id": "1"}]
    assert plain.control.get("/objects/meta/ad").json() == [{"id": "1"}]
    assert [n["kind"] for n in plain.control.get("/journal?network=meta").json()] == ["created"]
    assert plain.control.get("/truth").json()["campaigns"] == []
    plain.arm("claude", "overloaded", count=3)
    assert plain.control.delete("/faults", params={"kind": "overloaded"}).json() == {"cleared": 1}
    assert plain.control.get("/faults").json() == {"faults": [], "counts": {}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"network": "meta"}, "kind"),
        ({"network": "meta", "kind": "earthquake"}, "kind"),
        ({"network": "meta", "kind": "delay", "count": 0}, "count"),
        ({"network": "meta", "kind": "delay", "path": "("}, "regular expression"),
        ({"network": "meta", "kind": "delay", "patth": "x"}, "patth"),
    ],
)
def test_control_names_what_is_wrong(plain: Sandbox, body: dict[str, object], words: str) -> None:
    answer = plain.control.post("/faults", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_control_refuses_what_is_not_json(plain: Sandbox) -> None:
    assert plain.control.post("/faults", content=b"{").status_code == 400


def test_armed_faults_and_ids_survive_a_restart(
    plain: Sandbox, sandbox_factory: Callable[..., Sandbox]
) -> None:
    plain.arm("claude", "overloaded")
    ask_count = publish_count(plain) + 1
    plain.stop()
    again = sandbox_factory(plain.directory, networks=())
    assert ask(again).status_code == 529
    assert publish_count(again) == ask_count + 1


def test_networks_must_exist(sandbox_factory: Callable[..., Sandbox]) -> None:
    with pytest.raises(ValueError, match="has no stand-in"):
        sandbox_factory(networks=("myspace",))


def _program(directory: Path) -> tuple[subprocess.Popen[str], str]:
    arguments = ["--dir", str(directory), "--seed", "3", "--tempo", "3600", "--networks", ""]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    ready = process.stdout.readline()
    assert ready.startswith("sandbox ready on http://127.0.0.1:"), process.communicate()
    return process, ready.split()[-1]


def test_the_program_prints_one_line_and_stops_cleanly(tmp_path: Path) -> None:
    process, url = _program(tmp_path)
    first = httpx.get(f"{url}/control/clock", trust_env=False).json()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")

    process, url = _program(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    process, url = _program(tmp_path)
    second = httpx.get(f"{url}/control/clock", trust_env=False).json()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert second["origin"] == first["origin"]
    assert second["now"] > first["now"]


def test_a_second_program_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    process, _ = _program(tmp_path)
    arguments = ["-m", "sandbox", "--dir", str(tmp_path), "--networks", ""]
    other = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=20,
        check=False,
    )
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert other.returncode == 2
    assert "in use by another sandbox" in other.stderr
