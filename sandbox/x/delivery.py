"""Review, servability and the lines that the market sees, all as of the world's ``now``."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.world import Line, World
from sandbox.x.funding import refusal
from sandbox.x.store import NETWORK, JsonObject, Store, read_stamp

REVIEW = timedelta(minutes=10)
OVER_DELIVERY = 1.2
_AUDIENCE_PER_COUNTRY = 2_000_000
_MOST_COUNTRIES = 5


def approval(ad: JsonObject, now: datetime) -> str:
    """A promoted post's review: it takes ten campaign minutes."""
    if now < read_stamp(ad["_promoted_at"]) + REVIEW:
        return "UNDER_REVIEW"
    return str(ad["_verdict"])


def is_on(row: JsonObject | None) -> bool:
    return row is not None and row["entity_status"] == "ACTIVE" and not row["deleted"]


def is_running(line: JsonObject, now: datetime) -> bool:
    """Whether ``now`` lies in the line item's flight."""
    return read_stamp(line["start_time"]) <= now and not has_ended(line, now)


def has_ended(line: JsonObject, now: datetime) -> bool:
    return line["end_time"] is not None and read_stamp(line["end_time"]) <= now


class Forest:
    """The account trees as one moment shows them: lines by campaign, ads by line."""

    def __init__(self, store: Store, now: datetime) -> None:
        self.now = now
        self._lines: dict[str, list[JsonObject]] = {}
        for line in store.every("line_item"):
            if not line["deleted"]:
                self._lines.setdefault(line["campaign_id"], []).append(line)
        gone = {post["tweet_id"] for post in store.every("tweet", "tweet_id") if post["deleted"]}
        self._accepted: dict[str, list[str]] = {}
        for ad in store.every("promoted_tweet"):
            lives = not ad["deleted"] and ad["tweet_id"] not in gone
            if lives and approval(ad, now) == "ACCEPTED":
                self._accepted.setdefault(ad["line_item_id"], []).append(ad["id"])

    def accepted(self, line_item_id: str) -> list[str]:
        """Ids of a line item's ads that may be shown."""
        return self._accepted.get(line_item_id, [])

    def with_status(self, campaign: JsonObject) -> JsonObject:
        """The campaign with the three fields X computes."""
        reasons = self._reasons(campaign)
        words = {"PAUSED_BY_ADVERTISER": "PAUSED", "EXPIRED": "EXPIRED"}
        status = words.get(reasons[0], "UNKNOWN") if reasons else "RUNNING"
        return {
            **campaign,
            "effective_status": "UNKNOWN" if "INCOMPLETE" in reasons else status,
            "servable": not reasons,
            "reasons_not_servable": reasons,
        }

    def _reasons(self, campaign: JsonObject) -> list[str]:
        if campaign["deleted"]:
            return ["DELETED"]
        lines = self._lines.get(campaign["id"], [])
        reasons: list[str] = []
        if campaign["entity_status"] != "ACTIVE":
            reasons.append("PAUSED_BY_ADVERTISER")
        if lines and all(has_ended(line, self.now) for line in lines):
            reasons.append("EXPIRED")
        ready = [line for line in lines if is_on(line) and self.accepted(line["id"])]
        if not ready:
            reasons.append("INCOMPLETE")
        elif "EXPIRED" not in reasons and not any(is_running(line, self.now) for line in ready):
            reasons.append("NOT_STARTED")
        return reasons


def market_lines(world: World) -> list[Line]:
    """Every line item that may have something to deliver, as of ``world.now()``."""
    store, now = Store(world), world.now()
    campaigns = {row["id"]: row for row in store.every("campaign")}
    accounts = {row["id"]: row for row in store.every("account")}
    forest = Forest(store, now)
    # Most campaigns share account and funding, and this runs many times a second.
    payers = {_payer(one): one for one in campaigns.values()}
    unpaid = {payer for payer, one in payers.items() if refusal(store, one) is not None}
    criteria: dict[str, list[JsonObject]] = {}
    for criterion in store.every("targeting_criterion"):
        if not criterion["deleted"]:
            criteria.setdefault(criterion["line_item_id"], []).append(criterion)
    return [
        _line(
            row,
            campaigns[row["campaign_id"]],
            accounts[row["account_id"]],
            [] if _payer(campaigns[row["campaign_id"]]) in unpaid else forest.accepted(row["id"]),
            criteria.get(row["id"], []),
            now,
        )
        for row in store.every("line_item")
        if not row["deleted"]
    ]


def _payer(campaign: JsonObject) -> tuple[str, str]:
    return campaign["account_id"], campaign["funding_instrument_id"]


def _line(
    row: JsonObject,
    campaign: JsonObject,
    account: JsonObject,
    ads: list[str],
    criteria: Sequence[JsonObject],
    now: datetime,
) -> Line:
    ceiling = campaign["daily_budget_amount_local_micro"]
    daily = row["daily_budget_amount_local_micro"]
    return Line(
        network=NETWORK,
        account_id=row["account_id"],
        campaign_id=campaign["id"],
        id=row["id"],
        ads=tuple(ads),
        active=is_on(row) and is_on(campaign) and bool(ads) and is_running(row, now),
        # A line item without a budget of its own spends its campaign's.
        daily_budget_micros=daily or ceiling,
        campaign_daily_micros=ceiling,
        campaign_total_micros=campaign["total_budget_amount_local_micro"],
        total_budget_micros=row["total_budget_amount_local_micro"],
        bid_micros=row["bid_amount_local_micro"] if row["bid_strategy"] != "AUTO" else None,
        start=read_stamp(row["start_time"]),
        end=read_stamp(row["end_time"]) if row["end_time"] else None,
        over_delivery=OVER_DELIVERY,
        timezone=account["timezone"],
        audience=_audience(criteria),
    )


def _audience(criteria: Sequence[JsonObject]) -> int:
    """People a line item can reach: a round number a country, narrowed by the rest."""
    kinds = [criterion["targeting_type"] for criterion in criteria]
    countries = kinds.count("LOCATION") or _MOST_COUNTRIES
    people = _AUDIENCE_PER_COUNTRY * min(countries, _MOST_COUNTRIES)
    if "GENDER" in kinds:
        people //= 2
    if "INTEREST" in kinds or "BROAD_KEYWORD" in kinds:
        people //= 2
    return people
