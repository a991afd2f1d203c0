"""The spend authority: one PostgreSQL transaction grants or refuses every rise."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio import activity

from activities.teams import team_limits
from models.contract.base import Frozen
from models.contract.limits import SpendGrant, SpendLimits, SpendRequest
from models.contract.money import Money
from models.contract.vocabulary import Author, StopLevel
from models.database import Database
from models.tables import Account, Budget, Campaign, Commitment, StandingStop, Team
from policy.authority import Exposure, authorise, month_exposure

_LIVE = ("reserved", "confirmed")


class CommitmentChange(Frozen):
    """Settle what was reserved for a campaign."""

    team_id: UUID
    campaign_id: UUID


class SpendAuthority:
    """Reserve before the network call, confirm by read-back, release on failure.

    Lowering never comes here: it takes neither authority nor a lock that a raise could hold.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def reserve(self, request: SpendRequest) -> SpendGrant:
        """Grant or refuse a daily budget; a team's requests are answered one after another.

        A repeated request (same key and budget) gets the answer it got before. A grant
        replaces the campaign's earlier commitment in the same transaction.
        """
        async with self._database.team(request.team_id) as session:
            await _lock_team(session, request.team_id)
            limits = await team_limits(session, request.team_id)
            limits = await _with_account_limits(session, request, limits)
            await _keep_budgets(session, request, limits)
            stop = await _standing_stop(session, request)
            if stop is not None:
                return SpendGrant(
                    granted=False,
                    limit="stop",
                    reason=f"a {stop.level} stop over {stop.scope!r} by {stop.by} stands; "
                    "lift it with `adflight resume` first",
                )
            before = await session.scalar(
                select(Commitment).where(
                    col(Commitment.key) == request.key,
                    col(Commitment.daily_micros) == request.daily.micros,
                    col(Commitment.state).in_(_LIVE),
                )
            )
            if before is not None:
                return SpendGrant(granted=True, reason="already granted", commitment_id=before.id)
            verdict = authorise(
                request,
                limits,
                campaign_spent=await _campaign_spent(session, request.campaign_id),
                account=await _exposure(session, request, account=request.account_id),
                platform=await _exposure(session, request, platform=request.platform.value),
                team=await _exposure(session, request),
            )
            if not verdict.granted:
                return SpendGrant(granted=False, reason=verdict.reason, limit=verdict.limit)
            await self._release(session, request.campaign_id)
            row = Commitment(
                team_id=request.team_id,
                account_id=request.account_id,
                campaign_id=request.campaign_id,
                platform=request.platform.value,
                key=request.key,
                daily_micros=request.daily.micros,
                currency=request.daily.currency,
                over_delivery=request.over_delivery,
                until=request.until,
            )
            session.add(row)
            return SpendGrant(granted=True, reason=verdict.reason, commitment_id=row.id)

    @activity.defn
    async def confirm(self, change: CommitmentChange) -> None:
        """The network shows the granted budget."""
        async with self._database.team(change.team_id) as session:
            await session.execute(
                update(Commitment)
                .where(
                    col(Commitment.campaign_id) == change.campaign_id,
                    col(Commitment.state) == "reserved",
                )
                .values(state="confirmed", updated_at=func.now())
            )
            await session.execute(
                update(Account)
                .where(
                    col(Account.id).in_(
                        select(Commitment.account_id).where(
                            col(Commitment.campaign_id) == change.campaign_id
                        )
                    ),
                    col(Account.first_activated_at).is_(None),
                )
                .values(first_activated_at=func.now())
            )

    @activity.defn
    async def release(self, change: CommitmentChange) -> None:
        """The campaign can no longer spend: give its room back."""
        async with self._database.team(change.team_id) as session:
            await self._release(session, change.campaign_id)

    @staticmethod
    async def _release(session: AsyncSession, campaign_id: UUID) -> None:
        await session.execute(
            update(Commitment)
            .where(col(Commitment.campaign_id) == campaign_id, col(Commitment.state).in_(_LIVE))
            .values(state="released", updated_at=func.now())
        )


def _scopes(
    request: SpendRequest, limits: SpendLimits
) -> list[tuple[str | None, UUID | None, str, Money]]:
    """Every (platform, account, period, cap) the request counts against."""
    scopes: list[tuple[str | None, UUID | None, str, Money]] = [
        (None, None, "daily", limits.team_daily),
        (None, None, "monthly", limits.team_monthly),
        (request.platform.value, None, "daily", limits.platform_daily),
        (request.platform.value, None, "monthly", limits.platform_monthly),
    ]
    for period, cap in (("daily", limits.account_daily), ("monthly", limits.account_monthly)):
        if cap is not None:
            scopes.append((request.platform.value, request.account_id, period, cap))
    return scopes


