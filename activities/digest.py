"""The daily digest: what waited, what is open, and what yesterday cost."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio import activity

from activities.incidents import open_incidents
from activities.notices import STILL_TRIED, reached
from models.contract.money import Money
from models.contract.notice import Digest, DigestOrder, Notice
from models.contract.safety import Severity
from models.database import Database
from models.settings import Settings
from models.tables import Notification
from models.tables.columns import now_utc

_MOST = 500  # notices told at once; what is more waits for the next digest
_LINES = 40
_LINE = 200
_ALERTS = (Severity.HIGH.value, Severity.CRITICAL.value)

_YESTERDAY = text(
    """
    WITH latest AS (
        SELECT DISTINCT ON (s.campaign_id)
            a.platform, s.currency, s.spend_micros, s.as_of
        FROM ad_performance_snapshots s JOIN ad_platform_accounts a ON a.id = s.account_id
        WHERE s.day = CAST(CAST(:now AS timestamptz) AT TIME ZONE a.timezone AS date) - 1
        ORDER BY s.campaign_id, s.as_of DESC
    )
    SELECT platform, currency, sum(spend_micros), max(as_of) FROM latest
    GROUP BY platform, currency ORDER BY platform, currency
    """
)
"""The newest reading of each campaign for the account's own yesterday."""


class DigestActivities:
    """Compose a digest, and mark what it told once it reached people."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    @activity.defn
    async def compose_digest(self, order: DigestOrder) -> Digest | None:
        """The digest of a team, or None when there is nothing to say."""
        now = self._settings.campaign_now()
        async with self._database.team(order.team_id) as session:
            waiting = await _waiting(session)
            incidents = await open_incidents(session)
            spend = await _spend(session, now)
        if not waiting and not incidents and not spend:
            return None
        facts = [f"Open incidents: {incidents}" + (" (adflight incidents)" if incidents else "")]
        facts.append(f"Spend yesterday: {'; '.join(spend) if spend else 'none reported'}")
        held = sum(row.severity in _ALERTS for row in waiting)
        if held:
            facts.append(f"Alerts held back or repeated: {held}")
        return Digest(
            notice=Notice(
                team_id=order.team_id,
                key=f"digest/{activity.info().workflow_run_id}",
                title=f"Adflight digest: {_count(len(waiting), 'notice')},"
                f" {_count(incidents, 'open incident')}",
                body="\n".join([*facts, *_lines(waiting)]),
                digest=True,
            ),
            told=tuple(row.id for row in waiting),
        )

    @activity.defn
    async def mark_told(self, digest: Digest) -> int:
        """Mark the notices of a digest that reached people; how many. Else they wait on."""
        async with self._database.team(digest.notice.team_id) as session:
            sent = await session.scalar(
                select(Notification).where(col(Notification.key) == digest.notice.key)
            )
            if sent is None or not reached(sent):
                return 0
            told = await session.execute(
                update(Notification)
                .where(
                    col(Notification.id).in_(digest.told), col(Notification.delivered_at).is_(None)
                )
                .values(delivered_at=now_utc())
                .returning(col(Notification.id))
            )
            return len(told.all())


async def _waiting(session: AsyncSession) -> list[Notification]:
    """What was kept for the digest, and alerts that reached nobody; oldest first."""
    rows = await session.scalars(
        select(Notification)
        .where(
            col(Notification.delivered_at).is_(None),
            or_(
                col(Notification.digest),
                col(Notification.created_at) < now_utc() - STILL_TRIED,
            ),
            ~col(Notification.key).startswith("digest/"),
            ~col(Notification.key).startswith("trial/"),
        )
        .order_by(col(Notification.created_at))
        .limit(_MOST)
    )
    return [row for row in rows if row.digest or not reached(row)]


async def _spend(session: AsyncSession, now: datetime) -> list[str]:
    """Yesterday's spend by platform and currency, with the age of the figures."""
    told: list[str] = []
    for platform, currency, micros, as_of in await session.execute(_YESTERDAY, {"now": now}):
        money = Money(micros=int(micros), currency=currency).rounded()
        told.append(f"{platform} {money} (figures {_age(now - as_of)} old)")
    return told


def _lines(waiting: Sequence[Notification]) -> list[str]:
    lines = [
        f"- {row.severity}: {row.title}{f' – {row.body}' if row.body else ''}".replace("\n", " ")
        for row in waiting[:_LINES]
    ]
    lines = [line if len(line) <= _LINE else f"{line[: _LINE - 1]}…" for line in lines]
    if len(waiting) > _LINES:
        lines.append(f"- and {len(waiting) - _LINES} more: adflight alerts")
    return lines


def _age(age: timedelta) -> str:
    minutes = max(0, round(age / timedelta(minutes=1)))
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
