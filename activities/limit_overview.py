"""What each scope may spend, what is promised and spent of it, and the room that is left."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.exposure import promises
from activities.renewals import AboveLimit, above_limits
from activities.spend import with_own_limits
from activities.teams import exchange_rates, team_limits
from models.contract.base import Frozen
from models.contract.exchange import Rates
from models.contract.limits import SpendLimits
from models.contract.money import Money
from models.database import Database
from models.tables import Account, Snapshot
from models.tables.columns import now_utc
from policy.authority import Amounts, Exposure
from policy.exchange import NoRate, total


class ScopeRoom(Frozen):
    """One limit of a period, in the limit's currency; of the team's where there is no limit.

    ``committed``: what live commitments count (of a month: what they can still cost). ``spent``
    as reported. What has no exchange rate is None, and so is ``room``: then nothing may be raised.
    """

    scope: str
    period: str
    limit: Money | None
    committed: Money | None
    spent: Money | None
    room: Money | None


class LimitsOverview(Frozen):
    """A team's limits and what is left of them. ``problem`` says which exchange rate is missing."""

    limits: SpendLimits
    ceiling: Money
    rooms: tuple[ScopeRoom, ...]
    above: tuple[AboveLimit, ...] = ()
    problem: str | None = None


async def limits_overview(
    database: Database, team_id: UUID, now: datetime, *, wall: Callable[[], datetime] = now_utc
) -> LimitsOverview:
    """Every limit at ``now`` (campaign time); days are those of each ad account.

    Raises:
        ApplicationError: what is stored are no limits.
    """
    async with database.team(team_id) as session:
        limits = await team_limits(session, team_id)
        rates = await exchange_rates(session, team_id, limits, wall().date())
        accounts = list(
            await session.scalars(
                select(Account).order_by(col(Account.platform), col(Account.account_name))
            )
        )
        book = await promises(session, now)
        today = await _spent_today(session, accounts, now)
        above = await above_limits(session, team_id, now, limits, rates)
    problems: list[str] = []

    def scope(
        name: str, seen: Exposure, spent: Amounts, daily: Money | None, monthly: Money | None
    ) -> list[ScopeRoom]:
        unit = limits.team_daily.currency
        return [
            _room(name, "day", daily, seen.daily, spent, unit, rates, problems),
            _room(
                name, "month", monthly, seen.month_committed, seen.month_spent, unit, rates,
                problems, both=True,
            ),
        ]  # fmt: skip

    everything = _sum([today.get(one.id, {}) for one in accounts])
    rooms = scope("team", book.exposure(), everything, limits.team_daily, limits.team_monthly)
    rooms.append(
        _room(
            "team", "month (ceiling)", limits.hard_ceiling_monthly,
            book.exposure().month_committed, book.exposure().month_spent,
            limits.team_daily.currency, rates, problems, both=True,
        )
    )  # fmt: skip
    for platform in dict.fromkeys(one.platform for one in accounts):
        mine = _sum([today.get(one.id, {}) for one in accounts if one.platform == platform])
        seen = book.exposure(platform=platform)
        rooms += scope(platform, seen, mine, limits.platform_daily, limits.platform_monthly)
    for account in accounts:
        own = with_own_limits(limits, account)
        seen = book.exposure(account=account.id)
        spent = today.get(account.id, {})
        rooms += scope(account.account_name, seen, spent, own.account_daily, own.account_monthly)
    return LimitsOverview(
        limits=limits,
        ceiling=limits.hard_ceiling_monthly,
        rooms=tuple(rooms),
        above=above,
        problem=problems[0] if problems else None,
    )


def _room(
    scope: str,
    period: str,
    limit: Money | None,
    committed: Amounts,
    spent: Amounts,
    unit: str,
    rates: Rates,
    problems: list[str],
    *,
    both: bool = False,
) -> ScopeRoom:
    """``both``: what is spent takes room as well as what is committed."""
    currency = limit.currency if limit is not None else unit

    def in_all(amounts: Amounts) -> Money | None:
        try:
            return Money(micros=total(amounts, currency, rates), currency=currency)
        except NoRate as unknown:
            problems.append(str(unknown))
            return None

    promised, used = in_all(committed), in_all(spent)
    room = None
    if limit is not None and promised is not None and (used is not None or not both):
        taken = promised.micros + (used.micros if both and used is not None else 0)
        room = Money(micros=max(limit.micros - taken, 0), currency=currency)
    return ScopeRoom(
        scope=scope, period=period, limit=limit, committed=promised, spent=used, room=room
    )


async def _spent_today(
    session: AsyncSession, accounts: list[Account], now: datetime
) -> dict[UUID, dict[str, int]]:
    """Newest reported spend of each account's running day, by currency."""
    day = {one.id: now.astimezone(ZoneInfo(one.timezone)).date() for one in accounts}
    near = (now - timedelta(days=1)).date(), (now + timedelta(days=1)).date()
    newest = (
        select(
            col(Snapshot.campaign_id),
            col(Snapshot.day),
            func.max(col(Snapshot.as_of)).label("as_of"),
        )
        .where(col(Snapshot.day).between(*near))
        .group_by(col(Snapshot.campaign_id), col(Snapshot.day))
        .subquery()
    )
    rows = await session.execute(
        select(
            col(Snapshot.account_id),
            col(Snapshot.day),
            col(Snapshot.currency),
            func.sum(col(Snapshot.spend_micros)),
        )
        .join(
            newest,
            (col(Snapshot.campaign_id) == newest.c.campaign_id)
            & (col(Snapshot.day) == newest.c.day)
            & (col(Snapshot.as_of) == newest.c.as_of),
        )
        .group_by(col(Snapshot.account_id), col(Snapshot.day), col(Snapshot.currency))
    )
    spent: dict[UUID, dict[str, int]] = {}
    for account, its_day, currency, micros in rows:
        if day.get(account) == its_day:
            spent.setdefault(account, {})[currency] = int(micros)
    return spent


def _sum(parts: list[dict[str, int]]) -> dict[str, int]:
    whole: dict[str, int] = {}
    for part in parts:
        for currency, micros in part.items():
            whole[currency] = whole.get(currency, 0) + micros
    return whole
