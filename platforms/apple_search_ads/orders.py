"""What is sent for a campaign, a creative and an ad: always paused."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import parse_qs, urlsplit

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdOrder, CampaignOrder, CreativeOrder
from platforms.apple_search_ads.errors import APPLE, JsonObject, refused
from platforms.apple_search_ads.objects import OFF
from platforms.apple_search_ads.terms import (
    INVOICE,
    NAME_LIMIT,
    PLACEMENT,
    SUPPLY_SOURCE,
    adam_id,
    apple_money,
    buying,
    check_category,
    check_copy,
)
from platforms.apple_search_ads.times import stamp
from platforms.apple_search_ads.wire import Wire
from platforms.errors import Refused
from platforms.naming import keyed

CAMPAIGN_RUNS = timedelta(days=365)
"""How far away a new campaign's own end is set: a last stop behind the lease, moved when an ad
group is to run longer."""


async def campaign_content(
    wire: Wire, order: CampaignOrder, account: AdAccount, minimum: Money | None, now: datetime
) -> JsonObject:
    """The body of a new campaign.

    Raises:
        Refused: a value Apple does not take, named; also a country where the app is not sold.
    """
    how = buying(order.objective)
    check_category(order.special_category)
    budget = apple_money(order.daily_budget, account.currency, "daily_budget", minimum)
    name = keyed(APPLE, order.key, order.name, NAME_LIMIT)
    app = adam_id(order.link)
    told = {field: account.options.get(name) for name, field in INVOICE.items()}
    invoice = {field: value for field, value in told.items() if value}
    return {
        "adAccountId": int(wire.account_id),
        "name": name,
        "billingEvent": how.billing_event,
        "promotedObjectType": "APPSTORE_APP",
        "promotedObjectId": app,
        "status": OFF,
        "startTime": stamp(now),
        "endTime": stamp(now + CAMPAIGN_RUNS),
        "dailyBudget": {"value": budget},
        "targeting": {
            "supplySource": {"include": [SUPPLY_SOURCE]},
            "supplyPlacement": {"include": [PLACEMENT]},
            "countryOrRegion": {"include": await storefronts(wire, app, order.countries)},
        },
        "bidStrategy": how.bid_strategy,
        **({"invoiceDetail": invoice} if invoice else {}),
    }


async def storefronts(wire: Wire, app: str, countries: Sequence[str]) -> list[str]:
    """Countries as Apple takes them.

    Raises:
        Refused: the app is not known, or not sold in one of them.
    """
    try:
        shown = await wire.get(f"apps/{app}")
    except Refused as error:
        raise refused(
            f"the App Store knows no app {app} ({error.message}); check the link",
            field="link",
            code=error.code,
        ) from None
    sold = {str(one).upper() for one in cast(list[object], shown.get("availableStorefronts") or [])}
    wanted = list(dict.fromkeys(one.upper() for one in countries))
    missing = [one for one in wanted if one not in sold]
    if missing or not wanted:
        raise refused(
            f"country {', '.join(missing) or '(none)'} cannot be reached: app {app} is sold in "
            f"{', '.join(sorted(sold)) or 'no country'}",
            field="location",
        )
    return wanted


def creative_content(order: CreativeOrder) -> JsonObject:
    """The body of a creative: the app's product page, or its custom one where the link names it
    (``ppid``), as App Store Connect makes such links.

    Raises:
        Refused: the link is no App Store address, or the words do not fit.
    """
    check_copy(order.copy_text)
    parameters: JsonObject = {"adamId": adam_id(order.link)}
    kind = "DEFAULT_PRODUCT_PAGE"
    if page := parse_qs(urlsplit(order.link).query).get("ppid", [""])[0]:
        parameters["productPageId"] = page
        kind = "CUSTOM_PRODUCT_PAGE"
    return {
        "name": keyed(APPLE, order.key, order.name, NAME_LIMIT),
        "creativeType": kind,
        "creativeSpec": {},
        "destination": {"destinationType": "APP_STORE_PRODUCT_PAGE", "parameters": parameters},
    }


def ad_content(order: AdOrder) -> JsonObject:
    """The body of an ad."""
    return {
        "adGroupId": number(order.ad_group_id, "ad_group_id"),
        "creativeId": number(order.creative_id, "creative_id"),
        "name": keyed(APPLE, order.key, order.name, NAME_LIMIT),
        "status": OFF,
    }


def number(object_id: str, field: str) -> int:
    """An id as Apple counts them.

    Raises:
        Refused: it is none.
    """
    if not (object_id.isascii() and object_id.isdigit()):
        raise refused(f"Apple knows no {field} {object_id!r}: ids there are numbers", field=field)
    return int(object_id)
