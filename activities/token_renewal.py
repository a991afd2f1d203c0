"""Keeping a connection usable: its access is renewed in time, and looked at daily."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.accounts import AccountActivities
from activities.connections import (
    accounts_of,
    missing_scopes,
    opened,
    renew_at,
    seal,
)
from activities.heartbeat import heartbeating
from activities.outcomes import network_errors
from activities.teams import ad_account
from models.contract.connection import ConnectionAsked, ConnectionSeen, ConnectionStatus
from models.contract.vocabulary import Platform
from models.database import Database
from models.sealing import SealingFailed
from models.settings import Settings
from models.tables import Connection
from platforms.authorisation import Inspected, login_of, open_login
from platforms.errors import AccessDenied, NetworkError, Transient
from platforms.registry import Networks

_SAME = timedelta(seconds=5)
"""Ends this close are one: a network counts in whole seconds."""


class ConnectionActivities:
    """Collaborators: the database, the settings (keys, hosts), and the networks to check."""

    def __init__(self, database: Database, settings: Settings, networks: Networks) -> None:
        self._database = database
        self._settings = settings
        self._networks = networks

    @activity.defn
    async def renew_connection(self, ask: ConnectionAsked) -> ConnectionSeen:
        """Renew the access of a connection when it is time, and say how it stands.

        The row is held meanwhile, so that two never renew at once: of a refresh token that is
        good once only one would be served. A refusal is remembered as ``needs_reauth``.

        Raises:
            ApplicationError: the network did not answer; nothing was changed.
        """
        async with (
            heartbeating(),
            network_errors(),
            self._database.team(ask.team_id) as session,
        ):
            row = await session.get(Connection, ask.connection_id, with_for_update=True)
            if row is None:
                return ConnectionSeen(exists=False)
            due = renew_at(row)
            active = row.status == ConnectionStatus.ACTIVE.value
            if active and due is not None and due <= self._settings.real_now():
                await self._renew(row)
            return await _seen(session, row)

    async def _renew(self, row: Connection) -> None:
        platform = Platform(row.platform)
        try:
            ring = self._settings.keyring
            secrets = opened(row, ring)
            login = open_login(platform, self._settings, sandbox=row.sandbox)
            try:
                grant = await login.renew(secrets)
            finally:
                await login.aclose()
        except SealingFailed as error:
            raise Transient(platform, f"the connection stays shut: {error}") from None
        except AccessDenied as denied:
            _needs_reauth(row, _told(denied))
            return
        if grant is None:
            if row.expires_at is not None and row.expires_at <= self._settings.real_now():
                _needs_reauth(row, "its access ended and cannot be renewed")
            return
        seal(row, ring, {**secrets, **grant.secrets})
        now = self._settings.real_now()
        row.renewed_at = now
        row.expires_at = (
            None if grant.expires_in is None else now + timedelta(seconds=grant.expires_in)
        )
        if grant.scopes:
            row.scopes = list(grant.scopes)
        activity.logger.info("connection %s renewed until %s", row.id, row.expires_at)

    @activity.defn
    async def check_connection(self, ask: ConnectionAsked) -> ConnectionSeen:
        """Ask the network what it says of the token and of every account that uses it.

        A connection that needed a person and is taken again is active again, unless it was its
        renewal that was refused.

        Raises:
            ApplicationError: the network did not answer.
        """
        async with heartbeating(), network_errors():
            async with self._database.team(ask.team_id) as session:
                row = await session.get(Connection, ask.connection_id)
            if row is None:
                return ConnectionSeen(exists=False)
            verdict = await inspect(row, self._settings)
            problems = await self._accounts(ask, row) if not verdict.reason else ()
            async with self._database.team(ask.team_id) as session:
                row = await self._remember(session, ask, row.generation, verdict)
                if row is None:
                    return ConnectionSeen(exists=False)
                seen = await _seen(session, row)
                return seen.model_copy(update={"problems": tuple(problems)})

    async def _accounts(self, ask: ConnectionAsked, row: Connection) -> tuple[str, ...]:
        """What is wrong with the accounts; their statuses are remembered on the way."""
        async with self._database.team(ask.team_id) as session:
            accounts = [ad_account(one) for one in await accounts_of(session, row)]
        desk = AccountActivities(self._database, self._networks)
        problems: list[str] = []
        for account in accounts:
            try:
                health = (await desk.examine(account)).health
            except Transient:
                raise
            except NetworkError as error:
                problems.append(f"{account.name}: {error.message}")
            else:
                problems += [f"{account.name}: {one}" for one in health.problems]
        return tuple(problems)

    async def _remember(
        self, session: AsyncSession, ask: ConnectionAsked, generation: int, verdict: "Verdict"
    ) -> Connection | None:
        row = await session.get(Connection, ask.connection_id, with_for_update=True)
        if row is None or row.generation != generation:
            return row  # it was renewed meanwhile: what was asked is no answer about it
        row.checked_at = self._settings.real_now()
        if verdict.reason:
            _needs_reauth(row, verdict.reason)
            return row
        due = renew_at(row)
        if due is None or due > row.checked_at:
            # A token that is taken says nothing of a renewal that was refused.
            row.status, row.status_reason = ConnectionStatus.ACTIVE.value, ""
        told = verdict.inspected
        if told.scopes is not None:
            row.scopes = list(told.scopes)
        if told.expires_at is not None and (
            row.expires_at is None or abs(told.expires_at - row.expires_at) > _SAME
        ):
            row.expires_at = told.expires_at
        return row


class Verdict:
    """What a network says of a connection; ``reason`` is why a person is needed, or empty."""

    def __init__(self, inspected: Inspected, reason: str = "") -> None:
        self.inspected = inspected
        self.reason = reason


async def inspect(row: Connection, settings: Settings) -> Verdict:
    """Ask the network about a connection's token.

    Raises:
        Transient: it did not answer, or the connection does not open with the keys set here.
    """
    platform = Platform(row.platform)
    try:
        secrets = opened(row, settings.keyring)
        login = open_login(platform, settings, sandbox=row.sandbox)
    except SealingFailed as error:
        raise Transient(platform, f"the connection stays shut: {error}") from None
    try:
        told = await login.inspect(secrets)
    except AccessDenied as denied:
        return Verdict(Inspected(), _told(denied))
    finally:
        await login.aclose()
    if lacking := missing_scopes(login_of(platform).required, told.scopes):
        return Verdict(told, f"it was granted without {', '.join(lacking)}")
    return Verdict(told)


def _told(denied: AccessDenied) -> str:
    return f"{denied.message} [{denied.code}]" if denied.code else denied.message


def _needs_reauth(row: Connection, reason: str) -> None:
    row.status, row.status_reason = ConnectionStatus.NEEDS_REAUTH.value, reason


async def _seen(session: AsyncSession, row: Connection) -> ConnectionSeen:
    accounts = await accounts_of(session, row)
    active = row.status == ConnectionStatus.ACTIVE.value
    return ConnectionSeen(
        status=ConnectionStatus(row.status),
        reason=row.status_reason,
        renew_at=renew_at(row) if active else None,
        expires_at=row.expires_at,
        generation=row.generation,
        accounts=tuple(one.account_name for one in accounts),
    )
