"""What is asked of an ad network and what it answers, in the trade's common terms.

Three levels deliver (campaign, ad group, ad); a creative is what an ad shows. An *order* asks
for one object; its ``key`` is the idempotency key and comes back in ``NetworkObject.key``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from models.contract.base import Frozen
from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.vocabulary import AccountStatus, Objective, SpecialCategory


class ObjectKind(StrEnum):
    """Levels of a campaign tree, top first."""

    CAMPAIGN = "campaign"
    AD_GROUP = "ad_group"
    CREATIVE = "creative"
    AD = "ad"


class Targeting(Frozen):
    """Who should see the ads. ``locations`` are ISO 3166 alpha-2 countries."""

    locations: tuple[str, ...] = ("US",)
    age_min: int = Field(default=18, ge=18, le=65)
    age_max: int = Field(default=65, ge=18, le=65)
    genders: tuple[Literal["male", "female"], ...] = ()
    interests: tuple[str, ...] = ()


class Bid(Frozen):
    """How to bid. ``amount`` is per result for caps, absent for automatic bidding."""

    strategy: Literal["automatic", "bid_cap", "cost_cap"] = "automatic"
    amount: Money | None = None


class CampaignOrder(Frozen):
    """Ask for a campaign, paused. ``spend_cap`` is the most it may ever cost: the network's own
    last stop, set where the network has one (``Capabilities.spend_cap``). ``link`` is what is
    promoted: networks for apps read the app from its store address."""

    kind: Literal[ObjectKind.CAMPAIGN] = ObjectKind.CAMPAIGN
    key: str
    name: str
    objective: Objective
    daily_budget: Money
    spend_cap: Money | None = None
    special_category: SpecialCategory = SpecialCategory.NONE
    countries: tuple[str, ...] = ("US",)
    link: str = ""


class AdGroupOrder(Frozen):
    """Ask for an ad group (Meta ad set, X line item), paused. It carries budget and lease.

    ``dayparts``: when it may be shown, seven masks of 24 bits, Monday first, bit 0 the hour from
    midnight in the account's time zone; empty is always (``Capabilities.dayparting``).
    """

    kind: Literal[ObjectKind.AD_GROUP] = ObjectKind.AD_GROUP
    key: str
    name: str
    campaign_id: str
    objective: Objective
    daily_budget: Money
    targeting: Targeting
    bid: Bid = Bid()
    start_time: datetime
    end_time: datetime
    special_category: SpecialCategory = SpecialCategory.NONE
    link: str = ""
    dayparts: tuple[Annotated[int, Field(ge=0, lt=1 << 24)], ...] = ()


class CreativeOrder(Frozen):
    """Ask for a creative: copy, one still image, a link, and a video where the network shows
    videos (``Capabilities.video_size``). Paths are local."""

    kind: Literal[ObjectKind.CREATIVE] = ObjectKind.CREATIVE
    key: str
    name: str
    copy_text: AdCopy
    link: str
    image_path: str
    image_sha256: str
    video_path: str | None = None
    video_sha256: str | None = None


class AdOrder(Frozen):
    """Ask for an ad that shows ``creative_id`` inside ``ad_group_id``.

    ``creative`` and ``ad_group`` are what was ordered there, for networks whose ads carry it
    themselves (``Capabilities.levels``).
    """

    kind: Literal[ObjectKind.AD] = ObjectKind.AD
    key: str
    name: str
    ad_group_id: str
    creative_id: str
    creative: CreativeOrder | None = None
    ad_group: AdGroupOrder | None = None


Order = Annotated[
    CampaignOrder | AdGroupOrder | CreativeOrder | AdOrder, Field(discriminator="kind")
]


class Delivery(StrEnum):
    """Whether an object can deliver, as the network computes it (not as we configured it)."""

    ACTIVE = "active"
    PAUSED = "paused"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    ENDED = "ended"
    REMOVED = "removed"
    UNKNOWN = "unknown"


class NetworkObject(Frozen):
    """One object as the network shows it at ``as_of`` (campaign time).

    ``switched_on`` is the configured status. ``key`` is empty for objects we did not make.
    ``daily_budget``, ``end_time`` and ``bid`` (a bid or cost cap) are present where the object
    carries them; ``issue`` is the network's own reason when something is wrong; ``automatic``
    names what the network changes by itself on this object.
    """

    kind: ObjectKind
    id: str
    key: str = ""
    name: str = ""
    parent_id: str | None = None
    switched_on: bool
    delivery: Delivery
    daily_budget: Money | None = None
    end_time: datetime | None = None
    bid: Money | None = None
    issue: str | None = None
    automatic: tuple[str, ...] = ()
    as_of: datetime


class SwitchResult(Frozen):
    """The answer for one object of a batched pause or activation. ``error`` is plain words."""

    id: str
    accepted: bool
    error: str | None = None


class DayFigures(Frozen):
    """Cumulative figures of one account day (the account's time zone)."""

    day: str
    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    reach: int = 0
    spend: Money
    revenue: Money | None = None


class MetricsRow(DayFigures):
    """The figures of one campaign."""

    campaign_id: str


class MetricsReport(Frozen):
    """All campaigns of an account in one reading. A campaign without delivery has no row."""

    as_of: datetime
    rows: tuple[MetricsRow, ...] = ()


class AdMetricsRow(DayFigures):
    """The figures of one ad. ``reach`` 0 means unknown where the network has no reach by ad.

    ``reach_so_far``: different people since the ad began, as of this reading; 0 is unknown.
    """

    campaign_id: str
    ad_id: str
    reach_so_far: int = 0


class AdMetricsReport(Frozen):
    """Ads of an account in one reading. An ad without a row did not deliver, or (in a large
    account on X) its turn is in a later reading: absence says nothing new of it."""

    as_of: datetime
    rows: tuple[AdMetricsRow, ...] = ()


class AccountHealth(Frozen):
    """What a connection test found. ``problems`` are sentences that say the way out.

    ``status`` names why nothing can be spent, as far as the network says; ``balance`` is what is
    left of a prepaid account, None where there is none or the network does not tell. Not ``read``
    means that nothing could be learnt of either.
    """

    usable: bool
    status: AccountStatus = AccountStatus.ACTIVE
    balance: Money | None = None
    currency: str = ""
    timezone: str = ""
    problems: tuple[str, ...] = ()
    read: bool = True
