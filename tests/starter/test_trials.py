"""The Monte-Carlo twin: the same bytes, defined everywhere, and the product's own decisions."""

import json
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from activities.account_book import _CONVERSION_OBJECTIVES  # pyright: ignore[reportPrivateUsage]
from activities.campaign_history import CampaignHistory, Day
from activities.policy_inputs import (
    arrived_shares,
    ladder_inputs,
    pacing_inputs,
    relative_inputs,
)
from models.contract.campaign import Dayparting, Guardrails, MediaPlan
from models.contract.exchange import DatedRate, Rates
from models.contract.figures import FiguresQuery, OptimisationCase
from models.contract.limits import SANDBOX_LIMITS
from models.contract.money import Money
from models.contract.network import Bid
from models.contract.optimisation import Optimisation
from models.contract.safety import Rule
from models.contract.vocabulary import Author, Autonomy, Objective, Platform
from policy import relative_roas, roas_ladder, safety
from policy.saturation import SaturationAnswer
from starter.campaign_file import read
from starter.cli.app import run_command
from starter.rehearsal.order import RehearsalOrder
from starter.rehearsal.scenarios import Scenario
from starter.rehearsal.trial_flight import Flight
from starter.rehearsal.trial_guard import Guard
from starter.rehearsal.trial_histories import Histories
from starter.rehearsal.trial_report import document, rehearse
from starter.rehearsal.trial_screens import relative_to, rule_moves, screen
from starter.rehearsal.trial_state import Setting, Trials
from starter.rehearsal.trials import Spread, TrialForecast, forecast

START = datetime(2026, 1, 5, tzinfo=UTC)


def plan(amount: int = 60, currency: str = "USD", **changes: Any) -> MediaPlan:
    return MediaPlan(
        name="nets",
        destination_url="https://journal.example/nets",
        daily_budget=Money.of(amount, currency),
        **changes,
    )


def tried(what: MediaPlan, platform: Platform = Platform.META, **how: Any) -> TrialForecast:
    sizes: dict[str, Any] = {"days": 8, "trials": 8, **how}
    return forecast(what, platform, START, **sizes)


def kinds(one: TrialForecast) -> dict[str, float]:
    return {each.what: each.share for each in (*one.rules, *one.endings, *one.decisions)}


# -- what it answers ------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A campaign on two networks."""
    path = tmp_path / "nets.yaml"
    text = "A long and patient sentence about nets. " * 6
    path.write_text(
        "url: https://journal.example/nets\nplatforms: [meta, x]\ndaily_budget: 40\n"
        f"article: {{title: Nets, text: '{text}'}}\n"
    )
    return path


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(file: Path) -> None:
    def told(seed: int) -> str:
        order = RehearsalOrder(read(file), 4, seed, (Scenario.CPC_DOUBLES,))
        return json.dumps(document(rehearse(order, 5)), allow_nan=False)

    first = told(3)
    assert first == told(3)
    assert first != told(4)
    found = json.loads(first)
    assert found["label"].startswith("simulated market, Monte-Carlo twin")
    assert [one["platform"] for one in found["campaigns"]] == ["meta", "x"]
    assert found["together"]["spend"]["p50"] > found["campaigns"][0]["spend"]["p50"]
    assert "cpc-doubles" in found["scenarios"]


