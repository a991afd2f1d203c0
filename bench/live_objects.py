"""Many live campaigns on the sandbox networks, without launching each of them.

One campaign per network is created through the product's own adapter; the others are copies of
what the sandbox then keeps of it, under keys of their own, put on its shelf in bulk.
"""

import asyncio
import hashlib
import io
import json
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from PIL import Image
from sqlalchemy import update
from sqlmodel import col, select

from activities.teams import ad_account
from bench.live_campaigns import LiveAccount, LiveCampaign, live_input
from models.contract.account import AdAccount
from models.contract.campaign import CampaignState, NetworkTree
from models.contract.effects import effect_key
from models.contract.limits import SANDBOX_LIMITS
from models.contract.money import Money
from models.contract.network import ObjectKind
from models.contract.vocabulary import Platform
from models.database import Database
from models.tables import Account, Team
from platforms.registry import Networks, capabilities
from starter.chaos.throwaway import ThrowawayStack
from workflows import orders

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


class LiveObjects:
    """Fills one stack's sandbox."""

    def __init__(self, ground: ThrowawayStack, database: Database, told: Told = _silent) -> None:
        self._ground = ground
        self._database = database
        self._settings = ground.settings
        self._told = told
        self._number = 0

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
                network = await networks.of(one.start.account)
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
        start = live_input(self._settings, ad_account(row), uuid4())
        assert start.state is not None
        network, state = await networks.of(start.account), start.state
        before = await self._shelf(platform)
        now = self._now()
        end = now + timedelta(days=30)

        async def make(order: Any) -> str:
            return (await network.create(order)).id

        (creative,) = state.creatives
        state = _grown(state, campaign_id=await make(orders.campaign_order(start, state)))
        group = orders.ad_group_order(start, state, start=now, end=end)
        state = _grown(state, ad_group_id=await make(group))
        path = self._picture(platform)
        picture = orders.creative_order(start, state, creative).model_copy(
            update={
                "image_path": str(path),
                "image_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
        )
        state = _grown(state, creative_ids={creative.id: await make(picture)})
        launched = state.model_copy(update={"lease_until": end})
        ad = orders.ad_order(start, launched, creative)
        state = _grown(state, ad_ids={creative.id: await make(ad)})
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
        start = live_input(self._settings, account, campaign_id)
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

    async def _all(self, what: str, works: Sequence[Coroutine[Any, Any, T]]) -> None:
        turns, done = asyncio.Semaphore(_AT_ONCE), 0

        async def one(work: Coroutine[Any, Any, T]) -> None:
            nonlocal done
            async with turns:
                await work
            done += 1
            self._told(what, done, len(works))

        await asyncio.gather(*(one(work) for work in works))

    def _now(self) -> datetime:
        return self._settings.clock.campaign_time(datetime.now(UTC))


def _grown(state: CampaignState, **ids: Any) -> CampaignState:
    return state.model_copy(update={"tree": state.tree.model_copy(update=ids)})


def _moved(origin: AdAccount, account: AdAccount) -> dict[str, str]:
    """What another account is called: its id and the ids of what belongs to it."""
    pairs = {origin.external_id: account.external_id}
    return pairs | {value: account.options[name] for name, value in origin.options.items()}


def _whole_words(text: str, changes: dict[str, str]) -> str:
    """Replace whole JSON strings: a short account id may be part of any number."""
    for old, new in changes.items():
        text = text.replace(f'"{old}"', f'"{new}"').replace(f'"act_{old}"', f'"act_{new}"')
    return text
