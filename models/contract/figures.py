"""Inputs and results of reading figures and of the decisions made on them."""

from datetime import datetime
from uuid import UUID

from models.contract.base import Frozen
from models.contract.money import Money
from models.contract.vocabulary import Author


class FiguresQuery(Frozen):
    """Ask for a campaign's newest figures at campaign time ``now``."""

    team_id: UUID
    campaign_id: UUID
    timezone: str
    currency: str
    now: datetime


class CampaignFigures(Frozen):
    """A campaign's newest figures. ``as_of`` None: nothing was ever reported.

    ``spend_today`` is None when today has no row yet: not the same as zero.
    """

    spend_total: Money
    spend_today: Money | None = None
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    reach: int = 0
    as_of: datetime | None = None


class PacingCase(Frozen):
    """All a pacing decision needs besides the figures."""

    query: FiguresQuery
    decision_id: UUID
    platform: str
    author: Author
    agreed: Money
    live: Money
    minimum: Money
    delivering_since: datetime
    edits_this_hour: int = 0
    edit_quota: int | None = None
    hours: tuple[int, ...] | None = None
    admin_override: bool = False


class PacingMove(Frozen):
    """The recorded answer, and the figures it was taken on. ``budget`` equals the live budget
    when holding."""

    action: str
    budget: Money
    reason: str
    decision_id: UUID
    figures: CampaignFigures | None = None


class FatigueCase(Frozen):
    """All a fatigue decision needs besides the figures."""

    query: FiguresQuery
    decision_id: UUID
    platform: str


class FatigueVerdict(Frozen):
    """The recorded answer: hold, prepare or rotate."""

    action: str
    reason: str
    decision_id: UUID
