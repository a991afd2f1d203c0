"""Setting a team up: its row, its people, its ad accounts and limits."""

import os
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from models.contract.limits import SANDBOX_LIMITS, STARTER_LIMITS
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import DEFAULT_TEAM, Settings
from models.tables import Account, Person, Team
from models.tables.columns import now_utc
from platforms.credentials import configured
from platforms.registry import adapter

SANDBOX_CREDENTIALS: dict[str, str] = {
    "SANDBOX_META_ACCESS_TOKEN": "sandbox-meta-token",
    "SANDBOX_META_APP_ID": "sandbox-app",
    "SANDBOX_META_APP_SECRET": "sandbox-app-secret",
    "SANDBOX_X_CONSUMER_KEY": "sandbox-x-consumer",
    "SANDBOX_X_CONSUMER_SECRET": "sandbox-x-consumer-secret",
    "SANDBOX_X_ACCESS_TOKEN": "sandbox-x-token",
    "SANDBOX_X_ACCESS_TOKEN_SECRET": "sandbox-x-token-secret",
}
"""What the local stand-ins accept; worthless anywhere else."""


class SandboxAccount(NamedTuple):
    """The one account of a stand-in. ``options`` are those of ``AdAccount``."""

    external_id: str
    options: dict[str, str]
    currency: str = "USD"


_SANDBOX_ACCOUNTS: dict[Platform, SandboxAccount] = {
    Platform.META: SandboxAccount("1001", {"page_id": "7001", "pixel_id": "8001"}),
    Platform.X: SandboxAccount(
        "18ce54d4x5t",
        {"funding_instrument_id": "lygyi", "as_user_id": "756201191646691328"},
    ),
}
_LIVE_ACCOUNTS: dict[Platform, tuple[str, str, dict[str, str]]] = {
    Platform.META: (
        "META",
        "META_AD_ACCOUNT_ID",
        {"page_id": "META_PAGE_ID", "pixel_id": "META_PIXEL_ID"},
    ),
    Platform.X: (
        "X_ADS",
        "X_ADS_ACCOUNT_ID",
        {
            "funding_instrument_id": "X_ADS_FUNDING_INSTRUMENT_ID",
            "as_user_id": "X_ADS_AS_USER_ID",
        },
    ),
}


def sandbox_account(platform: Platform) -> SandboxAccount:
    """The sandbox account of a platform that has a stand-in."""
    return _SANDBOX_ACCOUNTS[platform]


def live_platforms(environ: Mapping[str, str] = os.environ) -> list[Platform]:
    """Platforms for which real credentials and an account id are set."""
    return [
        platform
        for platform, (prefix, account, _) in _LIVE_ACCOUNTS.items()
        if environ.get(account) and configured(adapter(platform).secrets, prefix, environ)
    ]


async def set_up(
    database: Database, settings: Settings, environ: Mapping[str, str] = os.environ
) -> None:
    """Make the default team ready; what is there already stays as people left it.

    A platform with real credentials gets its real account; the others get sandbox accounts,
    but only while no real credential is set at all: the sandbox's generous limits never stand
    beside real money.
    """
    live = live_platforms(environ)
    limits = STARTER_LIMITS if live else SANDBOX_LIMITS
    team = settings.team_id
    async with database.team(team) as session:
        await session.execute(
            insert(Team)
            .values(
                id=team,
                name="default" if team == DEFAULT_TEAM else f"team {team.hex[:12]}",
                reporting_currency="USD",
                enabled=True,
                limits=limits.model_dump(mode="json"),
                promotion_rules={},
                created_at=now_utc(),
            )
            .on_conflict_do_nothing()
        )
        await session.execute(
            insert(Person)
            .values(
                id=uuid5(team, settings.person),
                team_id=team,
                name=settings.person,
                role="owner",
                created_at=now_utc(),
            )
            .on_conflict_do_nothing()
        )
        stored = await session.get(Team, team)
        if live and stored is not None and stored.limits.get("profile") == "sandbox":
            stored.limits = STARTER_LIMITS.model_dump(mode="json")
        for platform in Platform:
            row = _live(platform, environ) if platform in live else None
            if row is None and not live and platform in _SANDBOX_ACCOUNTS:
                row = _sandbox(platform)
            if row is not None:
                await session.execute(
                    insert(Account)
                    .values(
                        id=_account_id(team, row),
                        team_id=team,
                        platform=platform.value,
                        timezone="UTC",
                        status="active",
                        is_default=True,
                        notes="",
                        created_at=now_utc(),
                        **row,
                    )
                    .on_conflict_do_nothing()
                )
        if live:
            for account in await session.scalars(select(Account).where(col(Account.sandbox))):
                account.status = "disabled"


def _live(platform: Platform, environ: Mapping[str, str]) -> dict[str, object]:
    prefix, account, options = _LIVE_ACCOUNTS[platform]
    return {
        "account_name": f"{platform.value} {environ[account]}",
        "platform_account_id": environ[account].removeprefix("act_"),
        "credentials_ref": prefix,
        "currency": environ.get(f"{prefix}_CURRENCY", "USD"),
        "sandbox": False,
        "options": {name: environ[key] for name, key in options.items() if environ.get(key)},
    }


def _sandbox(platform: Platform) -> dict[str, object]:
    account = sandbox_account(platform)
    return {
        "account_name": f"{platform.value} sandbox",
        "platform_account_id": account.external_id,
        "currency": account.currency,
        "credentials_ref": f"SANDBOX_{platform.value.upper()}",
        "sandbox": True,
        "options": account.options,
    }


def _account_id(team: UUID, row: dict[str, object]) -> UUID:
    return uuid5(team, f"{row['credentials_ref']}/{row['platform_account_id']}")
