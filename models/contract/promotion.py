"""A promotion: one piece of content, evaluated once, promoted by zero or more campaigns."""

from datetime import datetime, timedelta
from uuid import UUID

from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.campaign import ApprovalCase, Cadence, MediaPlan
from models.contract.clock import CampaignClock
from models.contract.content import Article, ContentType
from models.contract.creative import Creative
from models.contract.exchange import Rates
from models.contract.limits import SpendLimits
from models.contract.money import Money
from models.contract.vocabulary import Author


class PromotionInput(Frozen):
    """Start of a promotion. ``article`` is given when the event carried it whole."""

    promotion_id: str
    team_id: UUID
    url: str
    content_type: ContentType = ContentType.ARTICLE
    article: Article | None = None
    source: str = ""
    clock: CampaignClock = CampaignClock()
    cadence: Cadence = Cadence()


class PlatformOffer(Frozen):
    """An account the evaluation may use, with what its network can do there."""

    account: AdAccount
    min_daily_budget: Money
    remaining_daily: Money
    objectives: tuple[str, ...]
    over_delivery: float
    balanced: bool = True
    settle: timedelta
    edit_quota: int | None = None
    first_time: bool = False


class RunningCampaign(Frozen):
    """What already runs, for the evaluation's context."""

    name: str
    platform: str
    status: str
    daily_budget: Money
    spend: Money
    clicks: int = 0
    conversions: int = 0


class PromotionContext(Frozen):
    """All that Claude is told, besides the article.

    ``offers`` come in the order in which networks are tried first; ``most_campaigns`` is the
    most that one content may become.
    """

    now: datetime
    limits: SpendLimits
    remaining_daily: Money
    committed_daily: Money
    offers: tuple[PlatformOffer, ...]
    running: tuple[RunningCampaign, ...] = ()
    rates: Rates = Rates()
    rules: tuple[str, ...] = ()
    most_campaigns: int = 2


class EvaluationQuestion(Frozen):
    """What Claude is asked about."""

    team_id: UUID
    article: Article
    context: PromotionContext


class ProposedCampaign(Frozen):
    """One campaign as proposed, after clamping to the limits."""

    account: AdAccount
    plan: MediaPlan
    approval: ApprovalCase
    over_delivery: float = 1.0
    balanced: bool = True
    settle: timedelta = timedelta(seconds=10)
    minimum: Money | None = None
    edit_quota: int | None = None


class Evaluation(Frozen):
    """Claude's answer after validation; no proposals means skip."""

    promote: bool
    reasoning: str
    model: str
    proposals: tuple[ProposedCampaign, ...] = ()
    refused: tuple[str, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0


class PromotionResult(Frozen):
    """What became of the promotion."""

    promotion_id: str
    outcome: str
    reasoning: str
    campaigns: tuple[UUID, ...] = ()


class AdminCampaign(Frozen):
    """A campaign a person made: skips the AI approval, never the limits or compliance."""

    account: AdAccount
    plan: MediaPlan
    author_name: str
    creatives: tuple[Creative, ...] = ()
    admin_override: bool = True
    author: Author = Author.ADMIN
