"""Making an ad group with its keywords, as one effect, and moving its campaign with it.

Budget and countries are the campaign's on Apple. An ad group whose keywords are not there yet is
made under a name that no search for its key matches and renamed when it is whole; an interrupted
attempt is continued by repeating the order.
"""

from datetime import datetime
from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder, NetworkObject
from platforms.apple_search_ads.errors import APPLE, DUPLICATE_NAME, JsonObject, refused
from platforms.apple_search_ads.objects import OFF, ad_group_view
from platforms.apple_search_ads.orders import number, storefronts
from platforms.apple_search_ads.targeting import dimensions, ensure_keywords, keywords
from platforms.apple_search_ads.terms import (
    NAME_LIMIT,
    adam_id,
    apple_money,
    buying,
    money,
    tap_price,
)
from platforms.apple_search_ads.times import instant, stamp
from platforms.apple_search_ads.wire import Wire
from platforms.errors import Refused
from platforms.naming import keyed, pending

_RESTATED = ("name", "endTime", "status", "bidStrategy", "targeting")


async def create_ad_group(
    wire: Wire, order: AdGroupOrder, account: AdAccount, minimum: Money | None, now: datetime
) -> NetworkObject:
    """Create or complete the paused ad group of an order.

    Raises:
        Refused: a value Apple does not take, named; nothing that carries the key is left behind.
        Ambiguous: an answer was lost; repeating completes what is there.
    """
    words = keywords(order.targeting)
    content = _content(order, account, now, by_search_match=not words)
    budget = apple_money(order.daily_budget, account.currency, "daily_budget", minimum)
    name = str(content["name"])
    unfinished = pending(name)
    if len(unfinished) > NAME_LIMIT:
        raise refused(f"name {name!r} is too long; shorten it by a word", field="name")
    campaign = await _campaign(wire, order)
    siblings = await wire.query("adgroups", ("campaignId", "EQUALS", content["campaignId"]))
    others = [row for row in siblings if row.get("name") not in (name, unfinished)]
    campaign = await _agree(wire, order, campaign, budget, alone=not others)
    if not words:
        row = await _made(wire, content)
        return ad_group_view(row, campaign, now).model_copy(update={"key": order.key})
    begun = next((row for row in siblings if row.get("name") == unfinished), None)
    row = begun or await _made(wire, {**content, "name": unfinished})
    await ensure_keywords(wire, int(row["id"]), words)
    # An earlier attempt may have been begun with other times or money than this order's.
    changes = {field: content[field] for field in _RESTATED}
    row = await wire.put(f"adgroups/{row['id']}", changes)
    return ad_group_view(row, campaign, now).model_copy(update={"key": order.key})


async def keep_campaign_open(wire: Wire, campaign: JsonObject, end: datetime) -> None:
    """Move a campaign's own end behind that of an ad group; never forward."""
    ends = instant(campaign.get("endTime"))
    if ends is not None and ends < end:
        await wire.put(f"campaigns/{campaign['id']}", {"endTime": stamp(end)})


def _content(
    order: AdGroupOrder, account: AdAccount, now: datetime, *, by_search_match: bool
) -> JsonObject:
    how = buying(order.objective)
    if order.end_time <= max(order.start_time, now):
        raise refused(
            f"the end {stamp(order.end_time)} (UTC) is not after the start or already past",
            field="end_time",
        )
    content: JsonObject = {
        "name": keyed(APPLE, order.key, order.name, NAME_LIMIT),
        "campaignId": number(order.campaign_id, "campaign_id"),
        "pricingModel": how.pricing_model,
        "status": OFF,
        "endTime": stamp(order.end_time),
        "automatedKeywordsOptIn": by_search_match,
        "bidStrategy": {**how.bid_strategy, "bid": tap_price(order.bid, account)},
        "targeting": dimensions(order, account),
    }
    # A start that is past is the present; Apple takes none as such.
    if order.start_time > now:
        content["startTime"] = stamp(order.start_time)
    return content


async def _campaign(wire: Wire, order: AdGroupOrder) -> JsonObject:
    found = await wire.by_ids("campaigns", [order.campaign_id], deleted_too=False)
    if not found:
        raise refused(
            f"Apple knows no campaign {order.campaign_id}; create the campaign first",
            field="campaign_id",
        )
    if order.link and adam_id(order.link) != str(found[0].get("promotedObjectId")):
        raise refused(
            f"link {order.link!r} leads to another app than the campaign's "
            f"({found[0].get('promotedObjectId')}); use a campaign of its own",
            field="link",
        )
    return found[0]


async def _agree(
    wire: Wire, order: AdGroupOrder, campaign: JsonObject, budget: JsonObject, *, alone: bool
) -> JsonObject:
    """Give the campaign the ad group's budget, countries and end, where they differ. Other ad
    groups below it would get them too, so then only the end may move."""
    changes: JsonObject = {}
    shown = money(cast(JsonObject, campaign.get("dailyBudget") or {}).get("value"))
    if shown != money(budget):
        if not alone:
            raise refused(
                f"daily budget {order.daily_budget} would be shared: Apple budgets whole "
                f"campaigns and this one has {shown} for all its ad groups; order that, or use a "
                "campaign of its own",
                field="daily_budget",
            )
        changes["dailyBudget"] = {"value": budget}
    targeting = cast(JsonObject, campaign.get("targeting") or {})
    reached = cast(JsonObject, targeting.get("countryOrRegion") or {})
    served = {str(one) for one in cast(list[object], reached.get("include") or [])}
    if served != {one.upper() for one in order.targeting.locations}:
        if not alone:
            raise refused(
                f"countries are the campaign's on Apple ({', '.join(sorted(served))}) and other ad "
                "groups share them; order those, or use a campaign of its own",
                field="location",
            )
        app = str(campaign.get("promotedObjectId"))
        include = await storefronts(wire, app, order.targeting.locations)
        changes["targeting"] = {**targeting, "countryOrRegion": {"include": include}}
    ends = instant(campaign.get("endTime"))
    if ends is not None and ends < order.end_time:
        changes["endTime"] = stamp(order.end_time)
    return await wire.put(f"campaigns/{campaign['id']}", changes) if changes else campaign


async def _made(wire: Wire, content: JsonObject) -> JsonObject:
    """A new ad group; the one there where an earlier attempt landed a moment ago (Apple takes a
    name once per campaign)."""
    try:
        return cast(JsonObject, await wire.post("adgroups", content))
    except Refused as error:
        if error.code != DUPLICATE_NAME:
            raise
        same = await wire.query(
            "adgroups",
            ("campaignId", "EQUALS", content["campaignId"]),
            ("name", "EQUALS", content["name"]),
        )
        if not same:
            raise
        return same[0]
