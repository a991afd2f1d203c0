"""TikTok's ads: create, list, and what their review found."""

from typing import cast

from sandbox.tiktok.campaigns import NAME_LIMIT, STATUSES, chosen, live
from sandbox.tiktok.delivery import Forest, review
from sandbox.tiktok.request import Call, TikTokError, Values, invalid, missing, public, stamp
from sandbox.tiktok.store import NETWORK, JsonObject

_MOST = 20
_TEXT_LIMIT = 100
_DISPLAY_LIMIT = 40
_TOLERANCE = 0.01
_FORMATS = ("SINGLE_VIDEO", "SINGLE_IMAGE", "CAROUSEL_ADS")
_IDENTITIES = ("CUSTOMIZED_USER", "AUTH_CODE", "TT_USER", "BC_AUTH_TT")
_BUTTONS = (
    "APPLY_NOW", "BOOK_NOW", "CALL_NOW", "CONTACT_US", "DOWNLOAD_NOW", "EXPERIENCE_NOW",
    "GET_QUOTE", "GET_SHOWTIMES", "GET_TICKETS_NOW", "INSTALL_NOW", "INTERESTED", "LEARN_MORE",
    "LISTEN_NOW", "ORDER_NOW", "PLAY_GAME", "PREORDER_NOW", "READ_MORE", "SEND_MESSAGE",
    "SHOP_NOW", "SIGN_UP", "SUBSCRIBE", "VIEW_NOW", "VISIT_STORE", "WATCH_NOW",
)  # fmt: skip
_DENIED = "Misleading claims: the ad promises what its page does not keep"


def create(call: Call) -> JsonObject:
    """Up to twenty ads of one ad group, all of them or none."""
    values = call.values
    values.need("adgroup_id", "creatives")
    group = live(call, "adgroup", values.text("adgroup_id"))
    creatives = values.raw["creatives"]
    if not isinstance(creatives, list):
        raise invalid("creatives", creatives, "it must be a list")
    wanted = cast(list[JsonObject], creatives)
    if len(wanted) > _MOST:
        raise invalid("creatives", len(wanted), f"it must be a list of 1 to {_MOST}")
    rows = [_row(call, Values(one), group) for one in wanted]
    for row in rows:
        call.store.put("ad", row)
    return {"ad_ids": [row["id"] for row in rows], "creatives": [public(row) for row in rows]}


def listed(call: Call) -> JsonObject:
    """The account's ads."""
    return chosen(call, "ad", Forest(call.store, call.now).ad, ("campaign", "adgroup"))


def reviews(call: Call) -> JsonObject:
    """What the review of ads found. The answer's shape is unsure."""
    found: JsonObject = {}
    for ad_id in call.values.ids("ad_ids", 100):
        ad = live(call, "ad", ad_id)
        denied = review(ad, call.now) == "AUDIT_DENY"
        reasons = [{"reasons": [_DENIED], "suggestion": "Keep to what the page says"}]
        found[ad_id] = {
            "id": ad_id,
            "is_approved": not denied,
            "review_status": "UNAVAILABLE" if denied else "ALL_AVAILABLE",
            "reject_info": reasons if denied else [],
        }
    return {"ad_review_map": found}


def _row(call: Call, values: Values, group: JsonObject) -> JsonObject:
    values.need("ad_format", "ad_text", "identity_type")
    text = values.named("ad_text", _TEXT_LIMIT)
    kind = values.choice("ad_format", _FORMATS)
    images = values.words("image_ids")
    if kind == "SINGLE_VIDEO":
        values.need("video_id", "image_ids")
        _check_video(call, values.text("video_id"), images)
    elif not images:
        raise missing("image_ids")
    _check_identity(call, values)
    if group["promotion_type"] in (None, "WEBSITE") and group["optimization_goal"] != "INSTALL":
        values.need("landing_page_url")
    if not values.raw.get("call_to_action_id"):
        values.need("call_to_action")
    campaign = call.store.get("campaign", group["campaign_id"]) or {}
    ad_id = call.store.new_id()
    return {
        "id": ad_id,
        "ad_id": ad_id,
        "advertiser_id": call.advertiser_id,
        "adgroup_id": group["id"],
        "adgroup_name": group["adgroup_name"],
        "campaign_id": group["campaign_id"],
        "campaign_name": campaign.get("campaign_name"),
        "ad_name": values.named("ad_name", NAME_LIMIT) or ad_id,
        "ad_format": kind,
        "ad_text": text,
        "video_id": values.text("video_id") or None,
        "image_ids": images,
        "identity_type": values.text("identity_type"),
        "identity_id": values.text("identity_id"),
        "display_name": values.named("display_name", _DISPLAY_LIMIT),
        "call_to_action": values.choice("call_to_action", _BUTTONS),
        "landing_page_url": values.text("landing_page_url"),
        "tracking_pixel_id": values.raw.get("tracking_pixel_id"),
        "aigc_disclosure_type": values.choice(
            "aigc_disclosure_type", ("SELF_DISCLOSURE", "NOT_DECLARED"), "NOT_DECLARED"
        ),
        "operation_status": values.choice("operation_status", STATUSES, "ENABLE"),
        "create_time": stamp(call.now),
        "modify_time": stamp(call.now),
        "_disapproved": call.store.world.fault(NETWORK, "disapproved_ad"),
    }


def _check_video(call: Call, video_id: str, images: list[str]) -> None:
    video = call.store.get("video", video_id)
    if video is None or video["advertiser_id"] != call.advertiser_id:
        raise TikTokError(40053, f"The video {video_id} does not exist.")
    cover = call.store.get("image", images[0]) if len(images) == 1 else None
    if cover is None:
        raise invalid("image_ids", images, "a video takes one cover image of the account")
    shapes = [one["width"] / one["height"] for one in (video, cover)]
    if abs(shapes[0] - shapes[1]) > shapes[0] * _TOLERANCE:
        raise invalid("image_ids", images, "the cover's shape differs from the video's")


def _check_identity(call: Call, values: Values) -> None:
    kind, identity_id = values.choice("identity_type", _IDENTITIES), values.text("identity_id")
    account = call.store.get("account", call.advertiser_id) or {}
    if kind == "CUSTOMIZED_USER" and not account["can_use_custom_identity"]:
        raise invalid("identity_type", kind, "the account can no longer use custom identities")
    found = call.store.get("identity", identity_id)
    if found is None or found["identity_type"] != kind:
        raise invalid("identity_id", identity_id, "the identity does not exist")
