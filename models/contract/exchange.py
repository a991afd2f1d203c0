"""Dated exchange rates into a team's reporting currency."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from pydantic import Field

from models.contract.base import Frozen


class DatedRate(Frozen):
    """``rate`` units of the reporting currency for one unit of another, as of a day."""

    rate: Decimal = Field(gt=0)
    as_of: date


class Rates(Frozen):
    """The newest rate of each currency that is not dated after ``today`` (a real day, UTC).

    ``currency`` is the reporting currency. A rate older than ``max_age`` is stale: it converts
    nothing.
    """

    currency: str = "USD"
    today: date = datetime(1970, 1, 1, tzinfo=UTC).date()
    max_age: timedelta = timedelta(days=4)
    newest: dict[str, DatedRate] = {}
