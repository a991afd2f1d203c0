"""The most a campaign can cost, over-delivery included."""

import math
from datetime import datetime, timedelta

from models.contract.money import Money

_DAYS_WITHOUT_END = 30.4  # the month networks reckon with


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

    A network may spend ``over_delivery`` times the daily budget on one day, but at most seven
    daily budgets a week. A lifetime budget is kept by us, so it can be overrun by what one
    lease lets through unseen.
    """
    days = _DAYS_WITHOUT_END if end is None else math.ceil((end - start) / timedelta(days=1))
    weeks, rest = divmod(max(days, 1), 7)
    budgets = weeks * 7 + min(rest * max(over_delivery, 1.0), 7)
    bound = math.ceil(daily.micros * budgets)
    if lifetime is not None:
        unseen = daily.micros * over_delivery * (lease / timedelta(days=1))
        bound = min(bound, lifetime.micros + math.ceil(unseen))
    return Money(micros=bound, currency=daily.currency)
