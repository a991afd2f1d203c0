"""Apple's ad groups and their keywords: create, change, delete."""

from typing import cast

from sandbox.apple_search_ads import campaigns as apple_campaigns
from sandbox.apple_search_ads.campaigns import STATUSES, check_flight, strategy_of
from sandbox.apple_search_ads.request import (
    Answer,
    AppleError,
    Call,
    choice,
    given,
    invalid,
    moment,
    money_of,
    name_of,
    need,
    not_found,
    number_of,
    public,
)
from sandbox.apple_search_ads.store import AD, AD_GROUP, KEYWORD, JsonObject, new_row, stamp

_PRICES = {"TAPS": "CPT", "INSTALLS": "CPA"}
_DIMENSIONS = {
    "deviceClass": ["IPHONE", "IPAD"],
    "gender": ["M", "F"],
    "minAge": [str(age) for age in range(13, 66)],
    "maxAge": [str(age) for age in range(13, 65)],
    "daypart": [str(slot) for slot in range(168)],
}
_FREE = ("country", "adminArea", "locality", "appCategory", "appDownloader")
_MATCHES = ("EXACT", "BROAD", "PHRASE", "CATEGORY")
_TEXT_LIMIT = 80
_MOST_ITEMS = 1000


def create(call: Call) -> JsonObject:
    """An ad group; ENABLED unless told otherwise."""
    body = given(call.body)
    need(body, "name", "campaignId", "pricingModel")
    campaign = apple_campaigns.live(call, number_of("campaignId", body["campaignId"]))
    price = _PRICES[campaign["billingEvent"]]
    if body["pricingModel"] != price:
        told = f"pricingModel must be {price} in this campaign."
        raise invalid("pricingModel", told, "PRICING_MODEL_MISMATCH")
    row: JsonObject = {
        **new_row(call.store, call.now),
        "campaignId": campaign["id"],
        "startTime": None,
        "endTime": None,
        "pricingModel": price,
        "automatedKeywordsOptIn": False,
        "automatedKeywordsRequired": False,
        "status": "ENABLED",
        "bidStrategy": campaign["bidStrategy"],
        "cpaCap": None,
        "targeting": {},
    }
    _apply(call, body, row)
    call.store.put(AD_GROUP, row)
    return row


def update(call: Call) -> JsonObject:
    """Change the given fields; the campaign and the price stay."""
    row = live(call, call.object_id)
    _apply(call, given(call.body), row)
    call.store.put(AD_GROUP, row)
    return row


def delete(call: Call) -> JsonObject:
    """Delete softly, with its ads and keywords."""
    row = live(call, call.object_id)
    for kind in (AD, KEYWORD):
        for child in call.store.every(kind):
            if child["adGroupId"] == row["id"] and not child["deleted"]:
                call.store.put(kind, {**child, "deleted": True})
    row |= {"deleted": True, "modificationTime": stamp(call.now)}
    call.store.put(AD_GROUP, row)
    return row


def live(call: Call, ad_group_id: object) -> JsonObject:
    """An ad group that is not deleted.

    Raises:
        AppleError: there is none.
    """
    row = call.store.get(AD_GROUP, ad_group_id)
    if row is None or row["deleted"]:
        raise not_found(AD_GROUP, ad_group_id)
    return row


def create_keyword(call: Call) -> JsonObject:
    """A single keyword."""
    return _keyword(call, given(call.body))


def create_keywords(call: Call) -> Answer:
    """Keywords in bulk: without ``allowPartialSuccess`` one failure rejects all."""
    items = cast(list[JsonObject], call.body.get("items") or [])
    if not 1 <= len(items) <= _MOST_ITEMS:
        raise invalid("items", f"items takes 1 to {_MOST_ITEMS}.")
    results: list[JsonObject] = []
    for item in items:
        one: JsonObject = {"correlationId": item.get("correlationId"), "operation": "CREATE"}
        try:
            made = _keyword(call, given(cast(JsonObject, item.get("data") or {})))
            results.append({**one, "success": True, "result": public(made)})
        except AppleError as error:
            if not call.body.get("allowPartialSuccess"):
                raise
            results.append({**one, "success": False, "error": error.error})
    return Answer(results)


