"""What may go wrong in a rehearsed month: named scenarios as orders to the sandbox.

A day is counted as people do: day 9 begins eight days after the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import JsonValue

from models.contract.vocabulary import Platform


class Scenario(StrEnum):
    """Scenarios by the names of ``--scenario``."""

    CPC_DOUBLES = "cpc-doubles"
    TRACKING_OUTAGE = "tracking-outage"
    FATIGUE = "fatigue"
    DISAPPROVAL = "disapproval"
    RUNAWAY_BID = "runaway-bid"


STORIES: dict[Scenario, str] = {
    Scenario.CPC_DOUBLES: "from day 9 every click costs twice as much",
    Scenario.TRACKING_OUTAGE: "from noon of day 10 no conversion is counted any more",
    Scenario.FATIGUE: "from day 4 the audience is small and soon tired of the first ad",
    Scenario.DISAPPROVAL: "at 10:00 of day 6 the first platform disapproves every ad",
    Scenario.RUNAWAY_BID: "at 11:00 of day 5 the first platform bids five times as high and "
    "spends four times as fast, past its own caps, for a day",
}


@dataclass(frozen=True, slots=True)
class SandboxOrder:
    """A POST to the sandbox's control API at a campaign instant (conditions may be told ahead)."""

    at: datetime
    path: str
    body: dict[str, JsonValue]


def orders(
    scenario: Scenario, start: datetime, platforms: Sequence[Platform]
) -> list[SandboxOrder]:
    """What a scenario orders for campaigns that begin at ``start``; the first platform is the
    one that something happens to alone."""
    first = platforms[0].value

    def on(day: int, hour: int = 0) -> datetime:
        return start + timedelta(days=day - 1, hours=hour)

    def conditions(
        network: str, since: datetime, until: datetime | None = None, **factors: JsonValue
    ) -> SandboxOrder:
        body: dict[str, JsonValue] = {"network": network, "since": since.isoformat(), **factors}
        if until is not None:
            body["until"] = until.isoformat()
        return SandboxOrder(start, "/conditions", body)

    everywhere = [platform.value for platform in platforms]
    match scenario:
        case Scenario.CPC_DOUBLES:
            return [conditions(one, on(9), price=2.0) for one in everywhere]
        case Scenario.TRACKING_OUTAGE:
            return [conditions(one, on(10, 12), measured=False) for one in everywhere]
        case Scenario.FATIGUE:
            # So few people see the ads of an ordinary budget a dozen times in the month.
            return [conditions(one, on(4), audience=12_000, wear=8.0) for one in everywhere]
        case Scenario.DISAPPROVAL:
            return [SandboxOrder(on(6, 10), "/reviews", {"network": first})]
        case Scenario.RUNAWAY_BID:
            return [conditions(first, on(5, 11), on(6, 11), price=5.0, pace=4.0)]
