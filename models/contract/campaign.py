"""A campaign: the plan a person agrees to, its state, its messages and its view."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import Field, model_validator

from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.clock import CampaignClock
from models.contract.content import Article
from models.contract.creative import Creative, GivenCreative
from models.contract.money import Money
from models.contract.network import Bid, Targeting
from models.contract.optimisation import MoveMade, Optimisation
from models.contract.vocabulary import (
    Author,
    CampaignStatus,
    CampaignType,
    Objective,
    SpecialCategory,
    StopLevel,
)

_LONGEST = timedelta(days=90)


class Dayparting(Frozen):
    """Hours of the account's day (0–23) in which the campaign may deliver."""

    hours: tuple[int, ...]

    @model_validator(mode="after")
    def _hours_of_a_day(self) -> "Dayparting":
        if not self.hours or any(hour < 0 or hour > 23 for hour in self.hours):
            raise ValueError(f"dayparting hours {list(self.hours)} must be some of 0 to 23")
        return self


class Guardrails(Frozen):
    """Safety values of one campaign, checked by the account's guard; absent ones are not judged.

    ``max_daily_spend`` replaces the cap derived from budget and over-delivery. ``target_cpa`` is
    what a conversion should cost, ``max_cpa`` what it may cost, ``min_roas`` revenue per spend.
    """

    max_daily_spend: Money | None = None
    target_cpa: Money | None = None
    max_cpa: Money | None = None
    min_roas: float | None = Field(default=None, gt=0)


class Offer(Frozen):
    """What readers get besides, as a person stated it: texts may use it as a fact of the source.

    ``badge`` is its short form on a picture ("-20 %").
    """

    text: str = Field(min_length=1, max_length=300)
    badge: str = Field(default="", max_length=14)


class MediaPlan(Frozen):
    """What the campaign will do and cost: the thing a person approves.

    ``start`` None means at once. The flight ends at ``end``, or ``duration`` after activation,
    or (both None) when it is stopped or the lifetime budget is used. Campaign time.
    """

    name: str = Field(min_length=1, max_length=120)
    objective: Objective = Objective.TRAFFIC
    campaign_type: CampaignType = CampaignType.ARTICLE
    special_category: SpecialCategory = SpecialCategory.NONE
    destination_url: str
    daily_budget: Money
    lifetime_budget: Money | None = None
    start: datetime | None = None
    end: datetime | None = None
    duration: timedelta | None = None
    dayparting: Dayparting | None = None
    targeting: Targeting = Targeting()
    bid: Bid = Bid()
    variants: int = Field(default=3, ge=1, le=8)
    offer: Offer | None = None
    guardrails: Guardrails = Guardrails()
    optimisation: Optimisation = Optimisation()

    @model_validator(mode="after")
    def _makes_sense(self) -> "MediaPlan":
        if self.daily_budget.micros <= 0:
            raise ValueError(f"daily_budget {self.daily_budget} must be above zero")
        if not self.destination_url.startswith("https://"):
            raise ValueError(f"destination_url {self.destination_url!r} must begin with https://")
        if self.start and self.end and self.end <= self.start:
            raise ValueError(f"end {self.end} must be after start {self.start}")
        if self.duration is not None and not timedelta(0) < self.duration <= _LONGEST:
            raise ValueError(f"duration {self.duration} must be above 0 and at most 90 days")
        return self

    @property
    def flight(self) -> str:
        """The flight in words."""
        if self.end is not None:
            return f"until {self.end:%Y-%m-%d %H:%M}"
        if self.duration is not None:
            return f"{self.duration / timedelta(hours=1):g} hours from activation"
        return "until stopped"

    def ends(self, start: datetime) -> datetime | None:
        """When a flight that begins at ``start`` ends, if it does by the calendar."""
        if self.end is not None:
            return self.end
        return start + self.duration if self.duration is not None else None


