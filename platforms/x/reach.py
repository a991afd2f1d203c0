"""People reached per campaign and day, from X's reach endpoint.

X leaves reach out of its figures and gives it campaign by campaign and range by range, from
the same small allowance of calls. It changes slowly and only creative fatigue needs it, so it
is asked for at most once a minute, and not at all where it would take many calls.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from platforms.x.errors import JsonObject
from platforms.x.names import day_window
from platforms.x.wire import Wire

_CAMPAIGNS_PER_CALL = 20
_MOST_CALLS = 20
_BETWEEN = timedelta(minutes=1)


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class ReachBook:
    """The reach last read, by campaign and day. ``real_now`` is what X's allowance runs by."""

    def __init__(self, real_now: Callable[[], datetime] = _wall_clock) -> None:
        self._real_now = real_now
        self._reach: dict[tuple[str, date], int] = {}
        self._read_at: datetime | None = None

    def of(self, campaign_id: str, day: date) -> int:
        """People reached on an account day; zero when it is not known."""
        return self._reach.get((campaign_id, day), 0)

    async def refresh(
        self, wire: Wire, campaign_ids: Sequence[str], first: date, last: date, zone: ZoneInfo
    ) -> None:
        """Read reach for some campaigns and days, if it is time to and affordable."""
        now = self._real_now()
        if self._read_at is not None and timedelta(0) <= now - self._read_at < _BETWEEN:
            return
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        groups = [
            campaign_ids[start : start + _CAMPAIGNS_PER_CALL]
            for start in range(0, len(campaign_ids), _CAMPAIGNS_PER_CALL)
        ]
        if not groups or len(days) * len(groups) > _MOST_CALLS:
            return
        self._read_at = now
        for day in days:
            for group in groups:
                params = {"campaign_ids": group, **day_window(day, day, zone)}
                path = f"/stats/accounts/{wire.account_id}/reach/campaigns"
                for row in cast(list[JsonObject], (await wire.get(path, params)).get("data") or []):
                    people = row.get("total_audience_reach")
                    self._reach[str(row["id"]), day] = int(people or 0)
