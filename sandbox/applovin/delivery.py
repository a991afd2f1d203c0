"""The lines that the market sees, as of the world's ``now``: one for each campaign."""

from decimal import Decimal

from sandbox.applovin.assets import shown_asset
from sandbox.applovin.standing import spends
from sandbox.applovin.store import ACCOUNT_ID, NETWORK, JsonObject, Store, read_stamp
from sandbox.world import Line, World

OVER_DELIVERY = 1.2
_AUDIENCE_PER_COUNTRY = 2_000_000
_MOST_COUNTRIES = 5
_MICROS = 1_000_000


def market_lines(world: World) -> list[Line]:
    """Every campaign, as of ``world.now()``."""
    store, now = Store(world), world.now()
    account = store.get("account", ACCOUNT_ID) or {}
    approved = {
        row["id"] for row in store.every("asset") if shown_asset(row, now)["status"] == "ACTIVE"
    }
    ads: dict[str, list[str]] = {}
    for row in store.every("creative_set"):
        if row["status"] == "LIVE" and approved.issuperset(row["_assets"]):
            for campaign_id in row["_campaigns"]:
                ads.setdefault(campaign_id, []).append(row["id"])
    return [
        _line(row, ads.get(row["id"], []), world, spending=spends(account))
        for row in store.every("campaign")
    ]


def _line(row: JsonObject, ads: list[str], world: World, *, spending: bool) -> Line:
    now = world.now()
    start = read_stamp(row["start_date"])
    end = read_stamp(row["end_date"]) if row["end_date"] else None
    running = start <= now and (end is None or now < end)
    goal = row["goal"].get("goal_value_for_all_countries")
    countries = min(len(row["targeting"]), _MOST_COUNTRIES)
    return Line(
        network=NETWORK,
        account_id=ACCOUNT_ID,
        campaign_id=row["id"],
        id=row["id"],
        ads=tuple(ads),
        active=row["status"] == "LIVE" and running and bool(ads) and spending,
        daily_budget_micros=_daily(row),
        # The market's auction is by click; what an install may cost caps what a click may.
        bid_micros=_micros(goal) if goal and row["goal"]["goal_type"] == "CPI" else None,
        start=start,
        end=end,
        over_delivery=OVER_DELIVERY,
        audience=_AUDIENCE_PER_COUNTRY * countries,
    )


def _daily(row: JsonObject) -> int:
    budget = row["budget"]
    whole = budget.get("daily_budget_for_all_countries")
    each: dict[str, str] = budget.get("country_code_to_daily_budget") or {}
    return _micros(whole) if whole else sum(_micros(one) for one in each.values())


def _micros(amount: str) -> int:
    return int(Decimal(amount) * _MICROS)
