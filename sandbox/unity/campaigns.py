"""Unity's campaigns with their budget, bids and targeting."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from sandbox.unity import delivery
from sandbox.unity.billing import must_pay, refusal
from sandbox.unity.request import (
    Answer,
    Call,
    bid_of,
    budget_of,
    conflict,
    country_of,
    day_of,
    invalid,
    name_of,
    public,
    whole,
)
from sandbox.unity.shelf import JsonObject, assigned, stamp

_GOALS = ("installs", "retention", "roas", "creativeTesting", "eventOptimization")
_URLS = ("attributionClickUrl", "attributionStartUrl")
_INCLUDED = (
    "cpiBids", "sourceBids", "roasBids", "retentionBids", "eventOptimizationBids", "budget",
)  # fmt: skip
_VARIANTS = ("daily", "dailyPerCountry", "dailyPerCountryGroup")
_TARGETING = ("appTargeting", "deviceTargeting", "categoryTargeting", "regionalTargeting")
_MOST_URL = 2082


def listed(call: Call) -> Answer:
    """All campaigns of an app at once; neither offset nor limit is taken."""
    call.find("app", "app")
    query = call.only("filter[enabled]")
    rows = call.shelf.every("campaign", call.path["app"])
    if (wanted := query.get("filter[enabled]")) is not None:
        rows = [row for row in rows if row["enabled"] == (wanted == "true")]
    approved = delivery.approved_packs(call.shelf, call.now)
    return whole([shown(call, row, approved) for row in rows])


def create(call: Call) -> Answer:
    """A campaign, not enabled: ``enabled`` is no field of the request."""
    must_pay(call.shelf)
    call.find("app", "app")
    body = call.object(
        "name", "goal", "billingType", "biddingStrategy", *_URLS, "scheduleStart", "scheduleEnd",
        "roasTypes", "postInstallWindow", "eventOptimizationType", "sdkEventName",
    )  # fmt: skip
    goal = _choice(body, "goal", _GOALS)
    if goal is None:
        raise invalid("goal", "must have required property 'goal'")
    if body.get("biddingStrategy") is not None and goal in ("retention", "roas"):
        raise invalid("biddingStrategy", f"is not taken with goal {goal}")
    now = stamp(call.now)
    row: JsonObject = {
        "id": call.shelf.new_id(),
        "name": name_of(body),
        "goal": goal,
        "billingType": _choice(body, "billingType", ("cpi", "cpm")) or "cpi",
        "enabled": False,
        "attributionClickUrl": None,
        "attributionStartUrl": None,
        "scheduleStart": None,
        "scheduleEnd": None,
        "createdAt": now,
        "updatedAt": now,
        "biddingStrategy": _choice(body, "biddingStrategy", ("manual", "automated")) or "manual",
        "autoStart": "disabled",
        "_app": call.path["app"],
        "_budget": None,
        "_bids": {},
        "_targeting": {},
    }
    _apply(row, body)
    row["scheduleStart"] = row["scheduleStart"] or call.now.date().isoformat()
    call.shelf.put("campaign", row)
    return Answer(shown(call, row), 201)


def get(call: Call) -> Answer:
    """One campaign; bids and budget only when asked for."""
    row = call.find("campaign", "campaign")
    included: set[str] = set()
    for name, value in call.query:
        if name != "includeFields" or value not in _INCLUDED:
            raise invalid("includeFields", f"must be one of {', '.join(_INCLUDED)}")
        included.add(value)
    answer = shown(call, row)
    if "cpiBids" in included:
        answer["cpiBids"] = _bid_rows(row)
    if "budget" in included and row["_budget"] is not None:
        answer["budget"] = _budget(call, row)
    return Answer(answer)


def update(call: Call) -> Answer:
    """Change the given fields."""
    row = call.find("campaign", "campaign")
    body = call.object("name", "enabled", *_URLS, "scheduleStart", "scheduleEnd", "autoStart")
    if not body:
        raise invalid("body", "must NOT have fewer than 1 properties")
    _apply(row, body)
    if "autoStart" in body:
        row["autoStart"] = _choice(body, "autoStart", ("enabled", "disabled"))
    if "enabled" in body:
        if not isinstance(body["enabled"], bool):
            raise invalid("enabled", "must be boolean")
        if body["enabled"]:
            _check_ready(call, row)
        row["enabled"] = body["enabled"]
    row["updatedAt"] = stamp(call.now)
    call.shelf.put("campaign", row)
    return Answer(shown(call, row))


def delete(call: Call) -> Answer:
    """Delete for good, with its assignments."""
    row = call.find("campaign", "campaign")
    delivery.unassign(call.shelf, row["id"])
    call.shelf.put("campaign", {**row, "_deleted": True})
    return Answer()


def shown(
    call: Call, row: JsonObject, approved: Mapping[str, list[str]] | None = None
) -> JsonObject:
    """A campaign as Unity answers it; ``approved`` are the packs that passed, by campaign."""
    if approved is None:
        approved = delivery.approved_packs(call.shelf, call.now)
    live = (
        row["enabled"]
        and refusal(call.shelf) is None
        and delivery.is_complete(row)
        and delivery.is_running(row, call.now)
        and row["id"] in approved
        and not _used_up(call, row)
    )
    return public({**row, "status": "live" if live else "paused"})


def read_budget(call: Call) -> Answer:
    """A campaign's budget, with what was spent of it."""
    return Answer(_budget(call, call.find("campaign", "campaign")))


