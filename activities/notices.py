"""The record of notices: one row a key, and whether it alerts now or waits for the digest."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from activities.channels import HELD, LOG
from activities.incidents import closed_before
from models.contract.notice import Notice
from models.contract.safety import Severity
from models.tables import Notification
from models.tables.columns import now_utc

FAILED = "failed: "
"""How the record of a channel begins that did not accept; else it is the instant it did."""
STILL_TRIED = timedelta(hours=1)
"""How long the delivery of a notice is retried, as in ``timeouts.NOTICE``."""

_RANK = list(Severity)


@dataclass(slots=True)
class Record:
    """What is known of a notice: its row's key, and what became of it on each channel.

    ``held``: why it waits for the digest. ``stored`` False: the database does not answer.
    """

    key: str
    held: str | None = None
    new: bool = False
    closed: bool = False
    stored: bool = True
    outcomes: dict[str, str] = field(default_factory=dict[str, str])


async def write_down(session: AsyncSession, notice: Notice, per_hour: int) -> Record:
    """Find or make the row of a notice, and decide whether it alerts or waits for the digest.

    ``per_hour``: most high alerts of the team within an hour.
    """
    # One at a time in a team, so that two reports of one incident cannot both be the first.
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:team, 0))"),
        {"team": f"notify/{notice.team_id}"},
    )
    key, row = notice.key, await _find(session, notice.key)
    past = await closed_before(session, notice.incident_key or "")
    over = row is not None and (row.digest or row.delivered_at is not None)
    if row is not None and over and past is not None and row.created_at <= past:
        # The same trouble in the incident's next life is a notice of its own.
        key = f"{notice.key}/{past:%Y%m%dT%H%M%S}"
        row = await _find(session, key)
    if row is not None and _RANK.index(Severity(row.severity)) < _RANK.index(notice.severity):
        key = f"{key}/{notice.severity.value}"
        row = await _find(session, key)
    if row is not None:
        outcomes = cast("dict[str, str]", dict(row.delivered_to))
        held = outcomes.pop(HELD, "") if row.digest else None
        return Record(key, held=held, closed=row.delivered_at is not None, outcomes=outcomes)
    held = await _held(session, notice, past, per_hour)
    row = row_of(notice, key, held)
    session.add(row)
    return Record(key, held=held, new=True)


async def _held(
    session: AsyncSession, notice: Notice, past: datetime | None, per_hour: int
) -> str | None:
    """Why a notice waits for the digest instead of alerting, or None.

    What was told before ``past`` belongs to an incident that was closed.
    """
    if notice.digest:
        return None
    if notice.severity not in (Severity.HIGH, Severity.CRITICAL):
        return "for the daily digest"
    alerts = select(Notification).where(col(Notification.digest).is_(False))
    since = now_utc() - STILL_TRIED
    if notice.incident_key is not None:
        worse = [one.value for one in _RANK[_RANK.index(notice.severity) :]]
        before = await session.scalars(
            alerts.where(
                col(Notification.incident_key) == notice.incident_key,
                col(Notification.severity).in_(worse),
                col(Notification.created_at) > (past or datetime.min.replace(tzinfo=UTC)),
            )
        )
        if any(row.created_at > since or reached(row) for row in before):
            return "people were alerted to this incident"
    if notice.severity is Severity.HIGH:
        lately = await session.scalar(
            select(func.count()).select_from(
                alerts.where(
                    col(Notification.severity) == Severity.HIGH.value,
                    col(Notification.created_at) > since,
                ).subquery()
            )
        )
        if (lately or 0) >= per_hour:
            return f"over {per_hour} high alerts within an hour"
    return None


def accepted(outcome: object) -> bool:
    """Whether a channel's record says that it took the notice."""
    return isinstance(outcome, str) and not outcome.startswith(FAILED)


def reached(row: Notification) -> bool:
    """Whether a notice reached people through any channel (our own log aside)."""
    if row.delivered_at is not None:
        return True
    return any(
        accepted(outcome) for name, outcome in row.delivered_to.items() if name not in (LOG, HELD)
    )


def row_of(notice: Notice, key: str, held: str | None) -> Notification:
    """A new row for a notice."""
    now: datetime = now_utc()
    told: dict[str, object] = {LOG: now.isoformat()}
    if held is not None:
        told[HELD] = held
    return Notification(
        team_id=notice.team_id,
        key=key,
        severity=notice.severity.value,
        title=notice.title,
        body=notice.body,
        incident_key=notice.incident_key,
        digest=held is not None,
        delivered_to=told,
        created_at=now,
    )


async def _find(session: AsyncSession, key: str) -> Notification | None:
    return await session.scalar(select(Notification).where(col(Notification.key) == key))
