"""Orders as the bodies Snapchat takes; whatever it would not take is refused by name here."""

from datetime import datetime

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder, AdOrder, CampaignOrder, CreativeOrder
from platforms.app_store import StoreApp, store_app
from platforms.snapchat.errors import JsonObject, refused
from platforms.snapchat.names import iso, keyed
from platforms.snapchat.targeting import Catalogue, targeting_of
from platforms.snapchat.terms import (
    CAPABILITIES,
    PIXEL_ID,
    bid_fields,
    call_to_action,
    goal_of,
    in_micros,
)

_BRAND_LIMIT = 32
_CONVERSION_WINDOW = "SWIPE_28DAY_VIEW_1DAY"
_AD_TYPES = {"WEB_VIEW": "REMOTE_WEBPAGE", "APP_INSTALL": "APP_INSTALL"}
"""What an ad is called that shows a creative of a type."""


def campaign_body(order: CampaignOrder, account: AdAccount, now: datetime) -> JsonObject:
    """A paused campaign. It carries no daily budget: the ad squad's is what paces, and Snapchat's
    least for a campaign is four times as much."""
    body: JsonObject = {
        "name": keyed(order.key, order.name),
        "ad_account_id": account.external_id,
        "status": "PAUSED",
        "start_time": iso(now),
        "buy_model": "AUCTION",
        "objective_v2_properties": {
            "objective_v2_type": goal_of(order.objective, account).objective
        },
    }
    in_micros(order.daily_budget, account.currency)
    if order.spend_cap is not None:
        least = CAPABILITIES.spend_cap_minimum.get(account.currency)
        body["lifetime_spend_cap_micro"] = in_micros(
            order.spend_cap, account.currency, "spend_cap", least
        )
    return body


async def ad_squad_body(
    order: AdGroupOrder, account: AdAccount, minimum: Money | None, catalogue: Catalogue
) -> JsonObject:
    """A paused ad squad with its budget, bid, targeting and end."""
    goal = goal_of(order.objective, account)
    if order.dayparts:
        raise refused(
            "hours of the day cannot be chosen on Snapchat with a daily budget; leave dayparts "
            "out, and move the end time instead",
            field="dayparts",
        )
    if order.end_time <= order.start_time:
        raise refused(
            f"the end {iso(order.end_time)} is not after the start {iso(order.start_time)}",
            field="end_time",
        )
    if goal.optimization == "APP_INSTALLS" and order.link and store_app(order.link) is None:
        raise _no_app(order.link)
    body: JsonObject = {
        "name": keyed(order.key, order.name),
        "campaign_id": order.campaign_id,
        "status": "PAUSED",
        "type": "SNAP_ADS",
        "placement_v2": {"config": "AUTOMATIC"},
        "billing_event": "IMPRESSION",
        "optimization_goal": goal.optimization,
        "delivery_constraint": "DAILY_BUDGET",
        "pacing_type": "STANDARD",
        "daily_budget_micro": in_micros(
            order.daily_budget, account.currency, "daily_budget", minimum
        ),
        "start_time": iso(order.start_time),
        "end_time": iso(order.end_time),
        **bid_fields(order.bid, goal, account.currency),
    }
    if goal.pixel:
        body |= {"pixel_id": account.options[PIXEL_ID], "conversion_window": _CONVERSION_WINDOW}
    body["targeting"] = await targeting_of(catalogue, order, account)
    return body


def creative_body(order: CreativeOrder, account: AdAccount, media_id: str) -> JsonObject:
    """A creative over a ready medium: a web view, or an app's store page."""
    headline, limit = order.copy_text.headline, CAPABILITIES.copy_limits.headline
    if not headline or len(headline) > limit:
        raise refused(
            f"headline {headline!r} has {len(headline)} characters; Snapchat takes 1 to {limit}",
            field="headline",
        )
    brand = _option(account, "brand_name", "the name shown above the headline")
    if len(brand) > _BRAND_LIMIT:
        raise refused(
            f"account option brand_name {brand!r} has {len(brand)} characters; Snapchat takes "
            f"{_BRAND_LIMIT}",
            field="brand_name",
        )
    app = store_app(order.link)
    body: JsonObject = {
        "name": keyed(order.key, order.name),
        "ad_account_id": account.external_id,
        "type": "WEB_VIEW" if app is None else "APP_INSTALL",
        "headline": headline,
        "brand_name": brand,
        "shareable": True,
        "call_to_action": call_to_action(order.copy_text.call_to_action, for_app=app is not None),
        "top_snap_media_id": media_id,
        "profile_properties": {
            "profile_id": _option(account, "profile_id", "the public profile ads are shown under")
        },
    }
    if app is None:
        if not order.link.startswith(("https://", "http://")):
            raise refused(
                f"link {order.link!r} is no web address; give one with https://", field="link"
            )
        body["web_view_properties"] = {"url": order.link}
    else:
        body["app_install_properties"] = _app(app, order.link, account)
    return body


def ad_body(order: AdOrder, creative_type: str) -> JsonObject:
    """A paused ad."""
    kind = _AD_TYPES.get(creative_type)
    if kind is None:
        raise refused(
            f"creative {order.creative_id} is of type {creative_type}; use one of: "
            f"{', '.join(_AD_TYPES)}",
            field="creative_id",
        )
    return {
        "name": keyed(order.key, order.name),
        "ad_squad_id": order.ad_group_id,
        "creative_id": order.creative_id,
        "status": "PAUSED",
        "type": kind,
    }


def _app(app: StoreApp, link: str, account: AdAccount) -> JsonObject:
    found: JsonObject = {
        "app_name": _option(account, "app_name", "the name of the promoted app"),
        "icon_media_id": _option(account, "app_icon_media_id", "the medium with the app's icon"),
    }
    if app.store == "apple":
        return {**found, "ios_app_id": app.id}
    return {**found, "android_app_url": link}


def _no_app(link: str) -> Exception:
    return refused(
        f"link {link!r} is no App Store or Google Play page; give the app's own, or use the "
        "objective 'traffic'",
        field="link",
    )


def _option(account: AdAccount, name: str, what: str) -> str:
    value = account.options.get(name)
    if not value:
        raise refused(
            f"the account option {name} is missing ({what}); set it on account {account.name!r}",
            field=name,
        )
    return value
