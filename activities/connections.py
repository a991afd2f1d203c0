"""Team-owned credentials: opened where they are needed, sealed before they are written."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.account import AdAccount
from models.contract.connection import CONNECTION_REF, ConnectionStatus, connection_id
from models.contract.vocabulary import Platform
from models.database import Database
from models.sealing import Keyring, Place, Sealed, SealingFailed
from models.settings import Settings
from models.tables import Account, Connection
from platforms.authorisation import LOGINS, app_credentials, login_of
from platforms.credentials import (
    ByReference,
    EnvironmentSecrets,
    FileSecrets,
    SecretSource,
    own_source,
)
from platforms.errors import AccessDenied, Transient
from platforms.network import Secret

T = TypeVar("T")
_PATIENCE = 2.0
"""Real seconds: a stop must not wait for a database that is down."""
_KEEP_TRYING = (0.0, 1.0, 4.0, 15.0, 40.0)
_RENEWED_AT = 0.8
"""Share of an access token's life after which it is renewed."""
_log = logging.getLogger("adflight.connections")


def secret_source(
    settings: Settings, database: Database, environ: Mapping[str, str] = os.environ
) -> SecretSource:
    """Where this process looks secrets up: every form of reference.

    Raises:
        ValueError: a source of the operator's own cannot be loaded.
    """
    own = {scheme: own_source(path) for scheme, path in settings.secret_sources.items()}
    return AsRecorded(
        database,
        ByReference(
            {
                "env": EnvironmentSecrets(),
                "file": FileSecrets(),
                "connection": ConnectionSecrets(database, lambda: settings.keyring, environ),
                **own,
            }
        ),
    )


class AsRecorded:
    """Looks where the account's record points now: a campaign that runs carries the reference it
    was started with, and its account may have been connected anew since."""

    def __init__(self, database: Database, source: SecretSource) -> None:
        self._database = database
        self._source = source
        self._known: dict[UUID, str] = {}

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        """See ``SecretSource.of``. Without the database the last reference that was seen holds."""
        return await self._source.of(await self._now(account), wanted)

    async def keep(self, account: AdAccount, secret: Secret, value: str) -> None:
        """See ``SecretSource.keep``."""
        await self._source.keep(await self._now(account), secret, value)

    async def _now(self, account: AdAccount) -> AdAccount:
        async def read(session: AsyncSession) -> str | None:
            return await session.scalar(
                select(Account.credentials_ref).where(col(Account.id) == account.id)
            )

        try:
            found = await _within(self._database, account.team_id, read)
            if found is not None:
                self._known[account.id] = found
        except _Unanswered:
            pass
        reference = self._known.get(account.id, account.credentials_ref)
        return account.model_copy(update={"credentials_ref": reference})


