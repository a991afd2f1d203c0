"""Insights read as metrics: strings to integers and money, conversions by objective."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.contract.money import Money
from models.contract.network import MetricsRow
from platforms.meta_connection import Connection
from platforms.meta_json import mapping, sequence
from platforms.meta_maps import GOALS, WITHOUT_PIXEL

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

_PAGE = 500
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
        parameters = {
            "level": "campaign",
            "time_range": {"since": since.isoformat(), "until": until.isoformat()},
            "time_increment": 1,
            "limit": _PAGE,
        }

        def query() -> list[tuple[dict[str, Any], MetricsRow]]:
            pages = self._account.get_insights(fields=list(FIELDS), params=parameters)
            rows = [mapping(row.export_all_data()) for row in pages]
            return [(row, metrics_row(row, self._currency)) for row in rows]

        answer = await self._connection.read(query)
        leads = {row.campaign_id for raw, row in answer if raw.get("objective") == _LEADS}
        await self._learn_events(leads)
        return tuple(
            metrics_row(raw, self._currency, self._events.get(row.campaign_id), pixel=self._pixel)
            for raw, row in answer
        )

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
    """One campaign on one account day.

    Meta leaves out what is zero. Spend is a decimal string in major units.

    Args:
        row: An insights row of ``level=campaign`` and ``time_increment=1``.
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
