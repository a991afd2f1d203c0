"""Line item budgets below the campaign's ceiling.

Budgets live on the line items; the campaign's own daily budget caps them together. It is kept
at their sum: raised before a line item, lowered after it, so that no order of failures leaves
more room than the larger of the two settings.
"""

from typing import cast

from platforms.x.errors import JsonObject
from platforms.x.wire import Wire

_BUDGET, _TOTAL = "daily_budget_amount_local_micro", "total_budget_amount_local_micro"


async def set_line_item_budget(wire: Wire, line_item_id: str, micros: int) -> None:
    """Set one line item's daily budget (micros) and the ceiling above it. Setting the same
    again is harmless, also after a lost answer."""
    line = cast(JsonObject, (await wire.get(f"line_items/{line_item_id}"))["data"])
    campaign_id = str(line["campaign_id"])
    campaign = cast(JsonObject, (await wire.get(f"campaigns/{campaign_id}"))["data"])
    others = [
        int(row.get(_BUDGET) or 0)
        for row in await wire.by_ids("line_items", "campaign_ids", [campaign_id])
        if row["id"] != line_item_id
    ]
    ceiling, total = int(campaign.get(_BUDGET) or 0), campaign.get(_TOTAL)
    wanted = sum(others) + micros
    if total is not None:
        wanted = min(wanted, int(total))  # X takes no day above the campaign's whole
    if wanted > ceiling:
        await wire.put(f"campaigns/{campaign_id}", {_BUDGET: wanted})
    await wire.put(f"line_items/{line_item_id}", {_BUDGET: micros})
    if wanted < ceiling:
        await wire.put(f"campaigns/{campaign_id}", {_BUDGET: wanted})
