"""Many live campaigns on a throwaway stack, without launching each of them.

One campaign per network is created through the product's own adapter; the others are copies of
what the sandbox then keeps of it, under keys of their own, put on its shelf in bulk. Their rows,
commitments and workflows are those of campaigns that were launched a day ago.
"""

import asyncio
import hashlib
import io
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from PIL import Image
from sqlalchemy import insert, update
from sqlmodel import col, select
from temporalio.client import Client
from temporalio.service import RPCError

from activities.records import CampaignRecord, RecordActivities
from activities.teams import ad_account
from models.contract import queues
from models.contract.account import AdAccount
from models.contract.campaign import (
    ApprovalCase,
    Cadence,
    CampaignInput,
    CampaignState,
    MediaPlan,
    NetworkTree,
    StateVisit,
)
from models.contract.creative import AdCopy, Creative, ImageAsset
from models.contract.effects import effect_key
from models.contract.guard import GuardInput, Watched, guard_id
from models.contract.ids import campaign_workflow_id
from models.contract.limits import SANDBOX_LIMITS
from models.contract.money import Money
from models.contract.network import ObjectKind
from models.contract.vocabulary import CampaignStatus, Platform
from models.database import Database
from models.tables import Account, Campaign, Commitment, Team
from platforms.registry import Networks, capabilities
from starter.chaos.throwaway import ThrowawayStack
from workflows import orders, search

META_MOST = 2_250
"""Campaigns of one Meta account that can be paused and read back in one burst: 9,000 score points
against 3 a write and 1 a read (facts 1.7). The fact sheet names no limit of campaigns."""
X_MOST = 200
"""Active campaigns of one X account (facts 2.4: 200 by default; paused ones count)."""
_BUDGET = Money.of(20)
_COPY = AdCopy(
    angle="plain", primary_text="How a harbour town mends its nets.", headline="Mending nets"
)
_PAGE = "<!doctype html><title>Nets</title><article><p>How nets are mended.</p></article>"
_STEPS = ("campaign", "ad_group", "creative/v1", "ad/v1")
_REFERRAL = "referral"
_SHARED = ("adimage", "medium", "media_library")
"""Pictures: one serves every campaign."""
_ID = {"tweet": "tweet_id"}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_AT_ONCE = 40
_PUT = 2_000
T = TypeVar("T")


def _silent(what: str, done: int, total: int) -> None:
    """Nobody wants to know."""


Told = Callable[[str, int, int], None]
"""Told of the progress: what, so many, of so many."""


@dataclass(frozen=True, slots=True)
class LiveCampaign:
    """One campaign as its workflow is started with it, and its objects as the sandbox keeps
    them."""

    start: CampaignInput
    shelf: list[dict[str, Any]]

    @property
    def network_id(self) -> str:
        """Its id on the network."""
        assert self.start.state is not None
        assert self.start.state.tree.campaign_id is not None
        return self.start.state.tree.campaign_id

    @property
    def workflow_id(self) -> str:
        """Its workflow."""
        return campaign_workflow_id(self.start.campaign_id)


@dataclass(slots=True)
class LiveAccount:
    """An ad account and its live campaigns."""

    account: AdAccount
    campaigns: list[LiveCampaign] = field(default_factory=list[LiveCampaign])

    @property
    def network_ids(self) -> list[str]:
        """Campaigns' ids on the network."""
        return [one.network_id for one in self.campaigns]


