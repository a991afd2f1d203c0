"""Review, holds and the lines that the market sees, all as of the world's ``now``."""

from datetime import UTC, datetime, timedelta, timezone

from sandbox.telegram.store import ACCOUNT_ID, NETWORK, JsonObject, Store
from sandbox.world import Line, World

REVIEW = timedelta(minutes=10)
_AUDIENCE_PER_COUNTRY = 2_000_000
_MOST_COUNTRIES = 5
_VIEWS_PER_CLICK = 100
"""The market bids per click; a price per thousand views is turned into one at this rate."""
_LABEL_WORDS = 5
_HOUR = timedelta(hours=1)
_HOURS_AHEAD = 2 * 7 * 24


def held(ad: JsonObject, now: datetime) -> bool:
    """Whether an ad is on hold: a date of its own decides, and only without one its switch."""
    starts, ends = _moment(ad["activate_date"]), _moment(ad["deactivate_date"])
    if starts is None and ends is None:
        return bool(ad["is_paused"])
    return (starts is not None and now < starts) or (ends is not None and ends <= now)


def status(ad: JsonObject, now: datetime, remaining: int) -> str:
    """Telegram's word for how an ad stands."""
    if ad["submitted"] is None:
        return "ready_for_review"
    if ad.get("_disapproved"):
        return "declined"
    if now < _stamp(ad["submitted"]) + REVIEW:
        return "in_review"
    if ad["verdict"] == "declined":
        return "declined"
    if held(ad, now):
        return "on_hold"
    return "active" if remaining > 0 else "stopped"


def approved(ad: JsonObject, now: datetime) -> bool:
    """Whether an ad passed its review."""
    return status(ad, now, 1) in ("active", "on_hold")


def inactive_since(ad: JsonObject, now: datetime) -> datetime | None:
    """Since when an ad has not run; now while it does, None when it never did."""
    if approved(ad, now) and not held(ad, now):
        return now
    ends = _moment(ad["deactivate_date"])
    if ends is not None and ends <= now:
        return ends
    return None if ad["held_since"] is None else _stamp(ad["held_since"])


def spends(account: JsonObject) -> bool:
    """Whether an account may advertise."""
    return account["state"] in ("active", "prepaid_exhausted")


def market_lines(world: World) -> list[Line]:
    """Every ad that is there: on Telegram an ad delivers by itself."""
    store = Store(world)
    allowed, now = spends(store.account), store.now
    return [_line(ad, allowed, now) for ad in store.every("ad") if not ad["deleted"]]


def campaign_of(ad: JsonObject) -> str:
    """What the advertiser's label says an ad belongs to, for the records of the market: the third
    word where the fifth is a lease. Telegram itself knows no such thing."""
    words = str(ad["title"]).split(" ")
    labelled = len(words) >= _LABEL_WORDS and words[_LABEL_WORDS - 1].startswith("~")
    return words[2] if labelled else str(ad["ad_id"])


def _line(ad: JsonObject, allowed: bool, now: datetime) -> Line:
    runs = allowed and approved(ad, now) and not held(ad, now)
    opens, closes = _window(ad, now)
    ends = _moment(ad["deactivate_date"])
    return Line(
        network=NETWORK,
        account_id=ACCOUNT_ID,
        campaign_id=campaign_of(ad),
        id=str(ad["ad_id"]),
        ads=(str(ad["ad_id"]),) if runs else (),
        active=runs and ad["funded"] > 0,
        daily_budget_micros=ad["daily_budget_limit"] or ad["funded"],
        # An ad spends what was moved into it and nothing else.
        total_budget_micros=ad["funded"],
        bid_micros=ad["cpm"] * _VIEWS_PER_CLICK // 1000,
        start=opens or _moment(ad["activate_date"]),
        end=min(filter(None, (ends, closes)), default=None),
        audience=_audience(ad["target"]),
    )


def _window(ad: JsonObject, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The hours of the schedule that ``now`` lies in, or the next ones: the market looks for such
    edges, and would leap over hours that begin and end between two looks."""
    hours = ad["schedule"]
    if hours is None or not any(hours["week_hours_mask"]):
        return None, None
    zone = timezone(timedelta(seconds=hours.get("timezone", 0)))
    start: datetime | None = None
    at = now.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    for _ in range(_HOURS_AHEAD):
        open_now = bool(hours["week_hours_mask"][at.weekday()] >> at.hour & 1)
        if open_now and start is None:
            start = at
        if start is not None and not open_now:
            return start, at
        at += _HOUR
    return start, None


def _audience(target: JsonObject) -> int:
    countries = len(target.get("country_codes", ())) or 1
    people = _AUDIENCE_PER_COUNTRY * min(countries, _MOST_COUNTRIES)
    return people // 2 if target.get("topic_ids") or target.get("channel_ids") else people


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _stamp(text: str) -> datetime:
    return datetime.fromisoformat(text)
