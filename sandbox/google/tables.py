"""What queries read: rows of each resource, with those it hangs below and with its figures."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, cast

from babel.core import get_global

from sandbox.google.billing import budgets, setups
from sandbox.google.delivery import Forest
from sandbox.google.failures import JsonObject, camel
from sandbox.google.gaql import Query, picked, query_error, value_at
from sandbox.google.store import CONVERSION_ACTION_ID, NETWORK, Draft
from sandbox.world import Figures

_COMMON = ("customer",)
_PARTS: dict[str, tuple[str, ...]] = {
    "customer": (),
    "campaign": ("campaign_budget",),
    "campaign_budget": (),
    "campaign_criterion": ("campaign",),
    "ad_group": ("campaign",),
    "ad_group_criterion": ("ad_group", "campaign"),
    "ad_group_ad": ("ad_group", "campaign"),
    "asset": (),
    "label": (),
    "user_list": (),
    "offline_user_data_job": (),
    "conversion_action": (),
    "billing_setup": (),
    "account_budget": (),
    "geo_target_constant": (),
    "user_interest": (),
}
"""Resources that can stand behind FROM, and those whose fields may be read along."""

_COUNTED = ("campaign", "ad_group_ad", "customer")
"""Resources with figures."""

_METRICS = (
    "impressions", "clicks", "cost_micros", "conversions", "conversions_value", "ctr",
    "average_cpc", "cost_per_conversion", "all_conversions",
)  # fmt: skip
_INTERESTS = {
    "80432": ("Technology", "AFFINITY"),
    "80206": ("Sports & Fitness", "AFFINITY"),
    "92913": ("News & Politics", "AFFINITY"),
    "80519": ("Employment", "IN_MARKET"),
    "80093": ("Travel", "IN_MARKET"),
}
_WITHDRAWN = ("230", "249", "278", "280", "720", "736", "886")
"""ISO numbers of states that were succeeded by others with the same letters."""
_EARLIEST = "2000-01-01"


def answer(draft: Draft, query: Query) -> list[JsonObject]:
    """The rows of a query.

    Raises:
        Failure: it names what is not there or does not belong.
    """
    _check(query)
    counted = any(name.startswith(("metrics.", "segments.")) for name in query.named)
    rows = _rows(draft, query.source)
    if counted:
        rows = _with_figures(draft, query, rows)
    plain = [one for one in query.conditions if not one.field.startswith("segments.")]
    rows = [row for row in rows if all(one.holds(value_at(row, one.field)) for one in plain)]
    for name, down in reversed(query.order):
        rows.sort(key=lambda row: str(value_at(row, name) or ""), reverse=down)
    if query.limit is not None:
        rows = rows[: query.limit]
    return [picked(row, query.fields) for row in rows]


def _check(query: Query) -> None:
    if query.source not in _PARTS:
        raise query_error("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"{query.source} cannot be read.")
    allowed = {query.source, *_PARTS[query.source], *_COMMON}
    for name in query.named:
        top, _, rest = name.partition(".")
        if top in ("metrics", "segments") and query.source in _COUNTED:
            if top == "metrics" and rest not in _METRICS:
                raise query_error("UNRECOGNIZED_FIELD", f"Unrecognized field: {name}.")
            if top == "segments" and rest != "date":
                raise query_error("UNRECOGNIZED_FIELD", f"Unrecognized field: {name}.")
        elif top not in allowed or not rest:
            code = "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE" if top in _PARTS else (
                "UNRECOGNIZED_FIELD")  # fmt: skip
            raise query_error(code, f"{name} cannot be read from {query.source}.")
    dated = any(one.field == "segments.date" for one in query.conditions)
    if "segments.date" in query.fields and not dated:
        raise query_error("EXPECTED_FILTERS_ON_DATE_RANGE", "segments.date needs a date range.")


# -- rows -------------------------------------------------------------------------------------


def _rows(draft: Draft, source: str) -> list[JsonObject]:
    account = draft.world.get(NETWORK, "account", draft.customer_id) or {}
    customer = _public(account)
    forest = Forest(draft.world, draft.customer_id)
    rows: list[JsonObject] = []
    match source:
        case "customer":
            rows = [{}]
        case "campaign":
            rows = [
                {"campaign": forest.campaign(row),
                 "campaignBudget": forest.budgets.get(str(row["campaignBudget"]))}
                for row in forest.campaigns.values()
            ]  # fmt: skip
        case "campaign_criterion":
            rows = [
                {"campaignCriterion": row, "campaign": forest.campaigns[str(row["campaign"])]}
                for row in draft.every("campaign_criterion")
                if row["status"] != "REMOVED"
            ]
        case "ad_group" | "ad_group_criterion":
            rows = _below_groups(draft, forest, source)
        case "ad_group_ad":
            rows = [
                {"adGroupAd": forest.ad(ad), **_above(forest, str(ad["adGroup"]))}
                for ad in forest.ads
            ]
        case "billing_setup":
            rows = [{"billingSetup": row} for row in setups(account)]
        case "account_budget":
            rows = [{"accountBudget": row} for row in budgets(account)]
        case "conversion_action":
            rows = [{"conversionAction": _conversion_action(draft)}]
        case "geo_target_constant":
            rows = [{"geoTargetConstant": row} for row in _places()]
        case "user_interest":
            rows = [{"userInterest": row} for row in _interests(draft)]
        case _:
            rows = [{camel(source): row} for row in draft.every(source)]
    return [{**_shown(row), "customer": customer} for row in rows]


def _below_groups(draft: Draft, forest: Forest, source: str) -> list[JsonObject]:
    if source == "ad_group":
        return [
            {"adGroup": group, "campaign": forest.campaigns[str(group["campaign"])]}
            for group in forest.groups.values()
        ]
    return [
        {"adGroupCriterion": row, **_above(forest, str(row["adGroup"]))}
        for row in draft.every("ad_group_criterion")
    ]


def _above(forest: Forest, group_name: str) -> JsonObject:
    group = forest.groups[group_name]
    return {"adGroup": group, "campaign": forest.campaigns[str(group["campaign"])]}


def _shown(row: JsonObject) -> JsonObject:
    return {name: _public(part) for name, part in row.items() if part is not None}


def _public(part: JsonObject) -> JsonObject:
    """A resource without the sandbox's own notes."""
    return {name: value for name, value in part.items() if not name.startswith("_")}


