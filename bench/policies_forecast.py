"""Forecasts measured: how often an 80 % interval holds what happens, on markets held out.

Each seed is an account of its own: its price, click, conversion and value levels lie around the
benchmark, its campaigns scatter around them, days scatter and drift. Pre-launch, the forecast
sees the account's past campaigns and is held against the next one; live, it sees recent days with
late conversions and is held against the next hour, day and rest of the flight. Poisson intervals
around the same expectation stand beside it, as do their widths.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bench.policies_bidding import arrived
from bench.policies_estimate import Estimate, share
from policy import forecast, live_forecast
from policy.forecast_figures import Figures, Interval

LOW, HIGH = 0.72, 0.88
"""What an 80 % interval must cover."""
BENCHMARK = forecast.Benchmark(cpm=10_500_000.0, ctr=0.010, cvr=0.020, value=40_000_000.0)
_FEWEST = 5.0
_HOUR = 0.065
"""Share of a day's traffic in the hour that is forecast."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of held-out outcomes inside, and the median of interval width over expectation."""

    inside: Estimate
    poisson: Estimate | None
    width: float


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """Coverage by figure ("next campaign: clicks"), for ``seeds`` markets."""

    low: float
    high: float
    seeds: int
    coverage: dict[str, Coverage]

    @property
    def calibrated(self) -> bool:
        """Whether every figure's coverage lies in the range asked for."""
        return all(self.low <= one.inside.mean <= self.high for one in self.coverage.values())


@dataclass(frozen=True, slots=True)
class _Hit:
    inside: bool
    poisson: bool | None
    width: float


def coverage(seeds: Iterable[int] = range(1_000)) -> ForecastResult:
    """Forecast and compare, one market a seed."""
    hits: dict[str, list[_Hit]] = {}
    count = 0
    for seed in seeds:
        count += 1
        for name, hit in (*_pre_launch(seed), *_live(seed)):
            hits.setdefault(name, []).append(hit)
    told = {
        name: Coverage(
            share(sum(one.inside for one in found), len(found)),
            None
            if found[0].poisson is None
            else share(sum(bool(one.poisson) for one in found), len(found)),
            float(np.median([one.width for one in found])),
        )
        for name, found in hits.items()
    }
    return ForecastResult(LOW, HIGH, count, told)


def _pre_launch(seed: int) -> list[tuple[str, _Hit]]:
    """A new campaign of an account with 0 to 12 past ones."""
    rng = np.random.default_rng((seed, 5501))
    spreads = {name: sd * rng.uniform(0.7, 1.3) for name, sd in
               (("cpm", 0.25), ("ctr", 0.30), ("cvr", 0.35), ("value", 0.20))}  # fmt: skip
    usual = {"cpm": BENCHMARK.cpm, "ctr": BENCHMARK.ctr, "cvr": BENCHMARK.cvr,
             "value": BENCHMARK.value}  # fmt: skip
    levels = {name: usual[name] * rng.lognormal(0, sd) for name, sd in
              (("cpm", 0.45), ("ctr", 0.40), ("cvr", 0.55), ("value", 0.50))}  # fmt: skip
    campaigns = [_campaign(rng, levels, spreads) for _ in range(int(rng.integers(0, 13)) + 1)]
    actual = campaigns[-1]
    days = 30.0
    answer = forecast.decide(
        forecast.ForecastInputs(
            currency="USD",
            daily_budget=int(actual.budget / days),
            days=days,
            history=tuple(campaigns[:-1]),
            benchmark=BENCHMARK,
        )
    )
    assert answer.figures is not None
    return _compared("next campaign", answer.figures, actual)


def _campaign(
    rng: np.random.Generator, levels: dict[str, float], spreads: dict[str, float]
) -> forecast.PastCampaign:
    own = {name: levels[name] * rng.lognormal(0, spreads[name]) for name in levels}
    budget = 30 * int(rng.integers(10, 200)) * 1_000_000
    spend = int(budget * min(1.0, 0.97 * rng.lognormal(0, 0.06)))
    impressions = int(rng.poisson(1000 * spend / own["cpm"]))
    clicks = int(rng.binomial(impressions, min(1.0, own["ctr"])))
    conversions = int(rng.binomial(clicks, min(1.0, own["cvr"])))
    values = own["value"] * rng.lognormal(-0.125, 0.5, conversions)
    return forecast.PastCampaign(spend, impressions, clicks, conversions, int(values.sum()), budget)


@dataclass(frozen=True, slots=True)
class _Rates:
    """One day of a live campaign: spend (micros), per-impression price, click and conversion
    rates, value per conversion (micros)."""

    spend: float
    cpm: float
    ctr: float
    cvr: float
    value: float