def test_the_command_tells_people_and_programs_and_draws(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    short = ["rehearse", str(file), "--days", "2", "--trials", "3"]
    assert run_command([*short, "--json", "--out", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["trials"] == 3
    drawn = sorted(tmp_path.glob("*.svg"))
    assert [one.name for one in drawn] == ["trials-spend-meta.svg", "trials-spend-x.svg"]
    assert "Monte-Carlo twin" in drawn[0].read_text()
    assert run_command(short) == 0
    told = capsys.readouterr().out
    assert "MONTE-CARLO TWIN" in told
    assert "All platforms together" in told
    file.write_text(file.read_text().replace("meta, x", "orkut"))
    assert run_command(short) == 2


ODD: dict[str, tuple[MediaPlan, dict[str, Any]]] = {
    "yen": (plan(6000, "JPY", objective=Objective.PURCHASES), {"timezone": "Asia/Tokyo"}),
    "no conversions": (plan(1), {"platform": Platform.X, "days": 3}),
    "a few hours": (plan(duration=timedelta(hours=5)), {}),
    "over before it begins": (plan(end=START - timedelta(days=1)), {}),
    "a zone of half hours": (plan(), {"timezone": "Asia/Kolkata", "days": 4}),
    "one ad": (plan(variants=1, objective=Objective.LEADS), {"days": 4}),
    "a bid": (
        plan(
            bid=Bid(strategy="bid_cap", amount=Money.of("0.40")),
            guardrails=Guardrails(target_cpa=Money.of("0.30")),
        ),
        {"days": 6},
    ),
    "a bid of nothing": (plan(bid=Bid(strategy="bid_cap", amount=Money(micros=1))), {"days": 3}),
    "one trial": (plan(), {"trials": 1, "days": 3}),
    "starts later": (plan(start=START + timedelta(days=2, minutes=30)), {"days": 3}),
}


@pytest.mark.parametrize("name", ODD)
def test_every_campaign_has_a_defined_answer(name: str) -> None:
    what, how = ODD[name]
    one = tried(what, **how)
    adapter = TypeAdapter(TrialForecast)
    assert adapter.validate_json(adapter.dump_json(one)) == one
    for each in fields(TrialForecast):
        value = getattr(one, each.name)
        if isinstance(value, Spread):
            assert 0 <= value.p10 <= value.p50 <= value.p90 < 1e15, each.name
    assert len(one.daily_spend) == len(one.dates) >= 1
    assert one.spend.p90 <= what.daily_budget.micros * 1.75 * len(one.dates)
    if name == "over before it begins":
        assert one.spend.p90 == 0
        assert one.roas is None
    if name == "starts later":
        assert one.start == START + timedelta(days=2)


def test_dayparting_delivers_in_its_hours_only() -> None:
    setting = Setting.of(
        plan(dayparting=Dayparting(hours=(9, 10))), Platform.META, START, "UTC",
        SANDBOX_LIMITS, Rates(),
    )  # fmt: skip
    flight = Flight(Trials.of(setting, (1, 2, 3), 48), [])
    for number in range(48):
        before = flight.trials.fleet.spent_ever.copy()
        flight.hour(number)
        spent = (flight.trials.fleet.spent_ever - before).sum()
        assert (spent > 0) == (number % 24 in (9, 10))


def test_a_lifetime_budget_ends_it_and_is_never_passed_where_the_network_caps() -> None:
    one = tried(plan(lifetime_budget=Money.of(200)))
    assert one.spend.p90 <= 200_000_000
    assert one.lifetime_used == 1.0
    assert one.ended_early == 0.0
    assert one.planned == 200_000_000
    limits = SANDBOX_LIMITS.model_copy(update={"campaign_lifetime": Money.of(100)})
    assert kinds(tried(plan(), limits=limits))["lifetime amount used"] == 1.0


def test_amounts_of_another_currency_follow_its_rate() -> None:
    day = START.date()
    rates = Rates(today=day, newest={"JPY": DatedRate(rate=Decimal("0.0065"), as_of=day)})
    yen = tried(plan(6000, "JPY"), rates=rates, days=4)
    dollars = tried(plan(39), days=4)
    assert yen.clicks.p50 == pytest.approx(dollars.clicks.p50, rel=0.15)


# -- what goes wrong ------------------------------------------------------------------------------


def test_scenarios_show_in_what_they_touch() -> None:
    shop = plan(500, objective=Objective.PURCHASES, optimisation=Optimisation(enabled=False))
    quiet = tried(shop)
    for scenario, rules in (
        (Scenario.RUNAWAY_BID, {"ahead_of_plan", "campaign_overspend", "cpc_spike"}),
        (Scenario.FATIGUE, {"ctr_collapse", "cpc_spike"}),
    ):
        loud = tried(shop, scenarios=(scenario,))
        assert set(kinds(loud)) & rules, scenario
        assert not set(kinds(quiet)) & rules
    stopped = tried(plan(), scenarios=(Scenario.DISAPPROVAL,))
    assert kinds(stopped)["disapproved by the network"] == 1.0
    assert stopped.daily_spend[5].p50 > 0
    assert all(day.p90 == 0 for day in stopped.daily_spend[6:])
    dear, usual = (
        tried(plan(), days=11, trials=6, scenarios=s) for s in ((Scenario.CPC_DOUBLES,), ())
    )
    assert dear.clicks.p50 < 0.95 * usual.clicks.p50


def test_a_tracking_outage_is_heard_by_each_trial_alone() -> None:
    shop = plan(900, objective=Objective.PURCHASES, optimisation=Optimisation(enabled=False))
    one = tried(shop, days=15, scenarios=(Scenario.TRACKING_OUTAGE,))
    # What was clicked before still converts, so not all fall silent.
    assert kinds(one)["tracking_outage"] > 0
    setting = Setting.of(shop, Platform.META, START, "UTC", SANDBOX_LIMITS, Rates())
    trials = Trials.of(setting, tuple(range(8)), 24 * 15)
    flight = Flight(trials, [])
    for number in range(24 * 12):
        flight.hour(number)
    trials.alive[:] = True
    trials.reports.hours[3:, :4, 24 * 12 - 40 :] = 0.0
    whole = Guard(trials).view(24 * 12)
    many = len(trials.seeds)
    alone: set[str] = set()
    for row in range(many):
        own = {
            each.name: getattr(whole, each.name)[row : row + 1]
            for each in fields(whole)
            if isinstance(getattr(whole, each.name), np.ndarray | tuple)
            and len(getattr(whole, each.name)) == many
        }
        found = safety.judge(replace(whole, **own))
        if any(each.rule is Rule.TRACKING_OUTAGE for each in found):
            alone.add(str(trials.ids[row]))
    fresh = Guard(trials)
    fresh.look(24 * 12)
    heard = trials.fired.get("tracking_outage", np.zeros(many))
    assert {str(trials.ids[row]) for row in np.flatnonzero(heard)} == alone
    assert 0 < len(alone) <= 4


# -- the product's decisions ----------------------------------------------------------------------


def in_flight(what: MediaPlan, hours: int) -> tuple[Trials, Histories, list[OptimisationCase]]:
    """Trials in mid-air with what the product would be asked about each."""
    setting = Setting.of(what, Platform.META, START, "UTC", SANDBOX_LIMITS, Rates())
    trials = Trials.of(setting, tuple(range(10)), hours + 1)
    flight = Flight(trials, [])
    for number in range(hours):
        flight.hour(number)
    known = Histories(trials, flight.readings, hours)
    cases = [
        OptimisationCase(
            query=FiguresQuery(
                team_id=one, campaign_id=one, timezone="UTC", currency="USD", now=known.now
            ),
            cycle=one,
            platform="meta",
            author=Author.AI,
            plan=trials.plans[row],
            live=Money(micros=int(trials.live[row])),
            minimum=setting.minimum,
            delivering_since=setting.start,
            ends_at=setting.ends_at,
            edits_this_hour=known.edits(row),
            edit_quota=setting.able.budget_edits_per_hour,
            no_raise_before=trials.no_raise[row],
            moves=trials.moves[row],
        )
        for row, one in enumerate(trials.ids)
    ]
    return trials, known, cases


@pytest.mark.parametrize("hours", [3, 24, 37, 24 * 9 + 12])
def test_pacing_is_asked_what_the_product_asks(hours: int) -> None:
    lasting = plan(lifetime_budget=Money.of(1500), duration=timedelta(days=20))
    trials, known, cases = in_flight(lasting, hours)
    for row, case in enumerate(cases):
        assert known.pacing(row, None) == pacing_inputs(case, known.of(row), None)
    assert hours < 100 or any(len(one) > 1 for one in trials.budgets), "something was moved"


def rules(floor: float | None, target: float | None, objective: Objective) -> MediaPlan:
    return plan(
        objective=objective,
        guardrails=Guardrails(min_roas=floor),
        optimisation=Optimisation(target_roas=target),
    )


def answer(case: OptimisationCase, known: CampaignHistory) -> str:
    """What the product's budget rule does, were it free to raise and a curve unknown."""
    if relative_to(case.plan) is None:
        return roas_ladder.decide(ladder_inputs(case, known)).action
    flat = SaturationAnswer(False, "", 0.0)
    return relative_roas.decide(relative_inputs(case, known, flat, 1.0)).action


@pytest.mark.parametrize("floor", [None, 0.05, 0.5, 1.5])
def test_what_is_spared_the_question_would_have_been_left_alone(floor: float | None) -> None:
    own = rules(floor, None, Objective.PURCHASES)
    spared = asked = 0
    for hours in (30, 24 * 9 + 4):
        _, known, cases = in_flight(own, hours)
        found = screen(own, known.days(), known.arrived(), converts=True)
        for row, case in enumerate(cases):
            did = answer(case, known.of(row))
            assert found.low[row] or did not in ("decrease", "pause")
            assert found.high[row] or did != "increase"
            assert rule_moves(case, known.of(row)) == (did != "maintain")
            spared += not (found.low[row] or found.high[row])
            asked += bool(found.low[row] or found.high[row])
    assert asked
    assert spared or floor == 0.05


@settings(max_examples=60, deadline=None)
@given(
    spend=st.lists(st.integers(0, 200_000_000), min_size=8, max_size=20),
    orders=st.integers(0, 60),
    worth=st.integers(0, 300_000_000),
    target=st.one_of(st.none(), st.floats(0.05, 5)),
    floor=st.one_of(st.none(), st.floats(0.05, 5)),
    objective=st.sampled_from(list(Objective)),
)
def test_no_figures_hide_a_move(
    spend: list[int],
    orders: int,
    worth: int,
    target: float | None,
    floor: float | None,
    objective: Objective,
) -> None:
    own = rules(floor, target, objective)
    now = START + timedelta(days=len(spend) - 1, hours=12)
    days = tuple(
        Day((START + timedelta(days=n)).date(), START + timedelta(days=n), one, 1000, 10, 0, 0, 0)
        for n, one in enumerate(spend)
    )
    days = (*days[:-3], replace(days[-3], conversions=orders, revenue=orders * worth), *days[-2:])
    known = CampaignHistory(days, (), ((START, 60_000_000),), (), (), now)
    figures = np.array(
        [[[getattr(one, name) for one in days]] for name in
         ("spend", "impressions", "clicks", "conversions", "revenue")]
    )  # fmt: skip
    found = screen(
        own,
        figures,
        np.array(arrived_shares(now, days)),
        converts=objective in _CONVERSION_OBJECTIVES,
    )
    case = OptimisationCase(
        query=FiguresQuery(
            team_id=UUID(int=1), campaign_id=UUID(int=1), timezone="UTC", currency="USD", now=now
        ),
        cycle=UUID(int=1),
        platform="meta",
        author=Author.AI,
        plan=own,
        live=own.daily_budget,
        minimum=Money.of(1),
        delivering_since=START,
    )
    did = answer(case, known)
    assert found.low[0] or did not in ("decrease", "pause")
    assert found.high[0] or did != "increase"


def test_the_machine_raises_only_what_the_team_lets_it() -> None:
    cheap = plan(60, guardrails=Guardrails(min_roas=0.02))
    manual = tried(cheap, days=12, trials=5)
    assert "agreed budget raised" not in kinds(manual)
    free = SANDBOX_LIMITS.model_copy(
        update={"autonomy": Autonomy.FULL_AUTO, "always_ask_above": Money.of(70)}
    )
    auto = tried(cheap, days=12, trials=5, limits=free)
    assert kinds(auto)["agreed budget raised"] > 0
    assert kinds(auto)["raise of the agreed budget left to a person"] > 0
    assert max(day.p90 for day in auto.daily_spend) < 70_000_000 * 1.75


def test_ads_are_decided_on_where_the_network_can_switch_them() -> None:
    assert kinds(tried(plan(200), days=12))["ads rested"] > 0.3
    assert "ads rested" not in kinds(tried(plan(200), Platform.X, days=8))
    off = plan(200, optimisation=Optimisation(creatives=False))
    assert "ads rested" not in kinds(tried(off, days=8))


def test_what_converts_is_what_the_guard_takes_for_it() -> None:
    for objective in Objective:
        setting = Setting.of(
            plan(objective=objective), Platform.META, START, "UTC", SANDBOX_LIMITS, Rates()
        )
        assert setting.converts == (objective in _CONVERSION_OBJECTIVES)


@pytest.mark.parametrize(("days", "trials"), [(0, 5), (91, 5), (5, 0)])
def test_senseless_sizes_are_refused(days: int, trials: int) -> None:
    with pytest.raises(ValueError, match="days and"):
        tried(plan(), days=days, trials=trials)


def test_a_forecast_is_plain_data() -> None:
    one = tried(plan(), days=2, trials=3)
    assert json.loads(json.dumps(asdict(one), default=str))["trials"] == 3
