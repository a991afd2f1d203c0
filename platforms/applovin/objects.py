"""Campaigns, ad groups, creatives and ads as AppLovin shows them, read into the trade's terms.

AppLovin computes no delivery: it is put together here from switches, dates and reviews.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.applovin.ads import Sets, ad_id
from platforms.applovin.campaigns import is_removed, read_stamp, stamp
from platforms.applovin.errors import JsonObject
from platforms.applovin.library import creative_id
from platforms.applovin.names import file_key, read_campaign_name
from platforms.applovin.terms import CURRENCY, money
from platforms.applovin.wire import part, parts
from platforms.naming import key_of

_REVIEW = {
    "ACTIVE": Delivery.ACTIVE,
    "APPROVED": Delivery.ACTIVE,
    "IN_REVIEW": Delivery.IN_REVIEW,
    "PENDING": Delivery.IN_REVIEW,
    "REJECTED": Delivery.REJECTED,
}
"""Review of an asset. Seen elsewhere are ACTIVE, IN_REVIEW and REJECTED; AppLovin lists no words
(unsure), and any other is shown as unknown."""
_WORST_FIRST = (Delivery.REJECTED, Delivery.IN_REVIEW, Delivery.UNKNOWN)
_BEST_FIRST = (Delivery.ACTIVE, Delivery.IN_REVIEW, Delivery.UNKNOWN, Delivery.REJECTED)

State = tuple[Delivery, str | None]


def campaign_view(row: JsonObject, sets: list[JsonObject], now: datetime) -> NetworkObject:
    """A campaign, with its creative sets (which only matter while it is live)."""
    name = read_campaign_name(str(row.get("name") or ""))
    delivery, issue = _campaign_state(row, sets, now)
    return NetworkObject(
        kind=ObjectKind.CAMPAIGN,
        id=str(row["id"]),
        key=name.key,
        name=str(row.get("name") or ""),
        switched_on=is_on(row),
        delivery=delivery,
        daily_budget=_budget(row),
        issue=issue,
        automatic=_automatic(row),
        as_of=now,
    )


def group_view(row: JsonObject, sets: list[JsonObject], now: datetime) -> NetworkObject | None:
    """The ad group of a campaign; None while none was ordered in a campaign of ours."""
    name = read_campaign_name(str(row.get("name") or ""))
    if name.key and not name.group_key:
        return None
    delivery, issue = _campaign_state(row, sets, now)
    return NetworkObject(
        kind=ObjectKind.AD_GROUP,
        id=str(row["id"]),
        key=name.group_key,
        name=name.name,
        parent_id=str(row["id"]),
        switched_on=is_on(row),
        delivery=delivery,
        daily_budget=_budget(row),
        end_time=read_stamp(row.get("end_date")),
        bid=_bid(row),
        issue=issue,
        automatic=_automatic(row),
        as_of=now,
    )


def ad_view(
    row: JsonObject,
    campaign: JsonObject,
    reasons: Mapping[str, str],
    now: datetime,
) -> NetworkObject:
    """A creative set in a campaign; ``reasons`` say by asset why it was rejected."""
    name = str(row.get("name") or "")
    delivery, issue = _set_state(row, reasons)
    if delivery is Delivery.ACTIVE:
        delivery, issue = _running(campaign, now)
    return NetworkObject(
        kind=ObjectKind.AD,
        id=ad_id(str(campaign["id"]), str(row["id"])),
        key=key_of(name),
        name=name,
        parent_id=str(campaign["id"]),
        switched_on=row.get("status") == "LIVE",
        delivery=delivery,
        issue=issue,
        as_of=now,
    )


def gone_ad(ad: str, now: datetime) -> NetworkObject:
    """An ad whose creative set was taken out of its campaign."""
    return NetworkObject(
        kind=ObjectKind.AD,
        id=ad,
        parent_id=ad.split(":")[0],
        switched_on=False,
        delivery=Delivery.REMOVED,
        as_of=now,
    )


def creative_view(video: JsonObject, image: JsonObject, now: datetime) -> NetworkObject:
    """A video and its end card; it can be shown when both can."""
    name = str(video.get("name") or "")
    delivery, issue = _worst(
        (_review(one), _violations(one) if _review(one) is Delivery.REJECTED else None)
        for one in (video, image)
    )
    return NetworkObject(
        kind=ObjectKind.CREATIVE,
        id=creative_id(video, image),
        key=file_key(name),
        name=name,
        switched_on=True,
        delivery=delivery,
        issue=issue,
        as_of=now,
    )


def rejected_assets(sets: Sets) -> list[str]:
    """Assets of these sets that were rejected."""
    return [
        str(asset.get("id"))
        for rows in sets.values()
        for row in rows
        for asset in parts(row, "assets")
        if _review(asset) is Delivery.REJECTED
    ]


def rejections(assets: Mapping[str, JsonObject]) -> dict[str, str]:
    """Why assets were rejected, by id, as far as AppLovin says."""
    return {one: _violations(row) for one, row in assets.items()}


def is_on(row: JsonObject) -> bool:
    """Whether a campaign is set live; then it does not count as deleted, whatever its name."""
    return row.get("status") == "LIVE"


def _campaign_state(row: JsonObject, sets: list[JsonObject], now: datetime) -> State:
    state = _running(row, now)
    if state[0] is not Delivery.ACTIVE:
        return state
    live = {_set_state(one, {})[0] for one in sets if one.get("status") == "LIVE"}
    if not live:
        return Delivery.PAUSED, "none of its ads is switched on"
    best = next(one for one in _BEST_FIRST if one in live)
    return best, "all its ads were rejected" if best is Delivery.REJECTED else None


def _running(campaign: JsonObject, now: datetime) -> State:
    """Whether a campaign could deliver, its ads aside."""
    if is_removed(campaign):
        return Delivery.REMOVED, None
    if not is_on(campaign):
        return Delivery.PAUSED, None
    end = read_stamp(campaign.get("end_date"))
    if end is not None and end <= now and not campaign.get("is_continuous_delivery"):
        return Delivery.ENDED, None
    start = read_stamp(campaign.get("start_date"))
    if start is not None and now < start:
        return Delivery.PAUSED, f"it starts at {stamp(start)} UTC"
    return Delivery.ACTIVE, None


def _set_state(row: JsonObject, reasons: Mapping[str, str]) -> State:
    """Review first: what was rejected stays so, switched on or off."""
    delivery, issue = _worst(
        (_review(asset), reasons.get(str(asset.get("id")))) for asset in parts(row, "assets")
    )
    if delivery is Delivery.REJECTED:
        return delivery, issue or "AppLovin rejected one of its files and gives no reason"
    return (delivery, issue) if row.get("status") == "LIVE" else (Delivery.PAUSED, None)


def _worst(states: Iterable[State]) -> State:
    found = dict(states)
    for one in _WORST_FIRST:
        if one in found:
            return one, found[one]
    return Delivery.ACTIVE, None


def _review(asset: JsonObject) -> Delivery:
    return _REVIEW.get(str(asset.get("status") or "").upper(), Delivery.UNKNOWN)


def _violations(asset: JsonObject) -> str:
    listed = asset.get("violation_reasons")
    reasons = [str(one) for one in cast(list[object], listed)] if isinstance(listed, list) else []
    why = ", ".join(reasons) or "no reason given"
    return f"AppLovin rejected {asset.get('name') or 'a file'}: {why}"


def _automatic(row: JsonObject) -> tuple[str, ...]:
    """What AppLovin makes by itself out of what it was given."""
    return ("composite banners",) if row.get("is_composite_banner_enabled") else ()


def _budget(row: JsonObject) -> Money | None:
    """One daily budget for all countries, or what those of single countries come to."""
    budget = part(row, "budget")
    if (whole := money(budget.get("daily_budget_for_all_countries"))) is not None:
        return whole
    each = [money(one) for one in part(budget, "country_code_to_daily_budget").values()]
    amounts = [one.micros for one in each if one is not None]
    return Money(micros=sum(amounts), currency=CURRENCY) if amounts else None


def _bid(row: JsonObject) -> Money | None:
    goal = part(row, "goal")
    return (
        money(goal.get("goal_value_for_all_countries")) if goal.get("goal_type") == "CPI" else None
    )
