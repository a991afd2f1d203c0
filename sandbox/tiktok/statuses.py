"""Status changes of campaigns, ad groups and ads, in groups."""

from collections.abc import Callable

from sandbox.tiktok.billing import must_pay
from sandbox.tiktok.campaigns import live
from sandbox.tiktok.request import Call, TikTokError, missing, stamp
from sandbox.tiktok.store import JsonObject

_MOST = 20
_OPERATIONS = ("ENABLE", "DISABLE", "DELETE")


def updater(kind: str) -> Callable[[Call], JsonObject]:
    """The status call of one level."""

    def update(call: Call) -> JsonObject:
        return _update(call, kind)

    return update


def _update(call: Call, kind: str) -> JsonObject:
    """All of the group or none, but for ad groups that are told to take what goes."""
    values = call.values
    values.need(f"{kind}_ids", "operation_status")
    ids = values.ids(f"{kind}_ids", _MOST)
    operation = values.choice("operation_status", _OPERATIONS)
    partial = kind == "adgroup" and values.flag("allow_partial_success")
    if len(set(ids)) != len(ids):
        raise missing(f"distinct {kind}_ids")
    rows: list[JsonObject] = []
    errors: list[JsonObject] = []
    for one in ids:
        try:
            row = live(call, kind, one)
            if operation == "ENABLE":
                must_pay(call.store.get("account", call.advertiser_id) or {})
        except TikTokError as error:
            if not partial:
                raise
            errors.append({f"{kind}_id": one, "error_message": error.message})
        else:
            rows.append(row)
    for row in rows:
        changes = {"operation_status": operation, "modify_time": stamp(call.now)}
        call.store.put(kind, {**row, **changes})
    done = [row["id"] for row in rows]
    answer: JsonObject = {
        f"{kind}_ids": done,
        "status": operation,
        f"{kind}_list": [{f"{kind}_id": one, "status": operation} for one in done],
    }
    return {**answer, "error_list": errors} if partial else answer