def update_budget(call: Call) -> Answer:
    """Set total and one of the three daily forms, which replaces another form."""
    row = call.find("campaign", "campaign")
    body = call.object("total", *_VARIANTS)
    given = [name for name in _VARIANTS if name in body]
    if len(given) > 1 or not body:
        raise invalid("body", "must match exactly one schema in oneOf")
    budget: JsonObject = dict(row["_budget"] or {})
    if "total" in body:
        budget["total"] = budget_of(body["total"], "total")
    for name in given:
        for other in _VARIANTS:
            budget.pop(other, None)
        budget[name] = _form(name, body[name])
    call.shelf.put("campaign", {**row, "_budget": budget})
    return Answer(_budget(call, {**row, "_budget": budget}))


def list_bids(call: Call) -> Answer:
    """The bids of a campaign, all at once."""
    call.only()
    return whole(_bid_rows(_of_installs(call)))


def replace_bids(call: Call) -> Answer:
    """PUT: the whole list. A country that is left out is no longer bid for."""
    row = _of_installs(call)
    bids = {
        country_of(one.get("country"), "country"): bid_of(one.get("bid"), "bid")
        for one in call.list()
    }
    call.shelf.put("campaign", {**row, "_bids": bids})
    return whole(_bid_rows({"_bids": bids}))


def change_bids(call: Call) -> Answer:
    """PATCH: only the countries named; a null bid deletes one."""
    row = _of_installs(call)
    bids: dict[str, str] = dict(row["_bids"])
    for one in call.list():
        country = country_of(one.get("country"), "country")
        if one.get("bid") is None:
            bids.pop(country, None)
        else:
            bids[country] = bid_of(one["bid"], "bid")
    call.shelf.put("campaign", {**row, "_bids": bids})
    return whole(_bid_rows({"_bids": bids}))


def read_targeting(call: Call) -> Answer:
    """Apps, devices, categories and regions; everything where nothing is said."""
    return Answer(call.find("campaign", "campaign")["_targeting"])


def update_targeting(call: Call) -> Answer:
    """Change the given parts."""
    row = call.find("campaign", "campaign")
    body = call.object(*_TARGETING)
    for name in ("appTargeting", "categoryTargeting"):
        if {"allowList", "blockList"} <= set(body.get(name) or {}):
            raise invalid(name, "must match exactly one schema in oneOf")
    targeting = {**row["_targeting"], **body}
    call.shelf.put("campaign", {**row, "_targeting": targeting})
    return Answer(targeting)


def _apply(row: JsonObject, body: JsonObject) -> None:
    if "name" in body:
        row["name"] = name_of(body)
    for name in _URLS:
        url = body.get(name)
        if url is not None and (not str(url).startswith("https://") or len(str(url)) > _MOST_URL):
            raise invalid(name, 'must match format "uri" with https')
        if name in body:
            row[name] = url
    for name in ("scheduleStart", "scheduleEnd"):
        if name in body:
            row[name] = day_of(body, name)
    start, end = row["scheduleStart"], row["scheduleEnd"]
    if start and end and end < start:
        raise invalid("scheduleEnd", "must not be before scheduleStart")


def _check_ready(call: Call, row: JsonObject) -> None:
    must_pay(call.shelf)
    packs = [one for one in call.shelf.every("pack", row["_app"]) if row["id"] in assigned(one)]
    for there, what in (
        (bool(packs), "at least one creative pack"),
        (delivery.daily(row) is not None, "a budget"),
        (bool(row["_bids"]), "bids"),
    ):
        if not there:
            raise invalid("enabled", f"an enabled campaign must have {what}")


def _of_installs(call: Call) -> JsonObject:
    row = call.find("campaign", "campaign")
    if row["goal"] != "installs":
        raise conflict("CPI bids are for install campaigns")
    return row


def _bid_rows(row: JsonObject) -> list[JsonObject]:
    return [{"country": country, "bid": bid} for country, bid in row["_bids"].items()]


def _budget(call: Call, row: JsonObject) -> JsonObject:
    in_all, today = delivery.spent(call.shelf, row["id"], call.now, _created(row))
    return {**(row["_budget"] or {}), "spent": str(in_all), "dailySpent": str(today)}


def _used_up(call: Call, row: JsonObject) -> bool:
    most = delivery.total(row)
    if most is None:
        return False
    return delivery.spent(call.shelf, row["id"], call.now, _created(row))[0] >= most


def _created(row: JsonObject) -> date:
    return date.fromisoformat(row["createdAt"][:10])


def _form(name: str, value: object) -> object:
    if name == "daily":
        return budget_of(value, name)
    if name == "dailyPerCountry" and isinstance(value, dict) and value:
        by_country = cast(Mapping[str, Any], value)
        return {
            country_of(country, name): budget_of(limit, f"{name}.{country}")
            for country, limit in by_country.items()
        }
    if name == "dailyPerCountryGroup" and isinstance(value, list) and value:
        return [
            {
                "name": str(group["name"]),
                "countries": [country_of(one, name) for one in cast(list[Any], group["countries"])],
                "limit": budget_of(group["limit"], name),
            }
            for group in cast(list[JsonObject], value)
        ]
    raise invalid(name, "must be a non-empty list of limits")


def _choice(body: JsonObject, name: str, allowed: tuple[str, ...]) -> str | None:
    value = body.get(name)
    if value is not None and value not in allowed:
        raise invalid(name, f"must be equal to one of the allowed values: {', '.join(allowed)}")
    return value
