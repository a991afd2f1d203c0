"""Reading a team's accounts and limits."""

from datetime import date
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, tuple_
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities.outcomes import INPUT_REFUSED
from models.contract.account import AdAccount
from models.contract.exchange import DatedRate, Rates
from models.contract.limits import STARTER_LIMITS, SpendLimits
from models.contract.vocabulary import FREEZE, AccountStatus, Platform
from models.tables import Account, ExchangeRate, StandingStop, Team


async def team_limits(session: AsyncSession, team_id: UUID) -> SpendLimits:
    """The team's limits; the starter limits where it has set none.

    The sandbox's generous profile never stands beside real money: with one account that is
    not a sandbox account, it counts as none set.

    Raises:
        ApplicationError: what is stored are no limits, or there is no such team.
    """
    stored = (await get_team(session, team_id)).limits
    try:
        limits = SpendLimits.model_validate(stored) if stored else STARTER_LIMITS
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "limits"
        raise ApplicationError(
            f"the team's limits are not usable ({where}: {first['msg']}); set them again",
            type=INPUT_REFUSED,
            non_retryable=True,
        ) from None
    if limits.profile == "sandbox" and await spends_real_money(session):
        return STARTER_LIMITS
    return limits


async def spends_real_money(session: AsyncSession) -> bool:
    """Whether the team has an account that is neither the sandbox's nor disabled."""
    account = await session.scalar(
        select(Account.id)
        # A real account that cannot pay today may be able to tomorrow.
        .where(col(Account.sandbox).is_(False), col(Account.status) != AccountStatus.DISABLED.value)
        .limit(1)
    )
    return account is not None


async def exchange_rates(
    session: AsyncSession, team_id: UUID, limits: SpendLimits, today: date
) -> Rates:
    """The newest rate of each currency into the team's reporting currency, as of a real day."""
    team = await get_team(session, team_id)
    currency, as_of = col(ExchangeRate.currency), col(ExchangeRate.as_of)
    newest = columns(currency, func.max(as_of)).where(as_of <= today).group_by(currency)
    rows = await session.execute(
        columns(currency, col(ExchangeRate.rate), as_of).where(tuple_(currency, as_of).in_(newest))
    )
    return Rates(
        currency=team.reporting_currency,
        today=today,
        max_age=limits.rate_max_age,
        newest={row[0]: DatedRate(rate=row[1], as_of=row[2]) for row in rows},
    )


async def get_team(session: AsyncSession, team_id: UUID) -> Team:
    """The team row.

    Raises:
        ApplicationError: no such team, or another team's session.
    """
    team = await session.get(Team, team_id)
    if team is None:
        raise ApplicationError(
            f"team {team_id} does not exist; run `adflight up` or create it",
            type=INPUT_REFUSED,
            non_retryable=True,
        )
    return team


async def frozen(session: AsyncSession) -> str | None:
    """Why the AI may decide nothing that spends: a person froze its decisions, or None.

    Ads keep running under their leases and every safety rule; only decisions stop.
    """
    freeze = await session.scalar(
        select(StandingStop).where(
            col(StandingStop.level) == FREEZE, col(StandingStop.lifted_at).is_(None)
        )
    )
    return f"decisions are frozen by {freeze.by}: {freeze.reason}" if freeze else None


def ad_account(row: Account) -> AdAccount:
    """An account row as the contract's value."""
    return AdAccount(
        id=row.id,
        team_id=row.team_id,
        platform=Platform(row.platform),
        name=row.account_name,
        external_id=row.platform_account_id,
        currency=row.currency,
        timezone=row.timezone,
        credentials_ref=row.credentials_ref,
        sandbox=row.sandbox,
        options=row.options,
    )
