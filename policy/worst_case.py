"""The most a campaign can cost, over-delivery included."""

import math
from datetime import datetime, timedelta

from models.contract.money import Money

_DAYS_WITHOUT_END = 30.4  # the month networks reckon with
_WEEK = 7


def most_daily_budgets(days: int, over_delivery: float) -> float:
    """Most daily budgets a network may spend on ``days`` consecutive account days.

    It may reach ``over_delivery`` times the budget on one day, but at most seven budgets in a
    week from Sunday to Saturday (Meta, TikTok). A flight rarely begins on a Sunday, and what
    is left of a week counts as a week of its own: the worst weekday to begin on decides.
    """
    most = max(over_delivery, 1.0)

    def beginning_with(first: int) -> float:
        weeks, rest = divmod(days - first, _WEEK)
        return min(first * most, _WEEK) + weeks * _WEEK + min(rest * most, _WEEK)

    return max(beginning_with(min(first, days)) for first in range(1, _WEEK + 1))


def worst_case(
    daily: Money,
    *,
    start: datetime,
    end: datetime | None,
    over_delivery: float,
    lifetime: Money | None = None,
    lease: timedelta = timedelta(hours=6),
) -> Money:
    """Upper bound of spend from ``start`` to ``end`` (or one month when there is no end).

    A lifetime budget is kept by us, so it can be overrun by what one lease lets through unseen.
    """
    flight = timedelta(days=_DAYS_WITHOUT_END) if end is None else end - start
    budgets = most_daily_budgets(_days_touched(flight), over_delivery)
    bound = math.ceil(daily.micros * budgets)
    if lifetime is not None:
        unseen = daily.micros * most_daily_budgets(_days_touched(lease), over_delivery)
        bound = min(bound, lifetime.micros + math.ceil(unseen))
    return Money(micros=bound, currency=daily.currency)


def _days_touched(length: timedelta) -> int:
    """Account days, and so daily budgets, that a span can reach: it begins within one."""
    return max(math.ceil(length / timedelta(days=1)), 0) + 1
