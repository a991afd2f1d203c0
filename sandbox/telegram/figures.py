"""What Telegram reports: totals on the ads themselves, and stats by interval."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from sandbox.telegram.request import AdsError, Call, shown_money
from sandbox.telegram.store import ACCOUNT_ID, NETWORK, JsonObject, Store
from sandbox.world import Figures

_INTERVALS = (300, 86_400)
_MOST = 1000
_BEGINNING = "2000-01-01"
_DAY = 86_400


class Totals:
    """Reported figures of every ad, lifetime and today."""

    def __init__(self, store: Store) -> None:
        today = store.now.astimezone(UTC).date().isoformat()
        self._all: dict[str, list[int]] = {}
        self._today: dict[str, int] = {}
        for row in store.world.figures(NETWORK, ACCOUNT_ID, _BEGINNING, today):
            sums = self._all.setdefault(row.line_id, [0, 0, 0, 0])
            pieces = (row.impressions, row.clicks, row.conversions, row.spend_micros)
            for index, piece in enumerate(pieces):
                sums[index] += piece
            if row.day == today:
                self._today[row.line_id] = row.spend_micros

    def of(self, ad: JsonObject) -> tuple[int, int, int, int]:
        """Views, clicks, actions and spend of an ad's life."""
        views, clicks, actions, spent = self._all.get(str(ad["ad_id"]), (0, 0, 0, 0))
        return views, clicks, actions if ad["action_type"] else 0, spent

    def spent(self, ad: JsonObject) -> int:
        return self.of(ad)[3]

    def spent_today(self, ad: JsonObject) -> int:
        return self._today.get(str(ad["ad_id"]), 0)

    def remaining(self, ad: JsonObject) -> int:
        return max(0, ad["funded"] - self.spent(ad))


def ad_stats(call: Call) -> list[JsonObject]:
    """One ad by interval."""
    ad = call.store.get("ad", call.whole("ad_id", "AD_ID"))
    if ad is None:
        raise AdsError("AD_ID_INVALID")
    return _stats(call, {str(ad["ad_id"]): ad})


def account_stats(call: Call) -> list[JsonObject]:
    """All ads together by interval."""
    return _stats(call, {str(ad["ad_id"]): ad for ad in call.store.every("ad")})


def account_report(call: Call) -> list[JsonObject]:
    """A month's totals by ad, deleted ones too."""
    year, month = call.whole("year", "YEAR"), call.whole("month", "MONTH")
    if not (2021 <= year <= 2100 and 1 <= month <= 12):
        raise AdsError("MONTH_INVALID" if 2021 <= year <= 2100 else "YEAR_INVALID")
    first = date(year, month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    rows = call.store.world.figures(NETWORK, ACCOUNT_ID, first.isoformat(), last.isoformat())
    ads = {str(ad["ad_id"]): ad for ad in call.store.every("ad")}
    report: list[JsonObject] = []
    for ad_id, ad in ads.items():
        mine = [row for row in rows if row.line_id == ad_id]
        if mine:
            head = {"ad_id": ad["ad_id"], "ad_title": ad["title"], "ad_is_deleted": ad["deleted"]}
            report.append({**head, **_sums(call, mine, ads)})
    return report


def _stats(call: Call, ads: dict[str, JsonObject]) -> list[JsonObject]:
    interval = call.whole("interval", "INTERVAL", _DAY)
    if interval not in _INTERVALS:
        raise AdsError("INTERVAL_INVALID")
    begin = call.whole("from_time", "FROM_TIME") // interval * interval
    end = call.whole("to_time", "TO_TIME") // interval * interval
    if end <= begin or end - begin > _MOST * interval:
        raise AdsError("PERIOD_INVALID")
    first = datetime.fromtimestamp(begin, UTC).date().isoformat()
    last = datetime.fromtimestamp(end - 1, UTC).date().isoformat()
    # The market counts by the hour: finer than that, an hour's figures show in its first part.
    hourly = interval < _DAY
    rows = call.store.world.figures(NETWORK, ACCOUNT_ID, first, last, hourly=hourly)
    slots: dict[int, list[Figures]] = {start: [] for start in range(begin, end, interval)}
    for row in rows:
        start = int(datetime.fromisoformat(row.day).replace(tzinfo=UTC).timestamp())
        start += 3600 * (row.hour or 0)
        if row.line_id in ads and start in slots:
            slots[start].append(row)
    return [
        {"from_time": start, "to_time": start + interval, **_sums(call, mine, ads)}
        for start, mine in slots.items()
    ]


def _sums(call: Call, rows: Iterable[Figures], ads: dict[str, JsonObject]) -> JsonObject:
    mine = list(rows)
    return {
        "views": sum(row.impressions for row in mine),
        "opens": 0,
        "clicks": sum(row.clicks for row in mine),
        "actions": sum(row.conversions for row in mine if ads[row.line_id]["action_type"]),
        "currency": call.store.account["currency"],
        "spent_budget": shown_money(sum(row.spend_micros for row in mine)),
    }
