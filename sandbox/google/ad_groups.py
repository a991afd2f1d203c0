"""Ad groups, their criteria and ads: what Google checks when they are made or changed."""

from collections.abc import Sequence
from typing import cast

from sandbox.google.campaigns import check_unit
from sandbox.google.failures import Failure, JsonObject, need
from sandbox.google.store import NETWORK, Draft

_DISPLAY_TYPES = ("DISPLAY_STANDARD", None)
_CALLS = (
    "Learn more", "Get quote", "Apply now", "Sign up", "Contact us", "Subscribe", "Download",
    "Book now", "Shop now", "Buy now", "Donate now", "Order now", "Play now", "See more",
    "Start now", "Visit site", "Watch now",
)  # fmt: skip
_AGES = (
    "AGE_RANGE_18_24", "AGE_RANGE_25_34", "AGE_RANGE_35_44", "AGE_RANGE_45_54",
    "AGE_RANGE_55_64", "AGE_RANGE_65_UP", "AGE_RANGE_UNDETERMINED",
)  # fmt: skip
_GENDERS = ("MALE", "FEMALE", "UNDETERMINED")
_KINDS = {
    "ageRange": "AGE_RANGE",
    "gender": "GENDER",
    "userInterest": "USER_INTEREST",
    "keyword": "KEYWORD",
}


def create_group(draft: Draft, row: JsonObject) -> JsonObject:
    """An ad group; ENABLED unless told otherwise."""
    campaign = draft.live("campaign", need(row, "campaign"))
    need(row, "name")
    row = {"status": "ENABLED", **row}
    if _is_app(campaign):
        if "type" in row:
            raise Failure("adGroupError", "AD_GROUP_TYPE_NOT_VALID_FOR_ADVERTISING_CHANNEL_TYPE",
                          "An App campaign's ad group has no type.", "create.type")  # fmt: skip
    elif row.get("type") not in _DISPLAY_TYPES:
        raise Failure("adGroupError", "AD_GROUP_TYPE_NOT_VALID_FOR_ADVERTISING_CHANNEL_TYPE",
                      "The type does not fit the campaign.", "create.type")  # fmt: skip
    else:
        row = {"type": "DISPLAY_STANDARD", "optimizedTargetingEnabled": False, **row}
    _check_group(draft, row, campaign, "create")
    return row


def update_group(draft: Draft, before: JsonObject, row: JsonObject) -> JsonObject:
    """Change what the mask names."""
    campaign = draft.live("campaign", str(before["campaign"]))
    _check_group(draft, row, campaign, "update", renamed=row["name"] != before["name"])
    return row


def _check_group(
    draft: Draft, row: JsonObject, campaign: JsonObject, place: str, *, renamed: bool = True
) -> None:
    for other in draft.every("ad_group") if renamed else ():
        same = other["resourceName"] == row.get("resourceName")
        beside = other["campaign"] == campaign["resourceName"] and other["status"] != "REMOVED"
        if not same and beside and other["name"] == row["name"]:
            raise Failure("adGroupError", "DUPLICATE_ADGROUP_NAME",
                          "AdGroup with the same name already exists for the campaign.",
                          f"{place}.name", trigger=str(row["name"]))  # fmt: skip
    if row["status"] not in ("ENABLED", "PAUSED"):
        raise Failure("adGroupError", "INVALID_STATUS", "No such status.", f"{place}.status")
    if "cpmBidMicros" in row:
        if campaign["biddingStrategyType"] != "MANUAL_CPM":
            raise Failure("adGroupError", "BID_TYPE_AND_BIDDING_STRATEGY_MISMATCH",
                          "The campaign does not bid by impression.",
                          f"{place}.cpm_bid_micros")  # fmt: skip
        check_unit(draft, row["cpmBidMicros"], "biddingError", f"{place}.cpm_bid_micros")


def create_criterion(draft: Draft, row: JsonObject) -> JsonObject:
    """Whom an ad group is aimed at, or whom not."""
    group = draft.live("ad_group", need(row, "adGroup"))
    if _is_app(draft.live("campaign", str(group["campaign"]))):
        raise Failure("operationAccessDeniedError", "OPERATION_NOT_PERMITTED_FOR_CAMPAIGN_TYPE",
                      "An App campaign's ad group has no criteria.", "create")  # fmt: skip
    part = next((part for part in _KINDS if part in row), None)
    if part is None:
        raise Failure("fieldError", "REQUIRED", "A criterion needs its kind.", "create.criterion")
    value = row[part].get("type")
    if (part == "ageRange" and value not in _AGES) or (part == "gender" and value not in _GENDERS):
        raise Failure("requestError", "INVALID_ENUM_VALUE", f"{value!r} is no {part}.",
                      f"create.{part}.type")  # fmt: skip
    if part == "keyword" and len(str(row[part].get("text") or "").split()) > 10:
        raise Failure("criterionError", "KEYWORD_HAS_TOO_MANY_WORDS", "Too many words.",
                      "create.keyword.text")  # fmt: skip
    return {"negative": False, "status": "ENABLED", **row, "type": _KINDS[part]}


