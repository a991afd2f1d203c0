"""Reading a team's accounts and limits."""

from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities.outcomes import INPUT_REFUSED
from models.contract.account import AdAccount
from models.contract.limits import STARTER_LIMITS, SpendLimits
from models.contract.vocabulary import FREEZE, Platform
from models.tables import Account, StandingStop, Team


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
    if limits.profile == "sandbox" and await _spends_real_money(session):
        return STARTER_LIMITS
    return limits


async def _spends_real_money(session: AsyncSession) -> bool:
    account = await session.scalar(
        select(Account.id)
        .where(col(Account.sandbox).is_(False), col(Account.status) == "active")
        .limit(1)
    )
    return account is not None


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
