"""The most a campaign can cost, over-delivery included.

A network may spend more than the daily budget on one day. Some *balance* that within the week
(Meta, TikTok: never more than seven budgets from Sunday to Saturday); of the others nothing is
promised, so every day may cost that much.
"""

import math
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from models.contract.money import Money

_DAYS_WITHOUT_END = 30.4  # the month networks reckon with
_WEEK = 7


def day_exposure(daily: int, over_delivery: float, *, balanced: bool) -> int:
    """What a daily budget counts against limits of a day (micros, rounded up).

    The budget itself where over-delivery is balanced: such a network's days come to it on
    average. Otherwise the most that one day may cost.
    """
    return daily if balanced else math.ceil(daily * _multiple(over_delivery))


def largest_budget(room: int, over_delivery: float, *, balanced: bool) -> int:
    """The largest daily budget whose ``day_exposure`` fits into ``room`` (micros)."""
    return room if balanced else math.floor(room / _multiple(over_delivery))


@lru_cache(maxsize=4096)  # asked for every commitment of a team, with few different answers
def most_daily_budgets(days: int, over_delivery: float, *, balanced: bool) -> float:
    """Most daily budgets a network may spend on ``days`` consecutive account days.

    It may reach ``over_delivery`` times the budget on one day and, where it balances, at most
    seven budgets in a week from Sunday to Saturday. A flight rarely begins on a Sunday, and what
    is left of a week counts as a week of its own: the worst weekday to begin on decides.
    """
    most = float(_multiple(over_delivery))
    if not balanced:
        return days * most

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
    balanced: bool,
    lifetime: Money | None = None,
    lease: timedelta = timedelta(hours=6),
) -> Money:
    """Upper bound of spend from ``start`` to ``end`` (or one month when there is no end).

    A lifetime budget is kept by us, so it can be overrun by what one lease lets through unseen.
    """
    flight = timedelta(days=_DAYS_WITHOUT_END) if end is None else end - start
    budgets = most_daily_budgets(_days_touched(flight), over_delivery, balanced=balanced)
    bound = math.ceil(daily.micros * budgets)
    if lifetime is not None:
        touched = most_daily_budgets(_days_touched(lease), over_delivery, balanced=balanced)
        bound = min(bound, lifetime.micros + math.ceil(daily.micros * touched))
    return Money(micros=bound, currency=daily.currency)


@lru_cache(maxsize=256)
def _multiple(over_delivery: float) -> Fraction:
    """As it was written: 1.2 is six fifths, not the nearest binary fraction. Never below one."""
    return max(Fraction(str(over_delivery)), Fraction(1))


def _days_touched(length: timedelta) -> int:
    """Account days, and so daily budgets, that a span can reach: it begins within one."""
    return max(math.ceil(length / timedelta(days=1)), 0) + 1
