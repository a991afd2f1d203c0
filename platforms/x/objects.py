"""Objects as X shows them, read into ``NetworkObject`` with the delivery X's facts amount to.

X computes delivery (``servable``) only for campaigns. For line items and promoted posts it
follows from their own status, their parents' and the posts' review, which are read along.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.naming import key_of
from platforms.x.creative import post_id, posts_by_ids
from platforms.x.errors import JsonObject
from platforms.x.names import ad_key_of, instant
from platforms.x.wire import Wire

_WITH_DELETED = {"with_deleted": True}
_REVIEW = {"UNDER_REVIEW": Delivery.IN_REVIEW, "PENDING": Delivery.IN_REVIEW}
_ENDED = frozenset({"EXPIRED", "ENDED"})


async def campaign_views(wire: Wire, rows: list[JsonObject], now: datetime) -> list[NetworkObject]:
    """Campaigns. Those switched on but not servable are looked into, for the reason why."""
    doubtful = [str(row["id"]) for row in rows if _on(row) and not row.get("servable")]
    below: dict[str, list[NetworkObject]] = {}
    if doubtful:
        lines = await wire.by_ids("line_items", "campaign_ids", doubtful)
        for line in await line_item_views(wire, lines, now):
            below.setdefault(line.parent_id or "", []).append(line)
    return [_campaign(row, below.get(str(row["id"]), []), now) for row in rows]


async def line_item_views(wire: Wire, rows: list[JsonObject], now: datetime) -> list[NetworkObject]:
    """Line items, with their campaigns and promoted posts taken into account."""
    live = [row for row in rows if _on(row)]
    parents = await _by_id(wire, "campaigns", "campaign_ids", (r["campaign_id"] for r in live))
    ads: dict[str, list[JsonObject]] = {}
    if live:
        ids = [str(row["id"]) for row in live]
        for ad in await wire.by_ids("promoted_tweets", "line_item_ids", ids):
            ads.setdefault(str(ad["line_item_id"]), []).append(ad)
    return [_line_item(row, parents, ads.get(str(row["id"]), []), now) for row in rows]


async def ad_views(
    wire: Wire, rows: list[JsonObject], now: datetime, *, named: bool = True
) -> list[NetworkObject]:
    """Promoted posts. X gives them no name; key and name are read from the post's."""
    live = [row for row in rows if not row.get("deleted")]
    lines = await _by_id(wire, "line_items", "line_item_ids", (r["line_item_id"] for r in live))
    parents = await _by_id(
        wire, "campaigns", "campaign_ids", (line["campaign_id"] for line in lines.values())
    )
    posts = await posts_by_ids(wire, [str(row["tweet_id"]) for row in rows]) if named else []
    names = {post_id(post): str(post.get("name") or "") for post in posts}
    return [_ad(row, lines, parents, names, now) for row in rows]


def creative_view(row: JsonObject, now: datetime) -> NetworkObject:
    """A post. It is reviewed only once it is promoted, so existing is all there is to say."""
    name = str(row.get("name") or "")
    return NetworkObject(
        kind=ObjectKind.CREATIVE,
        id=post_id(row),
        key=key_of(name),
        name=name,
        switched_on=True,
        delivery=Delivery.ACTIVE,
        as_of=now,
    )


def created_view(
    kind: ObjectKind, row: JsonObject, now: datetime, *, key: str, name: str = ""
) -> NetworkObject:
    """An object straight from the answer to its creation, before anything is known about its
    delivery beyond that it was made so that it cannot deliver."""
    parent = row.get("campaign_id") or row.get("line_item_id")
    review = str(row.get("approval_status") or "")
    return NetworkObject(
        kind=kind,
        id=str(row["id"]),
        key=key,
        name=name or str(row.get("name") or ""),
        parent_id=str(parent) if parent else None,
        switched_on=_on(row),
        delivery=_REVIEW.get(review, Delivery.PAUSED),
        daily_budget=_budget(row),
        end_time=instant(row.get("end_time")),
        as_of=now,
    )


async def _by_id(
    wire: Wire, path: str, parameter: str, ids: Iterable[object]
) -> dict[str, JsonObject]:
    wanted = sorted({str(one) for one in ids})
    if not wanted:
        return {}
    rows = await wire.by_ids(path, parameter, wanted, _WITH_DELETED)
    return {str(row["id"]): row for row in rows}


def _on(row: JsonObject) -> bool:
    return row.get("entity_status") == "ACTIVE" and not row.get("deleted")


