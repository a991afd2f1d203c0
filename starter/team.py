"""Setting a team up: its row, its people, its ad accounts and limits."""

import os
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.limits import SANDBOX_LIMITS, STARTER_LIMITS, SpendLimits
from models.contract.roles import Role
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import DEFAULT_TEAM, Settings
from models.tables import Account, Person, Team
from models.tables.columns import now_utc
from platforms.credentials import configured
from platforms.registry import adapter


def _sandbox_signing_key() -> str:
    """A key that anybody can work out, as the sandbox does from the same words."""
    number = int.from_bytes(sha256(b"adflight sandbox apple_search_ads").digest())
    return (
        ec.derive_private_key(number, ec.SECP256R1())
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode()
    )


SANDBOX_CREDENTIALS: dict[str, str] = {
    "SANDBOX_APPLE_SEARCH_ADS_CLIENT_ID": "SEARCHADS.5ad0b0c5-0000-4000-8000-00000000c11e",
    "SANDBOX_APPLE_SEARCH_ADS_TEAM_ID": "SEARCHADS.5ad0b0c5-0000-4000-8000-0000000007ea",
    "SANDBOX_APPLE_SEARCH_ADS_KEY_ID": "5ad0b0c5-0000-4000-8000-000000000ce9",
    "SANDBOX_APPLE_SEARCH_ADS_PRIVATE_KEY": _sandbox_signing_key(),
    "SANDBOX_APPLOVIN_API_TOKEN": "sandbox-applovin-management-key",
    "SANDBOX_APPLOVIN_REPORT_KEY": "sandbox-applovin-report-key",
    "SANDBOX_GOOGLE_CLIENT_ID": "sandbox-google-client",
    "SANDBOX_GOOGLE_CLIENT_SECRET": "sandbox-google-client-secret",
    "SANDBOX_GOOGLE_REFRESH_TOKEN": "sandbox-google-refresh",
    "SANDBOX_GOOGLE_DEVELOPER_TOKEN": "sandbox-google-developer",
    "SANDBOX_META_ACCESS_TOKEN": "sandbox-meta-token",
    "SANDBOX_META_APP_ID": "sandbox-app",
    "SANDBOX_META_APP_SECRET": "sandbox-app-secret",
    "SANDBOX_SNAPCHAT_CLIENT_ID": "sandbox-snapchat-client",
    "SANDBOX_SNAPCHAT_CLIENT_SECRET": "sandbox-snapchat-client-secret",
    "SANDBOX_SNAPCHAT_REFRESH_TOKEN": "sandbox-snapchat-refresh",
    "SANDBOX_TIKTOK_ACCESS_TOKEN": "sandbox-tiktok-token",
    "SANDBOX_TIKTOK_APP_ID": "sandbox-tiktok-app",
    "SANDBOX_TIKTOK_APP_SECRET": "sandbox-tiktok-app-secret",
    "SANDBOX_TELEGRAM_ADS_ACCESS_TOKEN": "sandbox-telegram-ads-token",
    "SANDBOX_TELEGRAM_BOT_TOKEN": "7000000001:sandbox-telegram-bot-token",
    "SANDBOX_X_CONSUMER_KEY": "sandbox-x-consumer",
    "SANDBOX_X_CONSUMER_SECRET": "sandbox-x-consumer-secret",
    "SANDBOX_X_ACCESS_TOKEN": "sandbox-x-token",
    "SANDBOX_X_ACCESS_TOKEN_SECRET": "sandbox-x-token-secret",
    "SANDBOX_UNITY_API_KEY": "b3f1c2d4-sandbox-unity-key:sandbox-unity-secret",
}
"""What the local stand-ins accept; worthless anywhere else."""


class SandboxAccount(NamedTuple):
    """The one account of a stand-in. ``options`` are those of ``AdAccount``."""

    external_id: str
    options: dict[str, str]
    currency: str = "USD"


