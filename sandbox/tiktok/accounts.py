"""The ad account, its identities, pixels and apps."""

from sandbox.tiktok.request import NO_PERMISSION, Call, TikTokError, public
from sandbox.tiktok.store import JsonObject


def info(call: Call) -> JsonObject:
    """Accounts by id."""
    call.values.need("advertiser_ids")
    ids = call.values.words("advertiser_ids")
    fields = set(call.values.words("fields"))
    rows: list[JsonObject] = []
    for one in ids:
        account = call.store.get("account", one)
        if account is None:
            raise TikTokError(NO_PERMISSION, f"No permission to operate advertiser {one}.")
        shown = public(account)
        rows.append({k: v for k, v in shown.items() if not fields or k in fields})
    return {"list": rows}


def identities(call: Call) -> JsonObject:
    """Identities of the account, of one type where it is named."""
    kind = call.values.text("identity_type")
    rows = call.store.every("identity", call.advertiser_id)
    found = [public(row) for row in rows if kind in ("", row["identity_type"])]
    page = call.page(found, usual=100, most=100)
    return {"identity_list": page["list"], "page_info": page["page_info"]}


def pixels(call: Call) -> JsonObject:
    """Pixels of the account."""
    wanted = call.values.text("pixel_id")
    rows = call.store.every("pixel", call.advertiser_id)
    page = call.page([public(row) for row in rows if wanted in ("", row["id"])], usual=10, most=20)
    return {"pixels": page["list"], "page_info": page["page_info"]}


def apps(call: Call) -> JsonObject:
    """Apps that were added to the account."""
    return {"apps": [public(row) for row in call.store.every("app", call.advertiser_id)]}
