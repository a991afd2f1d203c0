"""When a team's schedules would start something: the test server has no Schedules of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleRange,
)

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A workflow to start at a campaign instant."""

    at: datetime
    name: str
    action: ScheduleActionStartWorkflow


def appointments(
    schedules: Mapping[str, Schedule], since: datetime, until: datetime
) -> list[Appointment]:
    """What the schedules start from ``since`` (exclusive) to ``until``, in order of time and name.

    Calendars and intervals are kept to the minute, in UTC.

    Raises:
        ValueError: a schedule uses what is not kept here (cron, months, jitter of its start).
    """
    found: list[Appointment] = []
    for name, schedule in sorted(schedules.items()):
        action, spec = schedule.action, schedule.spec
        if not isinstance(action, ScheduleActionStartWorkflow) or spec.cron_expressions:
            raise ValueError(
                f"schedule {name!r} cannot be rehearsed; give it a calendar or interval"
            )
        instants: set[datetime] = set()
        for calendar in spec.calendars:
            instants |= set(_by_calendar(calendar, since, until))
        for interval in spec.intervals:
            first = since - (since - _EPOCH - (interval.offset or timedelta(0))) % interval.every
            count = int((until - first) / interval.every)
            instants |= {first + step * interval.every for step in range(1, count + 1)}
        found += [Appointment(at, name, action) for at in instants if since < at <= until]
    return sorted(found, key=lambda one: (one.at, one.name))


def _by_calendar(
    calendar: ScheduleCalendarSpec, since: datetime, until: datetime
) -> list[datetime]:
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[datetime] = []
    while day <= until:
        # Temporal counts weekdays from Sunday, Python's isoweekday has Sunday last.
        fits = _within(calendar.day_of_week, day.isoweekday() % 7)
        fits = fits and _within(calendar.day_of_month, day.day)
        if fits and _within(calendar.month, day.month):
            found += [
                day + hour * _HOUR + minute * _MINUTE
                for hour in _values(calendar.hour)
                for minute in _values(calendar.minute)
            ]
        day += _DAY
    return found


def _within(ranges: Sequence[ScheduleRange], value: int) -> bool:
    return value in _values(ranges)


def _values(ranges: Sequence[ScheduleRange]) -> list[int]:
    return sorted(
        {
            value
            for one in ranges
            for value in range(one.start, max(one.end, one.start) + 1, max(one.step, 1))
        }
    )


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
