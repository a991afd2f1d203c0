"""What all sandbox networks share: one clock, one shelf of objects, one market, one switchboard.

State lives in one SQLite file, so that objects, spend and faults survive a restart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel


class Line(BaseModel):
    """One delivering unit (a Meta ad set, an X line item) as its network sees it right now.

    ``active`` already includes parents, review and prepayment. ``bid_micros`` None is automatic
    bidding. ``ads`` are the ids of its approved, active ads (none: nothing delivers).
    ``campaign_daily_micros`` caps all lines of the campaign together where the network does so,
    ``campaign_total_micros`` all they may ever cost.
    """

    network: str
    account_id: str
    campaign_id: str
    id: str
    ads: tuple[str, ...]
    active: bool
    daily_budget_micros: int
    campaign_daily_micros: int | None = None
    campaign_total_micros: int | None = None
    total_budget_micros: int | None = None
    bid_micros: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    over_delivery: float = 1.0
    timezone: str = "UTC"
    audience: int = 2_000_000


class Figures(BaseModel):
    """Reported figures of one line on one account day, cumulative for that day.

    ``ad_id`` is empty unless figures by ad were asked for. ``reach`` counts people once within
    the row; it must not be added up over rows.
    """

    network: str
    account_id: str
    campaign_id: str
    line_id: str
    ad_id: str = ""
    day: str
    hour: int | None = None
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    reach: int = 0
    spend_micros: int = 0
    revenue_micros: int = 0


class World(Protocol):
    """The surface the network modules code against."""

    def now(self) -> datetime:
        """Campaign time."""
        ...

    # -- shelf: JSON objects by network, kind and id -------------------------------------
    def put(self, network: str, kind: str, object_id: str, value: dict[str, Any]) -> None: ...
    def get(self, network: str, kind: str, object_id: str) -> dict[str, Any] | None: ...
    def every(self, network: str, kind: str) -> list[dict[str, Any]]: ...
    def next_number(self, network: str) -> int:
        """A fresh, increasing number for ids (persisted)."""
        ...

    # -- market ---------------------------------------------------------------------------
    def observe(self, network: str, lines: Callable[[], Sequence[Line]]) -> None:
        """Register the network's view of its lines. The world calls it to advance the market.

        Before any change to an object a network module calls ``settle()`` so that time up to
        now is simulated under the old settings.
        """
        ...

    def settle(self) -> None:
        """Simulate all networks up to now."""
        ...

    def figures(
        self,
        network: str,
        account_id: str,
        since: str,
        until: str,
        *,
        hourly: bool = False,
        by_ad: bool = False,
    ) -> list[Figures]:
        """What the network *reports* now for account days ``since..until`` (ISO, inclusive):
        true figures less the reporting lag, restated as conversions mature. A line (or ad)
        without delivery in a day has no row."""
        ...

    # -- faults ---------------------------------------------------------------------------
    def fault(self, network: str, kind: str) -> bool:
        """Take one armed fault of a kind that only the network module can play (for example
        ``expired_token``, ``disapproved_ad``, ``rate_limited``, ``server_error``); counts it.
        Transport faults (lost answers, delays, duplicates) are played by the server itself."""
        ...

    # -- rate limits ----------------------------------------------------------------------
    def limit(self, renew: Callable[[], None]) -> None:
        """Register how a network's rate limits begin anew: they police connections and are
        kept by the network module, not by the world."""
        ...

    # -- journal --------------------------------------------------------------------------
    def note(self, network: str, kind: str, detail: dict[str, Any]) -> None:
        """Append to the journal, with the campaign time, for tests to read."""
        ...


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """How a sandbox is set up. ``tempo`` is campaign seconds per real second."""

    directory: Path
    seed: int
    origin: datetime
    tempo: float
