"""The protocol every ad network adapter fulfils."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AccountHealth,
    AdMetricsReport,
    CampaignOrder,
    MetricsReport,
    NetworkObject,
    ObjectKind,
    Order,
    SwitchResult,
)
from models.contract.vocabulary import CallToAction, Objective, Platform, SpecialCategory
from platforms.quota import FREE, Quota, Rate


@dataclass(frozen=True, slots=True)
class CopyLimits:
    """Longest texts in characters as the network counts them; ``link_cost`` is what a link
    appended to the primary text costs (X: 24, the link's 23 and a space). ``hashtags`` are part
    of the primary text's limit, come on top of it, or are not shown."""

    primary_text: int
    headline: int
    description: int
    link_cost: int = 0
    hashtags: Literal["counted", "on top", "none"] = "none"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a network can do, in what unit, with what minimum.

    Attributes:
        min_daily_budget: Smallest daily budget of an ad group, by currency.
        end_time_granularity: Finest unit of an end time (the lease's resolution).
        budget_edits_per_hour: Edits of one ad group's budget per campaign hour; None if free.
        batch_size: Objects per batched status call.
        over_delivery: Most the network may spend on one day, as a multiple of the daily budget.
        balanced: Whether it makes up for that within the week (never above seven budgets).
        settle: Real time after which a write whose answer was lost is certainly visible.
        can_pause_ad: Whether a single ad can be switched off and on again.
        image_size: Width and height in pixels of the still image we make for it.
        spend_cap: Whether a campaign can carry the most it may ever cost (``CampaignOrder``).
        spend_cap_minimum: Smallest such cap the network takes, by currency. Below it, and in a
            currency without one where the network has a minimum, the cap is left out.
        lease_fallback: What limits spend when nobody renews; empty where end times do.
        levels: Kinds that are objects of their own on the network. The others live in the names
            and settings of their neighbours; the adapter shows them all the same.
        ads_at_once: Most ads of an ad group that can be on together; None for any number.
        video_size: Width and height of the video it shows; None where a still image is enough.
        needs_bid: Whether it has no automatic bidding: the bid is the order's amount, else the
            account option ``default_bid`` (decimal, in the account's currency, per result).
        special_categories: How a regulated category is declared there, in the network's words;
            a category that is left out is refused by name.
        dayparting: Whether an ad group can be shown at chosen hours only.
        audiences: What it can do with custom audiences.
        api: The interface spoken, with its version.
        instead: What it cannot do, and what Adflight does then.
    """

    platform: Platform
    label: str
    min_daily_budget: dict[str, Money]
    end_time_granularity: timedelta
    budget_edits_per_hour: int | None
    batch_size: int
    over_delivery: float
    settle: timedelta
    copy_limits: CopyLimits
    image_size: tuple[int, int]
    objectives: frozenset[Objective]
    calls_to_action: frozenset[CallToAction]
    can_pause_ad: bool = True
    balanced: bool = False
    spend_cap: bool = False
    spend_cap_minimum: dict[str, Money] = field(default_factory=dict[str, Money])
    lease_fallback: str = ""
    levels: frozenset[ObjectKind] = frozenset(ObjectKind)
    ads_at_once: int | None = None
    video_size: tuple[int, int] | None = None
    needs_bid: bool = False
    special_categories: dict[SpecialCategory, str] = field(
        default_factory=dict[SpecialCategory, str]
    )
    dayparting: bool = False
    audiences: frozenset[Literal["upload", "lookalike"]] = frozenset()
    api: str = ""
    instead: dict[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Host:
    """One host an adapter speaks to: where it really is, and its path on the sandbox."""

    live: str
    sandbox: str


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of a credential: its name, and the endings of the variables that may hold it."""

    name: str
    variables: tuple[str, ...]
    required: bool = True


def _wall() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where an adapter stands.

    Attributes:
        hosts: Base URL by the adapter's own name for the host, without a trailing slash.
        clock_now: Campaign time, for ``as_of`` and for what has ended.
        real_now: What tokens and allowances run by.
        quota: Shared allowance of calls; asked before every call.
        version: API version instead of the adapter's own.
        timeout: Real seconds for one answer.
        keep_secret: Takes a secret the network has replaced (name, value), to be stored.
    """

    hosts: Mapping[str, str]
    clock_now: Callable[[], datetime]
    real_now: Callable[[], datetime] = _wall
    quota: Quota = FREE
    version: str = ""
    timeout: float = 20.0
    keep_secret: Callable[[str, str], None] | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """What an adapter package gives as ``ADAPTER``: all the registry needs to know of it.

    ``rates`` are documented quotas by bucket name, in real time. ``connect`` opens one account and
    sends nothing yet; it raises ``AccessDenied`` for a secret that is missing or unusable, and
    ``Refused`` for an account option, by name.
    """

    capabilities: Capabilities
    hosts: Mapping[str, Host]
    secrets: tuple[Secret, ...]
    connect: "Callable[[AdAccount, Mapping[str, str], Ground], AdNetwork]"
    rates: Mapping[str, Rate] = field(default_factory=dict[str, Rate])


@runtime_checkable
class Validating(Protocol):
    """An adapter whose network checks a campaign without making it."""

    async def validate(self, order: CampaignOrder) -> None:
        """Have it checked.

        Raises:
            Refused: the network would not take it.
        """
        ...


class AdNetwork(Protocol):
    """One ad account of one network, ready to use.

    Every method raises only ``platforms.errors.NetworkError`` kinds. No method retries a
    write by itself: the caller decides, because only it knows whether an effect is wanted.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    async def create(self, order: Order) -> NetworkObject:
        """Create one object so that it cannot deliver, carrying ``order.key``.

        Raises:
            Refused: a value the network does not take, named; nothing was created.
            Ambiguous: the answer was lost; use ``find`` before repeating.
        """
        ...

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        """All objects carrying ``key`` that are not removed, lowest id first."""
        ...

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        """Read objects back. Ids the network does not know are left out; removed ones show
        ``Delivery.REMOVED``."""
        ...

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        """Every campaign, ad group or ad of the account that is not removed, whoever made it
        (all pages). ``key`` is ours, empty for others' objects and where an ad has no name.

        Raises:
            Refused: creatives are not listed.
        """
        ...

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """Activate or pause in the network's batch form; one result per id, in order.

        An item that failed does not stop the others. Not confirmed until read back.
        """
        ...

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        """Set (not add to) the ad group's daily budget."""
        ...

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        """Set the amount of an ad group's bid cap or cost cap, rounded down to what the network
        takes.

        Raises:
            Refused: its strategy has no amount, or the amount is too small or in another
                currency.
        """
        ...

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        """Move the ad group's end (campaign time): the lease."""
        ...

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        """Delete an object; deleting what is already gone is no error."""
        ...

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        """Figures of every campaign of the account, per account day, inclusive, in one
        reading (all pages)."""
        ...

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        """Figures of single ads of the account, per account day, inclusive.

        Costs a network far more than ``account_metrics``; not for watching. Over all ads of a
        campaign-day they come to its figures, but for reach (people see several ads) and the
        rounding of each row's money.
        """
        ...

    async def check_account(self) -> AccountHealth:
        """Whether the credential, account, currency and time zone can be used."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