def _days(rng: np.random.Generator, count: int) -> list[_Rates]:
    """Consecutive days: levels of the campaign, each day's own scatter, and a drift."""
    budget = float(rng.integers(20, 300)) * 1e6 * rng.uniform(0.92, 1.05)
    cpm, ctr, cvr, value = (
        level * rng.lognormal(0, sd)
        for level, sd in zip(
            (BENCHMARK.cpm, BENCHMARK.ctr, BENCHMARK.cvr, BENCHMARK.value),
            (0.45, 0.40, 0.55, 0.50),
            strict=True,
        )
    )
    scatter, drift = rng.uniform(0.10, 0.30), rng.uniform(0.0, 0.05)
    moved = np.exp(np.cumsum(drift * rng.standard_normal((count, 2)), axis=0))
    return [
        _Rates(
            spend=budget * rng.lognormal(0, 0.08),
            cpm=cpm * rng.lognormal(0, 0.12),
            ctr=ctr * moved[day, 0] * rng.lognormal(0, 0.10),
            cvr=cvr * moved[day, 1] * rng.lognormal(0, scatter),
            value=value,
        )
        for day in range(count)
    ]


def _outcome(rng: np.random.Generator, rates: _Rates, part: float = 1.0) -> forecast.PastCampaign:
    """What a day, or a part of it, brings in the end."""
    spend = int(rates.spend * part)
    impressions = int(rng.poisson(1000 * spend / rates.cpm))
    clicks = int(rng.binomial(impressions, min(1.0, rates.ctr)))
    conversions = int(rng.binomial(clicks, min(1.0, rates.cvr)))
    revenue = int((rates.value * rng.lognormal(-0.125, 0.5, conversions)).sum())
    return forecast.PastCampaign(spend, impressions, clicks, conversions, revenue)


def _reported(
    rng: np.random.Generator, day: forecast.PastCampaign, age: float, belief: float
) -> live_forecast.DayFigures:
    """The day as its report stands ``age`` days after its clicks."""
    counted = int(rng.binomial(int(day.conversions), arrived(age)))
    part = counted / day.conversions if day.conversions else 0.0
    return live_forecast.DayFigures(
        day.spend, day.impressions, day.clicks, counted, arrived(age, belief),
        int(day.revenue * part),
    )  # fmt: skip


def _live(seed: int) -> list[tuple[str, _Hit]]:
    """Seven to 28 recent days, then the next hour, day, and rest of the flight."""
    rng = np.random.default_rng((seed, 7411))
    seen, left = int(rng.integers(7, 29)), int(rng.integers(3, 15))
    rates = _days(rng, seen + left)
    days = [_outcome(rng, one) for one in rates]
    belief = float(rng.uniform(0.85, 1.18))
    answer = live_forecast.decide(
        live_forecast.LiveForecastInputs(
            currency="USD",
            days=tuple(
                _reported(rng, day, seen - i - 0.5, belief) for i, day in enumerate(days[:seen])
            ),
            next_hour=_HOUR,
            days_left=float(left),
        )
    )
    assert answer.next_hour is not None
    assert answer.next_day is not None
    assert answer.rest_of_flight is not None
    hour = _outcome(rng, rates[seen], _HOUR * rng.lognormal(0, 0.15))
    return [
        *_compared("next hour", answer.next_hour, hour),
        *_compared("next day", answer.next_day, days[seen]),
        *_compared("rest of flight", answer.rest_of_flight, _total(days[seen:])),
    ]


def _total(days: list[forecast.PastCampaign]) -> forecast.PastCampaign:
    return forecast.PastCampaign(
        sum(one.spend for one in days), sum(one.impressions for one in days),
        sum(one.clicks for one in days), sum(one.conversions for one in days),
        sum(one.revenue for one in days),
    )  # fmt: skip


def _compared(name: str, figures: Figures, actual: forecast.PastCampaign) -> list[tuple[str, _Hit]]:
    """Each figure against what happened. Of fewer than ``_FEWEST`` expected conversions no whole
    number bounds 80 %, so those are not scored."""
    shown, clicks, results = figures.impressions, figures.clicks, figures.conversions
    scored = [
        ("spend", _hit(figures.spend, actual.spend, None)),
        ("impressions", _hit(shown, actual.impressions, _poisson(shown))),
        ("clicks", _hit(clicks, actual.clicks, _poisson(clicks))),
    ]
    if results.expected >= _FEWEST:
        assert figures.cpa is not None
        assert figures.roas is not None
        few, many = _poisson(results)
        cost, value = figures.spend.expected, figures.revenue.expected / results.expected
        cpa = actual.spend / actual.conversions if actual.conversions else math.inf
        scored += [
            ("conversions", _hit(results, actual.conversions, (few, many))),
            ("CPA", _hit(figures.cpa, cpa, (cost / many, cost / max(few, 1e-9)))),
            (
                "ROAS",
                _hit(
                    figures.roas, actual.revenue / actual.spend,
                    (few * value / cost, many * value / cost),
                ),
            ),
        ]  # fmt: skip
    return [(f"{name}: {what}", hit) for what, hit in scored]


def _poisson(count: Interval) -> tuple[float, float]:
    """The 80 % interval of a Poisson with the same expectation."""
    half = 1.2816 * math.sqrt(count.expected)
    return count.expected - half, count.expected + half


def _hit(interval: Interval, actual: float, poisson: tuple[float, float] | None) -> _Hit:
    high = math.inf if interval.high is None else interval.high
    return _Hit(
        interval.low <= actual <= high,
        None if poisson is None else poisson[0] <= actual <= poisson[1],
        (high - interval.low) / max(interval.expected, 1e-9),
    )
