"""A changed order of commands is noticed, and the failure says what to do."""

import re
import shutil
from pathlib import Path

import pytest

from tests.replay.fingerprints import SOURCES, accepted, difference, extract


def test_the_commands_of_every_workflow_are_the_accepted_ones() -> None:
    told = difference(accepted(), extract())
    assert not told, f"\n{told}"


def test_every_workflow_and_every_kind_of_command_is_read() -> None:
    found = extract()
    for workflow in ("CampaignWorkflow", "PromotionWorkflow", "CreativeWorkflow", "FeedWorkflow"):
        assert any(f".{workflow}." in name for name in found), workflow
    assert found["account_guard.AccountGuardWorkflow.run"][-1] == "continue as new"
    stop = found["guard_steps.GuardSteps._pause_until_confirmed"]
    assert [stop[0], stop[-1]] == ["activity GuardActivities.pause_batch", "timer (sleep)"]
    assert found["guard_steps.GuardSteps._signal"] == ["signal another workflow: signal"]
    launch = found["campaign.CampaignWorkflow._launch"]
    order = ["→ _authorise", "→ _create_tree"]
    assert [command for command in launch if command in order] == order
    part = "campaign_creatives.CampaignCreatives"
    assert "child workflow CreativeWorkflow.run" in found[f"{part}._start_creatives"]
    assert "cancel child" in found[f"{part}._order_creatives"]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the workflow code, to change."""
    return Path(shutil.copytree(SOURCES, tmp_path / "workflows"))


def test_two_swapped_activities_fail_with_advice(sources: Path) -> None:
    path = sources / "promotion.py"
    text = path.read_text()
    swapped = re.sub(
        r"(?s)PromotionActivities\.claim,(.*?)PromotionActivities\.gather_context,",
        r"PromotionActivities.gather_context,\1PromotionActivities.claim,",
        text,
        count=1,
    )
    assert swapped != text
    path.write_text(swapped)
    told = difference(extract(SOURCES), extract(sources))
    moved = [line for line in told.splitlines() if line[1:5] == "    " and line[0] in "-+"]
    assert {line[0] for line in moved} == {"-", "+"}
    assert {line[1:].strip() for line in moved} & {
        "activity PromotionActivities.claim",
        "activity PromotionActivities.gather_context",
    }
    assert "workflow.patched(" in told
    assert "python -m tests.replay.fingerprints --accept" in told


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("promotion.py", "await self._close(", "await self._skip("),
        ("account_guard.py", "timeout=_LEAST_SPAN, ", ""),
        ("guard_steps.py", "await workflow.sleep(wait", "print(wait"),
        ("creative.py", "CopyActivities.check_copy", "CopyActivities.write_copy"),
    ],
)
def test_other_changes_of_commands_are_noticed_too(
    sources: Path, module: str, before: str, after: str
) -> None:
    path = sources / module
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    assert "workflow.patched(" in difference(extract(SOURCES), extract(sources))


def test_what_is_safe_on_replay_is_not_complained_about(sources: Path) -> None:
    for path in sources.glob("*.py"):
        text = path.read_text()
        path.write_text(
            text.replace("timeouts.DATABASE", "timeouts.FIGURES").replace(
                '"Record the decision:', '"Wrote the decision:'
            )
        )
    assert difference(extract(SOURCES), extract(sources)) == ""
