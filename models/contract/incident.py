"""An incident: what went wrong or was stopped, as a timeline, open until a person closes it."""

from datetime import datetime
from uuid import UUID, uuid5

from pydantic import Field

from models.contract.base import Frozen
from models.contract.money import Money
from models.contract.safety import Severity

PRESSED, FIRST_CALL, LAST_CONFIRMED, SPEND_FLAT = (
    "stop pressed",
    "first call to the network",
    "last object confirmed off",
    "reported spend is flat",
)
"""The four instants every stop's timeline has."""


class TimelineEntry(Frozen):
    """One step. ``at`` is real time: how fast a stop was is told in seconds on the wall."""

    at: datetime
    what: str


class IncidentReport(Frozen):
    """An incident as reported. Reporting the same ``key`` again adds to its timeline.

    ``cause`` names the rule or the person; ``numbers`` are those that fired. ``money_at_risk``
    is what may have been spent between the trouble and the confirmed stop: rate × (age of the
    figures + time between looks + time to act). ``at`` is campaign time.
    """

    key: str
    team_id: UUID
    at: datetime
    severity: Severity
    cause: str
    title: str
    text: str
    scope: str
    level: str | None = None
    platform: str | None = None
    account_id: UUID | None = None
    campaign_id: UUID | None = None
    numbers: dict[str, float] = {}
    timeline: tuple[TimelineEntry, ...] = ()
    money_at_risk: Money | None = None
    done: tuple[str, ...] = Field(default=(), description="what was done, in sentences")

    @property
    def id(self) -> UUID:
        """The same for the same key, so that a repeated report is one incident."""
        return uuid5(self.team_id, f"incident/{self.key}")
