"""Moderation, campaign status and the lines that the market sees, as of the world's ``now``."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sandbox.unity.billing import refusal
from sandbox.unity.shelf import NETWORK, ORGANIZATION_ID, JsonObject, Shelf, assigned
from sandbox.world import Line, World

PROCESSING = timedelta(minutes=5)
MODERATION = timedelta(minutes=30)
"""After an upload; the processing of videos is within it."""
OVER_DELIVERY = 1.2
_AUDIENCE_PER_COUNTRY = 2_000_000
_MOST_COUNTRIES = 5


def moderation(upload: JsonObject, now: datetime) -> str:
    """The status of an upload."""
    verdict = str(upload["_verdict"]).lower()
    age = now - datetime.fromisoformat(upload["_uploaded_at"])
    if age < PROCESSING and "ideo" in upload["type"]:
        return "processing"
    return "pendingModeration" if age < MODERATION else verdict


def approved_packs(shelf: Shelf, now: datetime) -> dict[str, list[str]]:
    """Packs by campaign that moderation lets pass, oldest first."""
    verdicts = {row["id"]: moderation(row, now) for row in shelf.every("creative")}
    found: dict[str, list[str]] = {}
    for pack in shelf.every("pack"):
        if all(verdicts.get(one) == "approved" for one in pack["creativeIds"]):
            for campaign in pack["campaignIds"]:
                found.setdefault(campaign, []).append(pack["id"])
    return found


def starts(row: JsonObject) -> datetime | None:
    return _midnight(row["scheduleStart"])


def ends(row: JsonObject) -> datetime | None:
    """The first moment of the day a campaign ends on."""
    return _midnight(row["scheduleEnd"])


def is_running(row: JsonObject, now: datetime) -> bool:
    """Whether ``now`` lies in a campaign's schedule."""
    begin, end = starts(row), ends(row)
    return (begin is None or begin <= now) and (end is None or now < end)


def is_complete(row: JsonObject) -> bool:
    """Whether a campaign has what it takes to go live, its packs aside."""
    return bool(row["_bids"]) and daily(row) is not None


def daily(row: JsonObject) -> Decimal | None:
    """What a campaign may spend a day, in whichever form it is set."""
    budget: JsonObject = row["_budget"] or {}
    if "daily" in budget:
        return Decimal(budget["daily"])
    by_country: dict[str, str] = budget.get("dailyPerCountry") or {}
    groups: list[JsonObject] = budget.get("dailyPerCountryGroup") or []
    parts = [*by_country.values(), *(str(group["limit"]) for group in groups)]
    return sum(map(Decimal, parts), Decimal(0)) if parts else None


def total(row: JsonObject) -> Decimal | None:
    """What a campaign may ever spend; zero is as good as nothing said."""
    budget: JsonObject = row["_budget"] or {}
    return Decimal(str(budget.get("total") or 0)) or None


def spent(shelf: Shelf, campaign_id: str, now: datetime, since: date) -> tuple[Decimal, Decimal]:
    """What a campaign spent since a day and today, as far as it is reported."""
    today = now.astimezone(UTC).date()
    rows = [
        row
        for row in shelf.world.figures(
            NETWORK, ORGANIZATION_ID, since.isoformat(), today.isoformat()
        )
        if row.campaign_id == campaign_id
    ]
    of_today = [row for row in rows if row.day == today.isoformat()]
    return _dollars(row.spend_micros for row in rows), _dollars(
        row.spend_micros for row in of_today
    )


def market_lines(world: World) -> list[Line]:
    """Every campaign that could deliver, as of ``world.now()``."""
    shelf, now = Shelf(world), world.now()
    unpaid = refusal(shelf) is not None
    packs = approved_packs(shelf, now)
    return [
        _line(row, [] if unpaid else packs.get(row["id"], []), now)
        for row in shelf.every("campaign")
        if is_complete(row)
    ]


def _line(row: JsonObject, packs: list[str], now: datetime) -> Line:
    most = total(row)
    return Line(
        network=NETWORK,
        account_id=ORGANIZATION_ID,
        campaign_id=row["id"],
        id=row["id"],
        ads=tuple(f"{row['id']}:{pack}" for pack in packs),
        active=bool(row["enabled"] and packs and is_running(row, now)),
        daily_budget_micros=_micros(daily(row) or Decimal(0)),
        campaign_total_micros=None if most is None else _micros(most),
        # The market sells clicks: what an install may cost stands for what a click may.
        bid_micros=max(_micros(Decimal(str(bid))) for bid in row["_bids"].values()),
        start=starts(row),
        end=ends(row),
        over_delivery=OVER_DELIVERY,
        timezone="UTC",
        audience=_AUDIENCE_PER_COUNTRY * min(len(row["_bids"]), _MOST_COUNTRIES),
    )


def unassign(shelf: Shelf, campaign_id: str) -> None:
    """Take every pack out of a campaign that was deleted."""
    for pack in shelf.every("pack"):
        if campaign_id in assigned(pack):
            left = [one for one in pack["campaignIds"] if one != campaign_id]
            shelf.put("pack", {**pack, "campaignIds": left})


def _midnight(day: str | None) -> datetime | None:
    return datetime.combine(date.fromisoformat(day), time(), UTC) if day else None


def _micros(amount: Decimal) -> int:
    return int(amount * 1_000_000)


def _dollars(micros: Iterable[int]) -> Decimal:
    return (Decimal(sum(micros)) / 1_000_000).quantize(Decimal("0.01"))
