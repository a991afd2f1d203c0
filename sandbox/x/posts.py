"""X's cards and posts: what a promoted post shows."""

import re
from typing import Any, cast

from sandbox.x import media as x_media
from sandbox.x.campaigns import filtered
from sandbox.x.request import Answer, Call, Values, XError, invalid, not_found, page, public, stamp
from sandbox.x.store import JsonObject

_TITLE_LIMIT = 70
_TEXT_LIMIT = 280
_NAME_LIMIT = 80
_LINK = re.compile(r"https?://\S+")


def create_card(call: Call) -> Answer:
    """A website card from a JSON body."""
    if not isinstance(call.body, dict):
        raise XError(400, "INVALID", "The request body must be a JSON object")
    body = cast(JsonObject, call.body)
    name = Values(body).need("name")
    if not isinstance(body.get("components"), list):
        raise XError(400, "MISSING_PARAMETER", "Missing required parameter components")
    components = [_component(call, part) for part in cast(list[Any], body["components"])]
    kinds = [component["type"] for component in components]
    if kinds != ["MEDIA", "DETAILS"]:
        raise invalid("components", kinds, "MEDIA and then DETAILS (app buttons are not kept)")
    number = call.store.new_number()
    row: JsonObject = {
        "id": str(number),
        "account_id": call.account_id,
        "card_uri": f"card://{number}",
        "card_type": "IMAGE_WEBSITE",
        "name": name,
        "components": components,
        "created_at": stamp(call.now),
        "updated_at": stamp(call.now),
        "deleted": False,
    }
    call.store.put("card", row["id"], row)
    return Answer(public(row))


def list_cards(call: Call) -> Answer:
    """The account's cards."""
    rows = filtered(call, call.store.every("card"), {"card_id": "id", "card_uris": "card_uri"})
    return page(call, rows, usual=100, most=200)


def create_post(call: Call) -> Answer:
    """A post; promoted-only unless told otherwise."""
    values = call.values
    user_id = values.need("as_user_id")
    users = [row["user_id"] for row in call.store.every("promotable_user")]
    if user_id not in users:
        raise XError(403, "ACTION_NOT_ALLOWED", f"User {user_id} cannot be promoted", "as_user_id")
    text = values.need("text")
    if (length := len(_LINK.sub("x" * 23, text))) > _TEXT_LIMIT:
        raise invalid("text", f"{length} characters", f"at most {_TEXT_LIMIT}")
    name = _name(values)
    card_uri = values.text("card_uri")
    if card_uri and card_uri not in [card["card_uri"] for card in call.store.every("card")]:
        raise not_found("CARD", card_uri)
    media_keys = values.words("media_keys")
    for media_key in media_keys:
        x_media.in_library(call, media_key)
    posts = call.store.every("tweet", "tweet_id")
    if any(p["text"] == text and p["user_id"] == user_id and not p["deleted"] for p in posts):
        raise XError(400, "DUPLICATE_TWEET", "Status is a duplicate.", "text")
    number = call.store.new_number()
    row: JsonObject = {
        "tweet_id": str(number),
        "id": number,
        "id_str": str(number),
        "account_id": call.account_id,
        "user_id": user_id,
        "user": {"id": int(user_id), "id_str": user_id},
        "name": name,
        "text": text,
        "full_text": text,
        "card_uri": card_uri,
        "media_keys": media_keys,
        "nullcast": values.flag("nullcast", default=True),
        "tweet_type": "PUBLISHED",
        "lang": "en",
        "created_at": call.now.strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "deleted": False,
    }
    call.store.put("tweet", row["tweet_id"], row)
    return Answer(public(row))


def list_posts(call: Call) -> Answer:
    """Posts of the account's users; ``name`` is a prefix. Deleted posts are gone."""
    values = call.values
    values.need("tweet_type")
    kind = values.choice("tweet_type", ["DRAFT", "PUBLISHED", "SCHEDULED"])
    timeline = values.choice("timeline_type", ["NULLCAST", "ORGANIC", "ALL"]) or "NULLCAST"
    rows = [
        row
        for row in call.store.every("tweet", "tweet_id")
        if row["account_id"] == call.account_id and not row["deleted"] and row["tweet_type"] == kind
    ]
    if timeline != "ALL":
        rows = [row for row in rows if row["nullcast"] == (timeline == "NULLCAST")]
    if user_id := values.text("user_id"):
        rows = [row for row in rows if row["user_id"] == user_id]
    if ids := values.words("tweet_ids"):
        if len(ids) > 200:
            raise invalid("tweet_ids", f"{len(ids)} ids", "at most 200 ids")
        rows = [row for row in rows if row["tweet_id"] in ids]
    if prefix := values.text("name"):
        rows = [r for r in rows if (r["name"] or "").lower().startswith(prefix.lower())]
    return page(call, rows, "tweet_id")


def rename_post(call: Call) -> Answer:
    """Change the name of a post; nothing else of it can be changed."""
    row = call.store.get("tweet", call.path["id"])
    if row is None or row["account_id"] != call.account_id or row["deleted"]:
        raise not_found("TWEET", call.path["id"])
    row["name"] = _name(call.values)
    call.store.put("tweet", row["tweet_id"], row)
    return Answer(public(row))


def _name(values: Values) -> str | None:
    name = values.text("name")
    if name is not None and len(name) > _NAME_LIMIT:
        raise invalid("name", name, f"at most {_NAME_LIMIT} characters")
    return name


def delete_post(call: Call) -> Answer:
    """Delete a post through the v2 API. Its promotions stay in the data but show nothing."""
    tweet_id = call.path["id"]
    row = call.store.get("tweet", tweet_id)
    if row is None or row["deleted"]:
        raise not_found("TWEET", tweet_id)
    row["deleted"] = True
    call.store.put("tweet", tweet_id, row)
    return Answer({"deleted": True})


def _component(call: Call, part: Any) -> JsonObject:
    if not isinstance(part, dict):
        raise invalid("components", part, "an array of objects")
    component = cast(JsonObject, part)
    kind = str(component.get("type"))
    if kind == "MEDIA":
        x_media.in_library(call, Values(component).need("media_key"))
    elif kind == "DETAILS":
        title = Values(component).need("title")
        if len(title) > _TITLE_LIMIT:
            raise invalid("title", title, f"at most {_TITLE_LIMIT} characters")
        _check_destination(component)
    else:
        raise invalid("components.type", kind, "MEDIA or DETAILS")
    return component


def _check_destination(component: JsonObject) -> None:
    destination = cast(JsonObject, component.get("destination") or {})
    url = str(destination.get("url") or "")
    if destination.get("type") != "WEBSITE" or not url.startswith(("https://", "http://")):
        raise invalid("destination", destination, "a WEBSITE with a url")
