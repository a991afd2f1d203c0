"""Orders as Graph parameters: pure, and refusing by name what Meta does not take."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    AdOrder,
    Bid,
    CampaignOrder,
    CreativeOrder,
    Targeting,
)
from models.contract.regulated import forbidden_targeting
from models.contract.vocabulary import Objective, Platform, SpecialCategory
from platforms.countries import is_country
from platforms.errors import Refused
from platforms.meta.maps import (
    BID_STRATEGIES,
    CALLS_TO_ACTION,
    CAPABILITIES,
    GENDERS,
    GOALS,
    SPECIAL_CATEGORIES,
    Goal,
)
from platforms.meta.money import minor_units, rounded_down

Interests = list[dict[str, str]]


def refuse(message: str, field: str) -> Refused:
    """A refusal of ours, before anything was sent."""
    return Refused(Platform.META, message, field=field)


def goal_of(objective: Objective) -> Goal:
    """How Meta buys ``objective``.

    Raises:
        Refused: Meta has no way to buy it.
    """
    goal = GOALS.get(objective)
    if goal is None:
        raise refuse(f"objective {objective.value} is not supported on Meta", "objective")
    return goal


def titled(key: str, name: str) -> str:
    """An object's name: the key in front, so that people and name searches find it."""
    return f"{key} {name}"


def campaign_parameters(order: CampaignOrder, currency: str) -> dict[str, Any]:
    """``POST act_…/campaigns``: paused, without a budget (the ad sets carry it)."""
    parameters: dict[str, Any] = {
        "name": titled(order.key, order.name),
        "objective": goal_of(order.objective).objective,
        "special_ad_categories": list(SPECIAL_CATEGORIES[order.special_category]),
        "buying_type": "AUCTION",
        "is_adset_budget_sharing_enabled": False,
        "status": "PAUSED",
    }
    if order.special_category is not SpecialCategory.NONE:
        if not order.countries:
            raise refuse("a special ad category needs its countries", "countries")
        parameters["special_ad_category_country"] = list(order.countries)
    if (cap := order.spend_cap) is not None:
        least = CAPABILITIES.spend_cap_minimum.get(cap.currency)
        if cap.currency != currency or (least is not None and cap.micros >= least.micros):
            parameters["spend_cap"] = minor_units(rounded_down(cap), currency, "spend_cap")
    return parameters


def ad_set_parameters(
    order: AdGroupOrder, account: AdAccount, interests: Interests
) -> dict[str, Any]:
    """``POST act_…/adsets``: paused, with its own daily budget and end.

    Raises:
        Refused: a budget or bid finer than a minor unit, targeting a special category
            forbids, an option of the account that the objective needs, a naive time.
    """
    goal = goal_of(order.objective)
    parameters: dict[str, Any] = {
        "name": titled(order.key, order.name),
        "campaign_id": order.campaign_id,
        "daily_budget": minor_units(order.daily_budget, account.currency, "daily_budget"),
        "billing_event": "IMPRESSIONS",
        "optimization_goal": goal.optimization_goal,
        "targeting": targeting_spec(order.targeting, order.special_category, interests),
        "start_time": moment(order.start_time, "start_time"),
        "end_time": moment(order.end_time, "end_time"),
        "status": "PAUSED",
        **bid_parameters(order.bid, account.currency),
    }
    promoted = promoted_object(order.objective, account.options)
    if promoted:
        parameters["promoted_object"] = promoted
    # Advertising that reaches the EU names who pays; an account may hold a default itself.
    for option in ("dsa_beneficiary", "dsa_payor"):
        if account.options.get(option):
            parameters[option] = account.options[option]
    return parameters


def targeting_spec(
    targeting: Targeting, category: SpecialCategory, interests: Interests
) -> dict[str, Any]:
    """Meta's ``targeting``; ``interests`` are already resolved to Meta's ids.

    For categories with an unrestricted audience a narrowed one is refused, not widened:
    whoever asked for it must learn that it is not allowed.
    """
    if not targeting.locations:
        raise refuse("targeting needs at least one country", "targeting.locations")
    if targeting.age_min > targeting.age_max:
        raise refuse("age_min is above age_max", "targeting.age_min")
    if why := forbidden_targeting(category, targeting):
        raise refuse(why, "targeting")
    for code in targeting.locations:
        if not is_country(code):
            raise refuse(
                f"{code!r} is no country; use two-letter codes of ISO 3166 such as US",
                "targeting.locations",
            )
    spec: dict[str, Any] = {
        "geo_locations": {"countries": list(targeting.locations)},
        "age_min": targeting.age_min,
        "age_max": targeting.age_max,
        # Left out, Meta turns the audience expansion on by itself.
        "targeting_automation": {"advantage_audience": 0},
    }
    if targeting.genders:
        spec["genders"] = sorted({GENDERS[gender] for gender in targeting.genders})
    if interests:
        spec["flexible_spec"] = [{"interests": interests}]
    return spec