class Cadence(Frozen):
    """How often a campaign looks after itself, and its account's guard after all of them.

    Campaign time. ``budget``: rules on agreed budget and bid, seldom, for every look is a chance
    to be wrong; ``watch``: safety rules on what is known and what is plausibly unreported;
    ``figures``: the network's figures; ``inspection``: is everything as we left it;
    ``landing_page``: do the promoted pages still stand; ``account``: can it still be spent from;
    ``creatives``: the figures of single ads.

    ``stepped``: time is stepped from outside (a rehearsal) and must not pass inside an activity.
    The guard then looks once each ``watch``, for the first time so long after it began, and
    nothing of ours is under way when it inspects. None: time runs by itself.
    """

    pacing: timedelta = timedelta(hours=4)
    budget: timedelta = timedelta(days=1)
    fatigue: timedelta = timedelta(hours=6)
    watch: timedelta = timedelta(seconds=30)
    figures: timedelta = timedelta(minutes=5)
    inspection: timedelta = timedelta(minutes=15)
    landing_page: timedelta = timedelta(hours=1)
    account: timedelta = timedelta(hours=1)
    creatives: timedelta = timedelta(hours=3)
    review: timedelta = timedelta(minutes=10)
    lease: timedelta = timedelta(hours=6)
    approval_reminder: timedelta = timedelta(hours=12)
    approval_expiry: timedelta = timedelta(hours=48)
    restatement: timedelta = timedelta(days=28)
    stepped: timedelta | None = None


class ApprovalCase(Frozen):
    """Why a person is asked, and what it can cost at worst. ``needed`` False: rules allow it."""

    needed: bool
    reasons: tuple[str, ...] = ()
    clamped: tuple[str, ...] = ()
    worst_case: Money
    confidence: float | None = None
    expected_impact: str = ""
    reasoning: str = ""


class NetworkTree(Frozen):
    """Ids of what was created on the network, filled as they become known."""

    campaign_id: str | None = None
    ad_group_id: str | None = None
    creative_ids: dict[str, str] = {}
    ad_ids: dict[str, str] = {}


class PauseNote(Frozen):
    """Why a campaign rests and who said so. ``by_machine`` pauses may ask to be resumed."""

    by: str
    reason: str
    since: datetime
    by_machine: bool = False


class StateVisit(Frozen):
    """One step of the story: entered ``status`` at ``at`` (campaign time), because."""

    status: CampaignStatus
    at: datetime
    why: str


class CampaignState(Frozen):
    """Everything a campaign carries across continue-as-new. Instants are campaign time, except
    ``written_at``: when its last write to the network was over, in real time.

    ``no_raise_before``: a safety rule lowered something, and nothing automatic undoes it sooner.
    ``agreed_budget`` is the daily budget that a person, or the rules for proposals, last agreed to;
    the plan's may have been moved since. ``moves``: the machine's own of the last days;
    ``resting_ads``: variants it switched off; ``prepared``: fresh ones that are not launched yet;
    ``freshened``: variants that had fresh ones made for them, whatever became of these;
    ``replaced``: variants that rest for good, for another took their place or was to.
    """

    status: CampaignStatus = CampaignStatus.DRAFT
    plan: MediaPlan
    version: int = 1
    approval: ApprovalCase
    approved_by: str | None = None
    creatives: tuple[Creative, ...] = ()
    tree: NetworkTree = NetworkTree()
    visits: tuple[StateVisit, ...] = ()
    pause: PauseNote | None = None
    asked_at: datetime | None = None
    reminded_at: datetime | None = None
    activated_at: datetime | None = None
    ends_at: datetime | None = None
    lease_until: datetime | None = None
    live_budget: Money | None = None
    resting: bool = False
    next_pacing: datetime | None = None
    next_budget: datetime | None = None
    out_of_bounds: str | None = None
    next_fatigue: datetime | None = None
    next_review: datetime | None = None
    no_raise_before: datetime | None = None
    written_at: datetime | None = None
    spend: Money | None = None
    figures_as_of: datetime | None = None
    recent_edits: tuple[datetime, ...] = ()
    moves: tuple[MoveMade, ...] = ()
    agreed_budget: Money | None = None
    forecast: str = ""
    resting_ads: tuple[str, ...] = ()
    prepared: tuple[Creative, ...] = ()
    freshened: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    seen_fingerprint: str | None = None
    refused: tuple[str, ...] = ()
    error: str | None = None
    runs: int = 1


