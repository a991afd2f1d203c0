"""Objects as Snapchat shows them, read into ``NetworkObject``.

Whether something can deliver is in ``delivery_status``, a list of reasons of which ``VALID`` is
the good one; the list is not published whole, so an unknown reason is no delivery.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.naming import key_of
from platforms.snapchat.errors import JsonObject
from platforms.snapchat.names import instant, is_let_go
from platforms.snapchat.terms import WITH_AMOUNT

_GOOD = frozenset({"VALID", "LEARNING_PHASE"})
_FULL = "INVALID_OVER_BUDGET_"
"""Beginning of the reasons that say a budget is used up: on again by itself, or at its end."""
_ENDED = frozenset({"INVALID_END_TIME", "INVALID_EFFECTIVE_END_TIME"})
_BY_PARENT = frozenset({"INVALID_NOT_EFFECTIVE_ACTIVE", "INVALID_EFFECTIVE_DELETED"})
_WAITING = frozenset({"PENDING", "INVALID_PENDING_TARGETING_REACH_STATUS"})
_CHILDLESS = ("_NO_ACTIVE_AD", "NO_VALID_AD_SQUAD")
"""In the reasons that lie below an object: no ad (squad) that may be shown."""
_REVIEW = {"PENDING": Delivery.IN_REVIEW, "REJECTED": Delivery.REJECTED}
_HOPE = (
    Delivery.ACTIVE,
    Delivery.IN_REVIEW,
    Delivery.REJECTED,
    Delivery.PAUSED,
    Delivery.ENDED,
)


def is_on(row: JsonObject) -> bool:
    """The object's own switch."""
    return row.get("status") == "ACTIVE" and not row.get("deleted")


def is_childless(row: JsonObject) -> bool:
    """Whether an object that is on waits for something below it."""
    return is_on(row) and any(part in reason for reason in _reasons(row) for part in _CHILDLESS)


def campaign_view(
    row: JsonObject, below: Sequence[NetworkObject], currency: str, now: datetime
) -> NetworkObject:
    """A campaign; ``below`` are its ad squads where it waits for them."""
    delivery, issue = _delivery(row, below)
    return NetworkObject(
        **_named(ObjectKind.CAMPAIGN, row),
        switched_on=is_on(row),
        delivery=delivery,
        daily_budget=_money(row, "daily_budget_micro", currency),
        end_time=instant(row.get("end_time")),
        issue=issue,
        as_of=now,
    )


def ad_squad_view(
    row: JsonObject, below: Sequence[NetworkObject], currency: str, now: datetime
) -> NetworkObject:
    """An ad squad; ``below`` are its ads where it waits for them."""
    delivery, issue = _delivery(row, below)
    priced = row.get("bid_strategy") in WITH_AMOUNT
    return NetworkObject(
        **_named(ObjectKind.AD_GROUP, row),
        parent_id=str(row["campaign_id"]),
        switched_on=is_on(row),
        delivery=delivery,
        daily_budget=_money(row, "daily_budget_micro", currency),
        end_time=instant(row.get("end_time")),
        bid=_money(row, "bid_micro", currency) if priced else None,
        issue=issue,
        automatic=_automatic(row),
        as_of=now,
    )


def ad_view(row: JsonObject, now: datetime) -> NetworkObject:
    """An ad. A rejection is told even while it is off; a review only while it waits for it."""
    delivery, issue = _delivery(row, ())
    review = _REVIEW.get(str(row.get("review_status") or ""))
    if not row.get("deleted") and review is not None:
        if review is Delivery.REJECTED:
            reasons = ", ".join(_words(row.get("review_status_reasons")))
            delivery, issue = review, f"Snapchat rejected the ad: {reasons or 'no reason given'}"
        elif is_on(row):
            delivery, issue = review, None
    return NetworkObject(
        **_named(ObjectKind.AD, row),
        parent_id=str(row["ad_squad_id"]),
        switched_on=is_on(row),
        delivery=delivery,
        issue=issue,
        as_of=now,
    )


def creative_view(row: JsonObject, now: datetime) -> NetworkObject:
    """A creative. It has no switch; it is reviewed with the ads that show it."""
    gone = bool(row.get("deleted")) or is_let_go(str(row.get("name") or ""))
    rejected = row.get("review_status") == "REJECTED"
    delivery = Delivery.REJECTED if rejected else Delivery.ACTIVE
    return NetworkObject(
        **_named(ObjectKind.CREATIVE, row),
        switched_on=not gone,
        delivery=Delivery.REMOVED if gone else delivery,
        issue=", ".join(_words(row.get("review_status_reasons"))) or None,
        as_of=now,
    )


def _named(kind: ObjectKind, row: JsonObject) -> JsonObject:
    name = str(row.get("name") or "")
    return {"kind": kind, "id": str(row["id"]), "key": key_of(name), "name": name}


def _delivery(row: JsonObject, below: Sequence[NetworkObject]) -> tuple[Delivery, str | None]:
    if row.get("deleted"):
        return Delivery.REMOVED, None
    if not is_on(row):
        return Delivery.PAUSED, None
    reasons = _reasons(row)
    said = ", ".join(reason for reason in reasons if reason not in _GOOD) or None
    if _ENDED & reasons:
        return Delivery.ENDED, None
    if _BY_PARENT & reasons:
        return Delivery.PAUSED, "what it hangs below is paused or deleted"
    if is_childless(row):
        states = {one.delivery for one in below}
        first = next((one for one in _HOPE if one in states), Delivery.UNKNOWN)
        issue = next((one.issue for one in below if one.delivery is first and one.issue), said)
        return first, issue
    blocking = {r for r in reasons if r not in _GOOD and not r.startswith(_FULL)}
    if reasons and not blocking:
        return Delivery.ACTIVE, said
    if blocking <= _WAITING and blocking:
        return Delivery.IN_REVIEW, said
    return Delivery.UNKNOWN, said


def _reasons(row: JsonObject) -> frozenset[str]:
    return frozenset(_words(row.get("delivery_status")))


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(one) for one in cast(list[object], value)] if isinstance(value, list) else []


def _automatic(row: JsonObject) -> tuple[str, ...]:
    """What Snapchat widens by itself: off in every ad squad we make."""
    targeting = cast(JsonObject, row.get("targeting") or {})
    options = cast(Mapping[str, JsonObject], targeting.get("auto_expansion_options") or {})
    wide = [
        name.removesuffix("_option").replace("_", " ")
        for name, option in options.items()
        if isinstance(cast(object, option), dict) and option.get("enabled")
    ]
    if targeting.get("enable_targeting_expansion") and not wide:
        wide = ["targeting expansion"]
    return tuple(f"{name} on" for name in wide)


def _money(row: JsonObject, field: str, currency: str) -> Money | None:
    micros = row.get(field)
    return None if micros is None else Money(micros=int(micros), currency=currency)