class ConnectionSecrets:
    """Secrets of ``connection:ID``: the team's own from the database, our app's from the
    environment."""

    def __init__(
        self,
        database: Database,
        keyring: Callable[[], Keyring],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._environ = environ

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        """See ``SecretSource.of``. What needs a person anew is still given: it may stop ads."""
        number = connection_id(account.credentials_ref)

        async def read(session: AsyncSession) -> Connection | None:
            return await session.get(Connection, number)

        try:
            row = await _within(self._database, account.team_id, read) if number else None
        except _Unanswered:
            raise Transient(
                account.platform,
                f"the credentials of account {account.name!r} are in PostgreSQL, which does not "
                "answer",
            ) from None
        if row is None or row.platform != account.platform.value or row.sandbox != account.sandbox:
            raise AccessDenied(
                account.platform,
                f"account {account.name!r} refers to {account.credentials_ref}, which is no "
                f"connection of this team to {account.platform.value}; "
                f"{how_to_connect(account.platform, account.id)}",
            )
        try:
            found = opened(row, self._keyring())
        except SealingFailed as error:
            raise AccessDenied(
                account.platform, f"the credentials of account {account.name!r} stay shut: {error}"
            ) from None
        # Of the operator's environment only what is our app's: never somebody else's token.
        ours = {one.name for one in login_of(account.platform).app}
        if any(one.name in ours for one in wanted):
            found |= app_credentials(
                account.platform, sandbox=account.sandbox, environ=self._environ
            )
        for one in wanted:
            if one.required and not found.get(one.name):
                raise AccessDenied(
                    account.platform,
                    f"{account.credentials_ref} has no {one.name}; "
                    f"{how_to_connect(account.platform, account.id)}",
                )
        return {one.name: found[one.name] for one in wanted if found.get(one.name)}

    async def keep(self, account: AdAccount, secret: Secret, value: str) -> None:
        """Store it with the connection; tried for a minute where the database is down."""
        number = connection_id(account.credentials_ref)
        ring = self._keyring()

        async def write(session: AsyncSession) -> bool:
            row = await session.get(Connection, number, with_for_update=True)
            if row is not None:
                seal(row, ring, opened(row, ring) | {secret.name: value})
            return row is not None

        for pause in _KEEP_TRYING:
            await asyncio.sleep(pause)
            try:
                stored = await _within(self._database, account.team_id, write, patience=10.0)
            except _Unanswered:
                continue
            if not stored:
                _log.error("%s is gone; its new %s is lost", account.credentials_ref, secret.name)
            return
        _log.error(
            "%s replaced the %s of account %r and PostgreSQL does not answer: it is kept in the "
            "memory of this process alone; should it end, %s",
            account.platform.value,
            secret.name,
            account.name,
            how_to_connect(account.platform, account.id),
        )


class _Unanswered(Exception):
    """PostgreSQL did not answer in time."""


async def _within(
    database: Database,
    team_id: UUID,
    work: Callable[[AsyncSession], Awaitable[T]],
    patience: float = _PATIENCE,
) -> T:
    try:
        async with asyncio.timeout(patience), database.team(team_id) as session:
            return await work(session)
    except (SQLAlchemyError, TimeoutError, OSError):
        raise _Unanswered from None


# -- rows ---------------------------------------------------------------------------------------


def place(row: Connection) -> Place:
    """Where a connection's secrets belong."""
    return Place("connections", row.team_id, row.id, "sealed")


def opened(row: Connection, ring: Keyring) -> dict[str, str]:
    """The secrets of a connection.

    Raises:
        SealingFailed: they do not open with these keys in this row.
    """
    return ring.open_document(Sealed(row.key_id, row.sealed), place(row))


def seal(row: Connection, ring: Keyring, secrets: Mapping[str, str]) -> None:
    """Put secrets into a connection; ``generation`` counts it.

    Raises:
        NoKey: there is no key to seal with.
    """
    sealed = ring.seal_document(secrets, place(row))
    row.sealed, row.key_id = sealed.text, sealed.key_id
    row.generation += 1


def reference_to(row: Connection) -> str:
    """What an account's ``credentials_ref`` says of a connection."""
    return f"{CONNECTION_REF}{row.id}"


async def accounts_of(session: AsyncSession, row: Connection) -> list[Account]:
    """The accounts that use a connection, by name."""
    found = await session.scalars(
        select(Account)
        .where(col(Account.credentials_ref) == reference_to(row))
        .order_by(col(Account.account_name))
    )
    return list(found.all())


def renew_at(row: Connection) -> datetime | None:
    """When a connection's access should be renewed (real time); None where it does not end."""
    if row.expires_at is None:
        return None
    life = max(row.expires_at - row.renewed_at, timedelta(0))
    return row.renewed_at + life * _RENEWED_AT


def how_to_connect(platform: Platform, account: UUID | str = "") -> str:
    """What a person does where credentials are missing or not taken any more."""
    if platform not in LOGINS:
        return "correct its credentials"
    suffix = f" --account {account}" if account else ""
    return f"connect it with `adflight accounts connect {platform.value}{suffix}`"


async def refusal(session: AsyncSession, account: Account, now: datetime) -> str | None:
    """Why nothing may be raised with an account's connection (``now`` is real time), or None.

    Read from our own records: a launch asks a dozen times. Pausing and lowering never ask.
    """
    number = connection_id(account.credentials_ref)
    if number is None:
        return None
    platform = Platform(account.platform)
    way_out = how_to_connect(platform, account.id)
    name = f"account {account.account_name!r}"
    row = await session.get(Connection, number)
    if row is None:
        return f"the credentials of {name} are not there any more; {way_out}"
    if row.status == ConnectionStatus.NEEDS_REAUTH.value:
        why = f" ({row.status_reason.rstrip('.')})" if row.status_reason else ""
        return f"{platform.value} does not take the credentials of {name} any more{why}; {way_out}"
    if row.expires_at is not None and row.expires_at <= now:
        return (
            f"the access of {name} ended {row.expires_at:%Y-%m-%d %H:%M} and was not renewed; "
            f"{way_out}"
        )
    login = LOGINS.get(platform)
    if login is None:
        return None
    if lacking := missing_scopes(login.required, row.scopes or None):
        return f"the credentials of {name} lack {', '.join(lacking)}; {way_out}"
    if absent := [one for one in login.options if not account.options.get(one)]:
        return (
            f"{name} has no {absent[0]}; set it with `adflight accounts set {account.id} "
            f"{absent[0]}=ID`"
        )
    return None


def missing_scopes(required: Sequence[str], granted: Sequence[str] | None) -> list[str]:
    """Scopes that are needed and were not given; none where the network does not say."""
    return [] if granted is None else [one for one in required if one not in granted]
