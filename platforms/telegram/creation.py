"""Making an ad, the only thing Telegram has: paused, under its key, once."""

from datetime import datetime
from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder, AdOrder, CreativeOrder
from platforms.errors import Ambiguous
from platforms.telegram import terms
from platforms.telegram.budgets import room_for_one, set_limits
from platforms.telegram.creative import check_purpose, shown_fields, upload_photo
from platforms.telegram.errors import MISMATCH, refused
from platforms.telegram.money import checked, number, step
from platforms.telegram.objects import Ad, read_ad, read_ads
from platforms.telegram.targeting import Catalogue, schedule, target
from platforms.telegram.titles import Label, read_title, whole_minute
from platforms.telegram.wire import JsonObject, Wire

_DEPOSIT_SHARE = 10
"""An ad without money is not reviewed, so it is made with a tenth of its daily limit (one step at
least); the rest is moved when it is switched on."""
_MOST_DELETED = 5
_TRANSACTIONS = 100


async def group_fields(
    order: AdGroupOrder, account: AdAccount, catalogue: Catalogue, minimum: Money | None
) -> JsonObject:
    """What an ad group gives each of its ads: target, placement, price and hours.

    Raises:
        Refused: a value that Telegram does not take, named.
    """
    terms.purpose(order.objective, account)
    checked(order.daily_budget, account, minimum)
    whole = await target(order.targeting, order.special_category, catalogue)
    return {
        "target": whole,
        "placement": terms.PLACEMENTS[str(whole["type"])],
        "cpm": number(terms.bid_micros(order.bid, account)),
        **schedule(order, account),
        **terms.frequency(account),
    }


async def make_ad(
    wire: Wire,
    order: AdOrder,
    account: AdAccount,
    catalogue: Catalogue,
    minimum: Money | None,
    now: datetime,
) -> Ad:
    """Make the ad of an order, on hold, beside its group's others within one daily budget.

    Raises:
        Refused: a value that Telegram does not take, named; no ad was made.
        Ambiguous: the answer was lost, or the key was used for something that is not there.
    """
    group, creative = _ordered(order)
    fields = await group_fields(group, account, catalogue, minimum)
    fields |= shown_fields(creative, account)
    check_purpose(terms.purpose(group.objective, account), group.objective.value, creative.link)
    label = Label(
        ad=order.key,
        group=order.ad_group_id,
        campaign=group.campaign_id,
        creative=order.creative_id,
        lease=whole_minute(group.end_time),
        name=order.name,
    )
    fields["title"] = label.title()
    fields["photo_id"] = await upload_photo(wire, creative)
    siblings = [ad for ad in read_ads(await wire.ads()) if ad.group == order.ad_group_id]
    budget = checked(group.daily_budget, account, minimum)
    limits = room_for_one(siblings, budget, now, account)
    await set_limits(wire, siblings, limits)
    unit = step(account)
    deposit = max(limits[""] // _DEPOSIT_SHARE // unit, 1) * unit
    fields |= {
        "daily_budget_limit": number(limits[""]),
        "initial_budget": number(deposit),
        # No date is given with it: either date would let the ad run.
        "is_paused": True,
    }
    made = await _create_once(wire, order.key, fields)
    if not made.paused:
        body = {"ad_id": int(made.id), "is_paused": True}
        made = read_ad(cast(JsonObject, (await wire.write("editAd", body)).result))
    return made


def _ordered(order: AdOrder) -> tuple[AdGroupOrder, CreativeOrder]:
    if order.ad_group is None or order.creative is None:
        raise refused(
            "an ad on Telegram carries its ad group and its creative; give what was ordered there",
            field="ad_group" if order.ad_group is None else "creative",
        )
    return order.ad_group, order.creative


async def _create_once(wire: Wire, key: str, fields: JsonObject) -> Ad:
    """Create under the idempotency key.

    For a day Telegram answers a repeat with the first ad, also after that one was deleted; then
    (a launch that was undone and is tried again) another key is used, one for each deleted ad.
    """
    gone: list[str] = []
    for _ in range(_MOST_DELETED):
        attempt = ".".join([key, *gone[-1:]])
        try:
            answer = await wire.write("createAd", fields, key=attempt)
        except Ambiguous as error:
            if error.code != MISMATCH:
                raise
            mine = _carrying(read_ads(await wire.ads()), key)
            if mine:
                return mine[0]
            gone = await _deleted(wire, key, gone)
            if not gone or attempt.endswith(f".{gone[-1]}"):
                raise
            continue
        made = read_ad(cast(JsonObject, answer.result))
        if not answer.replayed:
            return made
        rows = await wire.ads_by_id([made.id])
        if rows:
            return read_ad(rows[0])
        gone = [*gone, made.id]
    raise refused(f"key {key} was used for {len(gone)} ads that were deleted; try again tomorrow")


def _carrying(ads: list[Ad], key: str) -> list[Ad]:
    return [ad for ad in ads if ad.label is not None and ad.label.ad == key]


async def _deleted(wire: Wire, key: str, known: list[str]) -> list[str]:
    """Ids of deleted ads that carried a key, from the money that was moved into them."""
    found: set[str] = set(known)
    offset: object = None
    while True:
        params: JsonObject = {"limit": _TRANSACTIONS} | ({"offset": offset} if offset else {})
        page = cast(JsonObject, await wire.read("getAccountTransactionsList", params))
        for row in cast(list[JsonObject], page.get("transactions") or []):
            peer = cast(JsonObject, row.get("peer") or {})
            label = read_title(str(peer.get("ad_title") or ""))
            if peer.get("ad_is_deleted") and label is not None and label.ad == key:
                found.add(str(peer["ad_id"]))
        following = page.get("next_offset")
        if not following or following == offset:
            return sorted(found, key=int)
        offset = following
