"""The demonstration over many networks: a campaign on each, launched, watched, stopped at once.

Each network is held to the same three proofs: as many objects as effects were asked, money that
moved only while the campaign was on, and a stop that a read-back confirms.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import col, select

from activities.article_file import article_from_file
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.campaign import Approve, CampaignView, Receipt
from models.contract.network import ObjectKind
from models.contract.vocabulary import CampaignStatus, Objective, Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, Campaign, Effect
from platforms.registry import ADAPTERS, Networks, capabilities
from starter.admin_campaign import propose, start
from starter.campaign_file import check
from starter.cli.events import publish_on_sandbox
from starter.demo.play import PERSON, NotProved, Stage, eventually
from starter.demo.story import ARTICLE
from starter.temporal import connect

APP = "https://apps.apple.com/us/app/harbour-baker/id1600000001"
"""What the networks for apps promote; the sandbox's own shop keeps a page of it."""
_BUDGET = "60.00"
_PATIENCE = 120.0


def chosen(text: str) -> tuple[Platform, ...]:
    """Platforms from ``all`` or names joined by commas.

    Raises:
        ValueError: one is no platform, or has no adapter; the message says which there are.
    """
    known = [one for one in Platform if one in ADAPTERS]
    if text.strip().lower() == "all":
        return tuple(known)
    found = tuple(dict.fromkeys(Platform.parse(name) for name in text.split(",")))
    if missing := [one.value for one in found if one not in known]:
        there = ", ".join(one.value for one in known)
        raise ValueError(f"platform {missing[0]!r} has no adapter; use all, or some of: {there}")
    return found


async def tell(settings: Settings, stage: Stage, platforms: Sequence[Platform]) -> None:
    """One campaign on each of ``platforms``."""
    story = _EveryNetwork(settings, stage, platforms)
    try:
        await story.tell()
    finally:
        await story.aclose()


