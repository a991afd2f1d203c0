"""Telling people: a log line always, and one apprise target when set."""

import asyncio
from typing import Any
from uuid import UUID

import apprise
import structlog
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.contract.base import Frozen
from models.database import Database
from models.settings import Settings
from models.tables import Notification
from models.tables.columns import now_utc

_log = structlog.get_logger("notify")


class Notice(Frozen):
    """One message. ``key`` makes a repeated notice one notice. Severity: info, high, critical."""

    team_id: UUID
    key: str
    title: str
    body: str
    severity: str = "info"


class NotifyActivities:
    """Deliver notices with their own record; a failure is retried by Temporal."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._target = settings.notify_url.get_secret_value()

    @activity.defn
    async def notify(self, notice: Notice) -> bool:
        """Deliver a notice once; whether this call delivered it."""
        async with self._database.team(notice.team_id) as session:
            await session.execute(
                insert(Notification)
                .values(
                    id=func.gen_random_uuid(),
                    team_id=notice.team_id,
                    key=notice.key,
                    severity=notice.severity,
                    title=notice.title,
                    body=notice.body,
                    delivered_to={},
                    created_at=now_utc(),
                )
                .on_conflict_do_nothing(index_elements=["team_id", "key"])
            )
            delivered = await session.scalar(
                select(Notification.delivered_at).where(col(Notification.key) == notice.key)
            )
        if delivered is not None:
            return False
        _log.warning("notice", title=notice.title, body=notice.body, severity=notice.severity)
        channels = {"log": True}
        if self._target:
            # The target's URL may hold a token: it is neither logged nor put into the error.
            if not await asyncio.to_thread(_send, self._target, notice):
                raise ApplicationError(
                    "the notification target did not accept the notice; check ADFLIGHT_NOTIFY_URL"
                )
            channels["apprise"] = True
        async with self._database.team(notice.team_id) as session:
            await session.execute(
                update(Notification)
                .where(col(Notification.key) == notice.key)
                .values(delivered_at=now_utc(), delivered_to=channels)
            )
        return True


def _send(target: str, notice: Notice) -> bool:
    sender: Any = apprise.Apprise()
    if not sender.add(target):
        return False
    return bool(sender.notify(title=notice.title, body=notice.body))
