"""What the X tests share: an account, an image, and a tree of orders."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image

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
from models.contract.vocabulary import Objective, Platform
from platforms.network import Ground
from platforms.x import XNetwork, connect
from tests.platforms.planting import (
    AD_KEY,
    CAMPAIGN_KEY,
    CREATIVE_KEY,
    GROUP_KEY,
    Tree,
    account,
    planted,
)

CREDENTIALS = {
    "consumer_key": "sandbox-x-consumer",
    "consumer_secret": "sandbox-x-consumer-secret",
    "access_token": "sandbox-x-token",
    "access_token_secret": "sandbox-x-token-secret",
}


def x_account(**options: str) -> AdAccount:
    options = {
        "funding_instrument_id": "lygyi",
        "as_user_id": "756201191646691328",
        **options,
    }
    return account(Platform.X, "18ce54d4x5t", options)


def connected(
    url: str,
    now: Callable[[], datetime],
    account: AdAccount | None = None,
    credentials: Mapping[str, str] = CREDENTIALS,
    timeout: float = 5.0,
) -> XNetwork:
    base = f"{url}/x"
    return connect(
        account or x_account(),
        credentials,
        Ground({"api": base, "upload": base}, now, timeout=timeout),
    )


def picture(directory: Path, size: tuple[int, int] = (1200, 628), color: str = "navy") -> Path:
    path = directory / f"{color}-{size[0]}x{size[1]}.png"
    Image.new("RGB", size, color).save(path)
    return path


def campaign_order(key: str = CAMPAIGN_KEY, budget: str = "20.00") -> CampaignOrder:
    return CampaignOrder(
        key=key, name="Spring", objective=Objective.TRAFFIC, daily_budget=Money.of(budget)
    )


def group_order(campaign_id: str, now: datetime, key: str = GROUP_KEY) -> AdGroupOrder:
    return AdGroupOrder(
        key=key,
        name="Readers",
        campaign_id=campaign_id,
        objective=Objective.TRAFFIC,
        daily_budget=Money.of("20.00"),
        targeting=Targeting(
            locations=("US", "GB"),
            genders=("female",),
            interests=("Technology and computing", "quantum knitting"),
        ),
        start_time=now - timedelta(hours=1),
        end_time=now + timedelta(days=3),
    )


def creative_order(
    image: Path, key: str = CREATIVE_KEY, text: str = "Read how it is done."
) -> CreativeOrder:
    return CreativeOrder(
        key=key,
        name="v1",
        copy_text=AdCopy(angle="benefit", primary_text=text, headline="How it is done"),
        link="https://journal.example/how?utm_content=v1",
        image_path=str(image),
        image_sha256=hashlib.sha256(image.read_bytes()).hexdigest(),
    )


def ad_order(group_id: str, creative_id: str) -> AdOrder:
    return AdOrder(key=AD_KEY, name="v1", ad_group_id=group_id, creative_id=creative_id)


async def plant(network: XNetwork, now: datetime, image: Path) -> Tree:
    return await planted(
        network,
        campaign_order(),
        lambda one: group_order(one, now),
        creative_order(image),
        ad_order,
    )
