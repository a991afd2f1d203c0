"""The vectorised market: the recipe of ``market.delivery``, its caps, and how it is reported."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bench.rehearsal_twin import means
from market import delivery, fleet, reporting
from market.conditions import Conditions
from market.fleet import Bools, Fleet, FleetHour, FleetOrder, FleetTerms, Ints
from market.fleet_calendar import Calendar
from market.fleet_reporting import CLICKS, CONVERSIONS, IMPRESSIONS, REVENUE, SPEND, FleetReports

START = datetime(2026, 1, 5, tzinfo=UTC)
TERMS = FleetTerms("meta", "line", ("a", "b"), over_delivery=1.75)
BUDGET = 40_000_000
SEEDS = tuple(range(40))


def order(
    budget: int = BUDGET,
    *,
    running: tuple[bool, bool] = (True, True),
    bid: int = 0,
    room: int | None = None,
    conditions: Conditions | None = None,
    trials: int = len(SEEDS),
) -> FleetOrder:
    flags: Bools = np.tile(np.array(running, dtype=np.bool_), (trials, 1))
    budgets: Ints = np.full(trials, budget, dtype=np.int64)
    return FleetOrder(
        budgets,
        flags,
        np.full(trials, bid, dtype=np.int64),
        None if room is None else np.full(trials, room, dtype=np.int64),
        conditions or Conditions(),
    )


def flown(
    days: int, wanted: FleetOrder, terms: FleetTerms = TERMS, seeds: tuple[int, ...] = SEEDS
) -> list[FleetHour]:
    market = Fleet(seeds, terms, Calendar(START, 24 * days))
    return [market.deliver(number, wanted) for number in range(24 * days)]


def total(hours: list[FleetHour], measure: str) -> Ints:
    return sum((getattr(one, measure).sum(axis=1) for one in hours), np.zeros(len(SEEDS), np.int64))


def test_its_constants_are_those_of_delivery() -> None:
    own = ("MEDIAN_CPM", "VIEWS_PER_PERSON", "REFERENCE_BID", "HIGHEST_BID", "CATCH_UP")
    for name in (*own, "WEEKS_WORTH"):
        assert getattr(fleet, name) == getattr(delivery, f"_{name}"), name


def test_a_trial_is_its_seeds_campaign_in_delivery_on_average() -> None:
    found = {one.measure: one for one in means(range(1200, 1212), days=3, budget=300_000_000)}
    for name, most in (("spend", 0.03), ("impressions", 0.04), ("clicks", 0.06)):
        assert abs(found[name].difference) < most, found[name]
        assert found[name].low < most
    assert abs(found["conversions"].difference) < 0.15, found["conversions"]


def test_the_same_seeds_give_the_same_and_others_do_not() -> None:
    one, two = flown(2, order()), flown(2, order())
    other = flown(2, order(), seeds=tuple(range(500, 540)))
    for measure in ("impressions", "clicks", "spend"):
        assert (total(one, measure) == total(two, measure)).all()
    assert (total(one, "clicks") != total(other, "clicks")).any()


def test_days_stay_under_the_networks_cap_and_a_week_under_seven_budgets() -> None:
    hours = flown(13, order())
    spend = np.stack([one.spend.sum(axis=1) for one in hours]).reshape(13, 24, -1).sum(axis=1)
    assert spend.max() <= round(BUDGET * 1.75)
    assert 0.9 * BUDGET < spend.mean() < 1.1 * BUDGET
    week = spend[6:13].sum(axis=0)  # Sunday to Saturday
    assert week.max() <= 7 * BUDGET * 1.02


def test_what_is_switched_off_or_used_up_delivers_nothing() -> None:
    quiet = flown(1, order(0))
    assert sum(int(one.impressions.sum()) for one in quiet) == 0
    alone = flown(1, order(running=(False, True)))
    assert sum(int(one.impressions[:, 0].sum()) for one in alone) == 0
    assert sum(int(one.impressions[:, 1].sum()) for one in alone) > 0
    capped = Fleet(SEEDS, TERMS, Calendar(START, 48))
    for number in range(48):
        left = 7_000_000 - capped.spent_ever
        capped.deliver(
            number,
            FleetOrder(order().budgets, order().running, room=left),
        )
    assert capped.spent_ever.max() <= 7_000_000
    assert capped.spent_ever.min() > 6_000_000


def test_conditions_make_clicks_dearer_people_tired_and_conversions_unseen() -> None:
    ordinary = flown(4, order())
    dear = flown(4, order(conditions=Conditions(price=2.0)))
    assert 0.4 < total(dear, "clicks").sum() / total(ordinary, "clicks").sum() < 0.6
    small = flown(12, order(conditions=Conditions(audience=4_000, wear=8.0)))
    late, early = small[-48:], small[:48]

    def rate(hours: list[FleetHour]) -> float:
        return float(total(hours, "clicks").sum() / total(hours, "impressions").sum())

    assert rate(late) < 0.6 * rate(early)
    unseen = flown(2, order(conditions=Conditions(measured=False)))
    assert all(one.conversions.trial.size == 0 for one in unseen)


def test_a_bid_bounds_what_a_click_costs() -> None:
    free, bound = flown(2, order()), flown(2, order(bid=300_000))
    cost = total(bound, "spend").sum() / total(bound, "clicks").sum()
    assert cost < 0.9 * total(free, "spend").sum() / total(free, "clicks").sum()
    assert cost < 350_000
    assert total(flown(1, order(bid=1)), "spend").sum() == 0


@pytest.mark.parametrize("network", ["meta", "x", "unheard-of"])
def test_reports_come_late_grow_and_end_at_the_truth(network: str) -> None:
    terms = FleetTerms(network, "line", ("a", "b"), over_delivery=1.2)
    calendar = Calendar(START, 24 * 12)
    market = Fleet(SEEDS, terms, calendar)
    shown = FleetReports(1, network, calendar, len(SEEDS), 2)
    truth = np.zeros(5)
    late: list[float] = []
    excess = 0.0
    for number in range(len(calendar)):
        before = shown.days.sum(axis=(1, 2, 3))
        hour = market.deliver(number, order(20 * BUDGET if number < 48 else 0))
        shown.add(number, hour)
        now = shown.days.sum(axis=(1, 2, 3))
        truth += [
            hour.spend.sum(),
            hour.impressions.sum(),
            hour.clicks.sum(),
            hour.conversions.trial.size,
            hour.conversions.revenue.sum(),
        ]
        assert (now[IMPRESSIONS:] >= before[IMPRESSIONS:]).all()
        assert (now[IMPRESSIONS:] <= truth[IMPRESSIONS:]).all()
        if number == 20:
            late.append(float(now[IMPRESSIONS] / truth[IMPRESSIONS]))
        excess = max(excess, float(now[SPEND] / max(truth[SPEND], 1)))
    assert 0.9 < late[0] < 1.0
    assert (shown.days.sum(axis=(1, 2, 3)) == truth).all()
    by_day = shown.days.sum(axis=(1, 2))
    assert by_day[CONVERSIONS, 2:].sum() == by_day[REVENUE, 2:].sum() == 0, "the click's day counts"
    assert shown.hours[CONVERSIONS, :, 72:].sum() > 0, "but they show when they come"
    assert shown.hours[CLICKS].sum() == truth[CLICKS]
    estimates = reporting.rules(network).overestimate
    assert (excess > 1.0) == (estimates > 0)
    assert excess <= 1.0 + estimates


def test_hours_follow_the_accounts_wall_clock() -> None:
    spring = Calendar(datetime(2026, 3, 7, 22, tzinfo=ZoneInfo("America/New_York")), 40)
    assert spring.of_day[:6].tolist() == [22, 23, 0, 1, 3, 4], "clocks go forward"
    assert len(spring.dates) == 3
    whole = Calendar(START, 24)
    assert whole.share.sum() == pytest.approx(1.0)
    half = Calendar(datetime(2026, 3, 7, 0, 30, tzinfo=UTC), 24)
    assert half.share.sum() == pytest.approx(1.0)
    assert half.starts[1] - half.starts[0] == timedelta(hours=1)
