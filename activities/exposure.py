"""What a team has promised and spent, read once and then seen scope by scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.contract.money import Money
from models.tables import Campaign, Commitment
from policy.authority import Exposure, month_exposure
from policy.worst_case import day_exposure

LIVE = ("reserved", "confirmed")
"""States of a commitment that counts."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One live commitment. ``day`` and ``month`` are what it counts against limits (micros)."""

    campaign_id: UUID
    account_id: UUID
    platform: str
    daily: Money
    over_delivery: float
    balanced: bool
    until: datetime | None
    day: int
    month: int


@dataclass(frozen=True, slots=True)
class _Spent:
    """Reported spend of this month, by account."""

    account_id: UUID
    platform: str
    month: Money


@dataclass(frozen=True, slots=True)
class Promises:
    """A team's live commitments and its reported spend of the month of ``now``."""

    now: datetime
    live: Sequence[Promise]
    spent: Sequence[_Spent]

    def exposure(
        self,
        *,
        platform: str | None = None,
        account: UUID | None = None,
        without: UUID | None = None,
    ) -> Exposure:
        """A scope's exposure, by currency: the team, a platform or an account; without the
        commitment of one campaign (its spend stays)."""
        daily: dict[str, int] = {}
        committed: dict[str, int] = {}
        for one in self.live:
            if one.campaign_id == without or not _inside(one, platform, account):
                continue
            currency = one.daily.currency
            daily[currency] = daily.get(currency, 0) + one.day
            committed[currency] = committed.get(currency, 0) + one.month
        spent: dict[str, int] = {}
        for row in self.spent:
            if _inside(row, platform, account):
                currency = row.month.currency
                spent[currency] = spent.get(currency, 0) + row.month.micros
        return Exposure(daily=daily, month_spent=spent, month_committed=committed)


async def promises(session: AsyncSession, now: datetime) -> Promises:
    """Read the session's team. ``now`` is campaign time; months are those of UTC."""
    live = await session.execute(
        select(
            col(Commitment.campaign_id),
            col(Commitment.account_id),
            col(Commitment.platform),
            col(Commitment.daily_micros),
            col(Commitment.currency),
            col(Commitment.over_delivery),
            col(Commitment.balanced),
            col(Commitment.until),
        ).where(col(Commitment.state).in_(LIVE))
    )
    spent = await session.execute(
        select(
            col(Campaign.account_id),
            col(Campaign.platform),
            col(Campaign.currency),
            func.sum(col(Campaign.month_spend_micros)),
        )
        .where(col(Campaign.month_start) == now.date().replace(day=1))
        .group_by(col(Campaign.account_id), col(Campaign.platform), col(Campaign.currency))
    )
    return Promises(
        now=now,
        live=tuple(
            Promise(
                campaign_id=campaign,
                account_id=account,
                platform=platform,
                daily=Money(micros=micros, currency=currency),
                over_delivery=over,
                balanced=balanced,
                until=until,
                day=day_exposure(micros, over, balanced=balanced),
                month=month_exposure(micros, over, now, until, balanced=balanced),
            )
            for campaign, account, platform, micros, currency, over, balanced, until in live
        ),
        spent=tuple(
            _Spent(row[0], row[1], Money(micros=int(row[3]), currency=row[2])) for row in spent
        ),
    )


def _inside(one: Promise | _Spent, platform: str | None, account: UUID | None) -> bool:
    return (platform is None or one.platform == platform) and (
        account is None or one.account_id == account
    )
