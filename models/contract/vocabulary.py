"""The closed lists of the trade: platforms, states, objectives, decisions.

Values are stored in PostgreSQL and in workflow histories: add, never rename.
"""

from enum import StrEnum


class Platform(StrEnum):
    """Ad networks by their canonical identifier."""

    META = "meta"
    X = "x"
    TIKTOK = "tiktok"
    TELEGRAM = "telegram"
    GOOGLE = "google"
    SNAPCHAT = "snapchat"
    UNITY = "unity"
    APPLOVIN = "applovin"
    APPLE_SEARCH_ADS = "apple_search_ads"

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Read a platform name, accepting the aliases people use.

        Raises:
            ValueError: the name is no platform; the message lists the known ones.
        """
        name = text.strip().lower()
        name = {
            "facebook": "meta",
            "instagram": "meta",
            "twitter": "x",
            "apple": "apple_search_ads",
            "axon": "applovin",
        }.get(name, name)
        try:
            return cls(name)
        except ValueError:
            known = ", ".join(platform.value for platform in cls)
            raise ValueError(f"platform {text!r} is unknown; use one of: {known}") from None


class CampaignStatus(StrEnum):
    """The life of a campaign. A refusal by a person closes the draft as ``declined``."""

    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    SCHEDULED = "scheduled"
    LAUNCHING = "launching"
    PENDING_REVIEW = "pending_review"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    REJECTED = "rejected"
    FAILED = "failed"
    KILLED = "killed"
    ARCHIVED = "archived"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen on the networks."""
        return self in _FINAL


_FINAL = frozenset(
    {
        CampaignStatus.COMPLETED,
        CampaignStatus.DECLINED,
        CampaignStatus.EXPIRED,
        CampaignStatus.REJECTED,
        CampaignStatus.FAILED,
        CampaignStatus.KILLED,
        CampaignStatus.ARCHIVED,
    }
)


class Objective(StrEnum):
    """What a campaign is for, before any network's own word for it."""

    AWARENESS = "awareness"
    TRAFFIC = "traffic"
    ENGAGEMENT = "engagement"
    LEADS = "leads"
    SIGNUPS = "signups"
    PURCHASES = "purchases"
    CATALOG_SALES = "catalog_sales"
    APP_INSTALLS = "app_installs"
    APPLICATIONS = "applications"


class CampaignType(StrEnum):
    """What is being promoted."""

    ARTICLE = "article"
    GROWTH = "growth"
    SHOP = "shop"
    GAME = "game"
    CUSTOM = "custom"
    JOB = "job"
    APP = "app"


class SpecialCategory(StrEnum):
    """Categories the networks regulate; they restrict targeting everywhere."""

    NONE = "none"
    EMPLOYMENT = "employment"
    HOUSING = "housing"
    CREDIT = "credit"
    FINANCIAL = "financial"
    GAMBLING = "gambling"


class Autonomy(StrEnum):
    """How much a team lets the AI do by itself."""

    MANUAL = "manual"
    SEMI_AUTO = "semi_auto"
    FULL_AUTO = "full_auto"


class Author(StrEnum):
    """Who made a campaign."""

    AI = "ai"
    ADMIN = "admin"


class StopLevel(StrEnum):
    """Soft: AI campaigns only. Hard: all, then credentials off. Emergency: all, at once."""

    SOFT = "soft"
    HARD = "hard"
    EMERGENCY = "emergency"


FREEZE = "freeze"
"""A standing order that stops decisions, not ads; recorded beside the stops."""

RECONCILE = "reconcile"
"""A standing order after a restore: nothing is raised until every network was reconciled."""


class AccountStatus(StrEnum):
    """Whether an ad account can be spent from. Only ``active`` may be raised on."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DISABLED = "disabled"
    PREPAID_EXHAUSTED = "prepaid_exhausted"
    PAYMENT_DECLINED = "payment_declined"


class CallToAction(StrEnum):
    """The button of an ad, before any network's own word for it."""

    LEARN_MORE = "learn_more"
    SHOP_NOW = "shop_now"
    SIGN_UP = "sign_up"
    DOWNLOAD = "download"
    GET_OFFER = "get_offer"
    CONTACT_US = "contact_us"
    BOOK_NOW = "book_now"
    APPLY_NOW = "apply_now"


class DecisionType(StrEnum):
    """One list for every decision, automatic or human, and for the audit feed."""

    EVALUATE = "evaluate"
    CREATE_CAMPAIGN = "create_campaign"
    SKIP = "skip"
    GENERATE_CREATIVE = "generate_creative"
    COMPLIANCE = "compliance"
    APPROVE = "approve"
    REJECT = "reject"
    MODIFY = "modify"
    EXPIRE = "expire"
    LAUNCH = "launch"
    ACTIVATE = "activate"
    PAUSE = "pause_campaign"
    RESUME = "resume_campaign"
    KILL = "kill_campaign"
    COMPLETE = "complete_campaign"
    FAIL = "fail_campaign"
    ADJUST_BUDGET = "adjust_budget"
    ADJUST_BID = "adjust_bid"
    HOLD = "hold"
    FATIGUE = "creative_fatigue"
    RENEW_LEASE = "renew_lease"
    STOP = "stop"
    RECOVER = "recover"
    SAFETY = "safety"
    DRIFT = "drift"
    QUARANTINE = "quarantine"
    CHANGE_LIMIT = "change_limit"
    PACE = "pace"
    CREATIVE_TEST = "creative_test"
    REALLOCATE = "reallocate"
    FORECAST = "forecast"
    ARBITRATE = "arbitrate"
    RECOMMEND = "recommend"
    CONFIRM_ACCOUNT = "confirm_account"
    ADMINISTER = "administer"


class DecisionOutcome(StrEnum):
    """What became of a decision. ``decided``: to be carried out, and not yet read back."""

    DECIDED = "decided"
    SUCCESS = "success"
    FAILURE = "failure"
    PENDING_APPROVAL = "pending_approval"
    HELD = "held"