def _conversion_action(draft: Draft) -> JsonObject:
    return {
        "resourceName": draft.name("conversionActions", CONVERSION_ACTION_ID),
        "id": CONVERSION_ACTION_ID,
        "name": "Sign-up",
        "status": "ENABLED",
        "category": "SIGNUP",
    }


@cache
def _places() -> tuple[JsonObject, ...]:
    """Countries; Google's ids of them are 2000 and their ISO 3166 number."""
    aliases = cast(Mapping[str, list[str]], get_global("territory_aliases"))
    return tuple(
        {
            "resourceName": f"geoTargetConstants/{2000 + int(number)}",
            "id": str(2000 + int(number)),
            "countryCode": codes[0],
            "targetType": "Country",
            "status": "ENABLED",
        }
        for number, codes in aliases.items()
        # From 900 on numbers are for private use.
        if number.isdigit() and number not in _WITHDRAWN and int(number) < 900
        if len(codes) == 1 and len(codes[0]) == 2
    )


def _interests(draft: Draft) -> list[JsonObject]:
    return [
        {
            "resourceName": draft.name("userInterests", number),
            "userInterestId": number,
            "name": name,
            "taxonomyType": taxonomy,
            "launchedToAll": True,
        }
        for number, (name, taxonomy) in _INTERESTS.items()
    ]


# -- figures ----------------------------------------------------------------------------------


def _with_figures(draft: Draft, query: Query, rows: list[JsonObject]) -> list[JsonObject]:
    """Rows with figures: by day where the query asks for days, and then only those with any."""
    since, until = _range(draft, query)
    by_ad = query.source == "ad_group_ad"
    daily = "segments.date" in query.fields
    sums: dict[tuple[str, str], list[Figures]] = {}
    for one in draft.world.figures(NETWORK, draft.customer_id, since, until, by_ad=by_ad):
        owner = one.ad_id if by_ad else one.campaign_id if query.source == "campaign" else ""
        sums.setdefault((owner, one.day if daily else ""), []).append(one)
    found: list[JsonObject] = []
    for row in rows:
        owner = _owner(row, query.source)
        days = [key for key in sums if key[0] == owner] if daily else [(owner, "")]
        for key in sorted(days):
            figures = sums.get(key, [])
            if daily and not figures:
                continue
            day: JsonObject = {"segments": {"date": key[1]}} if daily else {}
            found.append({**row, **day, "metrics": _metrics(figures)})
    return found


def _owner(row: JsonObject, source: str) -> str:
    if source == "ad_group_ad":
        return f"{row['adGroup']['id']}~{row['adGroupAd']['ad']['id']}"
    return str(row["campaign"]["id"]) if source == "campaign" else ""


def _range(draft: Draft, query: Query) -> tuple[str, str]:
    since, until = _EARLIEST, draft.now.astimezone(draft.zone()).date().isoformat()
    for one in query.conditions:
        if one.field != "segments.date":
            continue
        for value in one.values:
            try:
                date.fromisoformat(value)
            except ValueError:
                raise query_error("INVALID_DATE_FORMAT", f"{value} is no date.") from None
        if one.operator == "BETWEEN":
            since, until = one.values[0], one.values[1]
        elif one.operator == "=":
            since = until = one.values[0]
        elif one.operator in (">=", ">"):
            since = one.values[0]
        elif one.operator in ("<=", "<"):
            until = one.values[0]
    return since, until


def _metrics(figures: list[Figures]) -> JsonObject:
    """int64 as strings, doubles as numbers, as Google writes them."""
    impressions = sum(one.impressions for one in figures)
    clicks = sum(one.clicks for one in figures)
    cost = sum(one.spend_micros for one in figures)
    conversions = sum(one.conversions for one in figures)
    found: dict[str, Any] = {
        "impressions": str(impressions),
        "clicks": str(clicks),
        "costMicros": str(cost),
        "conversions": float(conversions),
        "allConversions": float(conversions),
        "conversionsValue": sum(one.revenue_micros for one in figures) / 1_000_000,
        "ctr": clicks / impressions if impressions else 0.0,
    }
    if clicks:
        found["averageCpc"] = cost / clicks
    if conversions:
        found["costPerConversion"] = cost / conversions
    return found
