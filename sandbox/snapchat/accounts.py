"""Who is asking, and what belongs to them: organisations, ad accounts, funding, pixels."""

from sandbox.snapchat.request import Call, envelope, gone, public, success
from sandbox.snapchat.store import ORGANIZATION_ID, JsonObject


def me(call: Call) -> JsonObject:
    """The person who granted the token."""
    person = {"id": "5afe0000-0000-4000-8000-000000000001", "display_name": "Sandbox"}
    return {
        "request_status": "SUCCESS",
        "request_id": call.request_id,
        "me": {**person, "organization_id": ORGANIZATION_ID, "member_status": "MEMBER"},
    }


def organizations(call: Call) -> JsonObject:
    """The person's organisations, with their ad accounts when asked."""
    entries: list[JsonObject] = []
    for row in call.store.every("organization"):
        shown = dict(row)
        if call.query.get("with_ad_accounts") == "true":
            shown["ad_accounts"] = [
                {name: one[name] for name in ("id", "name", "status", "currency", "timezone")}
                for one in call.store.every("account")
                if one["organization_id"] == row["id"]
            ]
        entries.append(success("organization", shown))
    return envelope(call, "organizations", entries)


def account(call: Call) -> JsonObject:
    """One ad account."""
    return envelope(call, "adaccounts", [success("adaccount", call.account())])


def funding_sources(call: Call) -> JsonObject:
    """How an organisation pays."""
    organization_id = call.path["id"]
    if call.store.get("organization", organization_id) is None:
        raise gone("organization", organization_id)
    rows = [
        row for row in call.store.every("funding") if row["_organization_id"] == organization_id
    ]
    entries = [success("fundingsource", public(row)) for row in rows]
    return envelope(call, "fundingsources", entries)


def pixel(call: Call) -> JsonObject:
    """One pixel."""
    row = call.store.get("pixel", call.path["id"])
    if row is None:
        raise gone("pixel", call.path["id"])
    return envelope(call, "pixels", [success("pixel", row)])
