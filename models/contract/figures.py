"""Inputs and results of reading figures and of the decisions made on them."""

from datetime import datetime
from uuid import UUID

from models.contract.base import Frozen
from models.contract.campaign import MediaPlan
from models.contract.money import Money
from models.contract.optimisation import Move, MoveMade, Tired
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


class OptimisationCase(Frozen):
    """All that deciding on pacing, bid and budget needs besides the figures.

    ``cycle`` is what the ids of this cycle's decisions are derived from. ``moves`` are the
    machine's own of the last days. ``edit_quota`` counts budget edits per hour. ``rules``: budget
    and bid rules are due as well, not pacing alone; ``out_of_bounds`` is what they last said
    against spending more.
    """

    query: FiguresQuery
    cycle: UUID
    platform: str
    author: Author
    plan: MediaPlan
    live: Money
    minimum: Money
    delivering_since: datetime
    ends_at: datetime | None = None
    edits_this_hour: int = 0
    edit_quota: int | None = None
    admin_override: bool = False
    no_raise_before: datetime | None = None
    moves: tuple[MoveMade, ...] = ()
    rules: bool = True
    out_of_bounds: str | None = None


class CreativesCase(Frozen):
    """All that deciding on a campaign's ads needs besides the figures.

    ``ads`` are the network's ids by variant, ``resting`` the variants that are switched off,
    ``own`` those that a person made: the machine neither rests nor replaces them.
    """

    query: FiguresQuery
    cycle: UUID
    platform: str
    plan: MediaPlan
    ads: dict[str, str]
    resting: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    admin_override: bool = False
    moves: tuple[MoveMade, ...] = ()


class Decided(Frozen):
    """The recorded moves of one cycle, at most one a lever, the figures they were decided on, and
    what people should hear. ``out_of_bounds``: why results forbid spending more, as last judged;
    ``tired``: ads that want fresh ones beside them."""

    moves: tuple[Move, ...] = ()
    figures: CampaignFigures | None = None
    news: tuple[str, ...] = ()
    out_of_bounds: str | None = None
    tired: tuple[Tired, ...] = ()
