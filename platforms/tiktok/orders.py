"""The bodies of TikTok's create calls. Everything is made DISABLE: TikTok's default is ENABLE."""

import hashlib
from datetime import UTC, datetime

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder, AdOrder, CampaignOrder, CreativeOrder
from models.contract.vocabulary import Objective
from platforms.app_store import StoreApp, store_app
from platforms.countries import is_country
from platforms.network import Capabilities
from platforms.tiktok.errors import JsonObject, refused
from platforms.tiktok.money import units
from platforms.tiktok.targeting import Catalogues, audience_of, dayparting
from platforms.tiktok.terms import (
    NO_BUDGET,
    PIXEL,
    TOTAL,
    bid_fields,
    button,
    industries,
    way_of,
)
from platforms.tiktok.text import DISPLAY_NAME_LIMIT, ad_text, checked, name_of
from platforms.tiktok.wire import Wire

OFF = "DISABLE"
CUSTOM_IDENTITY = "CUSTOMIZED_USER"
_TIME = "%Y-%m-%d %H:%M:%S"


def request_id(key: str) -> str:
    """TikTok's own idempotency key, a 64-bit number derived from ours: within some seconds a
    second request of the same number makes nothing."""
    return str(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 1)


def campaign_body(order: CampaignOrder, account: AdAccount, able: Capabilities) -> JsonObject:
    """A campaign without a budget of its own, or with the most it may ever cost: budgets are the
    ad groups'.

    Raises:
        Refused: a value TikTok does not take.
    """
    way = way_of(order.objective, account)
    minimum = able.min_daily_budget.get(account.currency)
    units(order.daily_budget, account.currency, minimum=minimum)
    unknown = [code for code in order.countries if not is_country(code.upper())]
    if unknown:
        raise refused(
            f"country {', '.join(unknown)} is none; use ISO 3166 codes such as US",
            field="countries",
        )
    if order.link:
        app_of(order.objective, order.link)
    body: JsonObject = {
        "campaign_name": name_of(order.key, order.name),
        "objective_type": way.objective,
        "operation_status": OFF,
        "request_id": request_id(order.key),
        "budget_mode": NO_BUDGET,
        **way.campaign,
    }
    cap = order.spend_cap
    least = able.spend_cap_minimum.get(account.currency)
    if cap is not None and least is not None and cap.micros >= least.micros:
        amount = units(cap, account.currency, field="spend_cap")
        body |= {"budget_mode": TOTAL, "budget": amount}
    if declared := industries(order.special_category, account):
        body["special_industries"] = declared
    return body


async def ad_group_body(
    wire: Wire,
    catalogues: Catalogues,
    order: AdGroupOrder,
    account: AdAccount,
    minimum: Money | None,
    now: datetime,
) -> JsonObject:
    """An ad group with budget, bid, schedule, targeting and placement.

    Raises:
        Refused: a value TikTok does not take.
    """
    way = way_of(order.objective, account)
    industries(order.special_category, account)
    body: JsonObject = {
        "campaign_id": order.campaign_id,
        "adgroup_name": name_of(order.key, order.name),
        "operation_status": OFF,
        "request_id": request_id(order.key),
        "budget_mode": way.budget_mode,
        "budget": units(order.daily_budget, account.currency, minimum=minimum),
        "optimization_goal": way.goal,
        "billing_event": way.billing,
        # TikTok takes nothing faster with automatic bidding.
        "pacing": "PACING_MODE_SMOOTH",
        "creative_material_mode": "CUSTOM",
        **bid_fields(order.bid, way, account.currency),
        **_schedule(order, now),
        **way.ad_group,
        **await audience_of(catalogues, order, way),
    }
    if way.promotion:
        body["promotion_type"] = way.promotion
    if way.event:
        body |= {"pixel_id": account.options[PIXEL], "optimization_event": way.event}
    if (app := app_of(order.objective, order.link)) is not None:
        body["app_id"] = await _app_id(wire, app)
    return body


