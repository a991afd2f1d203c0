"""The market's shape (the recipe's figures) and its determinism."""

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import mean

import pytest

from market import reporting, response, traffic
from market.auction import Competition, buy
from market.delivery import AdFigures, LineTerms, SoFar, day_target, deliver
from market.noise import gauss, stream, uniform

DAY = datetime(2026, 3, 2, tzinfo=UTC)
FRESH = SoFar(spent_today=0, spent_this_week=0, impressions=(0, 0))


def terms(**changes: object) -> LineTerms:
    values: dict[str, object] = {
        "network": "meta",
        "line": "l1",
        "ads": ("a1", "a2"),
        "daily_budget": 20_000_000,
        "over_delivery": 1.75,
    }
    return LineTerms(**{**values, **changes})  # type: ignore[arg-type]


def run_day(
    line: LineTerms, day: datetime = DAY, seed: int = 7, *, before: int = 0
) -> list[AdFigures]:
    """A whole day, slot by slot, feeding back what was spent."""
    spent, shown = 0, [before] * len(line.ads)
    figures: list[AdFigures] = []
    for slot in range(96):
        start = day + slot * traffic.SLOT
        so_far = SoFar(spent, spent, tuple(shown))
        for index, piece in enumerate(deliver(seed, line, so_far, start, start + traffic.SLOT)):
            figures.append(piece)
            spent += piece.spend
            shown[index] += piece.impressions
    return figures


def test_traffic_has_the_published_shape() -> None:
    shares = [48 * share for share in traffic.HALF_HOUR_SHARES]
    assert sum(traffic.HALF_HOUR_SHARES) == pytest.approx(1)
    assert max(shares) == pytest.approx(1.83, abs=0.01)
    assert min(shares) == pytest.approx(0.146, abs=0.005)
    assert traffic.passed(6 * 3600) / 0.25 == pytest.approx(0.38, abs=0.005)
    assert traffic.passed(12 * 3600) / 0.5 == pytest.approx(0.90, abs=0.005)
    assert mean(traffic.weekday_factor(date(2026, 3, day)) for day in range(1, 8)) == (
        pytest.approx(1)
    )


def test_the_day_is_passed_through_once() -> None:
    marks = [traffic.passed(seconds) for seconds in range(0, 86_401, 450)]
    assert marks == sorted(marks)
    assert (marks[0], marks[-1]) == (0, pytest.approx(1))


def test_hourly_noise_has_mean_one_and_resembles_its_neighbour() -> None:
    series = [traffic.hourly_noise(3, "meta", hour) for hour in range(4000)]
    logs = [math.log(each) for each in series]
    centre = mean(logs)
    spread = mean((each - centre) ** 2 for each in logs)
    pairs = pairwise(logs)
    together = mean((a - centre) * (b - centre) for a, b in pairs)
    assert mean(series) == pytest.approx(1, abs=0.02)
    assert math.sqrt(spread) == pytest.approx(0.15, abs=0.02)
    assert together / spread > 0.4


def test_auction_formulas_agree_with_drawn_prices() -> None:
    competition = Competition(median=9_000_000, sd=0.9)
    rng = stream(1, "prices")
    prices = 9_000_000 * rng.lognormal(0, 0.9, 200_000)
    bid = 12_000_000
    won = prices[prices < bid]
    assert competition.win_probability(bid) == pytest.approx(len(won) / len(prices), rel=0.01)
    assert competition.price_paid(bid) == pytest.approx(float(won.mean()), rel=0.01)


def test_buying_throttles_then_raises_the_bid_then_stops() -> None:
    competition = Competition(median=9_000_000)
    small = buy(competition, 1e6, 1_000_000, 14e6, 45e6)
    large = buy(competition, 1e3, 6_000_000, 14e6, 45e6)
    absurd = buy(competition, 1e3, 1e12, 14e6, 45e6)
    capped = buy(competition, 1e6, 1_000_000, 14e6, 9_000.0)
    assert small.impressions * small.cpm / 1000 == pytest.approx(1_000_000)
    assert large.cpm > small.cpm
    assert large.impressions * large.cpm / 1000 == pytest.approx(6_000_000, rel=1e-3)
    assert absurd.impressions <= 1e3
    assert absurd.cpm < 45e6
    assert capped.impressions < 1


def test_twenty_dollars_a_day_is_plausible() -> None:
    lines = [terms(line=f"l{i}", ads=(f"a{i}", f"b{i}")) for i in range(12)]
    days = [run_day(line) for line in lines]
    spends = [sum(piece.spend for piece in day) for day in days]
    shown = sum(piece.impressions for day in days for piece in day)
    clicks = sum(piece.clicks for day in days for piece in day)
    assert mean(spends) == pytest.approx(20_000_000, rel=0.12)
    assert all(12_000_000 < spend <= 35_000_000 for spend in spends)
    assert 5 < sum(spends) / shown / 1000 < 15
    assert 0.006 < clicks / shown < 0.016