def delete_keyword(call: Call) -> JsonObject:
    """Delete a keyword softly."""
    row = call.store.get(KEYWORD, call.object_id)
    if row is None or row["deleted"]:
        raise not_found(KEYWORD, call.object_id)
    row |= {"deleted": True, "modificationTime": stamp(call.now)}
    call.store.put(KEYWORD, row)
    return row


def _keyword(call: Call, body: JsonObject) -> JsonObject:
    need(body, "adGroupId", "text")
    group = live(call, number_of("adGroupId", body["adGroupId"]))
    text = str(body["text"])
    if len(text) > _TEXT_LIMIT:
        raise invalid("text", f"Keyword exceeds {_TEXT_LIMIT} characters.", "KEYWORD_TOO_LONG")
    match = choice("matchType", body.get("matchType", "BROAD"), _MATCHES)
    for other in call.store.every(KEYWORD):
        same = (other["adGroupId"], str(other["text"]).lower(), other["matchType"])
        if same == (group["id"], text.lower(), match) and not other["deleted"]:
            raise invalid("text", "Keyword already exists in this AdGroup.", "DUPLICATE_KEYWORD")
    bid = body.get("bid")
    row: JsonObject = {
        **new_row(call.store, call.now),
        "campaignId": group["campaignId"],
        "adGroupId": group["id"],
        "text": text,
        "matchType": match,
        "bid": None if bid is None else money_of("bid", bid, call.account["currency"]),
        "status": choice("status", body.get("status", "ENABLED"), STATUSES),
    }
    call.store.put(KEYWORD, row)
    return row


def _apply(call: Call, body: JsonObject, row: JsonObject) -> None:
    """Take over the fields that create and update share."""
    if "name" in body:
        row["name"] = name_of(body)
        for other in call.store.every(AD_GROUP):
            mine = other["campaignId"] == row["campaignId"] and other["id"] != row["id"]
            if mine and other["name"] == row["name"] and not other["deleted"]:
                told = "AdGroup name already exists under this Campaign."
                raise invalid("name", told, "DUPLICATE_NAME")
    if "status" in body:
        row["status"] = choice("status", body["status"], STATUSES)
    for field in ("startTime", "endTime"):
        if field in body:
            row[field] = stamp(moment(field, body[field]))
    check_flight(row)
    if "automatedKeywordsOptIn" in body:
        row["automatedKeywordsOptIn"] = bool(body["automatedKeywordsOptIn"])
    if "bidStrategy" in body:
        found = strategy_of(body["bidStrategy"], call.account["currency"])
        campaign = apple_campaigns.live(call, row["campaignId"])
        if found["bidStrategyType"] != campaign["bidStrategy"]["bidStrategyType"]:
            told = "bidStrategyType is not that of the campaign."
            raise invalid("bidStrategy", told, "BID_STRATEGY_MISMATCH")
        row["bidStrategy"] = found
    if "targeting" in body:
        row["targeting"] |= _targeting(given(cast(JsonObject, body["targeting"])))
    row["modificationTime"] = stamp(call.now)


def _targeting(body: JsonObject) -> JsonObject:
    found: JsonObject = {}
    for dimension, data in body.items():
        allowed = _DIMENSIONS.get(dimension)
        if allowed is None and dimension not in _FREE:
            raise invalid(dimension, f"Unknown targeting '{dimension}'.", "INVALID_FIELD")
        values = cast(list[object], given(cast(JsonObject, data)).get("include") or [])
        for value in values:
            if not isinstance(value, str) or (allowed is not None and value not in allowed):
                raise invalid(dimension, f"'{value}' cannot be targeted by {dimension}.")
        found[dimension] = {"include": values}
    ages = [
        cast(list[str], found.get(one, {}).get("include") or []) for one in ("minAge", "maxAge")
    ]
    if all(ages) and int(ages[0][0]) > int(ages[1][0]):
        raise invalid("maxAge", "maxAge is below minAge.")
    return found