def ad_body(
    order: AdOrder, creative: CreativeOrder, cover_id: str, account: AdAccount
) -> JsonObject:
    """One ad that shows a video.

    Raises:
        Refused: a value TikTok does not take, or the account has no identity set.
    """
    ad: JsonObject = {
        "ad_name": name_of(order.key, order.name),
        "operation_status": OFF,
        "ad_format": "SINGLE_VIDEO",
        "video_id": order.creative_id,
        "image_ids": [cover_id],
        "ad_text": ad_text(creative.copy_text),
        "call_to_action": button(creative.copy_text.call_to_action),
        **identity(account),
    }
    if account.options.get("aigc_disclosure", "").lower() != "no":
        # Copy and pictures are made by AI; TikTok asks for the label and detects most anyway.
        ad["aigc_disclosure_type"] = "SELF_DISCLOSURE"
    group = order.ad_group
    way = way_of(group.objective, account) if group is not None else None
    if way is None or way.promotion in ("", "WEBSITE"):
        ad["landing_page_url"] = web_link(creative.link)
        pixel = account.options.get(PIXEL, "")
        if pixel.isdigit() and not (way and way.event):
            ad["tracking_pixel_id"] = int(pixel)
    return {"adgroup_id": order.ad_group_id, "creatives": [ad]}


def identity(account: AdAccount) -> JsonObject:
    """In whose name the account's ads are shown.

    Raises:
        Refused: the account says nothing of it.
    """
    kind = account.options.get("identity_type") or CUSTOM_IDENTITY
    found = account.options.get("identity_id")
    if not found:
        raise refused(
            "the account option identity_id is missing, so an ad would be in nobody's name; set it",
            field="identity_id",
        )
    fields: JsonObject = {"identity_type": kind, "identity_id": found}
    if kind == CUSTOM_IDENTITY and (name := account.options.get("display_name")):
        fields["display_name"] = checked("display_name", name, DISPLAY_NAME_LIMIT)
    if kind == "BC_AUTH_TT":
        fields["identity_authorized_bc_id"] = account.options.get("identity_authorized_bc_id", "")
    return fields


def web_link(link: str) -> str:
    """The link itself.

    Raises:
        Refused: it is no web address.
    """
    if not link.startswith(("https://", "http://")):
        raise refused(f"link {link!r} is no web address; use one with https://", field="link")
    return link


def app_of(objective: Objective, link: str) -> StoreApp | None:
    """The app an order for installs promotes; None for any other objective.

    Raises:
        Refused: the link is no store address, or leads to an iOS app.
    """
    if objective is not Objective.APP_INSTALLS:
        return None
    app = store_app(link)
    if app is None:
        raise refused(
            f"link {link!r} is no app of a store; app installs need its Google Play address",
            field="link",
        )
    if app.store != "google":
        raise refused(
            f"iOS app {app.id} needs a dedicated campaign, which is made in TikTok Ads Manager; "
            "promote the Android app here",
            field="link",
        )
    return app


def utc(moment: datetime) -> str:
    """An instant as TikTok writes it: UTC, whole seconds, no zone."""
    return moment.astimezone(UTC).strftime(_TIME)


def instant(text: object) -> datetime | None:
    """Read a TikTok time."""
    if not text:
        return None
    return datetime.strptime(str(text), _TIME).replace(tzinfo=UTC)


def whole_minute(moment: datetime) -> datetime:
    """The minute an instant lies in. Ends are rounded down: earlier is the safe side."""
    return moment.replace(second=0, microsecond=0)


def _schedule(order: AdGroupOrder, now: datetime) -> JsonObject:
    # A start that has passed means now, and TikTok takes none that is long past.
    start, end = max(order.start_time, now), whole_minute(order.end_time)
    if end <= start:
        raise refused(
            f"the end {utc(end)} is not after the start {utc(start)} (UTC); move it",
            field="end_time",
        )
    fields: JsonObject = {
        "schedule_type": "SCHEDULE_START_END",
        "schedule_start_time": utc(start),
        "schedule_end_time": utc(end),
    }
    if hours := dayparting(order.dayparts):
        fields["dayparting"] = hours
    return fields


async def _app_id(wire: Wire, app: StoreApp) -> str:
    """TikTok's own id of an app that was added to the account."""
    data = await wire.get("app/list")
    rows: list[JsonObject] = data.get("apps") or []
    for row in rows:
        if row.get("package_name") == app.id and row.get("platform") == "ANDROID":
            return str(row["app_id"])
    raise refused(
        f"app {app.id} was not added to the TikTok account; add it under Assets, Events",
        field="link",
    )
