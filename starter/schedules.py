"""Temporal Schedules of a team, made and brought up to date whenever a stack starts."""

from uuid import UUID

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from models.contract.notice import DigestOrder
from models.contract.queues import MANAGEMENT
from models.settings import Settings


def digest_id(team_id: UUID) -> str:
    """The id of a team's digest schedule."""
    return f"digest-{team_id}"


async def set_up_schedules(
    client: Client, settings: Settings, task_queue: str = MANAGEMENT
) -> None:
    """Make the team's daily digest (``digest_hour``, UTC), or give it today's hour.

    A schedule that a person paused stays paused.
    """
    name = digest_id(settings.team_id)
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(
            "digest",
            DigestOrder(team_id=settings.team_id),
            id=name,
            task_queue=task_queue,
            static_summary="Daily digest",
        ),
        spec=ScheduleSpec(
            calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(settings.digest_hour)])]
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )

    def renew(known: ScheduleUpdateInput) -> ScheduleUpdate:
        # An update replaces everything: what a person decided is taken over.
        wanted.state = known.description.schedule.state
        return ScheduleUpdate(schedule=wanted)

    try:
        await client.create_schedule(name, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(renew)