def bid_parameters(bid: Bid, currency: str) -> dict[str, Any]:
    """``bid_strategy`` and, for caps, ``bid_amount``."""
    parameters: dict[str, Any] = {"bid_strategy": BID_STRATEGIES[bid.strategy]}
    if bid.strategy == "automatic":
        if bid.amount is not None:
            raise refuse("automatic bidding takes no amount; use bid_cap or cost_cap", "bid.amount")
    elif bid.amount is None:
        raise refuse(f"{bid.strategy} needs an amount per result", "bid.amount")
    else:
        parameters["bid_amount"] = minor_units(bid.amount, currency, "bid.amount")
    return parameters


def bid_change(shown: Mapping[str, Any], amount: Money, currency: str) -> dict[str, Any]:
    """Another amount for an ad set whose bid strategy is a cap.

    Raises:
        Refused: the strategy has no amount, or this one is no amount in the account's currency.
    """
    strategy = str(shown.get("bid_strategy") or BID_STRATEGIES["automatic"])
    if strategy not in (BID_STRATEGIES["bid_cap"], BID_STRATEGIES["cost_cap"]):
        raise refuse(
            f"bid strategy {strategy} has no amount to set; lower the daily budget instead",
            "bid_amount",
        )
    units = minor_units(rounded_down(amount), currency, "bid_amount")
    return {"bid_strategy": strategy, "bid_amount": units}


def promoted_object(objective: Objective, options: Mapping[str, str]) -> dict[str, str]:
    """What the ad set optimises for: the pixel's event, or the app.

    Raises:
        Refused: the account lacks the option (pixel, app) the objective needs.
    """
    goal = goal_of(objective)
    if objective is Objective.APP_INSTALLS:
        return {
            "application_id": needed(options, "application_id", objective),
            "object_store_url": needed(options, "object_store_url", objective),
        }
    if goal.event is None:
        return {}
    promoted = {
        "pixel_id": needed(options, "pixel_id", objective),
        "custom_event_type": goal.event,
    }
    if objective is Objective.CATALOG_SALES and options.get("product_set_id"):
        promoted["product_set_id"] = options["product_set_id"]
    return promoted


def needed(options: Mapping[str, str], option: str, purpose: Objective | str) -> str:
    """An option of the account that this order cannot do without."""
    value = options.get(option, "")
    if not value:
        what = purpose.value if isinstance(purpose, Objective) else purpose
        raise refuse(f"{what} needs {option} in the ad account's options; add it there", option)
    return value


def creative_parameters(
    order: CreativeOrder, account: AdAccount, image_hash: str
) -> dict[str, Any]:
    """``POST act_…/adcreatives``: one link with one still image, spoken by the page.

    Raises:
        Refused: no page, an unknown button, or a text above Meta's recommended length.
    """
    words = order.copy_text
    limits = CAPABILITIES.copy_limits
    for field in ("primary_text", "headline", "description"):
        length, limit = len(getattr(words, field)), getattr(limits, field)
        if length > limit:
            raise refuse(f"{field} has {length} characters; Meta shows {limit}", field)
    button = CALLS_TO_ACTION.get(words.call_to_action)
    if button is None:
        raise refuse(f"Meta has no button {words.call_to_action.value}", "call_to_action")
    hashtags = " ".join(f"#{tag.removeprefix('#')}" for tag in words.hashtags)
    link_data: dict[str, Any] = {
        "link": order.link,
        "message": f"{words.primary_text}\n\n{hashtags}" if hashtags else words.primary_text,
        "name": words.headline,
        "image_hash": image_hash,
        "call_to_action": {"type": button, "value": {"link": order.link}},
    }
    if words.description:
        link_data["description"] = words.description
    return {
        "name": titled(order.key, order.name),
        "object_story_spec": {
            "page_id": needed(account.options, "page_id", "a creative"),
            "link_data": link_data,
        },
    }


def ad_parameters(order: AdOrder) -> dict[str, Any]:
    """``POST act_…/ads``: paused."""
    return {
        "name": titled(order.key, order.name),
        "adset_id": order.ad_group_id,
        "creative": {"creative_id": order.creative_id},
        "status": "PAUSED",
    }


def moment(instant: datetime, field: str) -> str:
    """An instant as Meta takes it, to the second. A fraction of a second is dropped, which
    can only make an end come earlier.

    Raises:
        Refused: the time has no zone.
    """
    if instant.tzinfo is None:
        raise refuse(f"{field} has no time zone", field)
    return instant.strftime("%Y-%m-%dT%H:%M:%S%z")
