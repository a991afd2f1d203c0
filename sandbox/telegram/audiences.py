"""Retargeting audiences of phone numbers, and the pixel with its events."""

from sandbox.telegram.request import AdsError, Call
from sandbox.telegram.store import JsonObject

_MOST_A_CALL = 10_000


def create(call: Call) -> JsonObject:
    title = call.text("title", "AUDIENCE_TITLE", 64, least=1)
    date = int(call.store.now.timestamp())
    row: JsonObject = {"audience_id": call.store.new_id(), "title": title, "phones": []}
    row |= {"created_date": date, "updated_date": date, "deleted": False}
    return _keep(call, row, add=_phones(call, "add_phones"))


def edit(call: Call) -> JsonObject:
    """Removals come before additions."""
    row = _live(call)
    if call.has("title"):
        row["title"] = call.text("title", "AUDIENCE_TITLE", 64, least=1)
    if call.flag("reset_phones"):
        row["phones"] = []
    else:
        gone = set(_phones(call, "remove_phones"))
        row["phones"] = [one for one in row["phones"] if one not in gone]
    return _keep(call, row, add=_phones(call, "add_phones"))


def delete(call: Call) -> bool:
    row = _live(call)
    call.store.put("audience", row["audience_id"], {**row, "deleted": True})
    return True


def by_id(call: Call) -> list[JsonObject]:
    rows = [call.store.get("audience", one) for one in call.words("audience_ids", "AUDIENCE_IDS")]
    return [_shown(row) for row in rows if row is not None and not row["deleted"]]


def listed(call: Call) -> JsonObject:
    rows = [_shown(row) for row in call.store.every("audience") if not row["deleted"]]
    page, beside = call.page(rows)
    return {"total_count": beside["total_count"], "audiences": page}


def pixel(call: Call) -> JsonObject:
    return {"pixel_id": "sandbox-pixel", "code_snippet": "<script>/* sandbox */</script>"}


def create_event(call: Call) -> JsonObject:
    title = call.text("title", "EVENT_TITLE", 64, least=1)
    kind = call.text("type", "EVENT_TYPE", 64, least=1)
    event_id = f"event-{call.store.new_id()}"
    date = int(call.store.now.timestamp())
    row = {"event_id": event_id, "title": title, "type": kind, "status": "inactive"}
    row |= {"created_date": date, "auto_created": False}
    call.store.put("pixel_event", event_id, row)
    return _event(call, row)


def events_by_id(call: Call) -> list[JsonObject]:
    rows = [call.store.get("pixel_event", one) for one in call.words("event_ids", "EVENT_IDS")]
    return [_event(call, row) for row in rows if row is not None]


def events(call: Call) -> JsonObject:
    rows = [_event(call, row) for row in call.store.every("pixel_event")]
    return {"total_count": len(rows), "events": rows}


def _keep(call: Call, row: JsonObject, add: list[str]) -> JsonObject:
    row["phones"] = list(dict.fromkeys([*row["phones"], *add]))
    row["updated_date"] = int(call.store.now.timestamp())
    call.store.put("audience", row["audience_id"], row)
    return _shown(row)


def _phones(call: Call, name: str) -> list[str]:
    phones = [str(one) for one in call.words(name, name.upper())]
    if len(phones) > _MOST_A_CALL:
        raise AdsError(f"{name.upper()}_TOO_MANY")
    return phones


def _live(call: Call) -> JsonObject:
    row = call.store.get("audience", call.whole("audience_id", "AUDIENCE_ID"))
    if row is None or row["deleted"]:
        raise AdsError("AUDIENCE_ID_INVALID")
    return row


def _shown(row: JsonObject) -> JsonObject:
    """Sizes are approximate: fewer than a hundred read as fifty."""
    count = len(row["phones"])
    size = 0 if not count else 50 if count < 100 else count // 100 * 100
    names = ("audience_id", "title", "created_date", "updated_date")
    return {**{name: row[name] for name in names}, "size": size, "ads_count": 0}


def _event(call: Call, row: JsonObject) -> JsonObject:
    users = sum(ad["conversion_event_id"] == row["event_id"] for ad in call.store.every("ad"))
    return {**row, "ads_count": users}
