"""Daily figures of single ads (promoted posts) from X's synchronous analytics."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from models.contract.account import AdAccount
from models.contract.network import AdMetricsReport, AdMetricsRow
from platforms.x.stats import DAYS_PER_CALL, active_in, by_day, spans
from platforms.x.wire import Wire

_ENTITY = "PROMOTED_TWEET"
_MOST_ADS = 1000
"""Ads of one reading: 50 calls of the 250 in 15 minutes, which the guard's readings need more."""
_DELETED_TOO = {"with_deleted": True}


class AdBook:
    """What is kept of ads between readings: their campaign, and whose turn is next."""

    def __init__(self) -> None:
        self._campaigns: dict[str, str] = {}
        self._last = ""

    def turn(self, ads: Sequence[str]) -> list[str]:
        """Those to be read now: all if they are few, else the next ones of the sorted ids."""
        if len(ads) <= _MOST_ADS:
            return list(ads)
        later = [ad for ad in ads if ad > self._last]
        chosen = (later + [ad for ad in ads if ad <= self._last])[:_MOST_ADS]
        self._last = chosen[-1]
        return sorted(chosen)

    async def campaigns(self, wire: Wire, ads: Sequence[str]) -> Mapping[str, str]:
        """Campaign ids by ad id. An ad never moves, so each is looked up once."""
        unknown = [ad for ad in ads if ad not in self._campaigns]
        posts = await wire.by_ids("promoted_tweets", "promoted_tweet_ids", unknown, _DELETED_TOO)
        line_of = {str(post["id"]): str(post["line_item_id"]) for post in posts}
        lines = await wire.by_ids(
            "line_items", "line_item_ids", list(line_of.values()), _DELETED_TOO
        )
        campaign_of = {str(line["id"]): str(line["campaign_id"]) for line in lines}
        self._campaigns |= {
            ad: campaign_of[line] for ad, line in line_of.items() if line in campaign_of
        }
        return self._campaigns


async def ad_report(
    wire: Wire, account: AdAccount, since: date, until: date, now: datetime, book: AdBook
) -> AdMetricsReport:
    """Figures per ad and account day, inclusive, of ads that X lists as active in the period.

    ``reach`` is zero, unknown: X tells it by campaign only. Of more than 1,000 active ads each
    reading holds the next thousand in turn.
    """
    zone = ZoneInfo(account.timezone)
    weeks = spans(since, until, DAYS_PER_CALL)
    active = [await active_in(wire, _ENTITY, first, last, zone) for first, last in weeks]
    turn = book.turn(sorted({ad for ads in active for ad in ads}))
    campaigns = await book.campaigns(wire, turn)
    known = {ad for ad in turn if ad in campaigns}
    rows: list[AdMetricsRow] = []
    for (first, last), ads in zip(weeks, active, strict=True):
        ids = [ad for ad in ads if ad in known]
        rows += [
            AdMetricsRow(campaign_id=campaigns[ad_id], ad_id=ad_id, **dict(figures))
            for ad_id, figures in await by_day(
                wire, _ENTITY, ids, first, last, zone, account.currency
            )
        ]
    rows.sort(key=lambda row: (row.campaign_id, row.ad_id, row.day))
    return AdMetricsReport(as_of=now, rows=tuple(rows))
