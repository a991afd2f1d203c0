"""AppLovin's creative sets: files together, attached to campaigns."""

from collections import Counter
from typing import Any, cast

from sandbox.applovin.assets import shown_asset
from sandbox.applovin.campaigns import known as known_campaign
from sandbox.applovin.request import Call, bad, public, read_id
from sandbox.applovin.standing import must_pay
from sandbox.applovin.store import NETWORK, JsonObject, hashed, stamp

_STATUSES = ("LIVE", "PAUSED")
_VIDEOS = ("VID_LONG_P", "VID_SHORT_P")
_MOST_ASSETS, _MOST_OF_A_TYPE = 50, 10
_MOST_CAMPAIGNS, _MOST_SETS = 20, 50
_FIELDS = ("type", "name", "status", "assets", "languages", "countries", "product_page")


def listed(call: Call) -> Any:
    """One page of the account's sets."""
    return [_shown(call, row) for row in call.page(call.store.every("creative_set"))]


def listed_by_campaign(call: Call) -> JsonObject:
    """The sets of campaigns: a page holds so many sets of each."""
    wanted = call.ids("ids")
    if not wanted:
        raise bad("ids is required")
    page, size = call.paging()
    sets = call.store.every("creative_set")
    campaigns: JsonObject = {}
    for campaign_id in wanted:
        if call.store.get("campaign", campaign_id) is not None:
            mine = [row for row in sets if campaign_id in row["_campaigns"]]
            some = mine[(page - 1) * size : page * size]
            campaigns[campaign_id] = [_shown(call, row) for row in some]
    count = sum(len(rows) for rows in campaigns.values())
    return {
        "campaign_count": len(campaigns),
        "creative_set_count": count,
        "campaigns": campaigns,
    }


def create(call: Call) -> JsonObject:
    """A set. Its status is ignored as a campaign's is: it is LIVE from the beginning (unsure)."""
    call.require_app()
    body = call.body
    call.only("campaign_id", *_FIELDS)
    campaigns: list[str] = []
    if body.get("campaign_id") is not None:
        campaigns = [known_campaign(call, read_id(body["campaign_id"], "campaign_id"))["id"]]
    row: JsonObject = {
        "id": call.store.new_id(),
        "type": "APP",
        "name": call.text("name"),
        "status": "LIVE",
        "languages": body.get("languages") or [],
        "countries": body.get("countries") or [],
        "product_page": body.get("product_page"),
        "version": "V2",
        "created_at": stamp(call.now),
        "_assets": _assets(call, body.get("assets")),
        "_campaigns": campaigns,
    }
    row["hashed_id"] = hashed(row["id"])
    if call.store.world.fault(NETWORK, "disapproved_ad"):
        for asset_id in row["_assets"]:
            asset = call.store.get("asset", asset_id) or {}
            call.store.put("asset", {**asset, "_verdict": "REJECTED"})
    call.store.put("creative_set", row)
    return _answer(row)


def update(call: Call) -> JsonObject:
    """Change the given fields."""
    call.require_app()
    body = call.body
    row = _known(call, call.own_id())
    call.only("id", "campaign_id", *_FIELDS)
    if "name" in body:
        row["name"] = call.text("name")
    for name in ("languages", "countries", "product_page"):
        if name in body:
            row[name] = body[name]
    if "assets" in body:
        row["_assets"] = _assets(call, body["assets"])
    before = row["status"]
    if "status" in body:
        row["status"] = call.choice("status", _STATUSES)
        if row["status"] == "LIVE":
            must_pay(call.account)
    call.store.put("creative_set", row)
    if row["status"] != before:
        call.store.switched("creative_set", row, row["status"])
    return _answer(row)


