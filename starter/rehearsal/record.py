"""What a rehearsal left behind: days, decisions, guardrails, incidents.

No instant of the wall and no id that changes from run to run is in it, and everything is sorted:
the same seed gives the same document.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, JsonValue

from models.contract.base import Frozen
from models.contract.campaign import StateVisit

Instant = Annotated[datetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""The database answers in its server's zone; a document shall not depend on that."""


class Figures(Frozen):
    """Sums of a day or of all. Money in micros; ``cpa`` is per conversion, ``roas`` revenue per
    spend; None where it would divide by nothing."""

    planned: int = 0
    spent: int = 0
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    revenue: int = 0
    cpa: int | None = None
    roas: float | None = None


class DayFigures(Figures):
    """One account day as reported at the end, and the sums up to it."""

    day: date
    planned_so_far: int = 0
    spent_so_far: int = 0


class DecisionTaken(Frozen):
    """One decision that moved something."""

    at: Instant
    platform: str | None
    lever: str
    before: str | None
    after: str | None
    reason: str
    policy: str | None
    by: str
    confidence: float | None = None
    expected: str = ""
    numbers: dict[str, JsonValue] = {}
    """What the policy expects, to be scored against."""


class Held(Frozen):
    """How often a policy decided to leave things as they are, and its last reason."""

    platform: str | None
    policy: str | None
    times: int
    last_reason: str


class GuardrailFired(Frozen):
    """A safety rule that fired, in the guard's words."""

    at: Instant
    platform: str | None
    rule: str
    text: str


class IncidentOpened(Frozen):
    """An incident that waits for a person."""

    at: Instant
    platform: str | None
    severity: str
    cause: str
    title: str
    text: str
    done: tuple[str, ...]


class DriftFound(Frozen):
    """Something that was changed on a network behind our back."""

    at: Instant
    object_kind: str
    field: str
    expected: str
    found: str
    action: str


class Forecast(Frozen):
    """What was told when a person was asked, and what happened. Money in micros.

    ``recorded`` are answers of a forecasting policy: those given before launch, and the last one.
    """

    told: str
    worst_case: int
    recorded: tuple[dict[str, JsonValue], ...]
    happened: Figures


class CampaignStory(Frozen):
    """One campaign of the rehearsal. ``true_spent`` includes what was not yet reported."""

    platform: str
    name: str
    status: str
    daily_budget: int
    live_budget: int | None
    approved_by: str | None
    problem: str | None
    visits: tuple[StateVisit, ...]
    forecast: Forecast
    true_spent: int
    true_conversions: int
    days: tuple[DayFigures, ...]


class Record(Frozen):
    """Everything that happened."""

    currency: str
    campaigns: tuple[CampaignStory, ...]
    days: tuple[DayFigures, ...]
    totals: Figures
    true_spent: int
    true_conversions: int
    decisions: tuple[DecisionTaken, ...]
    held: tuple[Held, ...]
    guardrails: tuple[GuardrailFired, ...]
    incidents: tuple[IncidentOpened, ...]
    drifts: tuple[DriftFound, ...]