_SANDBOX_ACCOUNTS: dict[Platform, SandboxAccount] = {
    Platform.APPLE_SEARCH_ADS: SandboxAccount("40669820", {"default_bid": "2.50"}),
    Platform.APPLOVIN: SandboxAccount(
        "412345",
        {
            "tracking_method": "APPSFLYER",
            "impression_url": "https://impression.appsflyer.example/id?pid=applovin_int",
            "click_url": "https://app.appsflyer.example/id?pid=applovin_int",
            "package_name": "example.sandbox.app",
            "default_bid": "4.00",
        },
    ),
    Platform.GOOGLE: SandboxAccount(
        "1000000001",
        {
            "login_customer_id": "1000000009",
            "business_name": "Sandbox",
            "conversion_action_id": "501",
            "default_bid": "6.00",
            "certified_for": "gambling,financial",
        },
    ),
    Platform.META: SandboxAccount("1001", {"page_id": "7001", "pixel_id": "8001"}),
    Platform.SNAPCHAT: SandboxAccount(
        "8adc3db7-8148-4fbf-999c-8d2266369d74",
        {
            "brand_name": "Sandbox",
            "profile_id": "b3f1a0de-0000-4000-8000-0000000b0b0b",
            "pixel_id": "2a3b4c5d-0000-4000-8000-00000000f1e1",
            "language": "en",
            "app_name": "Sandbox",
            "app_icon_media_id": "1c0117c0-0000-4000-8000-00000000a11c",
        },
    ),
    Platform.TIKTOK: SandboxAccount(
        "7301112223334445567",
        {
            "identity_id": "7302223334445556678",
            "identity_type": "CUSTOMIZED_USER",
            "display_name": "Sandbox Journal",
            "pixel_id": "7303334445556667789",
            "prepaid": "true",
        },
    ),
    Platform.TELEGRAM: SandboxAccount(
        "Fq3kAdflightSandbox", {"default_bid": "15.00", "channel": "@adflight_journal"}, "EUR"
    ),
    Platform.X: SandboxAccount(
        "18ce54d4x5t",
        {"funding_instrument_id": "lygyi", "as_user_id": "756201191646691328"},
    ),
    Platform.UNITY: SandboxAccount("5772680389521", {"default_bid": "2.50"}),
}
_LIVE_ACCOUNTS: dict[Platform, tuple[str, str, dict[str, str]]] = {
    Platform.APPLE_SEARCH_ADS: (
        "APPLE_ADS",
        "APPLE_ADS_AD_ACCOUNT_ID",
        {"default_bid": "APPLE_ADS_DEFAULT_BID"},
    ),
    Platform.APPLOVIN: (
        "AXON",
        "AXON_ACCOUNT_ID",
        {
            "tracking_method": "AXON_TRACKING_METHOD",
            "impression_url": "AXON_IMPRESSION_URL",
            "click_url": "AXON_CLICK_URL",
            "package_name": "AXON_PACKAGE_NAME",
            "default_bid": "AXON_DEFAULT_BID",
        },
    ),
    Platform.GOOGLE: (
        "GOOGLE_ADS",
        "GOOGLE_ADS_CUSTOMER_ID",
        {
            "login_customer_id": "GOOGLE_ADS_LOGIN_CUSTOMER_ID",
            "business_name": "GOOGLE_ADS_BUSINESS_NAME",
            "conversion_action_id": "GOOGLE_ADS_CONVERSION_ACTION_ID",
            "default_bid": "GOOGLE_ADS_DEFAULT_BID",
            "eu_political_advertising": "GOOGLE_ADS_EU_POLITICAL_ADVERTISING",
            "certified_for": "GOOGLE_ADS_CERTIFIED_FOR",
        },
    ),
    Platform.META: (
        "META",
        "META_AD_ACCOUNT_ID",
        {"page_id": "META_PAGE_ID", "pixel_id": "META_PIXEL_ID"},
    ),
    Platform.SNAPCHAT: (
        "SNAPCHAT",
        "SNAPCHAT_AD_ACCOUNT_ID",
        {
            "brand_name": "SNAPCHAT_BRAND_NAME",
            "profile_id": "SNAPCHAT_PROFILE_ID",
            "pixel_id": "SNAPCHAT_PIXEL_ID",
            "language": "SNAPCHAT_LANGUAGE",
            "app_name": "SNAPCHAT_APP_NAME",
            "app_icon_media_id": "SNAPCHAT_APP_ICON_MEDIA_ID",
        },
    ),
    Platform.TIKTOK: (
        "TIKTOK",
        "TIKTOK_ADVERTISER_ID",
        {
            "identity_id": "TIKTOK_IDENTITY_ID",
            "identity_type": "TIKTOK_IDENTITY_TYPE",
            "display_name": "TIKTOK_DISPLAY_NAME",
            "pixel_id": "TIKTOK_PIXEL_ID",
            "prepaid": "TIKTOK_PREPAID",
        },
    ),
    Platform.TELEGRAM: (
        "TELEGRAM",
        "TELEGRAM_ADS_ACCOUNT_ID",
        {
            "default_bid": "TELEGRAM_ADS_DEFAULT_BID",
            "conversion_event_id": "TELEGRAM_ADS_CONVERSION_EVENT_ID",
            "ton_wallet": "TELEGRAM_ADS_TON_WALLET",
            "channel": "TELEGRAM_CHANNEL",
        },
    ),
    Platform.X: (
        "X_ADS",
        "X_ADS_ACCOUNT_ID",
        {
            "funding_instrument_id": "X_ADS_FUNDING_INSTRUMENT_ID",
            "as_user_id": "X_ADS_AS_USER_ID",
        },
    ),
    Platform.UNITY: (
        "UNITY",
        "UNITY_ORG_ID",
        {"app_id": "UNITY_APP_ID", "default_bid": "UNITY_DEFAULT_BID"},
    ),
}