class CampaignInput(Frozen):
    """Start of a campaign. ``state`` is set only when it continues as new.

    ``given`` are a person's own creatives: they come first, and nothing given is changed.
    ``over_delivery``, ``settle`` (real time), ``minimum`` and ``edit_quota`` (budget edits per
    hour) are the network's, copied in so that a stop needs no look-up.
    """

    campaign_id: UUID
    team_id: UUID
    account: AdAccount
    plan: MediaPlan
    approval: ApprovalCase
    promotion_id: str | None = None
    article: Article | None = None
    author: Author = Author.AI
    author_name: str = "adflight"
    admin_override: bool = False
    creatives: tuple[Creative, ...] = ()
    given: tuple[GivenCreative, ...] = ()
    over_delivery: float = 1.0
    balanced: bool = True
    settle: timedelta = timedelta(seconds=10)
    minimum: Money | None = None
    edit_quota: int | None = None
    clock: CampaignClock = CampaignClock()
    cadence: Cadence = Cadence()
    state: CampaignState | None = None


# -- messages -------------------------------------------------------------------------------


class Approve(Frozen):
    """Agree to the proposal ``version`` that was seen."""

    by: str
    version: int
    note: str = ""


class Reject(Frozen):
    """Decline the proposal; the campaign closes."""

    by: str
    reason: str = ""


class Modify(Frozen):
    """Change the proposal ``version`` before approving it; absent fields stay."""

    by: str
    version: int
    name: str | None = None
    daily_budget: Money | None = None
    lifetime_budget: Money | None = None
    end: datetime | None = None
    targeting: Targeting | None = None


class ChangeAd(Frozen):
    """Put a person's own ad in the place of ``variant``, ahead of launch or while it runs.

    What ``ad`` leaves out stays as it is. ``version`` is the proposal that was seen; a campaign
    that runs has none. ``despite_doubts``: run it although rules or Claude would ask a person;
    what is forbidden is refused all the same.
    """

    by: str
    variant: str
    ad: GivenCreative
    version: int | None = None
    reason: str = ""
    despite_doubts: bool = False


class Pause(Frozen):
    """Stop delivery; can be resumed.

    ``confirmed_off`` is the real instant at which the guard began the stop that the network has
    already confirmed: what the campaign wrote before it need not be paused again. ``decision_id``
    is the decision that it carries out, if it was the machine's.
    """

    by: str = "operator"
    reason: str = "paused by a person"
    confirmed_off: datetime | None = None
    decision_id: UUID | None = None


class Resume(Frozen):
    """Deliver again, if the limits still allow it."""

    by: str = "operator"
    reason: str = "resumed by a person"


class Kill(Frozen):
    """Stop for good (soft: pause, AI campaigns only). Needs nothing but the network.

    ``confirmed_off``: see ``Pause``.
    """

    by: str = "operator"
    reason: str = "kill switch"
    level: StopLevel = StopLevel.HARD
    confirmed_off: datetime | None = None


class ChangeBudget(Frozen):
    """Set the daily budget of a live campaign.

    ``agreed``: a person agrees to this very amount. The portfolio's reallocation does not, and
    says which decision it carries out.
    """

    by: str
    daily_budget: Money
    reason: str = ""
    agreed: bool = True
    decision_id: UUID | None = None


class Optimise(Frozen):
    """Decide now instead of at the next cycle; nothing else changes."""

    by: str = "operator"


class ContentNews(Frozen):
    """What happened to the promoted page: ``changed``, ``unpublished`` or ``unreachable``.

    ``fingerprint`` is that of a changed promise: a person who resumes knowing of it accepts it.
    """

    what: str
    detail: str = ""
    fingerprint: str | None = None


class Receipt(Frozen):
    """The answer to a message: what the campaign's status is now, in a sentence."""

    status: CampaignStatus
    message: str


class CampaignView(Frozen):
    """What a query shows."""

    campaign_id: UUID
    name: str
    platform: str
    account: str
    status: CampaignStatus
    version: int
    plan: MediaPlan
    approval: ApprovalCase
    forecast: str = ""
    live_budget: Money | None
    spend: Money | None
    figures_as_of: datetime | None
    lease_until: datetime | None
    next_check: datetime | None
    tree: NetworkTree
    pause: PauseNote | None
    visits: tuple[StateVisit, ...]
    by_ai: bool = True
    refused_messages: tuple[str, ...] = ()
    error: str | None = None


class CampaignResult(Frozen):
    """How it ended."""

    campaign_id: UUID
    status: CampaignStatus
    spend: Money | None
    visits: tuple[StateVisit, ...]
