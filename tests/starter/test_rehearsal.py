"""A rehearsal: the file a person writes, the timetable, and the real thing over a day."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleRange,
    ScheduleSpec,
)

from models.contract.clock import CampaignClock
from models.contract.vocabulary import Platform
from models.settings import Settings
from models.stepped_clock import SteppedClock
from starter.campaign_file import CampaignFileRefused, check, read
from starter.rehearsal.charts import Line, spark, svg
from starter.rehearsal.order import RehearsalOrder
from starter.rehearsal.scenarios import Scenario, orders
from starter.rehearsal.timetable import appointments
from starter.schedules import team_schedules

EXAMPLES = Path("examples")
REAL = ("DATABASE_URL", "TEMPORAL_", "ANTHROPIC_", "META_", "X_ADS_", "ADFLIGHT_", "AI_ADS_")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
ARTICLE = f"article: {{title: Nets, text: '{'A long and patient sentence about nets. ' * 6}'}}"
HEAD = f"url: https://journal.example/nets\nplatforms: [x]\n{ARTICLE}\n"


# -- the file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "budgets"),
    [
        ("article", {Platform.META: 40_000_000}),
        ("two-networks", {Platform.META: 40_000_000, Platform.X: 25_000_000}),
    ],
)
def test_an_example_is_a_campaign_on_each_of_its_platforms(
    name: str, budgets: dict[Platform, int]
) -> None:
    file = read(EXAMPLES / f"{name}.yaml")
    plans = {platform: file.plan(platform, "USD") for platform in file.platforms}
    assert {platform: plan.daily_budget.micros for platform, plan in plans.items()} == budgets
    for platform, plan in plans.items():
        assert plan.duration == timedelta(days=30)
        assert plan.destination_url == file.url
        assert (platform.value in plan.name) is (len(plans) > 1)
    article = file.content()
    assert article is not None
    assert article.url == file.url


def test_budgets_may_differ_and_the_article_may_lie_beside(tmp_path: Path) -> None:
    (tmp_path / "nets.md").write_text(
        "---\nurl: https://elsewhere.example/nets\ntitle: Nets\n---\n" + "Nets are mended. " * 20
    )
    path = tmp_path / "campaign.yaml"
    path.write_text(
        "url: https://journal.example/nets\nplatforms: [facebook, twitter]\n"
        "daily_budget: {meta: 12.50, x: 7}\narticle_file: nets.md\nflight: {start: 2026-02-02}"
    )
    file = read(path)
    assert file.plan(Platform.META, "USD").daily_budget.micros == 12_500_000
    assert file.plan(Platform.X, "USD").daily_budget.micros == 7_000_000
    assert file.plan(Platform.X, "USD").start == datetime(2026, 2, 2, tzinfo=UTC)
    assert file.content().title == "Nets"
    assert file.content().url == "https://journal.example/nets"


def test_a_rehearsal_needs_the_article_for_it_contacts_nobody() -> None:
    fields = {"url": "https://a.example/x", "platform": "x", "daily_budget": 5}
    with pytest.raises(CampaignFileRefused, match="contacts nobody"):
        _ = RehearsalOrder(check(fields), days=1, seed=1).article


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD, "daily_budget is missing"),
        (f"{HEAD}daily_budget: lots", "amount 'lots' is not a number"),
        (f"{HEAD}daily_budget: true", "write a number such as 12.50"),
        (f"{HEAD}daily_budget: 0", "must be above zero"),
        (f"{HEAD}daily_budget: .nan", "is not a number"),
        (f"{HEAD}daily_budget: -5", "must be above zero"),
        (f"{HEAD}daily_budget: {{meta: 3}}", "daily_budget names no amount for x"),
        (f"{HEAD}daily_budget: 5\nflight: {{days: 400}}", "flight.days"),
        (f"{HEAD}daily_budget: 5\nbudgt: 6", "field 'budgt' is unknown; known fields"),
        (f"{HEAD}daily_budget: 5\nguardrails: {{min_roas: -1}}", "guardrails.min_roas"),
        (f"{HEAD}daily_budget: 5\ndayparting: [25]", "must be some of 0 to 23"),
        (f"{HEAD}daily_budget: 5\narticle_file: x.md", "give the article once"),
        ("url: https://a.example/x\nplatforms: [tv]\ndaily_budget: 5", "'tv' is unknown"),
        ("url: https://a.example/x\nplatforms: [x, twitter]\ndaily_budget: 5", "platform twice"),
        (
            "url: https://a.example/x\nplatforms: [x]\ndaily_budget: 5\n"
            "article: {title: a, text: b}",
            "too little text",
        ),
        (HEAD.replace("https", "http") + "daily_budget: 5", "is not https"),
        ("- a list", "has no fields"),
        ("a: [", "is no YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_sentence(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text(text)
    with pytest.raises(CampaignFileRefused) as refused:
        _use(path)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def _use(path: Path) -> None:
    file = read(path)
    file.content()
    file.plan(file.platforms[0], "USD")


def test_a_file_that_is_not_there_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(CampaignFileRefused, match="No such file"):
        read(tmp_path / "none.yaml")


# -- time -------------------------------------------------------------------------------------

INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS, st.timedeltas(timedelta(-500), timedelta(500)), st.integers(1, 3600))
def test_a_grain_hides_the_milliseconds_and_waits_end_at_whole_instants(
    real: datetime, ahead: timedelta, seconds: int
) -> None:
    clock = CampaignClock(ahead=ahead, grain=timedelta(seconds=seconds))
    now = clock.campaign_time(real)
    assert timedelta(0) <= (real + ahead) - now < timedelta(seconds=seconds)
    assert clock.campaign_time(clock.real_time(now)) == now
    until = now + timedelta(seconds=7 * seconds)
    awake = real + clock.real_wait(real, until)
    assert clock.campaign_time(awake) == until
    # As a server that counts whole milliseconds would wake it.
    assert clock.campaign_time(awake.replace(microsecond=awake.microsecond // 1000 * 1000)) == until


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(90)), st.sampled_from([1.0, 60.0, 1200.0]))
def test_without_a_grain_a_wait_is_what_it_was(
    real: datetime, ahead: timedelta, tempo: float
) -> None:
    clock = CampaignClock(tempo=tempo)
    now = clock.campaign_time(real)
    assert clock.real_wait(real, now + ahead) == clock.real_duration(ahead)
    assert tempo != 1.0 or now == real


def test_processes_read_the_instant_that_was_stepped_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The stack that earlier tests ran on is left in the environment, its clock too.
    for name in [one for one in os.environ if one.startswith("ADFLIGHT_")]:
        monkeypatch.delenv(name)
    held = SteppedClock(tmp_path / "clock")
    settings = Settings(
        stepped_clock=tmp_path / "clock",
        clock_ahead=timedelta(days=-1),
        clock_grain=timedelta(minutes=5),
    )
    for hour in range(3):
        held.step(MONDAY + timedelta(hours=hour, seconds=7))
        assert settings.real_now() == MONDAY + timedelta(hours=hour, seconds=7)
        assert settings.campaign_now() == MONDAY + timedelta(hours=hour, days=-1)


def test_the_driver_keeps_the_schedules_timetable() -> None:
    action = ScheduleActionStartWorkflow("w", id="w", task_queue="q")
    spec = {
        "daily": ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(8)])]),
        "sunday": ScheduleSpec(
            calendars=[
                ScheduleCalendarSpec(
                    day_of_week=[ScheduleRange(0)],
                    hour=[ScheduleRange(3)],
                    minute=[ScheduleRange(15, 45, 30)],
                )
            ]
        ),
        "often": ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(days=4))]),
    }
    schedules = {name: Schedule(action=action, spec=one) for name, one in spec.items()}
    found = appointments(schedules, MONDAY, MONDAY + timedelta(days=7))
    told = [(f"{one.at:%a %H:%M}", one.name) for one in found]
    assert [one for one in told if one[1] == "daily"] == [
        (f"{day} 08:00", "daily") for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    ]
    assert ("Sun 03:15", "sunday") in told
    assert ("Sun 03:45", "sunday") in told
    assert sum(name == "sunday" for _, name in told) == 2
    often = [one.at for one in found if one.name == "often"]
    assert [(at - datetime(1970, 1, 1, tzinfo=UTC)) % timedelta(days=4) for at in often] == [
        timedelta(0)
    ] * len(often)
    assert 1 <= len(often) <= 2
    assert [one.at for one in found] == sorted(one.at for one in found)


def test_every_schedule_of_a_team_can_be_rehearsed() -> None:
    schedules = team_schedules(Settings())
    found = appointments(schedules, MONDAY, MONDAY + timedelta(days=31))
    assert {one.name for one in found} == set(schedules)
    assert sum(one.name.startswith("digest-") for one in found) == 31


# -- scenarios and charts ---------------------------------------------------------------------


@pytest.mark.parametrize("scenario", Scenario)
def test_a_scenario_orders_something_after_the_start(scenario: Scenario) -> None:
    made = orders(scenario, MONDAY, (Platform.META, Platform.X))
    assert made
    for order in made:
        assert order.at >= MONDAY
        begins = order.body.get("since", order.at.isoformat())
        assert datetime.fromisoformat(str(begins)) > MONDAY
        json.dumps(order.body)


def test_a_chart_of_nothing_and_of_gaps_is_drawn() -> None:
    empty = svg("nothing", [], [])
    gaps = svg("gaps & <more>", list("abcd"), [Line("l", (None, 2.0, None, 3.0), "#000")])
    for text in (empty, gaps):
        assert text.startswith("<svg")
        assert "nan" not in text
        assert "simulated market" in text
    assert gaps.count("<path") == 2
    assert "gaps &amp; &lt;more&gt;" in gaps
    assert spark([0.0, None, 5.0, 10.0]) == "▁·▅█"
    assert spark([0.0, 0.0]) == "▁▁"


# -- the real thing ---------------------------------------------------------------------------


def _campaign(tmp_path: Path) -> Path:
    path = tmp_path / "campaign.yaml"
    path.write_text(f"{HEAD}daily_budget: 30\nname: Nets\nflight: {{days: 1}}\n")
    return path


def _command(*arguments: str) -> "subprocess.Popen[str]":
    clean = {key: value for key, value in os.environ.items() if not key.startswith(REAL)}
    return subprocess.Popen(
        [sys.executable, "-c", "from starter.cli import main; main()", "rehearse", *arguments],
        # Somebody's own stack and credentials: a rehearsal sees neither.
        env={**clean, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _leftovers(directory: str) -> list[str]:
    """Command lines of processes that work in a directory."""
    return [
        " ".join(line)
        for process in psutil.process_iter(["cmdline"])
        if directory in " ".join(line := process.info["cmdline"] or [])
    ]


@pytest.mark.stack
def test_a_day_is_rehearsed_twice_to_the_same_bytes(tmp_path: Path) -> None:
    path, charts = _campaign(tmp_path), tmp_path / "charts"
    told: list[str] = []
    for more in (("--out", str(charts)), ()):
        command = _command(str(path), "--days", "1", "--json", *more)
        out, problems = command.communicate(timeout=200)
        assert command.returncode == 0, problems
        told.append(out)
    assert told[0] == told[1]

    document: dict[str, Any] = json.loads(told[0])
    assert document["label"] == "simulated market, rule-based planner, sandbox networks"
    record = document["record"]
    (story,) = record["campaigns"]
    way = [visit["status"] for visit in story["visits"]]
    assert way == [
        "draft", "pending_approval", "scheduled", "launching", "pending_review", "active",
        "completed",
    ]  # fmt: skip
    assert story["approved_by"] == "the rehearsal's person"
    completed = datetime.fromisoformat(story["visits"][-1]["at"])
    assert completed == MONDAY + timedelta(days=1)
    (day,) = record["days"]
    assert day["planned"] == 30_000_000
    assert 0.5 * day["planned"] < day["spent"] <= 1.2 * day["planned"]
    assert day["impressions"] > day["clicks"] > 0
    assert record["totals"]["spent"] == day["spent"] <= record["true_spent"] * 1.03
    assert any(held["policy"].startswith("pacing") for held in record["held"]) or any(
        one["lever"] == "daily budget" for one in record["decisions"]
    )
    decided = [datetime.fromisoformat(one["at"]) for one in record["decisions"]]
    assert decided == sorted(decided)
    assert all((at - MONDAY) % timedelta(minutes=5) == timedelta(0) for at in decided)
    assert sorted(file.name for file in charts.iterdir()) == [
        "results.svg", "return.svg", "spend-by-day.svg", "spend-so-far.svg",
    ]  # fmt: skip


@pytest.mark.stack
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_behind_when_it_is_interrupted(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = _command(str(_campaign(tmp_path)), "--json")
    directory, deadline = "", time.monotonic() + 60
    while not directory:
        assert time.monotonic() < deadline
        for child in psutil.Process(command.pid).children():
            line = child.cmdline()
            if "'worker'" in " ".join(line):  # by then everything else was started
                directory = child.environ()["ADFLIGHT_DIRECTORY"]
        time.sleep(0.1)
    assert len(_leftovers(directory)) >= 2
    command.send_signal(number)
    out, problems = command.communicate(timeout=60)
    assert command.returncode == 130, problems
    assert out == ""
    assert "Interrupted" in problems
    assert "Traceback" not in problems
    assert _leftovers(directory) == []
    assert not Path(directory).exists()


def test_a_bad_file_or_scenario_starts_nothing(tmp_path: Path) -> None:
    bare = tmp_path / "bare.yaml"
    bare.write_text(HEAD)
    for arguments, told in (
        ((str(bare),), "daily_budget is missing"),
        ((str(_campaign(tmp_path)), "--scenario", "rain"), "choose of cpc-doubles"),
    ):
        command = _command(*arguments)
        _, problems = command.communicate(timeout=60)
        assert command.returncode == 2
        assert told in problems