def clone(call: Call) -> JsonObject:
    """The same files once more, in a campaign."""
    call.only("campaign_id", "creative_set_id", "status")
    row = _known(call, read_id(call.body.get("creative_set_id"), "creative_set_id"))
    campaign = known_campaign(call, read_id(call.body.get("campaign_id"), "campaign_id"))
    status = call.choice("status", _STATUSES)
    new_id = call.store.new_id()
    copy = {**row, "id": new_id, "hashed_id": hashed(new_id), "status": status}
    call.store.put("creative_set", {**copy, "_campaigns": [campaign["id"]]})
    return _answer(copy)


def add_to_campaigns(call: Call) -> JsonObject:
    """Attach sets to campaigns."""
    campaigns = call.numbers("campaign_ids", _MOST_CAMPAIGNS)
    for campaign_id in campaigns:
        known_campaign(call, campaign_id)
    rows = [_known(call, one) for one in call.numbers("creative_set_ids", _MOST_SETS)]
    for row in rows:
        row["_campaigns"] = list(dict.fromkeys([*row["_campaigns"], *campaigns]))
        call.store.put("creative_set", row)
    return {}


def remove_from_campaigns(call: Call) -> JsonObject:
    """Detach one set from campaigns."""
    set_id = call.body.get("creative_set_id")
    if type(set_id) is not int:
        raise bad("creative_set_id must be an integer")
    row = _known(call, str(set_id))
    campaigns = call.numbers("campaign_ids", _MOST_CAMPAIGNS)
    if missing := [one for one in campaigns if one not in row["_campaigns"]]:
        raise bad(f"creative set {set_id} is not in campaign {missing[0]}")
    row["_campaigns"] = [one for one in row["_campaigns"] if one not in campaigns]
    call.store.put("creative_set", row)
    call.store.switched("creative_set", row, "DELETED")
    return {}


def remove_from_all_campaigns(call: Call) -> JsonObject:
    """Detach sets from every campaign."""
    for row in [_known(call, one) for one in call.numbers("creative_set_ids", _MOST_SETS)]:
        call.store.put("creative_set", {**row, "_campaigns": []})
        call.store.switched("creative_set", row, "DELETED")
    return {}


def _known(call: Call, set_id: str) -> JsonObject:
    row = call.store.get("creative_set", set_id)
    if row is None:
        raise bad(f"creative set {set_id} does not exist")
    return row


def _answer(row: JsonObject) -> JsonObject:
    return {"id": row["id"], "version": row["version"]}


def _shown(call: Call, row: JsonObject) -> JsonObject:
    assets = [call.store.get("asset", one) or {} for one in row["_assets"]]
    short = ("id", "name", "status", "url", "type", "resource_type")
    shown = [{**shown_asset(one, call.now), "type": one["asset_type"]} for one in assets]
    return {
        **public(row),
        "campaign_id": row["_campaigns"][0] if row["_campaigns"] else None,
        "assets": [{name: one[name] for name in short} for one in shown],
    }


def _assets(call: Call, value: Any) -> list[str]:
    listed = cast(list[JsonObject], value) if isinstance(value, list) else []
    if not 1 <= len(listed) <= _MOST_ASSETS:
        raise bad(f"assets must be 1 to {_MOST_ASSETS} assets")
    found: list[str] = []
    types: Counter[str] = Counter()
    for one in listed:
        asset_id = read_id(one.get("id"), "assets.id")
        asset = call.store.get("asset", asset_id)
        if asset is None:
            raise bad(f"asset {asset_id} does not exist")
        if one.get("type") not in (None, asset["asset_type"]):
            raise bad(f"asset {asset_id} is a {asset['asset_type']}, not a {one['type']}")
        types[asset["asset_type"]] += 1
        found.append(asset_id)
    if max(types.values()) > _MOST_OF_A_TYPE:
        raise bad(f"a creative set takes at most {_MOST_OF_A_TYPE} assets of a type")
    video = any(types[one] for one in _VIDEOS)
    if not (types["HOSTED_HTML"] or types["IMG_BANNER"] or (video and types["IMG_INTER_P"])):
        raise bad("a creative set needs an HTML, a banner, or a video with an end card")
    return found
