"""Objects as Unity shows them, read into ``NetworkObject`` with the delivery they amount to.

Unity computes ``status`` of campaigns (live, learning, paused) and of uploads (their moderation);
the rest follows from switch, schedule, budget and the packs that are assigned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.naming import key_of
from platforms.unity.amounts import CURRENCY, end_of, money
from platforms.unity.creatives import assigned_to
from platforms.unity.errors import JsonObject, ids_in, rows_in
from platforms.unity.names import ad_id, campaign_keys, marks

STALLED = (
    "Unity shows it as paused although it is switched on; the organisation's budget may be used "
    "up: see the Unity dashboard"
)
_RUNNING = frozenset({"live", "learning"})
_REJECTED = {
    "rejected": "Unity's moderation rejected its {what}; see the creative in the Unity dashboard",
    "processingFailed": "Unity could not process its {what}; make it anew",
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The packs and uploads of the apps in question, and what moderation says of each pack."""

    packs: Sequence[JsonObject] = ()
    uploads: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])

    def review(self, pack: JsonObject) -> tuple[Delivery, str | None]:
        """A pack is shown once every one of its creatives was approved."""
        states = [self.uploads.get(one, {}) for one in ids_in(pack, "creativeIds")]
        for state in states:
            if (words := _REJECTED.get(str(state.get("status")))) is not None:
                what = str(state.get("type") or "creative")
                return Delivery.REJECTED, words.format(what=what)
        approved = bool(states) and all(state.get("status") == "approved" for state in states)
        return (Delivery.ACTIVE if approved else Delivery.IN_REVIEW), None

    def of_campaign(self, campaign_id: str) -> list[JsonObject]:
        """Packs assigned to a campaign."""
        return [pack for pack in self.packs if campaign_id in assigned_to(pack)]


def campaign_view(row: JsonObject, shelf: Shelf, now: datetime) -> NetworkObject:
    """A campaign."""
    return _view(ObjectKind.CAMPAIGN, row, shelf, now)


def group_view(row: JsonObject, shelf: Shelf, now: datetime) -> NetworkObject:
    """The ad group that is a part of a campaign: its money and its schedule."""
    return _view(ObjectKind.AD_GROUP, row, shelf, now)


def _view(kind: ObjectKind, row: JsonObject, shelf: Shelf, now: datetime) -> NetworkObject:
    name = str(row.get("name") or "")
    delivery, issue = campaign_delivery(row, shelf, now)
    whole = kind is ObjectKind.CAMPAIGN
    return NetworkObject(
        kind=kind,
        id=str(row["id"]),
        key=campaign_keys(name)[0 if whole else 1],
        name=name,
        parent_id=None if whole else str(row["id"]),
        switched_on=row.get("enabled") is True,
        delivery=delivery,
        daily_budget=daily_budget(row.get("budget")),
        end_time=None if whole else end_of(row.get("scheduleEnd")),
        bid=None if whole else _highest_bid(row),
        issue=issue,
        automatic=("bids lowered automatically",)
        if row.get("biddingStrategy") == "automated"
        else (),
        as_of=now,
    )


def campaign_delivery(row: JsonObject, shelf: Shelf, now: datetime) -> tuple[Delivery, str | None]:
    """Whether a campaign runs, and why not."""
    if row.get("enabled") is not True:
        return Delivery.PAUSED, None
    ended = _over(row, now)
    if ended is not None:
        return Delivery.ENDED, ended
    starts = row.get("scheduleStart")
    if starts and datetime.combine(date.fromisoformat(str(starts)[:10]), time(), UTC) > now:
        return Delivery.PAUSED, f"it begins on {starts}"
    reviews = [shelf.review(pack) for pack in shelf.of_campaign(str(row["id"]))]
    states = {state for state, _ in reviews}
    if Delivery.ACTIVE not in states:
        if Delivery.IN_REVIEW in states:
            return Delivery.IN_REVIEW, None
        if reviews:
            return Delivery.REJECTED, reviews[0][1]
        return Delivery.PAUSED, "it has no ads that are on"
    if row.get("status") in _RUNNING:
        return Delivery.ACTIVE, None
    if "cpiBids" in row and not row["cpiBids"]:
        return Delivery.PAUSED, "it bids for no country"
    return Delivery.UNKNOWN, STALLED


def _over(row: JsonObject, now: datetime) -> str | None:
    end = end_of(row.get("scheduleEnd"))
    if end is not None and end <= now:
        return "its schedule has ended"
    budget: JsonObject = row.get("budget") or {}
    total, spent = money(budget.get("total")), money(budget.get("spent"))
    if total is not None and spent is not None and 0 < total.micros <= spent.micros:
        return "its total budget is used up"
    return None


def creative_view(pack: JsonObject, shelf: Shelf, now: datetime) -> NetworkObject:
    """A creative pack."""
    name = str(pack.get("name") or "")
    delivery, issue = shelf.review(pack)
    return NetworkObject(
        kind=ObjectKind.CREATIVE,
        id=str(pack["id"]),
        key=key_of(name),
        name=name,
        switched_on=True,
        delivery=delivery,
        issue=issue,
        as_of=now,
    )


def ad_pairs(pack: JsonObject) -> list[tuple[str, str, bool]]:
    """The ads that show a pack: campaign, key (ours, or empty) and whether each is on."""
    keys, on = marks(str(pack.get("name") or "")), assigned_to(pack)
    return [(one, keys.get(one, ""), one in on) for one in dict.fromkeys([*keys, *on])]


def ad_view(
    pack: JsonObject,
    campaign_id: str,
    campaign: JsonObject | None,
    shelf: Shelf,
    now: datetime,
) -> NetworkObject:
    """An ad. ``campaign`` is None when it is gone."""
    key, on = next(((k, o) for one, k, o in ad_pairs(pack) if one == campaign_id), ("", False))
    delivery, issue = shelf.review(pack)
    if campaign is None:
        delivery, issue = Delivery.REMOVED, None
    elif delivery is Delivery.ACTIVE:
        delivery, issue = campaign_delivery(campaign, shelf, now) if on else (Delivery.PAUSED, None)
        if on and campaign.get("enabled") is not True:
            issue = "its campaign is paused"
    elif not on and delivery is Delivery.IN_REVIEW:
        delivery = Delivery.PAUSED
    return NetworkObject(
        kind=ObjectKind.AD,
        id=ad_id(campaign_id, str(pack["id"])),
        key=key,
        name=str(pack.get("name") or ""),
        parent_id=campaign_id,
        switched_on=on and campaign is not None,
        delivery=delivery,
        issue=issue,
        as_of=now,
    )


def daily_budget(budget: JsonObject | None) -> Money | None:
    """What may be spent a day, in whichever of Unity's three forms it is set."""
    shown = budget or {}
    if shown.get("daily") not in (None, ""):
        return money(shown["daily"])
    per_country: Mapping[str, object] = shown.get("dailyPerCountry") or {}
    groups = rows_in(shown, "dailyPerCountryGroup")
    parts = [money(one) for one in [*per_country.values(), *(g.get("limit") for g in groups)]]
    if not parts:
        return None
    return Money(micros=sum(part.micros for part in parts if part), currency=CURRENCY)


def _highest_bid(row: JsonObject) -> Money | None:
    bids = [money(one.get("bid")) for one in rows_in(row, "cpiBids")]
    return max((bid for bid in bids if bid), key=lambda bid: bid.micros, default=None)