# -- ads --------------------------------------------------------------------------------------


def create_ad(draft: Draft, row: JsonObject) -> JsonObject:
    """An ad; ENABLED unless told otherwise, and under review."""
    group = draft.live("ad_group", need(row, "adGroup"))
    campaign = draft.live("campaign", str(group["campaign"]))
    ad = dict(need(row, "ad"))
    if "responsiveDisplayAd" in ad and not _is_app(campaign):
        _check_display(draft, ad)
        kind = "RESPONSIVE_DISPLAY_AD"
    elif "appAd" in ad and _is_app(campaign):
        _check_app(draft, ad)
        kind = "APP_AD"
    else:
        raise Failure("adError", "INVALID_AD_TYPE", "The ad does not fit the campaign.",
                      "create.ad")  # fmt: skip
    rejected = draft.world.fault(NETWORK, "disapproved_ad")
    return {
        "status": "ENABLED",
        **row,
        "ad": {**ad, "type": kind},
        "_created_at": draft.now.isoformat(),
        "_verdict": "DISAPPROVED" if rejected else "APPROVED",
    }


def update_ad(draft: Draft, before: JsonObject, row: JsonObject) -> JsonObject:
    """Only the status can be changed here."""
    if row["ad"] != before["ad"]:
        raise Failure("fieldError", "IMMUTABLE_FIELD", "An ad cannot be changed.", "update.ad")
    return row


def _check_display(draft: Draft, ad: JsonObject) -> None:
    content = ad["responsiveDisplayAd"]
    place = "create.ad.responsive_display_ad"
    urls = need(ad, "finalUrls", "create.ad")
    if not all(str(url).startswith(("http://", "https://")) for url in urls):
        raise Failure("adError", "URL_NO_SCHEME", "The URL has no scheme.", "create.ad.final_urls")
    _texts(content.get("headlines"), 30, 1, 5, f"{place}.headlines")
    _texts([content.get("longHeadline") or {}], 90, 1, 1, f"{place}.long_headline")
    _texts(content.get("descriptions"), 90, 1, 5, f"{place}.descriptions")
    _texts([{"text": content.get("businessName")}], 25, 1, 1, f"{place}.business_name")
    _images(draft, content.get("marketingImages"), 1.91, f"{place}.marketing_images")
    _images(draft, content.get("squareMarketingImages"), 1.0, f"{place}.square_marketing_images")
    call = content.get("callToActionText")
    if call is not None and call not in _CALLS:
        raise Failure("adError", "INVALID_CALL_TO_ACTION_TEXT", "No such call to action.",
                      f"{place}.call_to_action_text", trigger=str(call))  # fmt: skip


def _check_app(draft: Draft, ad: JsonObject) -> None:
    content, place = ad["appAd"], "create.ad.app_ad"
    if "finalUrls" in ad:
        raise Failure("adError", "CANNOT_SET_WITH_FINAL_URLS", "An app ad has no final URL.",
                      "create.ad.final_urls")  # fmt: skip
    # Unsure: two headlines at least, as Google's own interface asks.
    _texts(content.get("headlines"), 30, 2, 5, f"{place}.headlines")
    _texts(content.get("descriptions"), 90, 1, 5, f"{place}.descriptions")
    for image in cast(list[JsonObject], content.get("images") or []):
        _asset(draft, image, f"{place}.images")


def _texts(rows: Sequence[JsonObject] | None, longest: int, least: int, most: int, place: str
           ) -> None:  # fmt: skip
    texts = [str(row.get("text") or "") for row in rows or []]
    if not least <= len(texts) <= most or not all(texts):
        raise Failure("collectionSizeError", "TOO_FEW" if len(texts) <= least else "TOO_MANY",
                      f"{least} to {most} texts are needed.", place)  # fmt: skip
    for text in texts:
        if len(text) > longest:
            raise Failure("stringLengthError", "TOO_LONG", f"At most {longest} characters.", place,
                          trigger=text)  # fmt: skip


def _images(draft: Draft, rows: Sequence[JsonObject] | None, ratio: float, place: str) -> None:
    if not rows:
        raise Failure("adError", "MISSING_REQUIRED_IMAGE_ASPECT_RATIO", "An image is missing.",
                      place)  # fmt: skip
    for row in rows:
        width, height = _asset(draft, row, place)["_size"]
        if abs(width / height - ratio) > ratio * 0.01:
            raise Failure("imageError", "ASPECT_RATIO_NOT_ALLOWED", "The proportions do not fit.",
                          place)  # fmt: skip


def _asset(draft: Draft, row: JsonObject, place: str) -> JsonObject:
    asset = draft.get("asset", str(row.get("asset") or ""))
    if asset is None:
        raise Failure("mutateError", "RESOURCE_NOT_FOUND", "The asset was not found.", place,
                      status=404)  # fmt: skip
    return asset


def _is_app(campaign: JsonObject) -> bool:
    return campaign.get("advertisingChannelSubType") == "APP_CAMPAIGN"