def _campaign(row: JsonObject, lines: list[NetworkObject], now: datetime) -> NetworkObject:
    reasons = cast(list[str], row.get("reasons_not_servable") or [])
    delivery = Delivery.PAUSED
    issue = None
    if row.get("deleted"):
        delivery = Delivery.REMOVED
    elif _on(row):
        if row.get("servable"):
            delivery = Delivery.ACTIVE
        else:
            delivery = _of_children(lines, reasons)
            issue = ", ".join(reasons) or str(row.get("effective_status") or "") or None
    name = str(row.get("name") or "")
    return NetworkObject(
        kind=ObjectKind.CAMPAIGN,
        id=str(row["id"]),
        key=key_of(name),
        name=name,
        switched_on=_on(row),
        delivery=delivery,
        daily_budget=_budget(row),
        issue=issue,
        as_of=now,
    )


def _of_children(lines: list[NetworkObject], reasons: list[str]) -> Delivery:
    """Why a campaign that is on does not serve: the most hopeful state among its line items."""
    if _ENDED & set(reasons):
        return Delivery.ENDED
    states = {line.delivery for line in lines}
    for state in (Delivery.IN_REVIEW, Delivery.REJECTED, Delivery.PAUSED, Delivery.ENDED):
        if state in states:
            return state
    return Delivery.UNKNOWN


def _line_item(
    row: JsonObject, parents: dict[str, JsonObject], ads: list[JsonObject], now: datetime
) -> NetworkObject:
    name = str(row.get("name") or "")
    delivery, issue = _line_delivery(row, parents, now)
    if delivery is Delivery.ACTIVE:
        delivery, issue = _reviewed([_review(ad) for ad in ads])
    return NetworkObject(
        kind=ObjectKind.AD_GROUP,
        id=str(row["id"]),
        key=key_of(name),
        name=name,
        parent_id=str(row["campaign_id"]),
        switched_on=_on(row),
        delivery=delivery,
        daily_budget=_budget(row),
        end_time=instant(row.get("end_time")),
        bid=_money(row, "bid_amount_local_micro"),
        issue=issue,
        automatic=_automatic(row),
        as_of=now,
    )


def _line_delivery(
    row: JsonObject | None, parents: dict[str, JsonObject], now: datetime
) -> tuple[Delivery, str | None]:
    """Whether a line item could deliver, its ads aside."""
    if row is None:
        return Delivery.UNKNOWN, "the ad group cannot be read"
    if row.get("deleted"):
        return Delivery.REMOVED, None
    if not _on(row):
        return Delivery.PAUSED, None
    ends = instant(row.get("end_time"))
    if ends is not None and ends <= now:
        return Delivery.ENDED, None
    campaign = parents.get(str(row["campaign_id"]))
    if campaign is None or campaign.get("deleted"):
        return Delivery.PAUSED, "its campaign is removed"
    if not _on(campaign):
        return Delivery.PAUSED, "its campaign is paused"
    return Delivery.ACTIVE, None


def _review(ad: JsonObject) -> Delivery:
    status = str(ad.get("approval_status") or "")
    if status == "ACCEPTED":
        return Delivery.ACTIVE
    return Delivery.REJECTED if status == "REJECTED" else _REVIEW.get(status, Delivery.UNKNOWN)


def _reviewed(states: list[Delivery]) -> tuple[Delivery, str | None]:
    """One accepted ad is enough to deliver."""
    for state, issue in (
        (Delivery.ACTIVE, None),
        (Delivery.IN_REVIEW, None),
        (Delivery.REJECTED, "all its ads were rejected"),
    ):
        if state in states:
            return state, issue
    return Delivery.UNKNOWN, "it has no ads"


def _ad(
    row: JsonObject,
    lines: dict[str, JsonObject],
    parents: dict[str, JsonObject],
    names: dict[str, str],
    now: datetime,
) -> NetworkObject:
    gone = bool(row.get("deleted"))
    review = _review(row)
    issue: str | None = None
    if gone:
        delivery = Delivery.REMOVED
    elif review is Delivery.ACTIVE:
        delivery, issue = _line_delivery(lines.get(str(row["line_item_id"])), parents, now)
    else:
        delivery = review
        issue = "X rejected the post" if review is Delivery.REJECTED else None
    name = names.get(str(row["tweet_id"]), "")
    return NetworkObject(
        kind=ObjectKind.AD,
        id=str(row["id"]),
        key=ad_key_of(name),
        name=name,
        parent_id=str(row["line_item_id"]),
        switched_on=_on(row),
        delivery=delivery,
        issue=issue,
        as_of=now,
    )


def _automatic(row: JsonObject) -> tuple[str, ...]:
    """What X widens by itself: off in every line item we make."""
    wide = row.get("audience_expansion")
    return (f"audience expansion {str(wide).lower()}",) if wide else ()


def _budget(row: JsonObject) -> Money | None:
    return _money(row, "daily_budget_amount_local_micro")


def _money(row: JsonObject, field: str) -> Money | None:
    micros = row.get(field)
    if micros is None:
        return None
    return Money(micros=int(micros), currency=str(row.get("currency") or "USD"))
