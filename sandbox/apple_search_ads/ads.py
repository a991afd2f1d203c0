"""Apple's creatives and the ads that show them: create, change, delete."""

from typing import cast

from sandbox.apple_search_ads import ad_groups as apple_ad_groups
from sandbox.apple_search_ads.campaigns import STATUSES
from sandbox.apple_search_ads.request import (
    Call,
    choice,
    given,
    invalid,
    missing,
    name_of,
    need,
    not_found,
    number_of,
)
from sandbox.apple_search_ads.store import (
    AD,
    CAMPAIGN,
    CREATIVE,
    NETWORK,
    JsonObject,
    is_on,
    new_row,
    stamp,
)

_TYPES = ("DEFAULT_PRODUCT_PAGE", "CUSTOM_PRODUCT_PAGE")


def create_creative(call: Call) -> JsonObject:
    """A creative: a product page of an app."""
    body = given(call.body)
    need(body, "name", "creativeType", "destination")
    kind = choice("creativeType", body["creativeType"], _TYPES)
    destination = given(cast(JsonObject, body["destination"]))
    choice("destinationType", destination.get("destinationType"), ["APP_STORE_PRODUCT_PAGE"])
    asked = given(cast(JsonObject, destination.get("parameters") or {}))
    if "adamId" not in asked:
        raise missing("destination.parameters.adamId")
    app = call.store.get("app", asked["adamId"])
    if app is None:
        raise invalid("adamId", f"App '{asked['adamId']}' is not found.", "APP_NOT_FOUND")
    custom = kind == "CUSTOM_PRODUCT_PAGE"
    page = asked.get("productPageId") if custom else None
    if custom and page not in cast(list[str], app["_pages"]):
        told = f"Product page '{page}' is not found."
        raise invalid("productPageId", told, "PRODUCT_PAGE_NOT_FOUND")
    row: JsonObject = {
        **new_row(call.store, call.now),
        "name": name_of(body),
        "creativeType": kind,
        "creativeSpec": body.get("creativeSpec") or {},
        "destination": {
            "destinationType": "APP_STORE_PRODUCT_PAGE",
            "parameters": {"adamId": str(asked["adamId"]), "productPageId": page},
        },
    }
    call.store.put(CREATIVE, row)
    return row


def update_creative(call: Call) -> JsonObject:
    """Rename a creative."""
    row = _live(call, CREATIVE, call.object_id)
    row |= {"name": name_of(given(call.body)), "modificationTime": stamp(call.now)}
    call.store.put(CREATIVE, row)
    return row


def delete_creative(call: Call) -> JsonObject:
    """Delete a creative softly; its ads stop."""
    row = _live(call, CREATIVE, call.object_id)
    row |= {"deleted": True, "modificationTime": stamp(call.now)}
    call.store.put(CREATIVE, row)
    return row


def create(call: Call) -> JsonObject:
    """An ad; its status must be told."""
    body = given(call.body)
    need(body, "adGroupId", "creativeId", "name", "status")
    group = apple_ad_groups.live(call, number_of("adGroupId", body["adGroupId"]))
    creative = _live(call, CREATIVE, number_of("creativeId", body["creativeId"]))
    campaign = call.store.get(CAMPAIGN, group["campaignId"]) or {}
    if creative["destination"]["parameters"]["adamId"] != campaign["promotedObjectId"]:
        told = "The creative promotes another app than the campaign."
        raise invalid("creativeId", told, "CREATIVE_APP_MISMATCH")
    row: JsonObject = {
        **new_row(call.store, call.now),
        "campaignId": group["campaignId"],
        "adGroupId": group["id"],
        "creativeId": creative["id"],
        "name": name_of(body),
        "status": choice("status", body["status"], STATUSES),
        "_rejected": call.store.world.fault(NETWORK, "disapproved_ad"),
    }
    _check_only_one(call, row)
    call.store.put(AD, row)
    return row


def update(call: Call) -> JsonObject:
    """Change name or status; ad group and creative stay."""
    row = _live(call, AD, call.object_id)
    body = given(call.body)
    if "name" in body:
        row["name"] = name_of(body)
    if "status" in body:
        row["status"] = choice("status", body["status"], STATUSES)
    _check_only_one(call, row)
    row["modificationTime"] = stamp(call.now)
    call.store.put(AD, row)
    return row


def delete(call: Call) -> JsonObject:
    """Delete softly."""
    row = _live(call, AD, call.object_id)
    row |= {"deleted": True, "modificationTime": stamp(call.now)}
    call.store.put(AD, row)
    return row


def _check_only_one(call: Call, row: JsonObject) -> None:
    """Of the ads of one ad group a single one may be on (documented; Apple's own example of a
    query shows two, and how the second is refused is not published: unsure)."""
    if row["status"] != "ENABLED":
        return
    for other in call.store.every(AD):
        if other["adGroupId"] == row["adGroupId"] and other["id"] != row["id"] and is_on(other):
            told = f"Ad {other['id']} is already enabled in this AdGroup."
            raise invalid("status", told, "AD_ALREADY_ENABLED")


def _live(call: Call, kind: str, object_id: object) -> JsonObject:
    row = call.store.get(kind, object_id)
    if row is None or row["deleted"]:
        raise not_found(kind, object_id)
    return row
