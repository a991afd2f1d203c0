"""Telling people: a log line always, and the alert channels that fit the severity.

Each channel is delivered to on its own and written down at once, so that a retry repeats only
those that failed. A worker that dies between a delivery and its record repeats that one channel:
an alert comes once too often rather than never.
"""

import asyncio
from typing import cast
from uuid import UUID, uuid4

import structlog
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.channels import Channels, footer
from activities.notices import FAILED, Record, accepted, row_of, write_down
from models.contract.notice import (
    ChannelsAnswer,
    ChannelsAsked,
    ChannelState,
    Notice,
    incident_id,
)
from models.contract.safety import Severity
from models.database import Database
from models.settings import Settings
from models.tables import Notification
from models.tables.columns import now_utc

__all__ = ["Notice", "NotifyActivities"]

_PATIENCE = 8.0  # seconds that a critical alert waits for the database
_log = structlog.get_logger("notify")


class NotifyActivities:
    """Deliver notices with their own record; a failure is retried by Temporal."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._channels = Channels(settings)
        for problem in self._channels.problems:
            _log.error("alert channels", problem=problem)

    @activity.defn
    async def notify(self, notice: Notice) -> bool:
        """Deliver a notice; whether this call delivered it.

        Critical: every channel, also while the database is down. High: the chosen channels, at
        most ``alerts_per_hour`` a team. What alerts no more, and all that is less, is kept for
        the digest.

        Raises:
            ApplicationError: channels that failed, by name; the retry repeats those alone.
        """
        record = await self._admit(notice)
        if record.new:
            told = _log.error if notice.severity is Severity.CRITICAL else _log.warning
            told("notice", title=notice.title, body=notice.body, severity=notice.severity.value)
        if record.held is not None or record.closed:
            return False
        names = (
            self._channels.names if notice.severity is Severity.CRITICAL else self._channels.high
        )
        pending = [name for name in names if not accepted(record.outcomes.get(name))]
        await self._deliver(notice, record, pending)
        failed = [name for name in pending if not accepted(record.outcomes.get(name))]
        if failed:
            raise ApplicationError(
                f"notice not delivered to {', '.join(failed)} ({len(failed)} of {len(names)}"
                " channels); see `adflight alerts`",
                type="NotDelivered",
            )
        if not record.stored:
            raise ApplicationError(
                "the alert was delivered but cannot be recorded: PostgreSQL does not answer",
                type="NotRecorded",
            )
        await self._close(notice.team_id, record)
        return True

    @activity.defn
    async def alert_channels(self, asked: ChannelsAsked) -> ChannelsAnswer:
        """Tell this worker's channels; with ``send`` each gets a trial, recorded as any notice."""
        names = [one for one in self._channels.names if asked.only in (None, one)]
        record = Record(key=f"trial/{uuid4()}")
        if asked.send and names:
            notice = Notice(
                team_id=asked.team_id,
                key=record.key,
                title="Adflight: test of the alert channels",
                body="Somebody ran `adflight alerts test`. Nothing is wrong.",
            )
            async with self._database.team(asked.team_id) as session:
                session.add(row_of(notice, record.key, None))
            await self._deliver(notice, record, names)
            if all(accepted(record.outcomes.get(name)) for name in names):
                await self._close(asked.team_id, record)
        return ChannelsAnswer(
            channels=tuple(
                ChannelState(
                    name=name,
                    scheme=self._channels.scheme(name),
                    high=name in self._channels.high,
                    outcome=_told(record.outcomes.get(name)),
                )
                for name in names
            ),
            problems=self._channels.problems,
        )

    # -- the record ----------------------------------------------------------------------------

    async def _admit(self, notice: Notice) -> Record:
        """The notice's record; a critical one goes on without the database."""
        remembered = _remembered()
        try:
            async with asyncio.timeout(_PATIENCE):
                async with self._database.team(notice.team_id) as session:
                    record = await write_down(session, notice, self._settings.alerts_per_hour)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            if notice.severity is not Severity.CRITICAL:
                raise ApplicationError(
                    "notice not recorded: PostgreSQL does not answer", type="NotRecorded"
                ) from error
            return Record(notice.key, new=not remembered, stored=False, outcomes=remembered)
        for name, instant in remembered.items():
            if not accepted(record.outcomes.get(name)):
                await self._note(notice.team_id, record, name, instant)
        record.new = record.new and not remembered
        return record

    async def _note(self, team_id: UUID, record: Record, name: str, outcome: str) -> None:
        """Write down what became of one channel, in PostgreSQL and in Temporal."""
        record.outcomes[name] = outcome
        if activity.in_activity():
            # Kept with the attempt: a retry that finds no row still knows who was told.
            activity.heartbeat(
                {one: told for one, told in record.outcomes.items() if accepted(told)}
            )
        if not record.stored:
            return
        change = func.jsonb_build_object(name, outcome, type_=JSONB)
        try:
            async with asyncio.timeout(_PATIENCE), self._database.team(team_id) as session:
                await session.execute(
                    update(Notification)
                    .where(col(Notification.key) == record.key)
                    .values(delivered_to=col(Notification.delivered_to).op("||")(change))
                )
        except (SQLAlchemyError, TimeoutError, OSError):
            record.stored = False

    async def _close(self, team_id: UUID, record: Record) -> None:
        async with self._database.team(team_id) as session:
            await session.execute(
                update(Notification)
                .where(
                    col(Notification.key) == record.key, col(Notification.delivered_at).is_(None)
                )
                .values(delivered_at=now_utc())
            )

    # -- delivery ------------------------------------------------------------------------------

    async def _deliver(self, notice: Notice, record: Record, names: list[str]) -> None:
        body = "\n".join(
            part
            for part in (notice.body, *_pointers(notice), *footer(self._settings, notice.link))
            if part
        )

        async def one(name: str) -> None:
            problem = await self._channels.send(name, title=notice.title, body=body)
            if problem is not None:
                _log.warning("notice not delivered", channel=name, problem=problem)
            told = now_utc().isoformat() if problem is None else f"{FAILED}{problem}"
            await self._note(notice.team_id, record, name, told)

        await asyncio.gather(*(one(name) for name in names))


def _pointers(notice: Notice) -> list[str]:
    if notice.incident_key is None:
        return []
    return [f"adflight incident {incident_id(notice.team_id, notice.incident_key)}"]


def _remembered() -> dict[str, str]:
    """Who was told by an earlier attempt whose record may be missing."""
    details = activity.info().heartbeat_details if activity.in_activity() else ()
    first: object = details[0] if details else None
    return cast("dict[str, str]", first) if isinstance(first, dict) else {}


def _told(outcome: str | None) -> str:
    if outcome is None:
        return ""
    return "delivered" if accepted(outcome) else outcome
