"""What the Apple Ads tests share: an account, a tree of orders, and a record of what was sent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from models.contract.account import AdAccount
from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    CampaignOrder,
    CreativeOrder,
    Targeting,
)
from models.contract.vocabulary import CallToAction, Objective, Platform
from platforms.apple_search_ads import ADAPTER, AppleAds, connect
from platforms.network import Ground
from platforms.quota import FREE, Quota
from starter.team import SANDBOX_CREDENTIALS
from tests.platforms.planting import (
    AD_KEY,
    CAMPAIGN_KEY,
    CREATIVE_KEY,
    GROUP_KEY,
    Tree,
    account,
    planted,
)

NETWORK = "apple_search_ads"
ACCOUNT = "40669820"
LINK = "https://apps.apple.com/us/app/sandbox/id1600000001"
SECRETS = {
    one.name: SANDBOX_CREDENTIALS[f"SANDBOX_APPLE_SEARCH_ADS_{one.variables[0]}"]
    for one in ADAPTER.secrets
}


def apple_account(**options: str) -> AdAccount:
    options = {"default_bid": "2.50", **options}
    return account(Platform.APPLE_SEARCH_ADS, ACCOUNT, options)


def connected(
    url: str,
    now: Callable[[], datetime],
    account: AdAccount | None = None,
    secrets: Mapping[str, str] = SECRETS,
    *,
    timeout: float = 5.0,
    quota: Quota = FREE,
) -> AppleAds:
    hosts = {name: f"{url}{at.sandbox}" for name, at in ADAPTER.hosts.items()}
    ground = Ground(hosts, now, timeout=timeout, quota=quota)
    return connect(account or apple_account(), secrets, ground)


@dataclass
class Sent:
    """Requests that an adapter sent to the API, oldest first."""

    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    headers: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])

    async def note(self, request: httpx.Request) -> None:
        path = request.url.path.partition("/v1/")[2]
        if not path:
            return
        parts = path.split("/")
        if parts[-1].isdigit():
            parts = parts[:-1]
        body = json.loads(request.content) if request.content else None
        self.calls.append({"method": request.method, "path": "/".join(parts), "body": body})
        self.headers.append(dict(request.headers))

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["body"] is not None]

    def named(self, *calls: str) -> list[dict[str, Any]]:
        return [one for one in self.calls if f"{one['method']} {one['path']}" in calls]


def recorded(network: AppleAds) -> Sent:
    """From now on."""
    sent = Sent()
    network._wire._http.event_hooks["request"].append(sent.note)  # pyright: ignore[reportPrivateUsage]
    return sent


def campaign_order(key: str = CAMPAIGN_KEY, budget: str = "20.00", **changes: Any) -> CampaignOrder:
    order = CampaignOrder(
        key=key,
        name="Spring",
        objective=Objective.APP_INSTALLS,
        daily_budget=Money.of(budget),
        countries=("US", "GB"),
        link=LINK,
    )
    return order.model_copy(update=changes)


def group_order(
    campaign_id: str, now: datetime, key: str = GROUP_KEY, **changes: Any
) -> AdGroupOrder:
    order = AdGroupOrder(
        key=key,
        name="Players",
        campaign_id=campaign_id,
        objective=Objective.APP_INSTALLS,
        daily_budget=Money.of("20.00"),
        targeting=Targeting(
            locations=("US", "GB"),
            age_max=44,
            genders=("female",),
            interests=("Chess", "puzzle  games"),
        ),
        start_time=now - timedelta(hours=1),
        end_time=now + timedelta(days=3),
        link=LINK,
    )
    return order.model_copy(update=changes)


def creative_order(key: str = CREATIVE_KEY, link: str = LINK, **copy: Any) -> CreativeOrder:
    text = AdCopy(
        angle="benefit",
        primary_text="Think ahead.",
        headline="Chess for a minute",
        call_to_action=CallToAction.DOWNLOAD,
    )
    return CreativeOrder(
        key=key,
        name="v1",
        copy_text=text.model_copy(update=copy),
        link=link,
        image_path="unused.png",
        image_sha256="0" * 64,
    )


def ad_order(group_id: str, creative_id: str, key: str = AD_KEY) -> AdOrder:
    return AdOrder(key=key, name="v1", ad_group_id=group_id, creative_id=creative_id)


async def plant(network: AppleAds, now: datetime) -> Tree:
    return await planted(
        network, campaign_order(), lambda one: group_order(one, now), creative_order(), ad_order
    )
