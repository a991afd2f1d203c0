"""Ads as Telegram shows them, and the levels above them that only their titles know.

A campaign, an ad group and a creative are the ads that name them: on when one of them is, with
the sum of their daily limits. An ad that is not ours stands for its own campaign and ad group
under its own id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.telegram.money import micros
from platforms.telegram.titles import Label, read_title
from platforms.telegram.wire import JsonObject

_HOPE = (
    Delivery.ACTIVE,
    Delivery.IN_REVIEW,
    Delivery.UNKNOWN,
    Delivery.REJECTED,
    Delivery.PAUSED,
    Delivery.ENDED,
)
"""Of several ads the most hopeful speaks for what holds them."""


@dataclass(frozen=True, slots=True)
class Ad:
    """One ad. Money in micros of the account's currency; a ``limit`` of 0 is none.

    ``scheduled`` to begin or ``ended`` by its own date, it is on although Telegram holds it:
    nobody switched it off.
    """

    id: str
    title: str
    label: Label | None
    paused: bool
    status: str
    cpm: int
    limit: int
    spent: int
    remaining: int
    spent_today: int
    activate: datetime | None
    deactivate: datetime | None
    views: int
    clicks: int
    actions: int
    declined: str

    @property
    def group(self) -> str:
        return self.label.group if self.label else self.id

    @property
    def campaign(self) -> str:
        return self.label.campaign if self.label else self.id

    @property
    def most_today(self) -> int:
        """What it may spend on a whole day: its limit, and without one all the money it has."""
        return self.limit or self.remaining + self.spent_today

    def scheduled(self, now: datetime) -> bool:
        return self.activate is not None and self.activate > now

    def ended(self, now: datetime) -> bool:
        return self.deactivate is not None and self.deactivate <= now

    def on(self, now: datetime) -> bool:
        return not self.paused or self.scheduled(now) or self.ended(now)


def read_ad(row: JsonObject) -> Ad:
    """An ad from its JSON."""
    reason = cast(JsonObject, row.get("decline_reason") or {})
    title = str(row.get("title") or "")
    return Ad(
        id=str(row["ad_id"]),
        title=title,
        label=read_title(title),
        paused=bool(row.get("is_paused")),
        status=str(row.get("status") or ""),
        cpm=micros(row.get("cpm")),
        limit=micros(row.get("daily_budget_limit")),
        spent=micros(row.get("spent_budget")),
        remaining=micros(row.get("remaining_budget")),
        spent_today=micros(row.get("daily_spent_budget")),
        activate=_instant(row.get("activate_date")),
        deactivate=_instant(row.get("deactivate_date")),
        views=_count(row.get("views")),
        clicks=_count(row.get("clicks")),
        # Older answers call them joins.
        actions=_count(row.get("actions", row.get("joins"))),
        declined=str(reason.get("text") or "declined") if row.get("status") == "declined" else "",
    )


def read_ads(rows: Sequence[JsonObject]) -> list[Ad]:
    """Ads, lowest id first."""
    return sorted((read_ad(row) for row in rows), key=lambda ad: int(ad.id))


def of_kind(kind: ObjectKind, ads: Sequence[Ad]) -> dict[str, list[Ad]]:
    """Ads by the id of what holds them on a level."""
    found: dict[str, list[Ad]] = {}
    for ad in ads:
        found.setdefault(_holder(kind, ad), []).append(ad)
    return found


def _holder(kind: ObjectKind, ad: Ad) -> str:
    if kind is ObjectKind.CAMPAIGN:
        return ad.campaign
    if kind is ObjectKind.AD_GROUP:
        return ad.group
    return ad.label.creative if kind is ObjectKind.CREATIVE and ad.label else ad.id


def key_of(kind: ObjectKind, ad: Ad) -> str:
    """The key an ad carries for a level; empty for an ad that is not ours."""
    if ad.label is None:
        return ""
    return {
        ObjectKind.CAMPAIGN: ad.label.campaign,
        ObjectKind.AD_GROUP: ad.label.group,
        ObjectKind.CREATIVE: ad.label.creative,
        ObjectKind.AD: ad.label.ad,
    }[kind]


def view(
    kind: ObjectKind, object_id: str, ads: Sequence[Ad], currency: str, now: datetime
) -> NetworkObject:
    """What ``ads`` (one at least) amount to on a level."""
    first = ads[0]
    on = [ad for ad in ads if ad.on(now)]
    states = [_delivery(ad, now) for ad in (on or ads)]
    delivery, issue = min(states, key=lambda state: _HOPE.index(state[0]))
    if kind is ObjectKind.CREATIVE:
        on, delivery, issue = list(ads), Delivery.ACTIVE, None
    shown = NetworkObject(
        kind=kind,
        id=object_id,
        key=key_of(kind, first),
        name=(first.label.name if first.label else "") or first.title,
        parent_id={ObjectKind.AD_GROUP: first.campaign, ObjectKind.AD: first.group}.get(kind),
        switched_on=bool(on),
        delivery=delivery,
        issue=issue,
        as_of=now,
    )
    if kind is not ObjectKind.AD_GROUP:
        return shown
    unlimited = "" if all(ad.limit for ad in ads) else "an ad has no daily limit"
    endless = "an ad runs without an end" if on and any(not ad.deactivate for ad in on) else ""
    details: dict[str, Any] = {
        "daily_budget": Money(micros=sum(ad.most_today for ad in ads), currency=currency),
        "end_time": group_end(ads, now),
        "bid": Money(micros=max(ad.cpm for ad in ads), currency=currency),
        "issue": issue or "; ".join(filter(None, (unlimited, endless))) or None,
    }
    return shown.model_copy(update=details)


def group_end(ads: Sequence[Ad], now: datetime) -> datetime | None:
    """When an ad group ends: the last end of its running ads (none when one has none), and while
    all are paused the lease in their titles, which a resumption sets again."""
    on = [ad for ad in ads if ad.on(now)]
    if on:
        ends = [ad.deactivate for ad in on]
        return None if None in ends else max(end for end in ends if end is not None)
    return max((ad.label.lease for ad in ads if ad.label), default=None)


def _delivery(ad: Ad, now: datetime) -> tuple[Delivery, str | None]:
    if ad.status == "declined":
        return Delivery.REJECTED, ad.declined
    if not ad.on(now):
        return Delivery.PAUSED, None
    if ad.ended(now):
        return Delivery.ENDED, None
    if ad.scheduled(now):
        return Delivery.PAUSED, f"it begins at {ad.activate:%Y-%m-%d %H:%M} UTC"
    if ad.status == "ready_for_review":
        return Delivery.PAUSED, "it was not submitted for review: it has no money"
    if ad.status == "stopped":
        if ad.remaining <= 0:
            return Delivery.ENDED, "the money moved into it is used up"
        return Delivery.PAUSED, "Telegram stopped it"
    known = {
        "active": Delivery.ACTIVE,
        "in_review": Delivery.IN_REVIEW,
        "on_hold": Delivery.PAUSED,
    }
    return known.get(ad.status, Delivery.UNKNOWN), None


def _instant(value: object) -> datetime | None:
    return datetime.fromtimestamp(int(str(value)), UTC) if value else None


def _count(value: object) -> int:
    return int(str(value)) if value else 0