class _EveryNetwork:
    def __init__(self, settings: Settings, stage: Stage, platforms: Sequence[Platform]) -> None:
        self._settings = settings
        self._report = stage.report
        self._step = stage.step
        self._platforms = platforms
        self._database = Database(settings.database_url)
        self._networks = Networks(settings, settings.campaign_now)
        self._accounts: dict[Platform, AdAccount] = {}
        self._handles: dict[Platform, Any] = {}

    async def aclose(self) -> None:
        await self._networks.aclose()
        await self._database.close()

    async def tell(self) -> None:
        """The whole story."""
        self._client = await connect(self._settings)
        await self._prepare()
        await self._propose()
        await self._approve()
        await self._deliver()
        await self._stop()
        await self._count()

    async def _prepare(self) -> None:
        with self._step("every account answers: token, currency, status") as step:
            async with self._database.team(self._settings.team_id) as session:
                rows = (await session.scalars(select(Account))).all()
            there = {Platform(row.platform): ad_account(row) for row in rows}
            for platform in self._platforms:
                account = self._accounts[platform] = there[platform]
                if account.currency != "USD":
                    await self._adflight(
                        "rates", "set", account.currency, "1.10", "--source", "demo", "--yes"
                    )
                health = await (await self._networks.of(account)).check_account()
                if not health.usable:
                    raise NotProved(f"{platform.value}: {' '.join(health.problems)}")
                step.proof[platform.value] = f"{health.currency}, {health.status.value}"

    async def _propose(self) -> None:
        with self._step("a person makes one campaign for every network") as step:
            article = article_from_file(ARTICLE)
            for url in (article.canonical_url, APP):
                page = article.model_copy(update={"url": url, "canonical_url": url})
                if not await asyncio.to_thread(publish_on_sandbox, self._settings, page, ""):
                    raise NotProved(f"the sandbox's site did not take {url}")
            for platform, account in self._accounts.items():
                apps_only = capabilities(platform).objectives <= {Objective.APP_INSTALLS}
                wanted = check(
                    {
                        "platforms": [platform.value],
                        "url": APP if apps_only else article.canonical_url,
                        "name": f"Bakery on {platform.value}",
                        "objective": "app_installs" if apps_only else "traffic",
                        "daily_budget": _BUDGET,
                        "flight": {"days": 7},
                        "creatives": min(2, capabilities(platform).ads_at_once or 2),
                    }
                )
                campaign = await propose(
                    self._database,
                    self._settings,
                    account,
                    wanted.plan(platform, account.currency),
                    by=PERSON,
                    now=self._settings.campaign_now(),
                    optimised=False,
                )
                self._handles[platform] = await start(self._client, campaign)
                step.proof[platform.value] = (
                    f"{campaign.plan.daily_budget} a day, at worst {campaign.approval.worst_case}"
                )

    async def _approve(self) -> None:
        with self._step(
            "copy and media are made; the person approves what rules leave open"
        ) as step:
            for platform in self._platforms:
                view = await self._until(
                    platform,
                    CampaignStatus.PENDING_APPROVAL,
                    CampaignStatus.SCHEDULED,
                    CampaignStatus.LAUNCHING,
                    CampaignStatus.PENDING_REVIEW,
                    CampaignStatus.ACTIVE,
                )
                if view.status is not CampaignStatus.PENDING_APPROVAL:
                    step.proof[platform.value] = "within the rules"
                    continue
                receipt: Receipt = await self._handles[platform].execute_update(
                    "approve", Approve(by=PERSON, version=view.version), result_type=Receipt
                )
                step.proof[platform.value] = receipt.message

    async def _deliver(self) -> None:
        with self._step("all launch, are reviewed, deliver, and figures come in") as step:
            for platform in self._platforms:
                view = await self._until(platform, CampaignStatus.ACTIVE)
                assert view.tree.campaign_id is not None
                network = await self._networks.of(self._accounts[platform])
                (top,) = await network.read(ObjectKind.CAMPAIGN, [view.tree.campaign_id])
                if not top.switched_on:
                    raise NotProved(f"{platform.value}: the campaign reads as off")
                step.proof[platform.value] = (
                    f"network campaign {top.id} with {len(view.tree.ad_ids)} ads is on"
                )
            for platform in self._platforms:
                spend = await eventually(
                    lambda platform=platform: self._spent(platform),
                    f"spend on {platform.value}",
                    _PATIENCE,
                )
                step.proof[platform.value] += f", {spend} reported so far"

    async def _stop(self) -> None:
        with self._step("one emergency stop ends all of them") as step:
            told = await self._adflight(
                "kill", "all", "--level", "emergency", "--reason", "demo", "--yes", "--json"
            )
            stopped = json.loads(told)
            self._report.facts["stop"] = stopped
            for platform in self._platforms:
                view = await self._until(platform, CampaignStatus.KILLED)
                assert view.tree.campaign_id is not None
                network = await self._networks.of(self._accounts[platform])
                for top in await network.read(ObjectKind.CAMPAIGN, [view.tree.campaign_id]):
                    if top.switched_on:
                        raise NotProved(f"{platform.value}: the stopped campaign is still on")
                step.proof[platform.value] = f"killed; {view.tree.campaign_id} reads as off"

    async def _count(self) -> None:
        with self._step("every effect asked is one object found, and none is on") as step:
            effects: dict[str, dict[str, int]] = {}
            for platform in self._platforms:
                view = await self._view(platform)
                async with self._database.team(self._settings.team_id) as session:
                    rows = (
                        await session.scalars(
                            select(Effect).where(col(Effect.campaign_id) == view.campaign_id)
                        )
                    ).all()
                held = await self._held(platform)
                asked = {row.key for row in rows}
                found = sum(len(held.get(key, ())) for key in asked)
                on = [one for key in asked for one in held.get(key, ()) if one["on"]]
                alive = [one for one in on if one["kind"] == "campaign"]
                effects[platform.value] = {"asked": len(asked), "found": found}
                if len(asked) != found or any(len(held.get(key, ())) != 1 for key in asked):
                    raise NotProved(f"{platform.value}: {len(asked)} asked, {found} found")
                if alive:
                    raise NotProved(f"{platform.value}: campaign {alive[0]['id']} is on")
                step.proof[platform.value] = f"{len(asked)} asked, {found} found, campaign off"
            self._report.facts["effects"] = effects

    # -- looking ------------------------------------------------------------------------------

    async def _held(self, platform: Platform) -> dict[str, list[Mapping[str, Any]]]:
        """What the stand-in really holds, by key."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as web:
            url = f"{self._settings.sandbox_url}/control/held/{platform.value}"
            answer = (await web.get(url)).raise_for_status()
        found: dict[str, list[Mapping[str, Any]]] = {}
        for row in answer.json():
            found.setdefault(str(row["key"]), []).append(row)
        return found

    async def _spent(self, platform: Platform) -> str | None:
        view = await self._view(platform)
        async with self._database.team(self._settings.team_id) as session:
            row = await session.get(Campaign, view.campaign_id)
        if row is None or not row.spend_micros:
            return None
        return f"{row.spend_micros / 1e6:.2f} {row.currency}"

    async def _view(self, platform: Platform) -> CampaignView:
        return await self._handles[platform].query("campaign", result_type=CampaignView)

    async def _until(self, platform: Platform, *statuses: CampaignStatus) -> CampaignView:
        seen: CampaignView | None = None

        async def there() -> CampaignView | None:
            nonlocal seen
            seen = await self._view(platform)
            if seen.status.is_final and seen.status not in statuses:
                why = seen.visits[-1].why if seen.visits else ""
                raise NotProved(f"{platform.value}: the campaign is {seen.status.value}: {why}")
            return seen if seen.status in statuses else None

        names = " or ".join(one.value for one in statuses[:2])
        return await eventually(there, f"{platform.value} to be {names}", _PATIENCE)

    async def _adflight(self, *arguments: str) -> str:
        """Run our own command against this stack; what it says on standard output."""
        command = Path(sys.executable).with_name("adflight")
        environment = {**os.environ, "ADFLIGHT_DIRECTORY": str(self._settings.directory)}
        process = await asyncio.create_subprocess_exec(
            str(command),
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = await asyncio.wait_for(process.communicate(), timeout=_PATIENCE)
        if process.returncode != 0:
            raise NotProved(
                f"adflight {' '.join(arguments[:2])} left with {process.returncode}: "
                f"{complaint.decode().strip()[-300:]}"
            )
        return said.decode()