def test_conversion_rate_and_revenue_are_plausible() -> None:
    days = [run_day(terms(ads=(f"a{i}",), daily_budget=500_000_000), seed=i) for i in range(10)]
    clicks = sum(piece.clicks for day in days for piece in day)
    conversions = [each for day in days for piece in day for each in piece.conversions]
    assert 0.01 < len(conversions) / clicks < 0.035
    assert 25e6 < mean(each.revenue for each in conversions) < 60e6


def test_draws_depend_on_names_not_on_order() -> None:
    forward = [deliver(7, terms(line=f"l{i}"), FRESH, DAY, DAY + traffic.SLOT) for i in range(5)]
    backward = [
        deliver(7, terms(line=f"l{i}"), FRESH, DAY, DAY + traffic.SLOT) for i in reversed(range(5))
    ]
    assert forward == backward[::-1]
    assert run_day(terms()) == run_day(terms())
    assert run_day(terms()) != run_day(terms(), seed=8)
    assert uniform(1, "a", "bc") != uniform(1, "ab", "c")
    assert mean(gauss(1, i) for i in range(5000)) == pytest.approx(0, abs=0.05)


def test_the_way_a_slot_is_cut_changes_nothing() -> None:
    line = terms(daily_budget=2_000_000_000)
    start = DAY + timedelta(hours=10)
    whole = deliver(7, line, FRESH, start, start + traffic.SLOT)
    cuts = [0, 1, 77, 78.5, 300, 301, 640, 899.999, 900]
    pieces = [
        deliver(7, line, FRESH, start + timedelta(seconds=a), start + timedelta(seconds=b))
        for a, b in pairwise(cuts)
    ]
    for index, ad in enumerate(whole):
        parts = [piece[index] for piece in pieces]
        assert sum(part.impressions for part in parts) == ad.impressions
        assert sum(part.clicks for part in parts) == ad.clicks
        assert sum(part.spend for part in parts) == ad.spend
        assert tuple(c for part in parts for c in part.conversions) == ad.conversions
    assert sum(ad.clicks for ad in whole) > 5


def test_room_is_never_exceeded() -> None:
    so_far = SoFar(0, 0, (0, 0), room=123_456)
    start = DAY + timedelta(hours=10)
    pieces = deliver(7, terms(daily_budget=2_000_000_000), so_far, start, start + traffic.SLOT)
    assert 100_000 < sum(piece.spend for piece in pieces) <= 123_456


def test_clicks_wear_out_with_frequency() -> None:
    small = terms(audience=20_000, daily_budget=100_000_000)
    fresh, worn = run_day(small), run_day(small, before=150_000)
    rates = [
        sum(piece.clicks for piece in day) / sum(piece.impressions for piece in day)
        for day in (fresh, worn)
    ]
    assert rates[1] < 0.7 * rates[0]


def test_a_small_audience_cannot_absorb_any_budget() -> None:
    spent = sum(piece.spend for piece in run_day(terms(audience=1_000, daily_budget=10**10)))
    assert spent < 10**9


def test_reach_is_below_impressions_and_audience() -> None:
    assert response.reach(1000, 100) == pytest.approx(95.16, abs=0.01)
    assert response.reach(1000, 10**6) == pytest.approx(1000)
    assert response.frequency(1000, 0) == 1


def test_conversion_delays_follow_the_mixture() -> None:
    rng = stream(1, "delays")
    delays = [response.conversion_delay(*rng.random(2)) for _ in range(20_000)]
    for age in (3600, 86_400):
        observed = mean(delay < age for delay in delays)
        assert observed == pytest.approx(response.arrived_share(age), abs=0.02)
    assert 0.3 < response.arrived_share(3600) < 0.4
    assert 0.5 < response.arrived_share(86_400) < 0.65


def test_day_targets_average_to_the_budget_and_keep_the_cap() -> None:
    targets = [day_target(7, terms(), str(day)) for day in range(3000)]
    assert mean(targets) == pytest.approx(20_000_000, rel=0.02)
    assert max(targets) <= 35_000_000
    assert max(targets) > 28_000_000
    assert max(day_target(7, terms(over_delivery=1.0), str(day)) for day in range(500)) <= 2e7


def test_reports_come_after_the_fact_and_in_order() -> None:
    seen = [reporting.reported_at(7, "meta", tick * 900) for tick in range(500)]
    assert all(900 * tick + 300 <= at <= 900 * tick + 1500 for tick, at in enumerate(seen))
    assert reporting.reported_at(7, "meta", 1) == reporting.reported_at(7, "meta", 900)
    assert reporting.first_estimate(7, "meta", "l", 1) == 1
    assert 1 < reporting.first_estimate(7, "x", "l", 1) <= 1.03