def period_bounds(period: str, at: datetime) -> tuple[date, date]:
    """First and last day of the day or calendar month around ``at``."""
    if period == "daily":
        return at.date(), at.date()
    first = at.date().replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following - timedelta(days=1)


async def _lock_team(session: AsyncSession, team_id: UUID) -> None:
    """Let no other request of the team decide on the same room.

    The team's own row, not the periods' rows: requests on either side of midnight, or repeated
    hours later with their old ``now``, share the commitments but no period.
    """
    await session.execute(
        select(Team.id).where(col(Team.id) == team_id).with_for_update(key_share=True)
    )


async def _keep_budgets(session: AsyncSession, request: SpendRequest, limits: SpendLimits) -> None:
    """Make the period's budget rows and note the limits they stand for."""
    for platform, account, period, cap in _scopes(request, limits):
        start, end = period_bounds(period, request.now)
        await session.execute(
            insert(Budget)
            .values(
                id=func.gen_random_uuid(),
                team_id=request.team_id,
                platform=platform,
                account_id=account,
                period_type=period,
                period_start=start,
                period_end=end,
                currency=cap.currency,
                allocated_micros=cap.micros,
                spent_micros=0,
                status="active",
            )
            .on_conflict_do_nothing()
        )
        await session.execute(
            update(Budget)
            .where(
                col(Budget.platform).is_not_distinct_from(platform),
                col(Budget.account_id).is_not_distinct_from(account),
                col(Budget.period_type) == period,
                col(Budget.period_start) == start,
            )
            .values(allocated_micros=cap.micros)
        )


async def _exposure(
    session: AsyncSession,
    request: SpendRequest,
    *,
    platform: str | None = None,
    account: UUID | None = None,
) -> Exposure:
    live = select(Commitment).where(
        col(Commitment.state).in_(_LIVE), col(Commitment.campaign_id) != request.campaign_id
    )
    spent = select(func.coalesce(func.sum(col(Campaign.month_spend_micros)), 0)).where(
        col(Campaign.month_start) == request.now.date().replace(day=1)
    )
    if platform is not None:
        live = live.where(col(Commitment.platform) == platform)
        spent = spent.where(col(Campaign.platform) == platform)
    if account is not None:
        live = live.where(col(Commitment.account_id) == account)
        spent = spent.where(col(Campaign.account_id) == account)
    commitments = (await session.scalars(live)).all()
    return Exposure(
        daily=sum(one.daily_micros for one in commitments),
        month_spent=int(await session.scalar(spent) or 0),
        month_committed=sum(
            month_exposure(one.daily_micros, one.over_delivery, request.now, one.until)
            for one in commitments
        ),
    )


async def _campaign_spent(session: AsyncSession, campaign_id: UUID) -> int:
    return (
        await session.scalar(select(Campaign.spend_micros).where(col(Campaign.id) == campaign_id))
    ) or 0


async def _with_account_limits(
    session: AsyncSession, request: SpendRequest, limits: SpendLimits
) -> SpendLimits:
    account = await session.get(Account, request.account_id)
    if account is None:
        return limits
    own = {
        "account_daily": account.daily_limit_micros,
        "account_monthly": account.monthly_limit_micros,
    }
    return limits.model_copy(
        update={
            name: Money(micros=micros, currency=account.currency)
            for name, micros in own.items()
            if micros is not None
        }
    )


def _binding(author: Author) -> list[str]:
    """Levels of stops that hold a campaign: soft ones only what the AI made; a freeze none."""
    levels = [StopLevel.HARD.value, StopLevel.EMERGENCY.value]
    return [*levels, StopLevel.SOFT.value] if author is Author.AI else levels


async def _standing_stop(session: AsyncSession, request: SpendRequest) -> StandingStop | None:
    return await session.scalar(
        select(StandingStop).where(
            col(StandingStop.lifted_at).is_(None),
            col(StandingStop.level).in_(_binding(request.author)),
            col(StandingStop.scope).in_(
                ["all", request.platform.value, f"account:{request.account_id}"]
            ),
        )
    )
