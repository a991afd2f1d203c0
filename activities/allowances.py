"""Calls that a network allows, shared by all worker processes: one bucket a row in PostgreSQL.

A bucket holds ``Rate.calls`` and refills evenly. A fifth of it is kept for calls that lower spend:
those never wait, neither here nor for the database. What they used is owed, and paid back by the
calls after them. Processes take small handfuls, so that not every call asks the database.
"""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from models.contract.account import AdAccount
from models.database import Database
from platforms.errors import RateLimited
from platforms.quota import Rate, is_urgent

HEADROOM = 0.2
"""Share of every bucket that only stops may use."""
_HANDFUL = 0.02
"""Share of a bucket that a process takes at once."""
_KEPT = 5.0
"""Real seconds after which a process lets go of what it took and did not use."""
_PATIENCE = 10.0
"""Real seconds a call waits for room; beyond that the caller is told when to come again."""
_log = structlog.get_logger("activities.allowances")

_FILL = text(
    """
    INSERT INTO call_allowances AS kept (id, team_id, holder, bucket, level, at, closed_until)
    VALUES (gen_random_uuid(), :team, :holder, :bucket, :calls, clock_timestamp(), NULL)
    ON CONFLICT (team_id, holder, bucket) DO UPDATE
    SET level = LEAST(:calls, kept.level
                + EXTRACT(EPOCH FROM clock_timestamp() - kept.at) * :calls / :seconds),
        at = clock_timestamp(),
        closed_until = CASE WHEN kept.closed_until > clock_timestamp() THEN kept.closed_until END
    RETURNING level, EXTRACT(EPOCH FROM closed_until - clock_timestamp())
    """
)
_CHANGE = text(
    "UPDATE call_allowances SET level = LEAST(level - :used, :most), closed_until = COALESCE("
    "clock_timestamp() + make_interval(secs => CAST(:closed AS double precision)), closed_until) "
    "WHERE team_id = :team AND holder = :holder AND bucket = :bucket"
)


@dataclass(slots=True)
class _Hand:
    """What one process holds of a bucket. ``told``: calls the network says are left, and for how
    many seconds it is closed, not yet written down."""

    left: float = 0.0
    taken_at: float = 0.0
    owed: float = 0.0
    told: tuple[float, float | None] | None = None


class SharedQuota:
    """The allowances of one account (``platforms.quota.Quota``)."""

    def __init__(self, database: Database, account: AdAccount, rates: Mapping[str, Rate]) -> None:
        self._database = database
        self._account = account
        self._rates = rates
        self._hands: dict[str, _Hand] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def take(self, bucket: str, cost: int = 1) -> None:
        """See ``platforms.quota.Quota.take``. A bucket without a rate is free."""
        rate = self._rates.get(bucket)
        if rate is None:
            return
        hand = self._hands.setdefault(bucket, _Hand())
        if is_urgent():
            hand.owed += cost
            return
        async with self._turns.setdefault(bucket, asyncio.Lock()):
            until = time.monotonic() + _PATIENCE
            while (wait := await self._room(bucket, rate, hand, cost)) > 0:
                if time.monotonic() + wait > until:
                    raise RateLimited(
                        self._account.platform,
                        f"the allowance of {rate.calls:,} calls in {rate.seconds:g} s "
                        f"({bucket}) is used up",
                        retry_after=wait,
                    )
                await asyncio.sleep(min(wait, 1.0))

    def heard(
        self, bucket: str, *, remaining: float | None = None, reset_in: float | None = None
    ) -> None:
        """See ``platforms.quota.Quota.heard``."""
        rate = self._rates.get(bucket)
        if rate is None or remaining is None or remaining > rate.calls / 2:
            return  # plenty is no news, and writing it down costs more than it is worth
        hand = self._hands.setdefault(bucket, _Hand())
        closed = reset_in if remaining < 1 else None
        hand.told = (max(remaining, 0.0), closed)
        hand.left = min(hand.left, remaining)

    async def _room(self, bucket: str, rate: Rate, hand: _Hand, cost: int) -> float:
        """Take ``cost``; real seconds to wait when there is no room."""
        now = time.monotonic()
        if now - hand.taken_at > _KEPT:
            hand.left = 0.0
        if hand.left >= cost and hand.told is None and not hand.owed:
            hand.left -= cost
            return 0.0
        wanted = max(cost, int(rate.calls * _HANDFUL))
        try:
            async with self._database.team(self._account.team_id) as session:
                wait = await self._draw(session, bucket, rate, hand, wanted, cost)
        except (SQLAlchemyError, OSError) as error:
            # Without the database nothing is raised anyway; reading on must not depend on it.
            _log.warning("allowance not counted", bucket=bucket, error=type(error).__name__)
            return 0.0
        if wait <= 0:
            hand.left -= cost
        return wait

    async def _draw(
        self, session: AsyncSession, bucket: str, rate: Rate, hand: _Hand, wanted: int, cost: int
    ) -> float:
        where = {
            "team": self._account.team_id,
            "holder": self._holder(rate),
            "bucket": bucket,
        }
        size = {"calls": float(rate.calls), "seconds": rate.seconds}
        filled = await session.execute(_FILL, {**where, **size})
        row = filled.one()
        level, closed = float(row[0]), max(float(row[1] or 0.0), 0.0)
        told, hand.told = hand.told, None
        owed, hand.owed = hand.owed, 0.0
        most = float(rate.calls) if told is None else told[0]
        if told is not None and told[1] is not None:
            closed = max(closed, told[1])
        level = min(level - owed, most)
        kept = min(rate.calls * HEADROOM, rate.calls - 1.0)  # a bucket of one is not all headroom
        given = 0.0
        if closed <= 0:
            given = min(float(wanted), max(level - kept, 0.0))
            given = given if given >= cost else 0.0
        await session.execute(
            _CHANGE,
            {**where, "used": owed + given, "most": most - given, "closed": closed or None},
        )
        if given >= cost:
            hand.left, hand.taken_at = given, time.monotonic()
            return 0.0
        if closed > 0:
            return closed
        return (kept + cost - level) * rate.seconds / rate.calls

    def _holder(self, rate: Rate) -> str:
        """Whose bucket it is. A digest: where a secret lies is nobody's business."""
        if rate.scope == "account":
            return str(self._account.id)
        where = f"{self._account.platform.value}/{self._account.credentials_ref}"
        return f"app-{hashlib.sha256(where.encode()).hexdigest()[:24]}"
