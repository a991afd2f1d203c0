"""Incidents as PostgreSQL remembers them: opened once, added to, resolved by a named person."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.contract.base import Frozen
from models.contract.incident import LAST_CONFIRMED, SPEND_FLAT, IncidentReport, TimelineEntry
from models.contract.safety import Severity
from models.database import Database
from models.tables import Incident
from models.tables.columns import now_utc

OPEN, RESOLVED = "open", "resolved"
_REOPENED = "reopened: "

_RANK = list(Severity)
_ENDS = (LAST_CONFIRMED, SPEND_FLAT)
"""Late news of a stop that is over; they reopen nothing."""


class Reported(Frozen):
    """What became of a report. ``opened``: it is new; ``reopened``: it had been resolved."""

    incident_id: UUID
    opened: bool = False
    reopened: bool = False


class Resolution(Frozen):
    """A named person closes an incident."""

    team_id: UUID
    incident_id: UUID
    by: str
    reason: str


class IncidentActivities:
    """Every report may be repeated: what is known already changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def report(self, report: IncidentReport) -> Reported:
        """Open an incident or add to it: timeline, deeds, numbers, a higher severity."""
        async with self._database.team(report.team_id) as session:
            return await record(session, report)

    @activity.defn
    async def resolve(self, resolution: Resolution) -> bool:
        """Close an incident; False when it was closed already.

        Raises:
            ApplicationError: there is no such incident, or nobody or no reason is named.
        """
        async with self._database.team(resolution.team_id) as session:
            try:
                return await close(
                    session, resolution.incident_id, resolution.by, resolution.reason
                )
            except ValueError as error:
                raise ApplicationError(
                    str(error), type="IncidentNotResolved", non_retryable=True
                ) from None


async def record(session: AsyncSession, report: IncidentReport) -> Reported:
    """Open or extend the incident of ``report.key`` in one transaction."""
    made = await session.scalar(
        insert(Incident)
        .values(
            id=report.id,
            team_id=report.team_id,
            key=report.key,
            severity=report.severity.value,
            cause=report.cause[:100],
            title=report.title,
            text=report.text,
            scope=report.scope[:100],
            level=report.level,
            platform=report.platform,
            account_id=report.account_id,
            campaign_id=report.campaign_id,
            numbers=report.numbers,
            timeline=_sorted([], report.timeline),
            done=list(dict.fromkeys(report.done)),
            money_at_risk_micros=report.money_at_risk and report.money_at_risk.micros,
            currency=report.money_at_risk.currency if report.money_at_risk else "USD",
            state=OPEN,
            opened_at=report.at,
            resolution="",
            recorded_at=now_utc(),
        )
        .on_conflict_do_nothing(index_elements=["team_id", "key"])
        .returning(col(Incident.id))
    )
    if made is not None:
        return Reported(incident_id=made, opened=True)
    row = await session.scalar(
        select(Incident).where(col(Incident.key) == report.key).with_for_update()
    )
    assert row is not None
    return Reported(incident_id=row.id, reopened=_extend(row, report))


async def close(session: AsyncSession, incident_id: UUID, by: str, reason: str) -> bool:
    """Resolve an incident; False when it was resolved already.

    Raises:
        ValueError: there is no such incident, or ``by`` or ``reason`` is empty.
    """
    if not by.strip() or not reason.strip():
        raise ValueError(
            "an incident is resolved by a named person with a reason: give --by NAME and"
            " --reason TEXT"
        )
    row = await session.scalar(
        select(Incident).where(col(Incident.id) == incident_id).with_for_update()
    )
    if row is None:
        raise ValueError(f"no incident has the id {incident_id}; see `adflight incidents --all`")
    if row.state == RESOLVED:
        return False
    now = now_utc()
    row.state, row.resolved_at, row.resolved_by, row.resolution = RESOLVED, now, by[:100], reason
    row.timeline = _sorted(
        row.timeline, (TimelineEntry(at=now, what=f"resolved by {by}: {reason}"),)
    )
    return True


async def open_incidents(session: AsyncSession) -> int:
    """How many incidents of the team wait for a person."""
    query = select(func.count()).select_from(Incident).where(col(Incident.state) == OPEN)
    return await session.scalar(query) or 0


async def closed_before(session: AsyncSession, key: str) -> datetime | None:
    """When an incident was last closed or opened again (real time): what was told before is past.

    None: it was never closed, or is not known.
    """
    row = await session.scalar(select(Incident).where(col(Incident.key) == key))
    if row is None:
        return None
    instants = [
        datetime.fromisoformat(str(one["at"]))
        for one in row.timeline
        if str(one["what"]).startswith(_REOPENED)
    ]
    if row.resolved_at is not None:
        instants.append(row.resolved_at)
    return max(instants, default=None)


def _extend(row: Incident, report: IncidentReport) -> bool:
    """Add what a report knows better; whether that reopens the incident."""
    known = {(entry["at"], entry["what"]) for entry in row.timeline}
    news = [one for one in report.timeline if _entry_key(one) not in known]
    deeds = [one for one in dict.fromkeys(report.done) if one not in row.done]
    worse = _RANK.index(report.severity) > _RANK.index(Severity(row.severity))
    changed = report.text != row.text and not report.timeline
    if worse:
        row.severity = report.severity.value
        row.cause, row.title, row.text = report.cause[:100], report.title, report.text
    row.level = report.level or row.level
    row.platform = row.platform or report.platform
    row.account_id = row.account_id or report.account_id
    row.campaign_id = row.campaign_id or report.campaign_id
    row.numbers = {**row.numbers, **report.numbers}
    row.done = [*row.done, *deeds]
    if report.money_at_risk is not None:
        same = (
            row.money_at_risk_micros is not None and row.currency == report.money_at_risk.currency
        )
        before = row.money_at_risk_micros if same else None
        row.money_at_risk_micros = max(report.money_at_risk.micros, before or 0)
        row.currency = report.money_at_risk.currency
    trouble = [one for one in news if not one.what.startswith(_ENDS)]
    reopened = row.state == RESOLVED and bool(trouble or worse or changed)
    row.timeline = _sorted(row.timeline, news)
    if reopened:
        said = f"{_REOPENED}reported again after {row.resolved_by} had resolved it"
        row.timeline = _sorted(row.timeline, (TimelineEntry(at=now_utc(), what=said),))
        row.state, row.resolved_at, row.resolved_by, row.resolution = OPEN, None, None, ""
    return reopened


def _sorted(
    timeline: Sequence[dict[str, object]], added: Sequence[TimelineEntry]
) -> list[dict[str, object]]:
    entries = {_entry_key(one) for one in added}
    entries |= {(str(entry["at"]), str(entry["what"])) for entry in timeline}
    ordered = sorted(entries, key=lambda one: (datetime.fromisoformat(one[0]), one[1]))
    return [{"at": at, "what": what} for at, what in ordered]


def _entry_key(entry: TimelineEntry) -> tuple[str, str]:
    return (entry.at.astimezone(UTC).isoformat(), entry.what)