def spread(campaigns: int) -> list[tuple[Platform, int]]:
    """Half on Meta, half on X, over as few accounts as the networks' limits allow."""
    left = {Platform.META: campaigns - campaigns // 2, Platform.X: campaigns // 2}
    accounts: list[tuple[Platform, int]] = []
    for platform, most in ((Platform.META, META_MOST), (Platform.X, X_MOST)):
        while left[platform]:
            some = min(left[platform], most)
            accounts.append((platform, some))
            left[platform] -= some
    return accounts


class Seeding:
    """Fills one stack."""

    def __init__(self, ground: ThrowawayStack, database: Database, told: Told = _silent) -> None:
        self._ground = ground
        self._database = database
        self._settings = ground.settings
        self._told = told
        self._number = 0

    # -- on the networks ------------------------------------------------------------------------

    async def on_networks(self, wanted: Sequence[tuple[Platform, int]]) -> list[LiveAccount]:
        """Accounts with so many campaigns each, switched on and past their review."""
        await self._raise_limits()
        networks = Networks(self._settings, self._now)
        try:
            templates: dict[Platform, LiveCampaign] = {}
            found: list[LiveAccount] = []
            for place, (platform, count) in enumerate(wanted):
                first = platform not in templates
                if first:
                    templates[platform] = await self._template(networks, platform)
                account = await self._account(templates[platform].start.account, place, first=first)
                live = LiveAccount(account)
                live.campaigns = [self._copy(templates[platform], account) for _ in range(count)]
                found.append(live)
            # The originals would be campaigns that nobody watches.
            for one in templates.values():
                network = networks.of(one.start.account)
                await network.switch(ObjectKind.CAMPAIGN, [one.network_id], on=False)
        finally:
            await networks.aclose()
        await self.put_on_shelf(found)
        return found

    async def put_on_shelf(self, accounts: Sequence[LiveAccount]) -> None:
        """Every object as it was made, under a new lease; what was paused meanwhile is on again."""
        entries = [one for live in accounts for made in live.campaigns for one in made.shelf]
        lease = self._now() + self._settings.cadence.lease
        for entry in entries:
            end = entry["value"].get("end_time")
            if end:
                zone = "Z" if end.endswith("Z") else "+0000"
                entry["value"]["end_time"] = f"{lease:%Y-%m-%dT%H:%M:00}{zone}"
        for first in range(0, len(entries), _PUT):
            self._told("objects on the networks", first, len(entries))
            answer = await self._ground.control.post("/objects", json=entries[first : first + _PUT])
            answer.raise_for_status()
        (await self._ground.control.delete("/limits")).raise_for_status()

    async def publish_pages(self, accounts: Sequence[LiveAccount]) -> None:
        """The page that each campaign promotes, as a guard's round visits it."""

        async def publish(made: LiveCampaign) -> None:
            page = {"url": made.start.plan.destination_url, "html": _PAGE}
            (await self._ground.control.post("/pages", json=page)).raise_for_status()

        every = [made for live in accounts for made in live.campaigns]
        await self._all("landing pages", [publish(made) for made in every])

    async def _template(self, networks: Networks, platform: Platform) -> LiveCampaign:
        async with self._database.team(self._settings.team_id) as session:
            row = await session.scalar(select(Account).where(col(Account.platform) == platform))
        assert row is not None
        start = self._input(ad_account(row), uuid4())
        assert start.state is not None
        network, state = networks.of(start.account), start.state
        before = await self._shelf(platform)
        now = self._now()

        async def make(order: Any) -> str:
            return (await network.create(order)).id

        (creative,) = state.creatives
        state = _grown(state, campaign_id=await make(orders.campaign_order(start, state)))
        group = orders.ad_group_order(start, state, start=now, end=now + timedelta(days=30))
        state = _grown(state, ad_group_id=await make(group))
        path = self._picture(platform)
        picture = orders.creative_order(start, state, creative).model_copy(
            update={
                "image_path": str(path),
                "image_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
        )
        state = _grown(state, creative_ids={creative.id: await make(picture)})
        state = _grown(
            state, ad_ids={creative.id: await make(orders.ad_order(start, state, creative))}
        )
        tree = state.tree
        assert tree.campaign_id is not None
        assert tree.ad_group_id is not None
        if network.capabilities.can_pause_ad:
            await network.switch(ObjectKind.AD, list(tree.ad_ids.values()), on=True)
        await network.switch(ObjectKind.AD_GROUP, [tree.ad_group_id], on=True)
        await network.switch(ObjectKind.CAMPAIGN, [tree.campaign_id], on=True)
        after = await self._shelf(platform)
        made = [
            {"network": platform.value, "kind": kind, "id": object_id, "value": value}
            for (kind, object_id), value in after.items()
            if (kind, object_id) not in before
        ]
        return LiveCampaign(start.model_copy(update={"state": state}), made)

    async def _shelf(self, platform: Platform) -> dict[tuple[str, str], dict[str, Any]]:
        shelf: dict[str, list[dict[str, Any]]] = await self._ground.read(
            f"/objects/{platform.value}"
        )
        return {
            (kind, str(row[_ID.get(kind, "id")])): row
            for kind, rows in shelf.items()
            if kind not in _SHARED
            for row in rows
        }

    def _picture(self, platform: Platform) -> Path:
        path = self._ground.directory / f"{platform.value}.png"
        made = io.BytesIO()
        Image.new("RGB", capabilities(platform).image_size, "navy").save(made, "PNG")
        path.write_bytes(made.getvalue())
        return path

    def _copy(self, template: LiveCampaign, account: AdAccount) -> LiveCampaign:
        """The template's objects under other ids and keys, in another account."""
        origin = template.start
        campaign_id = uuid4()
        changes = {
            effect_key(origin.campaign_id, step): effect_key(campaign_id, step) for step in _STEPS
        }
        changes[effect_key(origin.campaign_id, _REFERRAL)[1:9].upper()] = effect_key(
            campaign_id, _REFERRAL
        )[1:9].upper()
        changes[str(origin.campaign_id)] = str(campaign_id)
        for entry in template.shelf:
            changes.setdefault(entry["id"], self._new_id(entry["id"]))
        whole = _moved(origin.account, account)

        def changed(text: str) -> str:
            for old, new in changes.items():
                text = text.replace(old, new)
            return _whole_words(text, whole)

        long_ago = (self._now() - timedelta(days=1)).isoformat()
        shelf: list[dict[str, Any]] = json.loads(changed(json.dumps(template.shelf)))
        for entry in shelf:
            for name in ("_review_until", "_promoted_at"):
                if name in entry["value"]:
                    entry["value"][name] = long_ago
        assert origin.state is not None
        tree = NetworkTree.model_validate_json(changed(origin.state.tree.model_dump_json()))
        start = self._input(account, campaign_id)
        assert start.state is not None
        state = start.state.model_copy(update={"tree": tree})
        return LiveCampaign(start.model_copy(update={"state": state}), shelf)

    def _new_id(self, old: str) -> str:
        """As long as the old one, in its digits, and nobody else's."""
        self._number += 1
        base, number, text = (10 if old.isdigit() else 36), self._number, ""
        while number:
            number, digit = divmod(number, base)
            text = _DIGITS[digit] + text
        return old[0] + _DIGITS[base - 1] + text.rjust(len(old) - 2, "0")

    # -- accounts and limits --------------------------------------------------------------------

    async def _account(self, origin: AdAccount, place: int, *, first: bool) -> AdAccount:
        """The sandbox's own account, or another like it."""
        if first:
            return origin
        mark = f"{50 + place:02d}"
        account = origin.model_copy(
            update={
                "external_id": origin.external_id[:-2] + mark,
                "options": {
                    name: value[:-2] + mark if name == "funding_instrument_id" else value
                    for name, value in origin.options.items()
                },
            }
        )
        moved, entries = _moved(origin, account), list[dict[str, Any]]()
        for (kind, _), row in (await self._shelf(origin.platform)).items():
            if kind not in ("account", "funding_instrument", "promotable_user"):
                continue
            if origin.external_id not in (row.get("account_id"), row["id"]):
                continue
            value = json.loads(_whole_words(json.dumps(row), moved))
            if kind == "promotable_user":
                value["id"] += mark
            known_as = account.external_id if kind == "account" else value["id"]
            entries.append(
                {"network": origin.platform.value, "kind": kind, "id": known_as, "value": value}
            )
        (await self._ground.control.post("/objects", json=entries)).raise_for_status()
        row = Account(
            team_id=origin.team_id,
            platform=origin.platform.value,
            account_name=f"{origin.name} {mark}",
            platform_account_id=account.external_id,
            currency=origin.currency,
            timezone=origin.timezone,
            credentials_ref=origin.credentials_ref,
            sandbox=True,
            is_default=False,
            options=account.options,
        )
        async with self._database.team(origin.team_id) as session:
            session.add(row)
            await session.flush()
            return ad_account(row)

    async def _raise_limits(self) -> None:
        """Limits that bind nobody here, below the sandbox's hard ceiling."""
        limits = SANDBOX_LIMITS.model_copy(
            update={
                name: Money.of(amount)
                for name, amount in (
                    ("platform_daily", 30_000),
                    ("team_daily", 30_000),
                    ("platform_monthly", 950_000),
                    ("team_monthly", 950_000),
                )
            }
        )
        async with self._database.team(self._settings.team_id) as session:
            await session.execute(
                update(Team)
                .where(col(Team.id) == self._settings.team_id)
                .values(limits=limits.model_dump(mode="json"))
            )
            await session.execute(update(Account).values(first_activated_at=datetime.now(UTC)))

    # -- in PostgreSQL and Temporal -------------------------------------------------------------

    async def write_down(self, accounts: Sequence[LiveAccount]) -> None:
        """Rows and commitments, as a launch would have left them."""
        records = RecordActivities(self._database)
        every = [made for live in accounts for made in live.campaigns]

        async def record(made: LiveCampaign) -> None:
            assert made.start.state is not None
            await records.record_campaign(
                CampaignRecord(
                    start=made.start.model_copy(update={"state": None}),
                    state=made.start.state,
                    workflow_id=made.workflow_id,
                )
            )

        await self._all("campaigns in PostgreSQL", [record(made) for made in every])
        async with self._database.team(self._settings.team_id) as session:
            # Written a while ago: what changed a moment ago is left alone by an inspection.
            await session.execute(
                update(Campaign).values(updated_at=datetime.now(UTC) - timedelta(hours=1))
            )
            await session.execute(
                insert(Commitment), [self._commitment(made.start) for made in every]
            )

    @staticmethod
    def _commitment(start: CampaignInput) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "id": uuid4(),
            "team_id": start.team_id,
            "account_id": start.account.id,
            "campaign_id": start.campaign_id,
            "platform": start.account.platform.value,
            "key": f"{start.campaign_id}/launch/1",
            "daily_micros": start.plan.daily_budget.micros,
            "currency": start.plan.daily_budget.currency,
            "over_delivery": start.over_delivery,
            "balanced": start.balanced,
            "until": None,
            "state": "confirmed",
            "created_at": now,
            "updated_at": now,
        }

    async def start_campaigns(
        self,
        client: Client,
        accounts: Sequence[LiveAccount],
        *,
        over: timedelta = timedelta(0),
    ) -> None:
        """Every campaign's workflow, in its active state, and listed as such.

        Their cadences begin evenly spread over ``over`` (campaign time), as those of campaigns
        that were launched at different hours.
        """
        every = [made for live in accounts for made in live.campaigns]

        async def begin(place: int, made: LiveCampaign) -> None:
            since = self._now() - over * (place / len(every))
            await client.start_workflow(  # pyright: ignore[reportUnknownMemberType]
                "campaign",
                _beginning(made.start, since),
                id=made.workflow_id,
                task_queue=queues.MANAGEMENT,
                search_attributes=search.of_campaign(made.start),
            )

        await self._all("campaign workflows", [begin(*one) for one in enumerate(every)])
        live = f"WorkflowType = 'campaign' AND {search.STATUS.name} = 'active'"
        await self._listed(client, f"{live} AND ExecutionStatus = 'Running'", len(every))

    async def start_guards(
        self, client: Client, accounts: Sequence[LiveAccount], cadence: Cadence | None = None
    ) -> None:
        """A guard an account, that watches all its campaigns already, at its own cadence."""
        for live in accounts:
            start = live.campaigns[0].start
            watched = tuple(
                Watched(
                    campaign_id=made.start.campaign_id,
                    workflow_id=made.workflow_id,
                    network_id=made.network_id,
                    author=made.start.author,
                )
                for made in live.campaigns
            )
            await client.start_workflow(  # pyright: ignore[reportUnknownMemberType]
                "account-guard",
                GuardInput(
                    account=live.account,
                    clock=start.clock,
                    cadence=cadence or start.cadence,
                    watched=watched,
                ),
                id=guard_id(live.account),
                task_queue=queues.GUARD,
            )
        guards = "WorkflowType = 'account-guard' AND ExecutionStatus = 'Running'"
        team = f"{search.TEAM.name} = '{self._settings.team_id}'"
        await self._listed(client, f"{guards} AND {team}", len(accounts))

    async def _listed(self, client: Client, query: str, wanted: int) -> None:
        deadline = asyncio.get_running_loop().time() + 240
        while True:
            try:
                count = (await client.count_workflows(query)).count
            except RPCError:
                count = 0
            self._told("listed by Temporal", count, wanted)
            if count >= wanted:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"{count} of {wanted} after 240 s: {query}")
            await asyncio.sleep(0.25)

    async def _all(self, what: str, works: Sequence[Coroutine[Any, Any, T]]) -> None:
        turns, done = asyncio.Semaphore(_AT_ONCE), 0

        async def one(work: Coroutine[Any, Any, T]) -> None:
            nonlocal done
            async with turns:
                await work
            done += 1
            self._told(what, done, len(works))

        await asyncio.gather(*(one(work) for work in works))

    # -- inputs ---------------------------------------------------------------------------------

    def _input(self, account: AdAccount, campaign_id: UUID) -> CampaignInput:
        """A campaign that has been live for a day, and what it will do next."""
        able = capabilities(account.platform)
        text = _COPY.primary_text.encode()
        image = ImageAsset(sha256=hashlib.sha256(text).hexdigest(), path="", width=1, height=1)
        plan = MediaPlan(
            name=f"Harbour {campaign_id.hex[:8]}",
            destination_url=f"https://journal.example/{campaign_id.hex[:8]}",
            daily_budget=_BUDGET,
            variants=1,
        )
        day_ago = self._now() - timedelta(days=1)
        state = CampaignState(
            status=CampaignStatus.ACTIVE,
            plan=plan,
            approval=self._agreed(),
            approved_by="bench",
            creatives=(Creative(id="v1", copy_text=_COPY, image=image),),
            visits=(
                StateVisit(status=CampaignStatus.PENDING_REVIEW, at=day_ago, why="switched on"),
                StateVisit(status=CampaignStatus.ACTIVE, at=day_ago, why="delivering"),
            ),
            activated_at=day_ago,
            live_budget=_BUDGET,
        )
        return CampaignInput(
            campaign_id=campaign_id,
            team_id=account.team_id,
            account=account,
            plan=plan,
            approval=self._agreed(),
            creatives=state.creatives,
            over_delivery=able.over_delivery,
            balanced=able.balanced,
            settle=able.settle,
            minimum=able.min_daily_budget.get(account.currency),
            edit_quota=able.budget_edits_per_hour,
            clock=self._settings.clock,
            cadence=self._settings.cadence,
            state=state,
        )

    @staticmethod
    def _agreed() -> ApprovalCase:
        return ApprovalCase(needed=False, worst_case=_BUDGET)

    def _now(self) -> datetime:
        return self._settings.clock.campaign_time(datetime.now(UTC))


