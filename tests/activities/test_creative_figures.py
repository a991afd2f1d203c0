"""Figures of single ads are read in one go and kept by appending what is new."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import delete, update
from sqlalchemy.exc import ProgrammingError
from sqlmodel import col, func, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.creative_figures import (
    CreativeFiguresActivities,
    CreativesReading,
    newest_ad_days,
)
from models.contract.campaign import NetworkTree
from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.network import (
    AdMetricsReport,
    AdMetricsRow,
    AdOrder,
    CreativeOrder,
    ObjectKind,
)
from models.contract.vocabulary import CampaignStatus, Platform
from models.tables import CreativeSnapshot
from platforms.errors import NetworkError, RateLimited
from platforms.registry import Networks
from tests.activities.network_bench import AD_GROUP, CAMPAIGN, USD, Ground, grounds
from tests.platforms.x_bench import picture
from tests.stack import TeamUnderTest, eventually

DAY = "2026-11-20"


@pytest_asyncio.fixture(loop_scope="session")
async def ground(bare_team: TeamUnderTest) -> AsyncIterator[Ground]:
    async with grounds(bare_team, "meta") as ground:
        yield ground


@dataclass
class Told:
    """An account whose network says what it is told to say, and is asked for some days."""

    ground: Ground
    campaign: str = field(default_factory=lambda: uuid4().hex)
    says: AdMetricsReport | NetworkError = field(init=False)
    asked: tuple[date, date] | None = None

    async def of(self, account: object) -> "Told":
        assert account == self.ground.account
        return self

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        self.asked = (since, until)
        if isinstance(self.says, NetworkError):
            raise self.says
        return self.says

    def row(self, ad: str = "a", day: str = DAY, **changes: object) -> AdMetricsRow:
        figures = {"impressions": 900, "clicks": 30, "conversions": 2, "spend": USD("4.20")}
        given = {"campaign_id": self.campaign, "ad_id": ad, "day": day, **figures, **changes}
        return AdMetricsRow.model_validate(given)

    async def read(self, *rows: AdMetricsRow, at: int = 0, days: int = 7) -> int:
        """One reading, ``at`` minutes after the first; how many ad-days said something new."""
        as_of = datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(minutes=at)
        self.says = AdMetricsReport(as_of=as_of, rows=rows)
        activities = CreativeFiguresActivities(self.ground.team.database, cast(Networks, self))
        ask = CreativesReading(
            account=self.ground.account, clock=self.ground.team.settings.clock, days=days
        )
        done = await ActivityEnvironment().run(activities.read_creatives, ask)
        assert done.as_of == as_of
        return done.appended


async def newest(ground: Ground, campaign_id: UUID | None = None) -> list[CreativeSnapshot]:
    async with ground.team.database.team(ground.team.id) as session:
        return list(await newest_ad_days(session, campaign_id or ground.campaign_id))


async def kept(ground: Ground) -> int:
    async with ground.team.database.team(ground.team.id) as session:
        return await session.scalar(select(func.count()).select_from(CreativeSnapshot)) or 0


@pytest_asyncio.fixture(loop_scope="session")
async def told(ground: Ground) -> Told:
    """A network to be told what to say of the ground's campaign, which is live."""
    told = Told(ground)
    await ground.row(status=CampaignStatus.ACTIVE.value, platform_campaign_id=told.campaign)
    return told


async def test_what_is_new_is_appended_and_nothing_is_overwritten(told: Told) -> None:
    ground = told.ground
    rows = (told.row(), told.row(day="2026-11-19", revenue=USD(30)), told.row("b", reach=800))
    assert await told.read(*rows, told.row("c", campaign_id="somebody else's")) == 3
    assert await told.read(*rows, at=1) == 0, "the same figures say nothing new"
    first = await newest(ground)
    assert [(one.platform_ad_id, one.day.isoformat()) for one in first] == [
        ("a", "2026-11-19"),
        ("a", DAY),
        ("b", DAY),
    ]
    assert {one.as_of.minute for one in first} == {0}
    assert (first[0].revenue_micros, first[1].revenue_micros, first[2].reach) == (
        30_000_000,
        None,
        800,
    )
    assert {one.account_id for one in first} == {ground.account.id}

    # A late conversion with its revenue, and a credit: spend may fall.
    restated = (told.row(conversions=3, revenue=USD(12)), told.row("b", spend=USD("4.10")))
    assert await told.read(*restated, rows[1], at=2) == 2
    assert await told.read(*restated, at=2) == 0, "a repeated attempt writes nothing twice"
    now = {(one.platform_ad_id, one.day.isoformat()): one for one in await newest(ground)}
    assert (now["a", DAY].conversions, now["a", DAY].revenue_micros) == (3, 12_000_000)
    assert (now["b", DAY].spend_micros, now["b", DAY].currency) == (4_100_000, "USD")
    assert now["a", "2026-11-19"].as_of == first[0].as_of
    assert await kept(ground) == 5, "the first readings are still there"

    assert await told.read(rows[0], at=3) == 1, "taking a restatement back is news, too"
    assert [one.conversions for one in await newest(ground)] == [2, 2, 2]
    assert await told.read(at=4) == 0
    assert await newest(ground, uuid4()) == []


