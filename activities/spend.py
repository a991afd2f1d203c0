"""The spend authority: one PostgreSQL transaction grants or refuses every rise."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio import activity

from activities.exposure import LIVE, promises
from activities.first_launch import not_yet
from activities.standing import refused_for_now
from activities.teams import exchange_rates, team_limits
from models.contract.base import Frozen
from models.contract.limits import SpendGrant, SpendLimits, SpendRequest
from models.contract.money import Money
from models.database import Database
from models.tables import Account, Budget, Campaign, Commitment, Team
from models.tables.columns import now_utc
from platforms.errors import Refused
from platforms.registry import capabilities
from policy.authority import Verdict, authorise, needs_person


class CommitmentChange(Frozen):
    """Settle what was reserved for a campaign."""

    team_id: UUID
    campaign_id: UUID


class LoweredCommitment(Frozen):
    """The campaign's daily budget is ``daily`` now, less than it was promised."""

    team_id: UUID
    campaign_id: UUID
    daily: Money


class SpendAuthority:
    """Reserve before the network call, confirm by read-back, release on failure.

    Lowering asks nobody: ``lower`` and ``release`` touch the campaign's own commitment and take
    no lock of the team's. ``wall`` tells real time, by which exchange rates grow old.
    """

    def __init__(self, database: Database, wall: Callable[[], datetime] = now_utc) -> None:
        self._database = database
        self._wall = wall

    @activity.defn
    async def reserve(self, request: SpendRequest) -> SpendGrant:
        """Grant or refuse a daily budget; a team's requests are answered one after another.

        A repeated request (same key and budget) gets the answer it got before. A grant replaces
        the campaign's earlier commitment in the same transaction; one that renews what was
        confirmed already is checked against every limit again and changes nothing.
        """
        request = _as_delivered(request)
        async with self._database.team(request.team_id) as session:
            await _lock_team(session, request.team_id)
            account = await session.get(Account, request.account_id)
            refusal = await refused_for_now(session, request, account, self._wall())
            if refusal is not None or account is None:
                return _refused(refusal or Verdict(False, "the account is not known", "account"))
            own = await session.scalar(
                select(Commitment).where(
                    col(Commitment.campaign_id) == request.campaign_id,
                    col(Commitment.state).in_(LIVE),
                )
            )
            if own is not None and own.state == "reserved" and _asked_before(own, request):
                return SpendGrant(granted=True, reason="already granted", commitment_id=own.id)
            limits = with_own_limits(await team_limits(session, request.team_id), account)
            await _keep_budgets(session, request, limits)
            verdict = await self._judge(session, request, limits, account, own)
            if not verdict.granted:
                return _refused(verdict)
            if own is not None and own.state == "confirmed" and _same(own, request):
                own.until = request.until
                return SpendGrant(
                    granted=True, reason=verdict.reason, commitment_id=own.id, confirmed=True
                )
            await give_back(session, request.campaign_id)
            row = Commitment(
                team_id=request.team_id,
                account_id=request.account_id,
                campaign_id=request.campaign_id,
                platform=request.platform.value,
                key=request.key,
                daily_micros=request.daily.micros,
                currency=request.daily.currency,
                over_delivery=request.over_delivery,
                balanced=request.balanced,
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
    async def lower(self, change: LoweredCommitment) -> None:
        """A lower budget was read back: give the difference back. Never raises what is promised."""
        async with self._database.team(change.team_id) as session:
            await session.execute(
                update(Commitment)
                .where(
                    col(Commitment.campaign_id) == change.campaign_id,
                    col(Commitment.state).in_(LIVE),
                    col(Commitment.currency) == change.daily.currency,
                    col(Commitment.daily_micros) > change.daily.micros,
                )
                .values(daily_micros=max(change.daily.micros, 0), updated_at=func.now())
            )

    @activity.defn
    async def release(self, change: CommitmentChange) -> None:
        """The campaign can no longer spend: give its room back."""
        async with self._database.team(change.team_id) as session:
            await give_back(session, change.campaign_id)

    async def _judge(
        self,
        session: AsyncSession,
        request: SpendRequest,
        limits: SpendLimits,
        account: Account,
        own: Commitment | None,
    ) -> Verdict:
        """Every limit, and whether a person must be asked."""
        rates = await exchange_rates(session, request.team_id, limits, self._wall().date())
        book = await promises(session, request.now)
        campaign = request.campaign_id
        team = book.exposure(without=campaign)
        verdict = authorise(
            request,
            limits,
            rates,
            campaign_spent=await _campaign_spent(session, request),
            account=book.exposure(account=request.account_id, without=campaign),
            platform=book.exposure(platform=request.platform.value, without=campaign),
            team=team,
        )
        if not verdict.granted:
            return verdict
        unconfirmed = await not_yet(session, request, account, self._wall())
        if unconfirmed is not None:
            return unconfirmed
        live = Money(micros=own.daily_micros, currency=own.currency) if own is not None else None
        first = account.first_activated_at is None
        asked = needs_person(request, limits, rates, live=live, team=team, first_activation=first)
        return asked or verdict


async def give_back(session: AsyncSession, campaign_id: UUID) -> None:
    """Release what a campaign was allowed to spend."""
    await session.execute(
        update(Commitment)
        .where(col(Commitment.campaign_id) == campaign_id, col(Commitment.state).in_(LIVE))
        .values(state="released", updated_at=func.now())
    )


def with_own_limits(limits: SpendLimits, account: Account) -> SpendLimits:
    """The team's limits with an account's own in the place of those for any account."""
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


def period_bounds(period: str, at: datetime) -> tuple[date, date]:
    """First and last day of the day or calendar month around ``at``."""
    if period == "daily":
        return at.date(), at.date()
    first = at.date().replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following - timedelta(days=1)


def _refused(verdict: Verdict) -> SpendGrant:
    return SpendGrant(granted=False, reason=verdict.reason, limit=verdict.limit)


def _as_delivered(request: SpendRequest) -> SpendRequest:
    """Only a network that is known to balance is believed to, whatever the request says."""
    try:
        balanced = request.balanced and capabilities(request.platform).balanced
    except Refused:
        balanced = False
    return request.model_copy(update={"balanced": balanced})


def _asked_before(own: Commitment, request: SpendRequest) -> bool:
    asked = (request.key, request.daily.micros, request.daily.currency)
    return (own.key, own.daily_micros, own.currency) == asked


def _same(own: Commitment, request: SpendRequest) -> bool:
    """Whether a commitment promises just what is asked, its end aside."""
    return (
        own.account_id == request.account_id
        and own.daily_micros == request.daily.micros
        and own.currency == request.daily.currency
        and own.over_delivery == request.over_delivery
        and own.balanced == request.balanced
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


async def _lock_team(session: AsyncSession, team_id: UUID) -> None:
    """Let no other request of the team decide on the same room.

    The team's own row, not the periods' rows: requests on either side of midnight, or repeated
    hours later with their old ``now``, share the commitments but no period.
    """
    await session.execute(
        select(Team.id).where(col(Team.id) == team_id).with_for_update(key_share=True)
    )


async def _keep_budgets(session: AsyncSession, request: SpendRequest, limits: SpendLimits) -> None:
    """Make the periods' budget rows and note the limits they stand for, in one statement."""
    rows: list[dict[str, object]] = []
    for platform, account, period, cap in _scopes(request, limits):
        start, end = period_bounds(period, request.now)
        rows.append(
            {
                "id": func.gen_random_uuid(),
                "team_id": request.team_id,
                "platform": platform,
                "account_id": account,
                "period_type": period,
                "period_start": start,
                "period_end": end,
                "currency": cap.currency,
                "allocated_micros": cap.micros,
                "spent_micros": 0,
                "status": "active",
            }
        )
    new = insert(Budget).values(rows)
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["team_id", "platform", "account_id", "period_type", "period_start"],
            set_={
                "allocated_micros": new.excluded.allocated_micros,
                "currency": new.excluded.currency,
            },
            # A row that says so already is not written again.
            where=or_(
                col(Budget.allocated_micros) != new.excluded.allocated_micros,
                col(Budget.currency) != new.excluded.currency,
            ),
        )
    )


async def _campaign_spent(session: AsyncSession, request: SpendRequest) -> Money:
    row = (
        await session.execute(
            select(Campaign.spend_micros, Campaign.currency).where(
                col(Campaign.id) == request.campaign_id
            )
        )
    ).one_or_none()
    if row is None:
        return request.daily.model_copy(update={"micros": 0})
    return Money(micros=row[0], currency=row[1])
