"""Temporal Schedules of a team, made and brought up to date whenever a stack starts."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from models.contract.notice import DigestOrder
from models.contract.portfolio import PortfolioOrder
from models.contract.queues import MANAGEMENT
from models.settings import Settings

_LEAST = timedelta(seconds=30)
_AFTER_MIDNIGHT = ScheduleCalendarSpec(minute=[ScheduleRange(5)], hour=[ScheduleRange(0)])
_MONDAY_MORNING = ScheduleCalendarSpec(
    minute=[ScheduleRange(15)], hour=[ScheduleRange(3)], day_of_week=[ScheduleRange(1)]
)


def digest_id(team_id: UUID) -> str:
    """The id of a team's digest schedule."""
    return f"digest-{team_id}"


def portfolio_id(team_id: UUID, run: str) -> str:
    """The id of a team's daily or weekly portfolio schedule."""
    return f"portfolio-{run}-{team_id}"


def team_schedules(settings: Settings, task_queue: str = MANAGEMENT) -> dict[str, Schedule]:
    """All schedules of the team by their ids.

    Daily: the digest (``digest_hour``, UTC) and the portfolio's day, soon after midnight UTC.
    Weekly, on Monday morning: the reallocation. Where campaign time runs faster than the wall
    clock, the portfolio's days and weeks are campaign days and weeks.
    """
    team_id, clock = settings.team_id, settings.clock
    hour = ScheduleCalendarSpec(hour=[ScheduleRange(settings.digest_hour)])
    runs: tuple[tuple[Literal["daily", "weekly"], timedelta, ScheduleCalendarSpec], ...] = (
        ("daily", timedelta(days=1), _AFTER_MIDNIGHT),
        ("weekly", timedelta(days=7), _MONDAY_MORNING),
    )
    found = {
        digest_id(team_id): _schedule(
            ScheduleActionStartWorkflow(
                "digest",
                DigestOrder(team_id=team_id),
                id=digest_id(team_id),
                task_queue=task_queue,
                static_summary="Daily digest",
            ),
            ScheduleSpec(calendars=[hour]),
        )
    }
    for run, every, calendar in runs:
        spec = ScheduleSpec(calendars=[calendar])
        if clock.tempo != 1:
            interval = max(clock.real_duration(every), _LEAST)
            spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=interval)])
        name = portfolio_id(team_id, run)
        found[name] = _schedule(
            ScheduleActionStartWorkflow(
                "portfolio",
                PortfolioOrder(team_id=team_id, run=run, clock=clock),
                id=name,
                task_queue=task_queue,
                static_summary=f"Portfolio, {run}",
            ),
            spec,
        )
    return found


def _schedule(action: ScheduleActionStartWorkflow, spec: ScheduleSpec) -> Schedule:
    return Schedule(
        action=action, spec=spec, policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP)
    )


async def set_up_schedules(
    client: Client, settings: Settings, task_queue: str = MANAGEMENT
) -> None:
    """Make the team's schedules, or bring them up to date; one that a person paused stays so."""
    for name, wanted in team_schedules(settings, task_queue).items():

        def renew(known: ScheduleUpdateInput, wanted: Schedule = wanted) -> ScheduleUpdate:
            # An update replaces everything: what a person decided is taken over.
            wanted.state = known.description.schedule.state
            return ScheduleUpdate(schedule=wanted)

        try:
            await client.create_schedule(name, wanted)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(name).update(renew)