async def test_the_days_asked_for_are_the_accounts(told: Told) -> None:
    before = told.ground.now()
    await told.read(days=3)
    zone = ZoneInfo(told.ground.account.timezone)
    today = {moment.astimezone(zone).date() for moment in (before, told.ground.now())}
    assert told.asked in [(one - timedelta(days=2), one) for one in today]


async def test_ads_are_read_for_as_long_as_their_campaigns_figures_may_change(told: Told) -> None:
    ground = told.ground
    for minute, status in enumerate(CampaignStatus):
        await ground.row(status=status.value)
        unread = status in (
            CampaignStatus.ARCHIVED,
            CampaignStatus.FAILED,
            CampaignStatus.DECLINED,
            CampaignStatus.EXPIRED,
        )
        new = await told.read(told.row(clicks=100 + minute), at=minute)
        assert new == (0 if unread else 1), status


async def test_a_network_that_does_not_answer_adds_nothing(told: Told) -> None:
    await told.read(told.row())
    activities = CreativeFiguresActivities(told.ground.team.database, cast(Networks, told))
    told.says = RateLimited(Platform.META, "enough for now", retry_after=900)
    ask = CreativesReading(account=told.ground.account, clock=told.ground.team.settings.clock)
    with pytest.raises(ApplicationError, match="enough for now") as caught:
        await ActivityEnvironment().run(activities.read_creatives, ask)
    assert caught.value.type == "RateLimited"
    assert await kept(told.ground) == 1


async def test_readings_can_be_neither_changed_nor_deleted(told: Told) -> None:
    await told.read(told.row())
    for change in (
        update(CreativeSnapshot).values(clicks=0),
        delete(CreativeSnapshot).where(col(CreativeSnapshot.platform_ad_id) == "a"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with told.ground.team.database.team(told.ground.team.id) as session:
                await session.execute(change)
    assert await kept(told.ground) == 1


@pytest.mark.parametrize("platform", ["meta", "x"])
async def test_a_live_campaigns_ads_are_read_over_the_wire(
    bare_team: TeamUnderTest, tmp_path: Path, platform: str
) -> None:
    async with grounds(bare_team, platform) as ground:
        network, ads = ground.network, list[str]()
        image = picture(tmp_path, network.capabilities.image_size)
        campaign = await ground.create(ground.campaign())
        group = await ground.create(ground.group(campaign.id))
        for variant in ("v1", "v2"):
            creative = await network.create(
                CreativeOrder(
                    key=ground.key(f"creative/{variant}"),
                    name=variant,
                    copy_text=AdCopy(
                        angle="news", primary_text=f"{variant} is here", headline="Go"
                    ),
                    link="https://journal.example/spring",
                    image_path=str(image),
                    image_sha256=hashlib.sha256(image.read_bytes()).hexdigest(),
                )
            )
            order = AdOrder(
                key=ground.key(f"ad/{variant}"),
                name=variant,
                ad_group_id=group.id,
                creative_id=creative.id,
            )
            ads.append((await network.create(order)).id)
        if network.capabilities.can_pause_ad:
            await network.switch(ObjectKind.AD, ads, on=True)
        await network.switch(AD_GROUP, [group.id], on=True)
        await network.switch(CAMPAIGN, [campaign.id], on=True)
        await ground.row(
            status=CampaignStatus.ACTIVE.value,
            tree=NetworkTree(campaign_id=campaign.id, ad_group_id=group.id).model_dump(mode="json"),
            platform_campaign_id=campaign.id,
        )
        activities = CreativeFiguresActivities(bare_team.database, ground.networks)
        ask = CreativesReading(account=ground.account, clock=bare_team.settings.clock)

        async def both() -> list[CreativeSnapshot] | None:
            await ActivityEnvironment().run(activities.read_creatives, ask)
            rows = await newest(ground)
            return rows if {row.platform_ad_id for row in rows} == {*ads} else None

        rows: list[CreativeSnapshot] = await eventually(both, every=0.5)
        await network.switch(CAMPAIGN, [campaign.id], on=False)
        assert all(row.impressions > 0 for row in rows)
        assert all((row.reach > 0) is (platform == "meta") for row in rows)
        assert sum(row.spend_micros for row in rows) <= Money.of(40).micros
