"""The demonstration proves itself, and says so in one JSON object."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.timeout(150)
def test_the_demo_confirms_every_step() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from starter.cli import main; main()", "demo", "--json"],
        # Real services in the environment are left alone: nobody answers at this address.
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=140,
        check=False,
    )
    told = json.loads(done.stdout)
    assert done.returncode == 0, (told["problem"], done.stderr)
    assert told["ok"] is True
    assert "sandbox" in told["label"]
    assert all(step["ok"] and step["proof"] for step in told["steps"])
    states = {one["platform"]: one["states"] for one in told["campaigns"]}
    assert states["meta"][-1] == "killed"
    assert states["x"][-2:] == ["completed", "archived"]
    for counts in told["effects"].values():
        assert counts["asked"] == counts["found"] > 0
    assert {"approved", "superseded"} == {one["status"] for one in told["approvals"]}
    again = told["replay"]
    assert again["taken"] == again["identical"] > 0
    assert again["unreadable"] == 0
    assert {"evaluate", "launch", "kill_campaign"} <= {one["type"] for one in told["decisions"]}
