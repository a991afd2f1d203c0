"""Market conditions ordered over the control API, by network and time, kept on the shelf."""

from datetime import datetime
from typing import Annotated, Final, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from market.conditions import ORDINARY, Conditions

_KIND: Final = "condition"
_MARKET: Final = "market"
Factor = Annotated[float, Field(gt=0, le=100)]


class Shelf(Protocol):
    """Where orders are kept."""

    def put(self, network: str, kind: str, object_id: str, value: dict[str, object]) -> None: ...
    def every(self, network: str, kind: str) -> list[dict[str, object]]: ...


class ConditionOrder(BaseModel):
    """What POST /control/conditions takes: ``market.conditions`` of one network for a while.

    ``since`` and ``until`` (None: for good) are campaign time; a slot counts by its start.
    """

    model_config = ConfigDict(extra="forbid")

    network: str
    since: AwareDatetime
    until: AwareDatetime | None = None
    price: Factor = 1.0
    pace: Factor = 1.0
    wear: Factor = 1.0
    audience: Annotated[int, Field(ge=1_000)] | None = None
    measured: bool = True

    def holds(self, at: datetime) -> bool:
        """Whether it counts for a slot that begins at ``at``."""
        return self.since <= at and (self.until is None or at < self.until)


class ConditionBook:
    """Orders, oldest first; factors of several that hold together are multiplied."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._orders = [ConditionOrder.model_validate(one) for one in shelf.every(_MARKET, _KIND)]

    def add(self, order: ConditionOrder) -> int:
        """Keep an order; how many there are."""
        self._orders.append(order)
        number = len(self._orders)
        self._shelf.put(_MARKET, _KIND, str(number), order.model_dump(mode="json"))
        return number

    def at(self, network: str, slot: datetime) -> Conditions:
        """The conditions of a network's slot."""
        holding = [one for one in self._orders if one.network == network and one.holds(slot)]
        if not holding:
            return ORDINARY
        found = ORDINARY
        for one in holding:
            people = [n for n in (found.audience, one.audience) if n is not None]
            found = Conditions(
                price=found.price * one.price,
                pace=found.pace * one.pace,
                wear=found.wear * one.wear,
                audience=min(people, default=None),
                measured=found.measured and one.measured,
            )
        return found
