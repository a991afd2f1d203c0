"""The way in for what the promoted site saw: signed batches of clicks and conversions.

Every event is judged alone: one that cannot be used is refused by its index and field, and the
others of its batch count. An event id counts once, so a batch may be sent again at any time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from activities.first_hand import CLICK, CONVERSION, Seen, store
from models.contract.base import Frozen
from models.contract.clock import CampaignClock
from models.contract.effects import referral
from models.contract.money import Money
from models.database import Database
from models.tables import Campaign
from models.tables.columns import now_utc
from starter.events import EventRefused, Unavailable

MAX_EVENTS = 500
AHEAD = timedelta(minutes=5)
"""How far (campaign time) an event may lie in the future: clocks differ."""

_MAX_ID = 255
_SHOWN = 60


class Refusal(Frozen):
    """An event of a batch that was not taken: which, what of it, and the way out."""

    index: int
    field: str
    problem: str


class Taken(Frozen):
    """What became of a batch. ``duplicates`` were known before, or twice in the batch."""

    accepted: int
    duplicates: int
    refused: tuple[Refusal, ...] = ()


class _Faulty(Exception):
    """An event cannot be used. ``field`` is at fault."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


@dataclass(slots=True)
class _Known:
    """The team's campaigns by what a site may call them; read anew when a name is not found."""

    ids: frozenset[UUID] = frozenset()
    refs: Mapping[str, UUID] | None = None

    async def read(self, database: Database, team_id: UUID) -> None:
        async with database.team(team_id) as session:
            self.ids = frozenset((await session.scalars(select(col(Campaign.id)))).all())
        self.refs = {referral(one): one for one in self.ids}


class ConversionIntake:
    """Takes batches for one team."""

    def __init__(self, database: Database, team_id: UUID, clock: CampaignClock) -> None:
        self._database = database
        self._team_id = team_id
        self._clock = clock
        self._known = _Known()

    async def accept(self, body: bytes) -> Taken:
        """Judge each event of a batch and write down what is new, in one statement.

        Raises:
            EventRefused: the body is no batch, or holds over 500 events (status 413).
            Unavailable: PostgreSQL is down; the sender should try again.
        """
        events = _batch(body)
        received = now_utc()
        now = self._clock.campaign_time(received)
        try:
            if self._known.refs is None or any(self._unknown(one) for one in events):
                await self._known.read(self._database, self._team_id)
            seen: list[Seen] = []
            refused: list[Refusal] = []
            for index, event in enumerate(events):
                try:
                    seen.append(self._seen(event, now))
                except _Faulty as fault:
                    refused.append(Refusal(index=index, field=fault.field, problem=str(fault)))
            async with self._database.team(self._team_id) as session:
                accepted = await store(session, self._team_id, seen, received)
        except OperationalError as error:
            raise Unavailable(
                "PostgreSQL", "start it with `adflight up` or set DATABASE_URL"
            ) from error
        return Taken(accepted=accepted, duplicates=len(seen) - accepted, refused=tuple(refused))

    def _unknown(self, event: object) -> bool:
        try:
            self._campaign(_fields(event))
        except _Faulty:
            return True
        return False

    def _seen(self, event: object, now: datetime) -> Seen:
        fields = _fields(event)
        event_id, kind = fields.get("id"), fields.get("type")
        if not isinstance(event_id, str) or not event_id.isprintable() or not event_id:
            raise _Faulty("id", "id is missing or no printable text; give each event its own")
        if len(event_id) > _MAX_ID:
            raise _Faulty("id", f"id is over {_MAX_ID} characters; shorten it")
        if kind not in (CLICK, CONVERSION):
            raise _Faulty("type", f"type {_shown(kind)} must be {CLICK!r} or {CONVERSION!r}")
        at = _instant(fields.get("at"), now)
        value = _value(fields) if kind == CONVERSION else None
        if kind == CLICK and fields.get("value") is not None:
            raise _Faulty("value", "value belongs to a conversion; leave it out of a click")
        return Seen(
            event_id=event_id,
            kind=str(kind),
            campaign_id=self._campaign(fields),
            at=at,
            value_micros=value.micros if value else None,
            currency=value.currency if value else None,
        )

    def _campaign(self, fields: Mapping[str, object]) -> UUID:
        given, ref = fields.get("campaign_id"), fields.get("ref")
        if given is not None:
            try:
                campaign = UUID(str(given))
            except ValueError:
                campaign = None
            if campaign not in self._known.ids:
                raise _Faulty(
                    "campaign_id",
                    f"campaign {_shown(given)} is unknown; give the utm_campaign of the ad's link",
                )
            assert campaign is not None
            return campaign
        if ref is None:
            raise _Faulty(
                "campaign_id",
                "campaign_id and ref are both missing; give the utm_campaign or the ref of the"
                " ad's link",
            )
        found = (self._known.refs or {}).get(str(ref).strip().upper())
        if found is None:
            raise _Faulty("ref", f"ref {_shown(ref)} is no campaign's; give the ref of the link")
        return found


def _batch(body: bytes) -> list[object]:
    try:
        # Decimals, because a float would change the amount of money that was sent.
        read: Any = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise EventRefused("body", "body is no valid JSON in UTF-8; repair it") from None
    events: Any = cast("dict[str, Any]", read).get("events") if isinstance(read, dict) else None
    if not isinstance(events, list) or not events:
        raise EventRefused("events", 'events is missing or empty; send {"events": [{…}, …]}')
    batch = cast("list[object]", events)
    if len(batch) > MAX_EVENTS:
        raise EventRefused(
            "events",
            f"{len(batch)} events are over {MAX_EVENTS} in one request; send several requests",
            status=413,
        )
    return batch


def _fields(event: object) -> Mapping[str, object]:
    if not isinstance(event, dict):
        raise _Faulty("event", "the event is no JSON object; send one object for each event")
    return cast("dict[str, object]", event)


def _instant(given: object, now: datetime) -> datetime:
    if given is None:
        return now
    way_out = "give an RFC 3339 time such as 2026-01-31T09:00:00Z, or leave it out for now"
    if not isinstance(given, str):
        raise _Faulty("at", f"at {_shown(given)} is no text; {way_out}")
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise _Faulty("at", f"at {_shown(given)} cannot be read; {way_out}") from None
    if at.tzinfo is None:
        raise _Faulty("at", f"at {_shown(given)} has no time zone; {way_out}")
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise _Faulty("at", f"at {_shown(given)} cannot be read; {way_out}") from None
    if at > now + AHEAD:
        raise _Faulty(
            "at",
            f"at {_shown(given)} is in the future: it is {now:%Y-%m-%dT%H:%M:%SZ} here (campaign"
            " time); check the clock, or leave it out for now",
        )
    return at


def _value(fields: Mapping[str, object]) -> Money | None:
    value, currency = fields.get("value"), fields.get("currency")
    if value is None:
        return None
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise _Faulty("value", f"value {_shown(value)} is no amount such as 12.50")
    if not isinstance(currency, str):
        raise _Faulty("currency", "currency is missing; give the value's, such as USD")
    try:
        Money(micros=0, currency=currency)
    except ValueError:
        raise _Faulty(
            "currency", f"currency {_shown(currency)} is no ISO 4217 code such as USD"
        ) from None
    try:
        money = Money.of(value, currency)
    except ValueError as error:
        raise _Faulty("value", f"value cannot be used: {error}"[:200]) from None
    if money.micros < 0:
        raise _Faulty("value", f"value {_shown(value)} is below zero; send what was earned")
    return money


def _shown(value: object) -> str:
    return repr(str(value)[:_SHOWN])


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
