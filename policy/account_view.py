"""All campaigns of one ad account at one instant, as arrays, for the safety rules."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
HOURS = 24 * 8
"""Hours of history a view holds: a week and the day that is compared with it."""


@dataclass(frozen=True, slots=True)
class ScopeSpend:
    """What a team or platform may spend and has spent, micros of the reporting currency.

    ``spent_today`` includes what is plausibly unreported. Limits are those of the team;
    ``tolerance`` is the multiple of the daily limit that over-delivery makes normal.
    """

    spent_today: float
    daily_limit: float
    tolerance: float = 1.0


@dataclass(frozen=True, slots=True)
class AccountView:
    """Row ``i`` of every array is campaign ``campaigns[i]`` (n campaigns).

    Money is micros of the account's currency as float64 (exact to 2**53). The hourly arrays have
    shape (n, HOURS): column -1 is the hour that runs at ``as_of``, column -1-k lies k hours
    before it; ``hour_of_day`` (HOURS,) is the account-local hour (0..23) of each column. What was
    not reported is zero, so ``as_of`` and ``first_hour`` say from when to when zeros mean zero.

    Attributes:
        now: Campaign time of the judgement.
        as_of: Age of the newest figures, None when nothing was ever read.
        last_hour_share: Part (0..1] of the column -1 that has passed at ``as_of``.
        on: Switched on, as far as we know (n,).
        converts: Its objective is a conversion; others are never judged on conversions (n,).
        hours_on: Hours since it was first switched on (n,).
        daily_budget: Highest daily budget of the day (n,): what was spent before somebody lowered
            it was within what was agreed then.
        day_cap: Most that a day may cost: ``max_daily_spend`` or budget × over-delivery (n,).
        lifetime: Lifetime budget or team's lifetime limit, NaN without (n,).
        target_cpa, max_cpa, min_roas: The plan's guardrails, NaN without (n,).
        spent_today: Reported spend of the account's running day (n,).
        spent_total: Reported spend of the whole flight (n,).
        unreported: What has plausibly been spent since ``as_of`` and is not reported (n,).
        day_share: Share of a day's traffic that has passed (0..1), from the traffic curve.
        over_delivery: The network's multiple of a daily budget on one day.
        spend, impressions, clicks, conversions, revenue: By hour, as the network reports (n, H).
        seen_clicks, seen_conversions: By hour, as our own site saw them (n, H).
        first_hand: Whether our own site reports conversions at all.
        api_failures: Calls to the network that failed within the last hour.
        reading_failed: The newest attempt to read the account failed.
        team, platform: Spend of the scopes around, None when the database did not answer.
    """

    now: datetime
    as_of: datetime | None
    campaigns: tuple[UUID, ...]
    names: tuple[str, ...]
    currency: str
    platform_name: str
    last_hour_share: float
    hour_of_day: NDArray[np.int64]
    on: Bools
    converts: Bools
    hours_on: Floats
    daily_budget: Floats
    day_cap: Floats
    lifetime: Floats
    target_cpa: Floats
    max_cpa: Floats
    min_roas: Floats
    spent_today: Floats
    spent_total: Floats
    unreported: Floats
    day_share: float
    over_delivery: float
    spend: Floats
    impressions: Floats
    clicks: Floats
    conversions: Floats
    revenue: Floats
    seen_clicks: Floats
    seen_conversions: Floats
    first_hand: bool = False
    api_failures: int = 0
    reading_failed: bool = False
    team: ScopeSpend | None = None
    platform: ScopeSpend | None = None
