"""Campaigns with their budgets, and the ad group that is a campaign's settings."""

from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder, CampaignOrder
from models.contract.vocabulary import Platform
from platforms.app_store import store_app
from platforms.google.bidding import ad_group_bid, app_goal, bid_fields, opening_strategy
from platforms.google.errors import JsonObject, refused
from platforms.google.names import (
    GROUP_KEY_ROOM,
    NAME_LIMIT,
    digits,
    end_text,
    start_text,
    with_group,
)
from platforms.google.query import select
from platforms.google.targeting import Catalogue, ad_group_criteria, campaign_criteria
from platforms.google.terms import (
    Optimisation,
    eu_political,
    in_micros,
    optimisation,
    require_category,
)
from platforms.google.views import CAMPAIGN_FIELDS
from platforms.google.wire import Wire
from platforms.naming import keyed

_NETWORKS = {
    "targetGoogleSearch": False,
    "targetSearchNetwork": False,
    "targetContentNetwork": True,
    "targetPartnerSearchNetwork": False,
}
_CRITERION_FIELDS = (
    "campaign_criterion.resource_name",
    "campaign_criterion.type",
    "campaign_criterion.location.geo_target_constant",
    "campaign_criterion.ad_schedule.day_of_week",
    "campaign_criterion.ad_schedule.start_hour",
    "campaign_criterion.ad_schedule.start_minute",
    "campaign_criterion.ad_schedule.end_hour",
    "campaign_criterion.ad_schedule.end_minute",
)
_STORES = {"google": "GOOGLE_APP_STORE", "apple": "APPLE_APP_STORE"}


async def campaign_operations(
    wire: Wire,
    catalogue: Catalogue,
    order: CampaignOrder,
    account: AdAccount,
    minimum: Money | None,
) -> list[JsonObject]:
    """A budget of its own and a paused campaign on it, to be made together.

    Raises:
        Refused: by name, what Google does not take.
    """
    how = optimisation(order.objective, account)
    require_category(order.special_category, account)
    amount = in_micros(order.daily_budget, account.currency, minimum=minimum)
    name = keyed(Platform.GOOGLE, order.key, order.name, NAME_LIMIT - GROUP_KEY_ROOM)
    await catalogue.places(order.countries)
    budget = wire.resource("campaignBudgets", -1)
    create: JsonObject = {
        "name": name,
        # Google makes campaigns ENABLED unless told otherwise.
        "status": "PAUSED",
        "campaignBudget": budget,
        "advertisingChannelType": how.channel,
        "containsEuPoliticalAdvertising": eu_political(account),
        **opening_strategy(how),
    }
    if how.channel == "MULTI_CHANNEL":
        create |= {"advertisingChannelSubType": "APP_CAMPAIGN", **_app(order.link)}
    else:
        create["networkSettings"] = dict(_NETWORKS)
        # By default also people elsewhere who show an interest in a place would be reached.
        create["geoTargetTypeSetting"] = {"positiveGeoTargetType": "PRESENCE"}
    return [
        {
            "campaignBudgetOperation": {
                "create": {
                    "resourceName": budget,
                    "name": name,
                    "amountMicros": amount,
                    "deliveryMethod": "STANDARD",
                    "explicitlyShared": False,
                }
            }
        },
        {"campaignOperation": {"create": create}},
    ]


def _app(link: str) -> JsonObject:
    app = store_app(link)
    if app is None:
        raise refused(
            f"app installs need the address of an app in the App Store or on Google Play, not "
            f"{link!r}",
            field="link",
        )
    setting = {
        "appId": app.id,
        "appStore": _STORES[app.store],
        "biddingStrategyGoalType": app_goal(),
    }
    return {"appCampaignSetting": setting}


async def campaign_row(wire: Wire, campaign_id: str) -> JsonObject:
    """A campaign with its budget, as a query shows it.

    Raises:
        Refused: Google knows none, or it was removed.
    """
    rows: list[JsonObject] = []
    if digits(campaign_id):
        one = f"campaign.id = {campaign_id}"
        rows = await wire.search(select(CAMPAIGN_FIELDS, "campaign", one))
    if not rows or rows[0]["campaign"].get("status") == "REMOVED":
        raise refused(
            f"Google knows no campaign {campaign_id}, or it was removed; make it first",
            field="campaign_id",
        )
    return rows[0]


