"""Making and changing campaigns; an ad group is part of its campaign.

``status`` is ignored when a campaign is created, and nobody says what it then is (unsure: taken
for LIVE). So a campaign is made under a name that no search takes for a whole one, with nothing to
show and a start in the future; one change then pauses it and gives it its name; then it is read
back. Should we die in between, what is left has no creative set that could deliver, ends by itself
a day later, and the next attempt under the same key completes it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder, CampaignOrder
from platforms.applovin.errors import JsonObject, refused, unclear
from platforms.applovin.names import CampaignName, read_campaign_name, removed_name
from platforms.applovin.promoted_app import app_fields, require_same_app, tracking_fields
from platforms.applovin.targeting import countries, group_targeting
from platforms.applovin.terms import (
    bid_amount,
    checked_budget,
    decimal_text,
    default_bid,
    goal_of,
    require_no_category,
    rounded_bid,
)
from platforms.applovin.wire import Wire, made_id, number_order, part
from platforms.errors import NetworkError
from platforms.naming import pending

LEAD = timedelta(minutes=10)
"""From making a campaign to its start: long enough to pause it and to see it paused. The start
cannot be changed later."""
PROVISIONAL = timedelta(days=1)
"""How long a campaign lasts that never gets an ad group, and with it its lease."""
_STARTS_WITH = timedelta(hours=1)
"""An ad group's start may lie so far ahead; AppLovin begins as soon as it is switched on."""
_SAME_APP = ("platform", "itunes_id", "package_name", "bidding_strategy")
_PLACEHOLDER_BID = Money.of("1.00")
"""Bid of a campaign whose ad group, and with it the bid, is not ordered yet."""


async def create_campaign(
    wire: Wire,
    order: CampaignOrder,
    account: AdAccount,
    minimum: Money | None,
    now: datetime,
) -> JsonObject:
    """Make a campaign that cannot deliver; its row, read back as paused.

    Raises:
        Refused: a value AppLovin does not take, named; nothing was made.
        Ambiguous: an answer was lost, or it is not shown as paused yet.
    """
    name = CampaignName(order.key, "", order.name).text()
    fixed, settings = _new_campaign(order, account, minimum, now)
    campaign_id = await _begun(wire, pending(name), fixed)
    if campaign_id is None:
        body = {**fixed, **settings, "name": pending(name), "start_date": stamp(now + LEAD)}
        campaign_id = made_id(await wire.post("/campaign/create", body), "campaign")
    try:
        # An earlier attempt may have been begun with other money than this order's.
        goal = {**part(settings, "goal")}
        goal.pop("goal_type")
        change: JsonObject = {**settings, "goal": goal, "status": "PAUSED", "name": name}
        await update(wire, campaign_id, change)
        row = await campaign_row(wire, campaign_id)
    except NetworkError as error:
        # The campaign is there, so no failure from here on says that nothing happened.
        raise unclear(
            f"campaign {campaign_id} was made, but not paused ({error.message})"
        ) from None
    if row.get("status") != "PAUSED":
        raise unclear(f"campaign {campaign_id} was made, but it is shown as {row.get('status')}")
    return row


def _new_campaign(
    order: CampaignOrder, account: AdAccount, minimum: Money | None, now: datetime
) -> tuple[JsonObject, JsonObject]:
    """What is fixed once the campaign is made, and what is not."""
    goal = goal_of(order.objective)
    require_no_category(order.special_category)
    budget = checked_budget(order.daily_budget, minimum)
    bid = rounded_bid(default_bid(account) or _PLACEHOLDER_BID)
    fixed: JsonObject = {
        "type": "APP",
        **app_fields(order.link, account),
        "bidding_strategy": goal.bidding_strategy,
        "tracking": tracking_fields(account),
    }
    settings: JsonObject = {
        "end_date": stamp(now + LEAD + PROVISIONAL),
        "budget": {"daily_budget_for_all_countries": decimal_text(budget)},
        "goal": {
            "goal_type": goal.goal_type,
            "goal_value_for_all_countries": decimal_text(bid),
        },
        "targeting": countries(order.countries),
    }
    return fixed, settings


async def _begun(wire: Wire, unfinished: str, fixed: JsonObject) -> str | None:
    """The campaign an interrupted attempt left, for the same app; the lowest id of several, which
    only late answers can have made. The others stay as they are: they cannot deliver, and end."""
    rows = [
        row
        for row in await wire.pages("/campaign/list")
        if row.get("name") == unfinished
        and all(str(row.get(name)) == fixed[name] for name in _SAME_APP if name in fixed)
    ]
    return min((str(row["id"]) for row in rows), key=number_order, default=None)


