"""An ad on AppLovin: a creative set attached to a campaign.

A set may hang below several campaigns, so an ad's id is that of its campaign and of its set. Its
switch is the set's.
"""

import re
from collections.abc import Iterable
from typing import cast

from models.contract.network import AdOrder
from platforms.applovin.campaigns import is_removed
from platforms.applovin.errors import JsonObject, refused, unclear
from platforms.applovin.library import IMAGE, VIDEO, asset_ids, assets_by_ids
from platforms.applovin.names import ad_name
from platforms.applovin.wire import PAGE, Wire, batches, made_id, number_order, parts
from platforms.errors import NetworkError

_ID = re.compile(r"(\d+):(\d+)")
_TYPES = {VIDEO: "VID_LONG_P", IMAGE: "IMG_INTER_P"}
"""What an asset is in a set, where the library does not say it itself."""

Sets = dict[str, list[JsonObject]]
"""Creative sets by the campaign they hang below."""


def ad_id(campaign_id: str, set_id: str) -> str:
    """The id of an ad."""
    return f"{campaign_id}:{set_id}"


def ad_parts(ad: str) -> tuple[str, str] | None:
    """Campaign and creative set of an ad, or None when the id is none of ours."""
    found = _ID.fullmatch(ad)
    return (found[1], found[2]) if found else None


async def create_ad(wire: Wire, order: AdOrder, campaign: JsonObject) -> JsonObject:
    """Make a creative set, pause it, and only then attach it to its campaign; its row, read back.

    AppLovin may ignore the status of a new set as it does that of a new campaign (unsure). A set
    that hangs nowhere delivers nothing, and should we die in between, the next attempt under the
    same key uses it. So the campaign may even be live.

    Raises:
        Refused: the campaign is removed, or the creative is not there.
        Ambiguous: an answer was lost, or the set is not shown as paused yet.
    """
    if is_removed(campaign):
        raise refused(f"campaign {order.ad_group_id} is removed", field="ad_group_id")
    body = await _new_set(wire, order, campaign)
    set_id = await _begun(wire, order.ad_group_id, str(body["name"]))
    if set_id is None:
        set_id = made_id(await wire.post("/creative_set/create", body), "creative set")
    try:
        await set_status(wire, set_id, on=False)
        # These endpoints want integers, unlike all others.
        attached: JsonObject = {
            "campaign_ids": [int(order.ad_group_id)],
            "creative_set_ids": [int(set_id)],
        }
        await _require_paused(wire, set_id)
        await wire.post("/creative_set/add-to-campaigns", attached)
        row = await _one(wire, order.ad_group_id, set_id)
    except NetworkError as error:
        raise unclear(f"creative set {set_id} is there, but not whole ({error.message})") from None
    if row is None or row.get("status") != "PAUSED":
        raise unclear(f"creative set {set_id} is not shown as paused in its campaign")
    return row


async def _new_set(wire: Wire, order: AdOrder, campaign: JsonObject) -> JsonObject:
    pair = asset_ids(order.creative_id)
    known = await assets_by_ids(wire, list(pair)) if pair else {}
    if pair is None or len(known) < len(pair):
        raise refused(
            f"AppLovin knows no creative {order.creative_id}; create it first", field="creative_id"
        )
    return {
        "type": "APP",
        "name": ad_name(order.key, order.name),
        "status": "PAUSED",
        "assets": [
            {"id": one, "type": str(known[one].get("asset_type") or _TYPES[kind])}
            for one, kind in zip(pair, (VIDEO, IMAGE), strict=True)
        ],
        "countries": [str(one.get("country_code")) for one in parts(campaign, "targeting")],
    }


async def _begun(wire: Wire, campaign_id: str, name: str) -> str | None:
    """The creative set that an interrupted attempt left, attached already or not yet."""
    attached = (await sets_of(wire, [campaign_id])).get(campaign_id, [])
    rows = [row for row in attached if row.get("name") == name] or [
        row for row in await wire.pages("/creative_set/list") if row.get("name") == name
    ]
    return min((str(row["id"]) for row in rows), key=number_order, default=None)


async def _require_paused(wire: Wire, set_id: str) -> None:
    rows = await wire.by_ids("/creative_set/list", [set_id])
    if not any(str(row.get("id")) == set_id and row.get("status") == "PAUSED" for row in rows):
        raise unclear("it is not shown as paused")


async def set_status(wire: Wire, set_id: str, *, on: bool) -> None:
    """Set a creative set live, or pause it."""
    status = "LIVE" if on else "PAUSED"
    await wire.post("/creative_set/update", {"id": set_id, "type": "APP", "status": status})


async def sets_of(wire: Wire, campaign_ids: Iterable[str]) -> Sets:
    """The creative sets of campaigns, with their assets, lowest id first."""
    found: dict[str, dict[str, JsonObject]] = {}
    for some in batches(campaign_ids):
        page = 1
        while True:
            params = {"ids": ",".join(some), "page": page, "size": PAGE}
            answer = await wire.object("/creative_set/list_by_campaign_id", params)
            shown = cast(dict[str, object], answer.get("campaigns") or {})
            rows = {one: parts(shown, one) for one in shown}
            if not any(rows.values()):
                break
            for campaign_id, sets in rows.items():
                mine = found.setdefault(campaign_id, {})
                mine |= {str(row.get("id")): row for row in sets}
            page += 1
    return {one: list(sets.values()) for one, sets in found.items()}


async def detach(wire: Wire, ad: str) -> None:
    """Take a creative set out of its campaign; what is out already is no error."""
    found = ad_parts(ad)
    if found is None or await _one(wire, *found) is None:
        return
    campaign_id, set_id = found
    body: JsonObject = {"campaign_ids": [int(campaign_id)], "creative_set_id": int(set_id)}
    await wire.post("/creative_set/remove-from-campaigns", body)


async def detached(wire: Wire, ads: Iterable[str]) -> list[str]:
    """Of ads that are in their campaign no more, those whose creative set is still there."""
    wanted = {ad: found for ad in ads if (found := ad_parts(ad)) is not None}
    if not wanted:
        return []
    rows = await wire.by_ids("/creative_set/list", [set_id for _, set_id in wanted.values()])
    there = {str(row.get("id")) for row in rows}
    return [ad for ad, (_, set_id) in wanted.items() if set_id in there]


async def _one(wire: Wire, campaign_id: str, set_id: str) -> JsonObject | None:
    for row in (await sets_of(wire, [campaign_id])).get(campaign_id, []):
        if str(row.get("id")) == set_id:
            return row
    return None
