"""X's campaigns: create, change, delete, list."""

from sandbox.x.delivery import Forest, has_ended
from sandbox.x.funding import must_pay
from sandbox.x.request import Answer, Call, Values, XError, invalid, not_found, page, public, stamp
from sandbox.x.store import JsonObject

DAILY, TOTAL = "daily_budget_amount_local_micro", "total_budget_amount_local_micro"
NAME_LIMIT = 255


def create(call: Call, values: Values) -> JsonObject:
    """A campaign; ACTIVE unless told otherwise."""
    account = call.account_id
    instrument_id = values.need("funding_instrument_id")
    instrument = call.store.get("funding_instrument", instrument_id)
    if instrument is None or instrument["account_id"] != account or instrument["deleted"]:
        message = f"Funding instrument {instrument_id} cannot be used"
        raise XError(400, "INVALID_FUNDING_INSTRUMENT", message, "funding_instrument_id")
    values.need(DAILY)
    values.choice("budget_optimization", ["LINE_ITEM"])
    _require_room(call)
    row: JsonObject = {
        "id": call.store.new_id(),
        "account_id": account,
        "name": checked_name(values),
        "funding_instrument_id": instrument_id,
        "currency": instrument["currency"],
        "entity_status": values.choice("entity_status", ["ACTIVE", "PAUSED", "DRAFT"]) or "ACTIVE",
        "budget_optimization": "LINE_ITEM",
        DAILY: values.micros(DAILY),
        TOTAL: values.micros(TOTAL),
        "standard_delivery": None,
        "frequency_cap": None,
        "duration_in_days": None,
        "purchase_order_number": values.text("purchase_order_number"),
        "created_at": stamp(call.now),
        "updated_at": stamp(call.now),
        "deleted": False,
    }
    check_budgets(row)
    must_pay(call.store, row, row["entity_status"])
    call.store.put("campaign", row["id"], row)
    return row


def update(call: Call, values: Values, campaign_id: str) -> JsonObject:
    """Change the given fields."""
    row = live(call, campaign_id)
    if "name" in values:
        row["name"] = checked_name(values)
    if status := values.choice("entity_status", ["ACTIVE", "PAUSED"]):
        must_pay(call.store, row, status)
        row["entity_status"] = status
    for field in (DAILY, TOTAL):
        if field in values:
            row[field] = values.micros(field)
    check_budgets(row)
    row["updated_at"] = stamp(call.now)
    call.store.put("campaign", campaign_id, row)
    return row


def delete(call: Call, campaign_id: str) -> JsonObject:
    """Delete softly and for good; what is below stays as it is."""
    row = live(call, campaign_id)
    row.update(deleted=True, updated_at=stamp(call.now))
    call.store.put("campaign", campaign_id, row)
    return row


def live(call: Call, campaign_id: str) -> JsonObject:
    """A campaign of the account that is not deleted.

    Raises:
        XError: there is none.
    """
    row = call.store.get("campaign", campaign_id)
    if row is None or row["account_id"] != call.account_id or row["deleted"]:
        raise not_found("CAMPAIGN", campaign_id)
    return row


def listed(call: Call) -> Answer:
    """The account's campaigns; ``q`` is a case-insensitive prefix of the name."""
    rows = filtered(call, call.store.every("campaign"), {"campaign_ids": "id"})
    wanted = call.values.words("funding_instrument_ids")
    if wanted:
        rows = [row for row in rows if row["funding_instrument_id"] in wanted]
    answer = page(call, rows)
    answer.data = shown(call, answer.data)
    return answer


def shown(call: Call, rows: list[JsonObject]) -> list[JsonObject]:
    """Campaigns as X answers them."""
    forest = Forest(call.store, call.now)
    return [public(forest.with_status(row)) for row in rows]


def filtered(call: Call, rows: list[JsonObject], by: dict[str, str]) -> list[JsonObject]:
    """Narrow a list the way all of X's lists are: account, ids, ``q``, ``with_deleted``."""
    values = call.values
    rows = [row for row in rows if row["account_id"] == call.account_id]
    for parameter, field in by.items():
        ids = values.words(parameter)
        if len(ids) > 200:
            raise invalid(parameter, f"{len(ids)} ids", "at most 200 ids")
        if ids:
            wanted = set(ids)
            rows = [row for row in rows if row[field] in wanted]
    if not values.flag("with_deleted"):
        rows = [row for row in rows if not (row["deleted"] or _orphaned(call, row))]
    if prefix := values.text("q"):
        rows = [r for r in rows if str(r.get("name") or "").lower().startswith(prefix.lower())]
    return rows


def _orphaned(call: Call, row: JsonObject) -> bool:
    """Whether something above is deleted: such objects are hidden without being deleted."""
    for kind in ("line_item", "campaign"):
        parent = call.store.get(kind, str(row.get(f"{kind}_id"))) if f"{kind}_id" in row else None
        if parent is not None and (parent["deleted"] or _orphaned(call, parent)):
            return True
    return False


def checked_name(values: Values) -> str:
    name = values.need("name")
    if len(name) > NAME_LIMIT:
        raise invalid("name", name, f"at most {NAME_LIMIT} characters")
    return name


def check_budgets(row: JsonObject) -> None:
    daily, total = row[DAILY], row[TOTAL]
    if daily is not None and total is not None and daily > total:
        raise invalid(DAILY, daily, f"at most the total budget {total}")


def _require_room(call: Call) -> None:
    """Paused campaigns count too, until their line items have ended or they are deleted."""
    account = call.store.get("account", call.account_id) or {}
    limit = int(account["_campaign_limit"])
    alive = {
        row["id"]
        for row in call.store.every("campaign")
        if row["account_id"] == call.account_id and not row["deleted"]
    }
    if len(alive) < limit:
        return
    flights: dict[str, list[bool]] = {}
    for line in call.store.every("line_item"):
        if line["campaign_id"] in alive and not line["deleted"]:
            flights.setdefault(line["campaign_id"], []).append(has_ended(line, call.now))
    ended = sum(all(ends) for ends in flights.values())
    if len(alive) - ended >= limit:
        message = f"The account has {limit} active campaigns, which is its limit"
        raise XError(400, "TOO_MANY_CAMPAIGNS", message)
