"""Insights read as metrics: strings to integers and money, conversions by objective."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from models.contract.money import Money
from models.contract.network import AdMetricsRow, MetricsRow
from platforms.errors import NetworkError
from platforms.meta.connection import Connection
from platforms.meta.json import mapping, sequence
from platforms.meta.maps import GOALS, WITHOUT_PIXEL

FIELDS = (
    "campaign_id",
    "objective",
    "account_currency",
    "spend",
    "impressions",
    "reach",
    "clicks",
    "actions",
    "action_values",
)

R = TypeVar("R")

_PAGE = 500
_TOO_MUCH = frozenset({"100/1487534", "100/1504018", "2/1504038"})
"""Too much data, or no answer in time because of it: to be asked for in smaller portions."""
_EVERY_STATUS = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "CAMPAIGN_PAUSED", "WITH_ISSUES"]
# The one objective behind which several events hide: leads, sign-ups, applications.
_LEADS = "OUTCOME_LEADS"
_SALES = "OUTCOME_SALES"
_BY_EVENT = {goal.event: goal.actions for goal in GOALS.values() if goal.event}
_BY_OBJECTIVE = {
    goal.objective: goal.actions for goal in GOALS.values() if goal.objective != _LEADS
}


class Insights:
    """The insights of one ad account."""

    def __init__(self, connection: Connection, account: Any, currency: str, *, pixel: bool) -> None:
        self._connection = connection
        self._account = account
        self._currency = currency
        self._pixel = pixel
        self._events: dict[str, str] = {}

    def note_event(self, campaign_id: str, event: str | None) -> None:
        """Remember the pixel event a campaign's ad set optimises for."""
        self._events[campaign_id] = event or ""

    async def by_day(self, since: date, until: date) -> tuple[MetricsRow, ...]:
        """All campaigns per account day, inclusive, in one query with all its pages.

        A second query follows only for lead campaigns this connection has not met: their
        objective does not say which of three events is the conversion.
        """
        return await self._rows("campaign", FIELDS, since, until, self._campaign_row)

    async def ads_by_day(self, since: date, until: date) -> tuple[AdMetricsRow, ...]:
        """All ads per account day, inclusive, as ``by_day``; the days are halved where Meta finds
        them too much to answer at once."""
        try:
            return await self._rows("ad", (*FIELDS, "ad_id"), since, until, self._ad_row)
        except NetworkError as error:
            if error.code not in _TOO_MUCH or since >= until:
                raise
        middle = since + (until - since) // 2
        earlier = await self.ads_by_day(since, middle)
        return earlier + await self.ads_by_day(middle + timedelta(days=1), until)

    async def reach_so_far(self) -> dict[str, int]:
        """Different people each ad has reached since it began, by its id."""
        parameters = {"level": "ad", "date_preset": "maximum", "limit": _PAGE}

        def query() -> dict[str, int]:
            pages = self._account.get_insights(fields=["ad_id", "reach"], params=parameters)
            rows = [mapping(row.export_all_data()) for row in pages]
            return {str(row["ad_id"]): int(row.get("reach") or 0) for row in rows}

        return await self._connection.read(query)

    async def _rows(
        self,
        level: str,
        fields: Sequence[str],
        since: date,
        until: date,
        read: Callable[[Mapping[str, Any]], R],
    ) -> tuple[R, ...]:
        parameters = {
            "level": level,
            "time_range": {"since": since.isoformat(), "until": until.isoformat()},
            "time_increment": 1,
            "limit": _PAGE,
        }

        def query() -> tuple[list[dict[str, Any]], tuple[R, ...]]:
            pages = self._account.get_insights(fields=list(fields), params=parameters)
            rows = [mapping(row.export_all_data()) for row in pages]
            return rows, tuple(read(row) for row in rows)

        answer, found = await self._connection.read(query)
        leads = {str(row["campaign_id"]) for row in answer if row.get("objective") == _LEADS}
        if not leads - self._events.keys():
            return found
        await self._learn_events(leads)
        return tuple(read(row) for row in answer)

    def _campaign_row(self, row: Mapping[str, Any]) -> MetricsRow:
        event = self._events.get(str(row["campaign_id"]))
        return metrics_row(row, self._currency, event, pixel=self._pixel)

    def _ad_row(self, row: Mapping[str, Any]) -> AdMetricsRow:
        return AdMetricsRow(ad_id=str(row["ad_id"]), **dict(self._campaign_row(row)))

    async def _learn_events(self, campaigns: set[str]) -> None:
        unknown = sorted(campaigns - self._events.keys())
        for start in range(0, len(unknown), _PAGE):
            some = unknown[start : start + _PAGE]
            parameters = {
                "filtering": [{"field": "campaign.id", "operator": "IN", "value": some}],
                "effective_status": _EVERY_STATUS,
                "limit": _PAGE,
            }

            def query(parameters: dict[str, Any] = parameters) -> dict[str, str]:
                ad_sets = self._account.get_ad_sets(
                    fields=["campaign_id", "promoted_object"], params=parameters
                )
                return {
                    str(each["campaign_id"]): str(
                        mapping(each.export_all_data().get("promoted_object")).get(
                            "custom_event_type", ""
                        )
                    )
                    for each in ad_sets
                }

            self._events |= await self._connection.read(query)


def metrics_row(
    row: Mapping[str, Any], currency: str, event: str | None = None, *, pixel: bool = True
) -> MetricsRow:
    """One campaign, or one of its ads, on one account day.

    Meta leaves out what is zero. Spend is a decimal string in major units.

    Args:
        row: An insights row with its ``campaign_id``, of ``time_increment=1``.
        currency: The account's, used when the row does not name one.
        event: The pixel event the campaign optimises for, where the objective has several.
        pixel: Whether a pixel on the site reports who arrived.
    """
    currency = str(row.get("account_currency") or currency)
    objective = str(row.get("objective", ""))
    by_objective = _BY_OBJECTIVE if pixel else _BY_OBJECTIVE | WITHOUT_PIXEL
    actions = _BY_EVENT.get(event or "") or by_objective.get(objective, ())
    value = _first(row.get("action_values"), actions)
    if value is None and objective == _SALES:
        value = "0"
    return MetricsRow(
        campaign_id=str(row["campaign_id"]),
        day=str(row["date_start"]),
        impressions=_whole(row.get("impressions")),
        clicks=_whole(row.get("clicks")),
        conversions=_whole(_first(row.get("actions"), actions)),
        reach=_whole(row.get("reach")),
        spend=Money.of(str(row.get("spend") or "0"), currency),
        revenue=None if value is None else Money.of(value, currency),
    )


def _first(entries: object, actions: tuple[str, ...]) -> str | None:
    """The value of the best of ``actions`` that is present; they overlap, so never a sum."""
    values = {str(each.get("action_type")): str(each.get("value")) for each in sequence(entries)}
    return next((values[action] for action in actions if action in values), None)


def _whole(value: object) -> int:
    return int(str(value).split(".")[0]) if value else 0