async def add_group(
    wire: Wire, order: AdGroupOrder, account: AdAccount, minimum: Money | None, now: datetime
) -> JsonObject:
    """Write an ad group into its campaign, which stays paused; the campaign's row, read back.

    All of it is one change, so the ad group is there as a whole or not at all.

    Raises:
        Refused: a value AppLovin does not take, named; or the campaign has another ad group.
        Ambiguous: an answer was lost.
    """
    goal_of(order.objective)
    targeting = group_targeting(order)
    budget = checked_budget(order.daily_budget, minimum)
    bid = bid_amount(order.bid, account)
    row = await campaign_row(wire, order.campaign_id)
    name = read_campaign_name(str(row.get("name") or ""))
    if name.removed or not name.key:
        raise refused(
            f"campaign {order.campaign_id} is removed or was not made here; create one first",
            field="campaign_id",
        )
    if name.group_key not in ("", order.key):
        raise refused(
            f"campaign {order.campaign_id} has ad group {name.group_key} already, and a campaign "
            "on AppLovin has one; create another campaign",
            field="campaign_id",
        )
    require_same_app(order.link, row)
    start = read_stamp(row.get("start_date"))
    if start is not None and order.start_time > max(start, now) + _STARTS_WITH:
        raise refused(
            f"the ad group starts at {stamp(order.start_time)}, but its campaign begins at "
            f"{stamp(start)} and AppLovin cannot move that; create both when the flight begins",
            field="start_time",
        )
    change: JsonObject = {
        "status": "PAUSED",
        "name": replace(name, group_key=order.key).text(),
        "budget": {"daily_budget_for_all_countries": decimal_text(budget)},
        "goal": {"goal_value_for_all_countries": decimal_text(bid)},
        "targeting": targeting,
        **_ending(row, order.end_time),
    }
    await update(wire, order.campaign_id, change)
    try:
        row = await campaign_row(wire, order.campaign_id)
    except NetworkError as error:
        raise unclear(f"the ad group was written, but not read back ({error.message})") from None
    if row.get("status") != "PAUSED":
        raise unclear(f"campaign {order.campaign_id} is shown as {row.get('status')}")
    return row


# -- changing ------------------------------------------------------------------------------


async def update(wire: Wire, campaign_id: str, change: JsonObject) -> None:
    """Change the named fields of a campaign; the others stay."""
    await wire.post("/campaign/update", {"id": campaign_id, "type": "APP", **change})


async def set_status(wire: Wire, campaign_id: str, *, on: bool) -> None:
    """Set a campaign live, or pause it."""
    await update(wire, campaign_id, {"status": "LIVE" if on else "PAUSED"})


async def set_budget(wire: Wire, campaign_id: str, budget: Money, minimum: Money | None) -> None:
    """Set the daily budget.

    Raises:
        Refused: an amount AppLovin does not take, or a campaign that is not there.
    """
    amount = decimal_text(checked_budget(budget, minimum))
    await campaign_row(wire, campaign_id)
    await update(wire, campaign_id, {"budget": {"daily_budget_for_all_countries": amount}})


async def set_bid(wire: Wire, campaign_id: str, amount: Money) -> None:
    """Set the price of an install.

    Raises:
        Refused: the amount is too small or in another currency, or the campaign has another goal.
    """
    bid = rounded_bid(amount)
    row = await campaign_row(wire, campaign_id)
    kind = part(row, "goal").get("goal_type")
    if kind != "CPI":
        raise refused(
            f"campaign {campaign_id} aims at {kind}, not at a price of an install; change it in "
            "AppLovin's own dashboard",
            field="bid_amount",
        )
    value = {"goal_value_for_all_countries": decimal_text(bid)}
    await update(wire, campaign_id, {"goal": value})


async def set_end(wire: Wire, campaign_id: str, end: datetime) -> None:
    """Move the end, rounded down to the minute.

    Raises:
        Refused: it lies before the start, or the campaign is not there.
    """
    row = await campaign_row(wire, campaign_id)
    await update(wire, campaign_id, _ending(row, end))


async def remove_campaign(wire: Wire, campaign_id: str) -> None:
    """What stands for deletion: paused for good, and under a name no search finds."""
    for row in await wire.by_ids("/campaign/list", [campaign_id]):
        name = str(row.get("name") or "")
        if not is_removed(row):
            await update(wire, campaign_id, {"status": "PAUSED", "name": removed_name(name)})


async def campaign_row(wire: Wire, campaign_id: str) -> JsonObject:
    """One campaign.

    Raises:
        Refused: AppLovin does not know it.
    """
    rows = await wire.by_ids("/campaign/list", [campaign_id]) if campaign_id.isdecimal() else []
    for row in rows:
        if str(row.get("id")) == campaign_id:
            return row
    raise refused(f"AppLovin knows no campaign {campaign_id}", field="campaign_id")


def is_removed(row: JsonObject) -> bool:
    """Whether a campaign counts as deleted: marked so, and not switched on again by somebody."""
    return (
        read_campaign_name(str(row.get("name") or "")).removed and row.get("status") != "LIVE"
    ) or row.get("status") == "DELETED"


# -- parts of a campaign -------------------------------------------------------------------


def stamp(moment: datetime) -> str:
    """A time as AppLovin writes it: UTC, whole seconds, no zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def read_stamp(text: object) -> datetime | None:
    """A time AppLovin wrote, with or without its zone."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ending(row: JsonObject, end: datetime) -> JsonObject:
    whole = end.replace(second=0, microsecond=0)
    start = read_stamp(row.get("start_date"))
    if start is not None and whole <= start:
        raise refused(
            f"the end {stamp(whole)} is not after the campaign's start {stamp(start)}; pause it "
            "instead",
            field="end_time",
        )
    endless: JsonObject = (
        {"is_continuous_delivery": False} if row.get("is_continuous_delivery") else {}
    )
    return {"end_date": stamp(whole), **endless}
