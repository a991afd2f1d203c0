"""Making a line item (ad group) with its targeting, as one effect.

A line item without its targeting would reach the whole world. So it is made under a name that
no search for its key matches, given its criteria, and only then renamed: what carries the key
is whole. An interrupted attempt is continued by repeating the order.
"""

from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder
from platforms.naming import pending
from platforms.x.errors import JsonObject, refused
from platforms.x.names import NAME_LIMIT, id_order, iso, keyed, whole_minute
from platforms.x.targeting import criteria_for, ensure_criteria
from platforms.x.terms import WEB_EVENT_TAG, bid_fields, in_micros, optimisation
from platforms.x.wire import Form, Wire

_RESTATED = (
    "name",
    "daily_budget_amount_local_micro",
    "start_time",
    "end_time",
    "entity_status",
)


async def create_line_item(
    wire: Wire, order: AdGroupOrder, account: AdAccount, minimum: Money | None
) -> JsonObject:
    """Create or complete the paused line item of an order.

    Raises:
        Refused: a value X does not take, named; nothing is left behind that carries the key.
        Ambiguous: an answer was lost; repeating completes what is there.
    """
    form = _form(order, account, minimum)
    wanted = await criteria_for(wire, order)
    name = str(form["name"])
    unfinished = pending(name)
    if len(unfinished) > NAME_LIMIT:
        raise refused(f"name {name!r} is too long; shorten it by a word", field="name")
    row = await _begun(wire, order.campaign_id, unfinished)
    if row is None:
        answer = await wire.post("line_items", {**form, "name": unfinished})
        row = cast(JsonObject, answer["data"])
    line_item_id = str(row["id"])
    await ensure_criteria(wire, line_item_id, wanted)
    # An earlier attempt may have been begun with other times or money than this order's.
    changes = {field: form[field] for field in _RESTATED}
    done = await wire.put(f"line_items/{line_item_id}", changes)
    return cast(JsonObject, done["data"])


async def _begun(wire: Wire, campaign_id: str, unfinished: str) -> JsonObject | None:
    """The line item an interrupted attempt left; its twins, should a late answer have made
    any, are deleted."""
    rows = await wire.by_ids("line_items", "campaign_ids", [campaign_id])
    mine = [row for row in rows if row.get("name") == unfinished]
    mine.sort(key=lambda row: id_order(str(row["id"])))
    for twin in mine[1:]:
        await wire.delete(f"line_items/{twin['id']}")
    return mine[0] if mine else None


def _form(order: AdGroupOrder, account: AdAccount, minimum: Money | None) -> Form:
    how = optimisation(order.objective, account)
    end = whole_minute(order.end_time)
    if end <= order.start_time:
        raise refused(
            f"the end {iso(end)} is not after the start {iso(order.start_time)}", field="end_time"
        )
    form: dict[str, str | int | bool | list[str] | None] = {
        "campaign_id": order.campaign_id,
        "name": keyed(order.key, order.name),
        "objective": how.objective,
        "product_type": "PROMOTED_TWEETS",
        "placements": ["ALL_ON_TWITTER"],
        "goal": how.goal,
        "daily_budget_amount_local_micro": in_micros(
            order.daily_budget, account.currency, minimum=minimum
        ),
        "start_time": iso(order.start_time),
        "end_time": iso(end),
        "entity_status": "PAUSED",
        # X spends evenly over the day by default; stated because pacing relies on it.
        "standard_delivery": True,
        **bid_fields(order.bid, how, account.currency),
    }
    if how.by_conversion:
        form["primary_web_event_tag"] = account.options[WEB_EVENT_TAG]
    return form
