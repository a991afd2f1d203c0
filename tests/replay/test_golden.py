"""Yesterday's campaigns replay on today's code."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory

from policy.catalogue import policy, with_constants
from starter.team import SANDBOX_CREDENTIALS
from tests.replay import golden

STORIES = {
    "meta-flight": ["decide_spend", "pause_tree", "activate", "campaign_figures"],
    "x-flight": ["decide_spend", "pause_tree", "activate", "campaign_figures"],
    "x-killed": ["pause_tree", "record_campaign"],
    "x-declined": ["ask_person", "close_question"],
    "meta-stopped-by-guard": ["record_campaign"],
    "meta-continued-1": ["activate"],
    "meta-continued-2": ["pause_tree"],
    "promotion": ["evaluate", "claim"],
    "creative": ["write_copy", "render_placement"],
    "guard": ["pause_batch", "watch_account", "record_standing", "report"],
}
"""What was recorded, and activities that make the story what its name says."""


@pytest.mark.parametrize("name", golden.names())
async def test_a_recorded_history_replays(name: str) -> None:
    await golden.replay(golden.load(name))


def test_every_story_was_recorded() -> None:
    assert golden.names() == sorted(STORIES)
    for name, activities in STORIES.items():
        scheduled = {
            event["activityTaskScheduledEventAttributes"]["activityType"]["name"]
            for event in _events(name)
            if "activityTaskScheduledEventAttributes" in event
        }
        assert set(activities) <= scheduled, f"{name} has only {scheduled}"
    assert "CONTINUED_AS_NEW" in _events("meta-continued-1")[-1]["eventType"]
    later = _events("meta-continued-2")[0]["workflowExecutionStartedEventAttributes"]
    assert later["continuedExecutionRunId"]


@pytest.mark.parametrize(
    ("name", "constant"),
    [("pacing-traffic-share", "STEP=0.45"), ("roas-ladder", "EXCELLENT=1.1")],
)
async def test_another_constant_of_a_policy_breaks_no_running_campaign(
    name: str, constant: str
) -> None:
    """Policies run in activities: what they answered stands in the history."""
    key, value = constant.split("=")
    candidate = policy(name)
    before = getattr(candidate.module, key)
    with with_constants(candidate, {key: value}):
        assert getattr(candidate.module, key) == float(value) != before
        await golden.replay(golden.load("meta-flight"))
    assert getattr(candidate.module, key) == before


async def test_a_history_that_took_another_way_does_not_replay() -> None:
    """The replay is a test that can fail: one activity of the record is not the code's."""
    text = (golden.FOLDER / "promotion.json").read_text()
    other = text.replace('"name":"claim"', '"name":"gather_context"', 1)
    assert other != text
    with pytest.raises(Exception, match=r"(?i)nondeterminis"):
        await golden.replay(WorkflowHistory.from_json("promotion", other))


def test_no_secret_is_in_a_history() -> None:
    secrets = [*SANDBOX_CREDENTIALS.values(), "whsec_", "postgresql://"]
    for name in golden.names():
        text = (golden.FOLDER / f"{name}.json").read_text()
        payloads = list(_payloads(json.loads(text)))
        assert payloads, name
        readable = text + "\n".join(payloads)
        assert '"plan"' in readable or '"account"' in readable, "payloads were not decoded"
        for secret in secrets:
            assert secret not in readable, f"{name} holds {secret[:9]}…"


def test_the_histories_stay_small_enough_to_be_committed() -> None:
    sizes = {path.stem: path.stat().st_size for path in Path(golden.FOLDER).glob("*.json")}
    assert sum(sizes.values()) < 3_000_000, sizes


def _events(name: str) -> list[dict[str, Any]]:
    return json.loads((golden.FOLDER / f"{name}.json").read_text())["events"]


def _payloads(value: Any) -> Any:
    """Every payload's content, decoded."""
    if isinstance(value, dict):
        if isinstance(value.get("data"), str):
            yield base64.b64decode(value["data"]).decode(errors="replace")
        for part in value.values():
            yield from _payloads(part)
    elif isinstance(value, list):
        for part in value:
            yield from _payloads(part)