async def ad_group_operations(
    wire: Wire,
    catalogue: Catalogue,
    order: AdGroupOrder,
    account: AdAccount,
    minimum: Money | None,
    now: datetime,
) -> list[JsonObject]:
    """What an ad group's order changes on its campaign, all at once: name, budget, end, bid,
    places and hours. The same order again changes nothing more.

    Raises:
        Refused: by name, what Google does not take; or the campaign has another ad group.
    """
    how = optimisation(order.objective, account)
    require_category(order.special_category, account)
    keyed(Platform.GOOGLE, order.key, "", GROUP_KEY_ROOM - 1)
    amount = in_micros(order.daily_budget, account.currency, minimum=minimum)
    fields, mask = bid_fields(order.bid, how, account)
    ad_group_bid(order.bid, how, account)
    await ad_group_criteria(catalogue, order, how)
    criteria = await campaign_criteria(catalogue, order)
    if order.end_time <= order.start_time:
        raise refused(
            f"the end {order.end_time} is not after the start {order.start_time}", field="end_time"
        )
    row = await campaign_row(wire, order.campaign_id)
    campaign = cast(JsonObject, row["campaign"])
    if campaign.get("status") == "ENABLED":
        raise refused(
            f"campaign {order.campaign_id} is on, and its ad group's settings would work at once; "
            "pause it, make the ad group, and switch the campaign on again",
            field="campaign_id",
        )
    zone = ZoneInfo(account.timezone)
    update: JsonObject = {
        "resourceName": campaign["resourceName"],
        "name": with_group(str(campaign["name"]), order.key),
        "endDateTime": end_text(order.end_time, zone),
        **fields,
    }
    mask = ["name", "endDateTime", *mask]
    begin = start_text(order.start_time, now, zone)
    if begin is not None:
        update["startDateTime"] = begin
        mask.append("startDateTime")
    operations: list[JsonObject] = [
        _budget_operation(row, amount),
        {"campaignOperation": {"update": update, "updateMask": ",".join(mask)}},
    ]
    return operations + await _criteria_operations(wire, campaign, criteria)


def budget_update(row: JsonObject, amount: str) -> JsonObject:
    """The update of a campaign's budget (a row of ``campaign_row``).

    Raises:
        Refused: other campaigns spend from it too.
    """
    budget = cast(JsonObject, row.get("campaignBudget") or {})
    if budget.get("explicitlyShared") or int(budget.get("referenceCount") or 0) > 1:
        raise refused(
            "the campaign shares its budget with others, which would change with it; give it a "
            "budget of its own in Google Ads",
            field="daily_budget",
        )
    update = {"resourceName": row["campaign"]["campaignBudget"], "amountMicros": amount}
    return {"update": update, "updateMask": "amountMicros"}


def _budget_operation(row: JsonObject, amount: str) -> JsonObject:
    return {"campaignBudgetOperation": budget_update(row, amount)}


async def _criteria_operations(
    wire: Wire, campaign: JsonObject, wanted: list[JsonObject]
) -> list[JsonObject]:
    """From the places and hours that are there to the wanted ones."""
    query = select(
        _CRITERION_FIELDS,
        "campaign_criterion",
        f"campaign.id = {campaign['id']}",
        "campaign_criterion.negative = FALSE",
        "campaign_criterion.type IN ('LOCATION', 'AD_SCHEDULE')",
    )
    rows = await wire.search(query)
    there = {
        _identity(cast(JsonObject, row["campaignCriterion"])): str(
            row["campaignCriterion"]["resourceName"]
        )
        for row in rows
    }
    missing = {_identity(one): one for one in wanted if _identity(one) not in there}
    surplus = set(there) - {_identity(one) for one in wanted}
    added: list[JsonObject] = [
        {"create": {"campaign": campaign["resourceName"], **one}} for one in missing.values()
    ]
    removed: list[JsonObject] = [{"remove": there[one]} for one in sorted(surplus)]
    # Places are added before any is taken away: without one a campaign would reach the world.
    return [{"campaignCriterionOperation": one} for one in (*added, *removed)]


def _identity(criterion: JsonObject) -> str:
    location = cast(JsonObject, criterion.get("location") or {})
    if place := location.get("geoTargetConstant"):
        return str(place)
    schedule = cast(JsonObject, criterion.get("adSchedule") or {})
    parts = ("dayOfWeek", "startHour", "startMinute", "endHour", "endMinute")
    return " ".join(str(schedule.get(part) or 0) for part in parts)


def require_same_campaign(order: AdGroupOrder, how: Optimisation, campaign: JsonObject) -> None:
    """An ad group asks for what its campaign was made for.

    Raises:
        Refused: it asks for another kind.
    """
    kind = str(campaign.get("advertisingChannelType") or "")
    if kind != how.channel:
        raise refused(
            f"objective {order.objective.value!r} needs a {how.channel} campaign, but this one is "
            f"{kind}; make another campaign",
            field="objective",
        )