def _grown(state: CampaignState, **ids: Any) -> CampaignState:
    return state.model_copy(update={"tree": state.tree.model_copy(update=ids)})


def _beginning(start: CampaignInput, since: datetime) -> CampaignInput:
    """A live campaign whose cadences begin at ``since`` (campaign time)."""
    assert start.state is not None
    state = start.state.model_copy(
        update={
            "lease_until": since + start.cadence.lease,
            "next_pacing": since + start.cadence.pacing,
            "next_fatigue": since + start.cadence.fatigue,
            "next_review": since + start.cadence.review,
        }
    )
    return start.model_copy(update={"state": state})


def _moved(origin: AdAccount, account: AdAccount) -> dict[str, str]:
    """What another account is called: its id and the ids of what belongs to it."""
    pairs = {origin.external_id: account.external_id}
    return pairs | {value: account.options[name] for name, value in origin.options.items()}


def _whole_words(text: str, changes: dict[str, str]) -> str:
    """Replace whole JSON strings: a short account id may be part of any number."""
    for old, new in changes.items():
        text = text.replace(f'"{old}"', f'"{new}"').replace(f'"act_{old}"', f'"act_{new}"')
    return text


async def states(control: httpx.AsyncClient, accounts: Sequence[LiveAccount]) -> dict[str, str]:
    """What the sandbox's own shelf says of every campaign: its status by network id."""
    ours = {one for live in accounts for one in live.network_ids}
    found: dict[str, str] = {}
    for platform in {live.account.platform for live in accounts}:
        answer = await control.get(f"/objects/{platform.value}/campaign")
        answer.raise_for_status()
        for row in answer.json():
            if row["id"] in ours:
                found[row["id"]] = row.get("entity_status") or row["status"]
    return found