def sandbox_account(platform: Platform) -> SandboxAccount:
    """The sandbox account of a platform that has a stand-in."""
    return _SANDBOX_ACCOUNTS[platform]


def live_variables(platform: Platform) -> tuple[str, ...]:
    """The variables that make a real account of a platform: its id, its secrets, its options."""
    prefix, account, options = _LIVE_ACCOUNTS[platform]
    secrets = [f"{prefix}_{one.variables[0]}" for one in adapter(platform).secrets]
    return (account, *secrets, *options.values())


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
    name = "default" if team == DEFAULT_TEAM else f"team {team.hex[:12]}"
    async with database.team(team) as session:
        await found_team(session, team, name, settings.person, limits)
        stored = await session.get(Team, team)
        if live and stored is not None and stored.limits.get("profile") == "sandbox":
            stored.limits = STARTER_LIMITS.model_dump(mode="json")
        if live:
            for account in await session.scalars(select(Account).where(col(Account.sandbox))):
                account.status, account.is_default = "disabled", False
            await session.flush()
        rows = {platform: _live(platform, environ) for platform in live}
        await add_accounts(session, team, rows if live else sandbox_rows())


async def found_team(
    session: AsyncSession, team: UUID, name: str, owner: str, limits: SpendLimits
) -> None:
    """A team's row, and its first owner where it has none: whoever sets it up a second time is
    no owner of it."""
    await session.execute(
        insert(Team)
        .values(
            id=team,
            name=name,
            reporting_currency="USD",
            enabled=True,
            limits=limits.model_dump(mode="json"),
            promotion_rules={},
            created_at=now_utc(),
        )
        .on_conflict_do_nothing()
    )
    owned = select(Person.id).where(col(Person.role) == Role.OWNER.value).limit(1)
    if await session.scalar(owned) is None:
        new = insert(Person).values(
            id=uuid5(team, owner),
            team_id=team,
            name=owner,
            role=Role.OWNER.value,
            created_at=now_utc(),
        )
        await session.execute(
            new.on_conflict_do_update(
                index_elements=["team_id", "name"], set_={"role": new.excluded.role}
            )
        )


async def add_accounts(
    session: AsyncSession, team: UUID, rows: Mapping[Platform, Mapping[str, object]]
) -> None:
    """Accounts by platform that the team does not have yet; the first of a platform is its
    default."""
    taken = set(
        await session.scalars(select(Account.platform).where(col(Account.is_default).is_(True)))
    )
    for platform, row in rows.items():
        await session.execute(
            insert(Account)
            .values(
                id=_account_id(team, row),
                team_id=team,
                platform=platform.value,
                timezone="UTC",
                status="active",
                is_default=platform.value not in taken,
                notes="",
                created_at=now_utc(),
                **row,
            )
            .on_conflict_do_nothing()
        )


def sandbox_rows() -> dict[Platform, dict[str, object]]:
    """The account of every stand-in."""
    return {platform: _sandbox(platform) for platform in Platform if platform in _SANDBOX_ACCOUNTS}


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


def _account_id(team: UUID, row: Mapping[str, object]) -> UUID:
    return uuid5(team, f"{row['credentials_ref']}/{row['platform_account_id']}")
