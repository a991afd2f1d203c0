"""What a person decides about a quarantined effect: which object it is, or that it is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sqlalchemy import update
from sqlmodel import col, select

from activities import twins
from activities.effects import ASKED, CONFIRMED, QUARANTINED
from activities.records import RecordActivities
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.decision import Decision
from models.contract.network import Delivery, NetworkObject, ObjectKind
from models.contract.vocabulary import DecisionType
from models.database import Database
from models.tables import Account, Campaign, Effect
from platforms.errors import Refused
from platforms.network import AdNetwork
from platforms.registry import Networks


class CannotDecide(Exception):
    """A sentence for the person who asked: what is in the way, and the way out."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decided; ``at`` is campaign time."""

    key: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """What was done. ``left`` could not be deleted and is switched off."""

    key: str
    campaign_id: UUID
    state: str
    external_id: str | None
    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    already: bool = False


class QuarantineDesk:
    """Quarantined effects of one team."""

    def __init__(self, database: Database, networks: Networks, team_id: UUID) -> None:
        self._database = database
        self._networks = networks
        self._team_id = team_id

    async def waiting(self) -> list[tuple[Effect, str]]:
        """Effects that wait for a person, oldest first, with their campaigns' names."""
        async with self._database.team(self._team_id) as session:
            rows = await session.execute(
                select(Effect, Campaign.name)
                .outerjoin(Campaign, col(Campaign.id) == col(Effect.campaign_id))
                .where(col(Effect.state) == QUARANTINED)
                .order_by(col(Effect.asked_at))
            )
            return [(effect, name or "") for effect, name in rows]

    async def adopt(self, verdict: Verdict, object_id: str) -> Judged:
        """Let the key stand for one object: switched off, the only one left.

        Raises:
            CannotDecide: the key does not wait for a person, or the object is none of its.
            NetworkError: the network did not do it; the key stays quarantined.
        """
        effect = await self._effect(verdict.key)
        if effect.state == CONFIRMED and effect.external_id == object_id:
            return Judged(effect.key, effect.campaign_id, CONFIRMED, object_id, already=True)
        _require_quarantined(effect)
        account = await self._account(effect)
        network = await self._networks.of(account)
        found = await self._candidates(network, effect)
        chosen = found.get(object_id) or await self._by_id(network, effect, object_id)
        await self._record(verdict, effect, {"adopt": object_id})
        found[object_id] = chosen
        await twins.switch_off(network, list(found.values()))
        others = [one for one in found.values() if one.id != object_id]
        removed, left = await _remove(network, others)
        await self._settle(
            effect,
            state=CONFIRMED,
            external_id=object_id,
            settled_by=verdict.by,
            settled_at=datetime.now(UTC),
            note=f"{object_id} was picked by {verdict.by}: {verdict.reason}",
            twins_removed=effect.twins_removed + len(removed),
        )
        return Judged(effect.key, effect.campaign_id, CONFIRMED, object_id, removed, left)

    async def discard(self, verdict: Verdict) -> Judged:
        """Delete everything the key may stand for, so that it may be asked for again.

        Raises:
            CannotDecide: the key does not wait for a person, or something cannot be deleted.
            NetworkError: the network did not do it; the key stays quarantined.
        """
        effect = await self._effect(verdict.key)
        if effect.state == ASKED and effect.note:
            return Judged(effect.key, effect.campaign_id, ASKED, None, already=True)
        _require_quarantined(effect)
        account = await self._account(effect)
        network = await self._networks.of(account)
        found = await self._candidates(network, effect)
        await self._record(verdict, effect, {"discard": sorted(found)})
        await twins.switch_off(network, list(found.values()))
        removed, left = await _remove(network, list(found.values()))
        if left:
            raise CannotDecide(
                f"{', '.join(left)} cannot be deleted and stays, switched off; adopt it with "
                f"`adflight quarantine {effect.key} --adopt {left[0]}`, or delete it on the network"
            )
        await self._settle(
            effect,
            state=ASKED,
            external_id=None,
            # Not none: the next attempt looks before it creates.
            attempts=1,
            lost=0,
            note=f"discarded by {verdict.by}: {verdict.reason}",
            twins_removed=effect.twins_removed + len(removed),
        )
        return Judged(effect.key, effect.campaign_id, ASKED, None, removed)

    async def _effect(self, key: str) -> Effect:
        async with self._database.team(self._team_id) as session:
            effect = await session.get(Effect, key)
        if effect is None:
            raise CannotDecide(f"no effect has the key {key!r}; see `adflight quarantine`")
        return effect

    async def _account(self, effect: Effect) -> AdAccount:
        async with self._database.team(self._team_id) as session:
            row = await session.scalar(
                select(Account)
                .join(Campaign, col(Campaign.account_id) == col(Account.id))
                .where(col(Campaign.id) == effect.campaign_id)
            )
        if row is None:
            raise CannotDecide(
                f"campaign {effect.campaign_id} of key {effect.key} is not in the database"
            )
        return ad_account(row)

    async def _candidates(self, network: AdNetwork, effect: Effect) -> dict[str, NetworkObject]:
        """What was found then and what is found now, as far as it still exists."""
        kind = ObjectKind(effect.kind)
        ids = [str(one["id"]) for one in effect.candidates]
        shown = await network.find(kind, effect.key)
        shown += await network.read(kind, ids) if ids else []
        return {one.id: one for one in shown if one.delivery is not Delivery.REMOVED}

    async def _by_id(self, network: AdNetwork, effect: Effect, object_id: str) -> NetworkObject:
        """An object the search did not find, if the network shows it under the key."""
        for one in await network.read(ObjectKind(effect.kind), [object_id]):
            if one.key == effect.key and one.delivery is not Delivery.REMOVED:
                return one
        known = ", ".join(str(one["id"]) for one in effect.candidates) or "none was found"
        raise CannotDecide(
            f"{object_id!r} is no {effect.kind} of key {effect.key}; candidates: {known}"
        )

    async def _record(
        self, verdict: Verdict, effect: Effect, action: dict[str, str | list[str]]
    ) -> None:
        """The decision is written before it is acted on, once however often it is repeated."""
        await RecordActivities(self._database).record_decision(
            Decision(
                id=uuid5(self._team_id, f"quarantine/{effect.key}/{action}/{effect.attempts}"),
                team_id=self._team_id,
                type=DecisionType.QUARANTINE,
                decided_by=verdict.by,
                reason=verdict.reason,
                at=verdict.at,
                campaign_id=effect.campaign_id,
                platform=effect.platform,
                inputs={"key": effect.key, "kind": effect.kind, "note": effect.note},
                action={
                    "key": effect.key,
                    **{name: _json(value) for name, value in action.items()},
                },
            )
        )

    async def _settle(self, effect: Effect, **values: object) -> None:
        async with self._database.team(self._team_id) as session:
            await session.execute(
                update(Effect)
                .where(col(Effect.key) == effect.key, col(Effect.state) == QUARANTINED)
                .values(candidates=[], **values)
            )


def _require_quarantined(effect: Effect) -> None:
    if effect.state == QUARANTINED:
        return
    stands = f" and stands for {effect.external_id}" if effect.external_id else ""
    raise CannotDecide(
        f"key {effect.key} is not quarantined: it is {effect.state}{stands}; "
        "see `adflight quarantine`"
    )


async def _remove(
    network: AdNetwork, found: Sequence[NetworkObject]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Delete; what could be, and what the network keeps."""
    removed: list[str] = []
    left: list[str] = []
    for one in found:
        try:
            await network.remove(one.kind, one.id)
        except Refused:
            left.append(one.id)
        else:
            removed.append(one.id)
    return tuple(removed), tuple(left)


def _json(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
