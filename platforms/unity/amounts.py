"""Unity's spelling of money and days."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal, InvalidOperation

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import Bid
from models.contract.vocabulary import Platform
from platforms.terms import check_least, option_amount
from platforms.unity.errors import refused

CURRENCY = "USD"
"""Unity's budgets, bids and figures are in dollars, whoever pays."""
TIMEZONE = "UTC"
"""Unity's days, for budgets, schedules and figures alike."""

DEFAULT_BID = "default_bid"
"""Account option: dollars an install may cost where the order says nothing."""

_BID_STEP = Decimal("0.001")
_HIGHEST_BID = Decimal("999.999")
_BUDGET_STEP = Decimal("0.01")
_HIGHEST_BUDGET = Decimal("999999999.99")


def bid_amount(bid: Bid, account: AdAccount) -> str:
    """What an install may cost, as Unity writes it: the order's amount, else the account's.

    Raises:
        Refused: neither is given, or it is no amount Unity takes.
    """
    if bid.amount is not None:
        return bid_text(bid.amount)
    if bid.strategy != "automatic":
        raise refused(f"bid strategy {bid.strategy!r} needs an amount", field="bid_amount")
    amount = default_bid(account)
    if amount is None:
        raise refused(
            "Unity has no automatic bidding: give the campaign a bid (dollars per install), or "
            f"set the account option {DEFAULT_BID}",
            field="bid_amount",
        )
    return bid_text(amount)


def bid_text(amount: Money) -> str:
    """A bid in thousandths of a dollar, rounded down.

    Raises:
        Refused: another currency, or outside of what Unity takes.
    """
    _in_dollars(amount)
    value = amount.amount.quantize(_BID_STEP, ROUND_DOWN)
    if not _BID_STEP <= value <= _HIGHEST_BID:
        raise refused(
            f"bid {amount} is not taken by Unity; it must be from $0.001 to $999.999 an install",
            field="bid_amount",
        )
    return str(value)


def budget_text(amount: Money, minimum: Money | None = None) -> str:
    """A budget in cents.

    Raises:
        Refused: another currency, too small, or finer than a cent.
    """
    _in_dollars(amount)
    check_least(Platform.UNITY, amount, "daily_budget", minimum)
    value = amount.amount
    if value != value.quantize(_BUDGET_STEP) or value > _HIGHEST_BUDGET:
        raise refused(
            f"budget {amount} is not taken by Unity; use whole cents up to $999,999,999.99",
            field="daily_budget",
        )
    return str(value.quantize(_BUDGET_STEP))


def money(text: object) -> Money | None:
    """An amount as Unity writes it (dollars in decimals), to the micro."""
    if text is None or text == "":
        return None
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        return None
    return Money(micros=round(value.scaleb(6)), currency=CURRENCY) if value.is_finite() else None


def _in_dollars(amount: Money) -> None:
    if amount.currency != CURRENCY:
        raise refused(
            f"{amount} is in {amount.currency}, but Unity is paid in {CURRENCY}; convert it first",
            field="currency",
        )


def default_bid(account: AdAccount) -> Money | None:
    """The account's own bid for an install.

    Raises:
        Refused: the option is no amount.
    """
    return option_amount(Platform.UNITY, account, DEFAULT_BID, CURRENCY)


# -- days -------------------------------------------------------------------------------------


def first_day(start: datetime) -> str:
    """``scheduleStart``: the day an instant lies in."""
    return start.astimezone(UTC).date().isoformat()


def end_day(end: datetime, now: datetime) -> str:
    """``scheduleEnd``: the midnight at or after an instant; of one that has passed, the midnight
    before it, so that what is to be over is not prolonged.

    Unity takes a day only, and does not say whether it delivers on it. Its bulk upload writes the
    same field as a moment (``YYYY-MM-DD HH:MM:SS``, UTC), so it is read as that day's first
    moment (unsure; were it the last one, an end would come a day later within the same budgets).
    """
    day = end.astimezone(UTC).date()
    if end > now and end.astimezone(UTC).time() != time():
        day += timedelta(days=1)
    return day.isoformat()


def end_of(schedule_end: object) -> datetime | None:
    """When a campaign with a ``scheduleEnd`` stops."""
    if not schedule_end:
        return None
    return datetime.combine(date.fromisoformat(str(schedule_end)[:10]), time(), UTC)
