"""What the Telegram tests share: a stage with a stepped clock, and a tree of orders in euros."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image

from models.contract.account import AdAccount
from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    CampaignOrder,
    CreativeOrder,
    NetworkObject,
    ObjectKind,
)
from models.contract.vocabulary import Objective, Platform
from platforms.network import Ground
from platforms.telegram import TelegramNetwork, connect
from sandbox.telegram import ACCOUNT_ID, BOT_TOKEN, TOKEN
from tests.clock import MORNING, Clock
from tests.sandbox_server import Sandbox

CAMPAIGN, AD_GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP
CREATIVE, AD = ObjectKind.CREATIVE, ObjectKind.AD
LEASE = timedelta(hours=6)
SECRETS = {"access_token": TOKEN, "bot_token": BOT_TOKEN}


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def telegram_account(currency: str = "EUR", timezone: str = "UTC", **options: str) -> AdAccount:
    return AdAccount(
        id=UUID(int=1),
        team_id=UUID(int=2),
        platform=Platform.TELEGRAM,
        name="Telegram sandbox",
        external_id=ACCOUNT_ID,
        currency=currency,
        timezone=timezone,
        sandbox=True,
        options={"default_bid": "15.00", "channel": "@adflight_journal", **options},
    )


def ground(box: Sandbox, timeout: float = 5.0) -> Ground:
    hosts = {"ads": f"{box.url}/telegram/ads", "bot": f"{box.url}/telegram/bots"}
    return Ground(hosts, box.world.now, timeout=timeout)


def picture(directory: Path, size: tuple[int, int] = (1280, 720), kind: str = "png") -> Path:
    path = directory / f"{size[0]}x{size[1]}.{kind}"
    Image.linear_gradient("L").resize(size).convert("RGB").save(path)
    return path


@dataclass
class Stage:
    """A served sandbox, a clock that is stepped, and an open adapter."""

    box: Sandbox
    clock: Clock
    network: TelegramNetwork
    image: Path
    ids: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def now(self) -> datetime:
        return self.box.world.now()

    def later(self, **passed: float) -> None:
        self.clock.at += timedelta(**passed)
        self.box.world.settle()

    def another(self, account: AdAccount | None = None, **secrets: str) -> TelegramNetwork:
        """The adapter of another process."""
        return connect(account or telegram_account(), {**SECRETS, **secrets}, ground(self.box))

    def campaign(self, **changes: Any) -> CampaignOrder:
        order = CampaignOrder(
            key="kcampaign1",
            name="Spring",
            objective=Objective.TRAFFIC,
            daily_budget=eur("20.00"),
            countries=("DE",),
        )
        return order.model_copy(update=changes)

    def group(self, **changes: Any) -> AdGroupOrder:
        order = AdGroupOrder(
            key="kgroup1",
            name="Spring",
            campaign_id="kcampaign1",
            objective=Objective.TRAFFIC,
            daily_budget=eur("20.00"),
            targeting={"locations": ("DE", "AT")},  # type: ignore[arg-type]
            start_time=MORNING,
            end_time=MORNING + LEASE,
        )
        return order.model_copy(update=changes)

    def creative(self, number: int = 1, **changes: Any) -> CreativeOrder:
        image = Path(changes.get("image_path", self.image))
        content = image.read_bytes() if image.exists() else b""
        copy = AdCopy(angle="benefit", primary_text=f"Read how it is done, {number}.", headline="x")
        order = CreativeOrder(
            key=f"kcreative{number}",
            name=f"Spring v{number}",
            copy_text=copy.model_copy(update=changes.pop("copy", {})),
            link="https://journal.example/how",
            image_path=str(self.image),
            image_sha256=hashlib.sha256(content).hexdigest(),
        )
        return order.model_copy(update=changes)

    def ad(self, number: int = 1, **changes: Any) -> AdOrder:
        order = AdOrder(
            key=f"kadvert{number}",
            name=f"Spring v{number}",
            ad_group_id="kgroup1",
            creative_id=f"kcreative{number}",
            creative=self.creative(number),
            ad_group=self.group(),
        )
        return order.model_copy(update=changes)

    async def make(self, variants: int = 2) -> list[str]:
        """A campaign with ads; their ids."""
        await self.network.create(self.campaign())
        await self.network.create(self.group())
        ids: list[str] = []
        for number in range(1, variants + 1):
            await self.network.create(self.creative(number))
            ids.append((await self.network.create(self.ad(number))).id)
        return ids

    async def run(self, ids: list[str]) -> None:
        """Switch ads on, and let their review pass."""
        results = await self.network.switch(AD, ids, on=True)
        assert all(one.accepted for one in results), results
        self.later(minutes=11)

    async def read_group(self) -> NetworkObject:
        (group,) = await self.network.read(AD_GROUP, ["kgroup1"])
        return group

    def held(self, ad_id: str) -> dict[str, Any]:
        """The ad as the stand-in keeps it: money in micros."""
        row = self.box.world.get("telegram", "ad", ad_id)
        assert row is not None
        return row

    def limits(self, ids: list[str]) -> list[int]:
        return [self.held(one)["daily_budget_limit"] for one in ids]

    def funded(self, ids: list[str]) -> int:
        return sum(self.held(one)["funded"] for one in ids)

    def spent(self) -> int:
        rows = self.box.control.get("/truth").json()["campaigns"]
        return sum(row["spend_micros"] for row in rows)
