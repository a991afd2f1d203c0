"""Account views for the tests of the safety rules: calm campaigns, and arbitrary ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import strategies as st

from policy.account_view import HOURS, AccountView, ScopeSpend
from policy.traffic import HOURLY_WEIGHTS

NOW = datetime(2026, 6, 9, 14, 30, tzinfo=UTC)
UNIT = 1_000_000.0
OVER = 1.75
PER_CAMPAIGN = (
    "on",
    "converts",
    "hours_on",
    "daily_budget",
    "day_cap",
    "lifetime",
    "target_cpa",
    "max_cpa",
    "min_roas",
    "spent_today",
    "spent_total",
    "unreported",
    "spend",
    "impressions",
    "clicks",
    "conversions",
    "revenue",
    "seen_clicks",
    "seen_conversions",
)


def calm(n: int = 3, budget: float = 240.0, *, shape: np.ndarray | None = None) -> AccountView:
    """``n`` converting campaigns that spend ``budget`` units a day by the traffic plan, at a click
    a unit, 48 clicks a conversion, 60 units revenue a conversion."""
    hour_of_day = (np.arange(HOURS) + 14 - (HOURS - 1)) % 24
    weights = np.array(HOURLY_WEIGHTS) / sum(HOURLY_WEIGHTS)
    passed = np.ones(HOURS)
    passed[-1] = 0.5
    spend = np.tile(budget * UNIT * weights[hour_of_day] * passed, (n, 1))
    today = spend[:, -15:].sum(axis=1)
    clicks = spend / UNIT
    nothing = np.full(n, np.nan)
    return AccountView(
        now=NOW,
        as_of=NOW - timedelta(minutes=3),
        campaigns=tuple(UUID(int=i + 1) for i in range(n)),
        names=tuple(f"campaign {i}" for i in range(n)),
        currency="USD",
        platform_name="meta",
        last_hour_share=0.5,
        hour_of_day=hour_of_day,
        on=np.ones(n, dtype=np.bool_),
        converts=np.ones(n, dtype=np.bool_),
        hours_on=np.full(n, 400.0),
        daily_budget=np.full(n, budget * UNIT),
        day_cap=np.full(n, budget * UNIT * OVER),
        lifetime=nothing,
        target_cpa=nothing,
        max_cpa=nothing,
        min_roas=nothing,
        spent_today=today,
        spent_total=today * 20,
        unreported=np.full(n, budget * UNIT / 48),
        day_share=float(today[0] / (budget * UNIT)),
        over_delivery=OVER,
        spend=spend,
        impressions=clicks * 100,
        clicks=clicks,
        conversions=clicks / 48,
        revenue=clicks / 48 * 60 * UNIT,
        seen_clicks=clicks.copy(),
        seen_conversions=np.zeros((n, HOURS)),
    )


def having(view: AccountView, row: int | slice = 0, **values: Any) -> AccountView:
    """The view with other values in a row of its arrays; ``x_recent=(k, factor)`` multiplies the
    newest ``k`` columns of array ``x``."""
    changed: dict[str, Any] = {}
    for name, value in values.items():
        base = name.removesuffix("_recent")
        array = changed.get(base, getattr(view, base)).copy()
        if name.endswith("_recent"):
            columns, factor = value
            array[row, -columns:] *= factor
        else:
            array[row] = value
        changed[base] = array
    return replace(view, **changed)


def permuted(view: AccountView, order: list[int]) -> AccountView:
    """The same campaigns in another order."""
    return replace(
        view,
        campaigns=tuple(view.campaigns[i] for i in order),
        names=tuple(view.names[i] for i in order),
        **{name: getattr(view, name)[order] for name in PER_CAMPAIGN},
    )


@st.composite
def views(draw: st.DrawFn) -> AccountView:
    """Anything an account may look like: empty, absurd, sparse, without limits, never read."""
    n = draw(st.integers(0, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scale = draw(st.sampled_from([0.0, 1.0, 1e6, 1e9, 1e13]))
    sparse = draw(st.sampled_from([0.0, 0.5, 0.98, 1.0]))

    def hourly(factor: float) -> np.ndarray:
        return rng.exponential(factor, (n, HOURS)) * (rng.random((n, HOURS)) >= sparse)

    def amounts(factor: float, missing: float = 0.0) -> np.ndarray:
        values = rng.exponential(factor, n) * (rng.random(n) > 0.2)
        return np.where(rng.random(n) < missing, np.nan, values)

    age = draw(st.sampled_from([None, 0.0, 0.1, 2.9, 5.0, 13.0, 1000.0]))
    scope = st.none() | st.builds(
        ScopeSpend,
        spent_today=st.sampled_from([0.0, scale, scale * 3]),
        daily_limit=st.sampled_from([0.0, scale, scale * 2]),
        tolerance=st.sampled_from([0.0, 1.0, 1.75]),
    )
    return AccountView(
        now=NOW,
        as_of=None if age is None else NOW - timedelta(hours=age),
        campaigns=tuple(UUID(int=i + 1) for i in range(n)),
        names=tuple(f"campaign {i}" for i in range(n)),
        currency=draw(st.sampled_from(["USD", "JPY", "KWD", "XYZ"])),
        platform_name="x",
        last_hour_share=draw(st.sampled_from([1e-4, 0.3, 1.0])),
        hour_of_day=(np.arange(HOURS) + draw(st.integers(0, 23))) % 24,
        on=rng.random(n) < 0.7,
        converts=rng.random(n) < 0.6,
        hours_on=rng.exponential(150.0, n) * (rng.random(n) > 0.1),
        daily_budget=amounts(scale * 20),
        day_cap=amounts(scale * 30, 0.1),
        lifetime=amounts(scale * 300, 0.5),
        target_cpa=amounts(scale, 0.5),
        max_cpa=amounts(scale, 0.5),
        min_roas=amounts(1.0, 0.5),
        spent_today=amounts(scale * 20),
        spent_total=amounts(scale * 200),
        unreported=amounts(scale),
        day_share=draw(st.sampled_from([0.0, 0.01, 0.5, 0.99, 1.0])),
        over_delivery=draw(st.sampled_from([1.0, 1.2, 1.75])),
        spend=hourly(scale),
        impressions=np.floor(hourly(200.0)),
        clicks=np.floor(hourly(5.0)),
        conversions=np.floor(hourly(draw(st.sampled_from([0.0, 0.5, 3.0])))),
        revenue=hourly(scale),
        seen_clicks=np.floor(hourly(5.0)),
        seen_conversions=np.floor(hourly(0.3)),
        first_hand=draw(st.booleans()),
        api_failures=draw(st.integers(0, 9)),
        reading_failed=draw(st.booleans()),
        team=draw(scope),
        platform=draw(scope),
    )
