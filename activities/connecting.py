"""Connecting an account: a walk to the network's login page and back.

The state that the network hands back names the team and holds 256 random bits; only its hash is
stored. It is good once, for ten real minutes. It is used up before the code is exchanged: a
process that dies in between leaves an attempt that failed, and nothing half stored.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from activities.attaching import (
    ConnectRefused,
    Outcome,
    attach,
    chosen,
    connected,
    connection_for,
    not_reached,
)
from activities.connections import how_to_connect, missing_scopes, opened, seal
from models.contract.connection import ConnectionStatus
from models.contract.vocabulary import Platform
from models.database import Database
from models.sealing import Place, Sealed, SealingFailed
from models.settings import Settings
from models.tables import ConnectAttempt, Connection
from platforms.authorisation import Grant, Login, Reached, login_of, open_login
from platforms.errors import NetworkError

GOOD_FOR = timedelta(minutes=10)
_KEPT_FOR = timedelta(days=30)
PENDING, EXCHANGING, CONNECTED, FAILED = "pending", "exchanging", "connected", "failed"


@dataclass(frozen=True, slots=True)
class ConnectOrder:
    """Who wants to connect what. ``wanted``: an account of ours (its id), or the network's id of
    one; empty where the login reaches one alone."""

    team_id: UUID
    platform: Platform
    person: str
    wanted: str = ""
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A walk that was begun: where the person goes, and until when."""

    attempt: UUID
    address: str = field(repr=False)
    expires_at: datetime


class Connecting:
    """Collaborators: the database, the settings (keys, hosts) and our apps' environment."""

    def __init__(
        self, database: Database, settings: Settings, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._database = database
        self._settings = settings
        self._environ = environ

    async def begin(self, order: ConnectOrder) -> Begun:
        """Begin a walk.

        Raises:
            ConnectRefused: there is no key to seal with, no app, no login page or no way back.
        """
        url = self._settings.public_url or self._settings.events_url
        if not url:
            raise ConnectRefused(
                "the network has nowhere to send you back to; start the event endpoint with "
                "`adflight up`, or set ADFLIGHT_PUBLIC_URL to where it is reached"
            )
        redirect = f"{url.rstrip('/')}/connect/callback/{order.platform.value}"
        state = f"{order.team_id.hex}.{token_urlsafe(32)}"
        attempt = uuid4()
        try:
            ring = self._settings.keyring
            ring.seal(b"", b"")  # before anybody is sent anywhere
            async with self._login(order.platform, sandbox=order.sandbox) as login:
                walk = await login.begin(state, redirect)
            sealed = ring.seal_document(walk.kept, _place(order.team_id, attempt))
        except SealingFailed as error:
            raise ConnectRefused(f"connecting stores a secret, and {error}") from None
        except NetworkError as error:
            raise ConnectRefused(_sentence(error)) from None
        now = self._settings.real_now()
        async with self._database.team(order.team_id) as session:
            await session.execute(
                delete(ConnectAttempt).where(col(ConnectAttempt.created_at) < now - _KEPT_FOR)
            )
            session.add(
                ConnectAttempt(
                    id=attempt,
                    team_id=order.team_id,
                    platform=order.platform.value,
                    sandbox=order.sandbox,
                    person=order.person,
                    wanted=order.wanted,
                    redirect_uri=redirect,
                    state_hash=_hash(state),
                    token_hash=_hash(walk.token) if walk.token else None,
                    sealed=sealed.text,
                    key_id=sealed.key_id,
                    created_at=now,
                    expires_at=now + GOOD_FOR,
                )
            )
        return Begun(attempt, walk.address, now + GOOD_FOR)

    async def complete(self, platform: Platform, told: Mapping[str, str]) -> Outcome:
        """Take what the network sent the person back with (the query of the callback). Any
        failure is an outcome with a sentence, and stores nothing but that sentence."""
        attempt, kept, problem = await self._take(platform, told)
        if attempt is None:
            return Outcome(problem, platform=platform)
        if problem:
            return await self._failed(attempt, problem)
        try:
            async with self._login(platform, sandbox=attempt.sandbox) as login:
                if (why := login.declined(told)) is not None:
                    return await self._failed(attempt, _declined(platform, why))
                grant = await login.exchange(told, kept, attempt.redirect_uri)
                if lacking := missing_scopes(login.required, grant.scopes):
                    raise ConnectRefused(
                        f"{platform.value} did not grant {', '.join(lacking)}; connect again and "
                        "leave every permission checked"
                    )
                found = await login.reached(grant.secrets)
            return await self._store(attempt, grant, found)
        except (ConnectRefused, SealingFailed) as refused:
            return await self._failed(attempt, str(refused))
        except IntegrityError:
            sentence = f"the same account was connected at the same moment; {_again(platform)}"
            return await self._failed(attempt, sentence)
        except NetworkError as error:
            sentence = f"{_sentence(error)}; {how_to_connect(platform)} again"
            return await self._failed(attempt, sentence)

    async def use(self, team_id: UUID, connection: UUID, external_id: str) -> Outcome:
        """Let an account of the network use a connection that there is.

        Raises:
            ConnectRefused: no such connection, or it does not reach the account.
        """
        async with self._database.team(team_id) as session:
            row = await session.get(Connection, connection)
        if row is None:
            raise ConnectRefused(f"there is no connection {connection}; see `adflight accounts`")
        platform = Platform(row.platform)
        try:
            async with self._login(platform, sandbox=row.sandbox) as login:
                found = await login.reached(opened(row, self._settings.keyring))
        except (NetworkError, SealingFailed) as error:
            raise ConnectRefused(_sentence(error)) from None
        wanted = external_id.removeprefix("act_")
        taken = [one for one in found if one.external_id == wanted]
        if not taken:
            raise ConnectRefused(not_reached(platform, external_id, found))
        async with self._database.team(team_id) as session:
            attached = await attach(session, row, taken)
            return connected(row, attached, found, login.options)

    # -- steps -----------------------------------------------------------------------------------

    def _login(self, platform: Platform, *, sandbox: bool) -> "_Opened":
        return _Opened(open_login(platform, self._settings, sandbox=sandbox, environ=self._environ))

    async def _take(
        self, platform: Platform, told: Mapping[str, str]
    ) -> tuple[ConnectAttempt | None, dict[str, str], str]:
        """Use the state up: the attempt and what was kept of it, or why there is none.

        Only one of several that come with the same state gets it.
        """
        unknown = f"this address belongs to no connection that was begun here; {_again(platform)}"
        found = _key(told, self._settings.team_id)
        if found is None:
            return None, {}, unknown
        team_id, condition = found
        now = self._settings.real_now()
        async with self._database.team(team_id) as session:
            row = await session.scalar(
                select(ConnectAttempt)
                .where(condition, col(ConnectAttempt.platform) == platform.value)
                .with_for_update()
            )
            if row is None:
                return None, {}, unknown
            if row.used_at is not None:
                return None, {}, f"this address was used before; {_again(platform)}"
            sealed = Sealed(row.key_id, row.sealed)
            row.used_at, row.outcome = now, EXCHANGING
            row.sealed = row.key_id = ""
            row.told = f"it was broken off while {platform.value} was asked; {_again(platform)}"
            if row.expires_at <= now:
                minutes = int(GOOD_FOR.total_seconds() // 60)
                return row, {}, f"the {minutes} minutes to connect are over; {_again(platform)}"
        try:
            kept = self._settings.keyring.open_document(sealed, _place(team_id, row.id))
        except SealingFailed as error:
            return row, {}, f"what was kept of this walk stays shut: {error}"
        return row, kept, ""

    async def _failed(self, attempt: ConnectAttempt, told: str) -> Outcome:
        async with self._database.team(attempt.team_id) as session:
            await session.execute(
                update(ConnectAttempt)
                .where(col(ConnectAttempt.id) == attempt.id)
                .values(outcome=FAILED, told=told)
            )
        return Outcome(told, team_id=attempt.team_id, platform=Platform(attempt.platform))

    async def _store(
        self, attempt: ConnectAttempt, grant: Grant, found: Sequence[Reached]
    ) -> Outcome:
        """Connection, accounts and outcome: all of them or none.

        Raises:
            ConnectRefused: the login does not reach what was wanted.
        """
        platform, now = Platform(attempt.platform), self._settings.real_now()
        ring = self._settings.keyring
        async with self._database.team(attempt.team_id) as session:
            taken = await chosen(session, attempt, found)
            row = await connection_for(session, attempt, grant, taken)
            if row is None:
                row = Connection(
                    team_id=attempt.team_id,
                    platform=platform.value,
                    name=_name(platform, grant, found),
                    sandbox=attempt.sandbox,
                    sealed="",
                    key_id="",
                    generation=0,
                    created_at=now,
                )
                session.add(row)
            seal(row, ring, grant.secrets)
            ends = grant.expires_in
            row.expires_at = None if ends is None else now + timedelta(seconds=ends)
            row.scopes = list(grant.scopes or ())
            row.subject = grant.subject
            row.status, row.status_reason = ConnectionStatus.ACTIVE.value, ""
            row.connected_by, row.renewed_at, row.checked_at = attempt.person, now, None
            await session.flush()
            attached = await attach(session, row, taken)
            outcome = connected(row, attached, found, login_of(platform).options)
            await session.execute(
                update(ConnectAttempt)
                .where(col(ConnectAttempt.id) == attempt.id)
                .values(
                    outcome=CONNECTED,
                    told=outcome.told,
                    connection_id=row.id,
                    found={one.external_id: one.name for one in found},
                )
            )
            return outcome


class _Opened:
    """A login that is closed at the end."""

    def __init__(self, login: Login) -> None:
        self._login = login

    async def __aenter__(self) -> Login:
        return self._login

    async def __aexit__(self, *_: object) -> None:
        await self._login.aclose()


# -- sentences ----------------------------------------------------------------------------------


def _declined(platform: Platform, why: str) -> str:
    if why in ("access_denied", "denied", "user_denied"):
        return (
            f"access was declined on {platform.value}, so nothing was connected; {_again(platform)}"
        )
    word = "".join(one for one in why if one.isalnum() or one in "_-")[:60]
    return f"{platform.value} did not let us in ({word or 'no reason'}); {_again(platform)}"


def _sentence(error: Exception) -> str:
    if isinstance(error, NetworkError):
        code = f" [{error.code}]" if error.code else ""
        return f"{error.platform.value}: {error.message}{code}"
    return str(error)


def _again(platform: Platform) -> str:
    return f"begin anew with `adflight accounts connect {platform.value}`"


def _name(platform: Platform, grant: Grant, found: Sequence[Reached]) -> str:
    return f"{platform.value} {grant.subject or found[0].name or found[0].external_id}"[:100]


# -- state --------------------------------------------------------------------------------------


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _place(team_id: UUID, attempt: UUID) -> Place:
    return Place("connect_attempts", team_id, attempt, "sealed")


def _key(told: Mapping[str, str], own: UUID) -> tuple[UUID, ColumnElement[bool]] | None:
    """The team, and the condition that finds the attempt among its rows.

    The team in a state is only where to look: whoever writes another one there finds nothing,
    because the hash is of the whole. Without a state a network that names its walks (X) is
    looked for among our own team's.
    """
    state = told.get("state", "")
    if state:
        try:
            return UUID(hex=state.partition(".")[0]), col(ConnectAttempt.state_hash) == _hash(state)
        except ValueError:
            return None
    token = told.get("oauth_token") or told.get("denied") or ""
    return (own, col(ConnectAttempt.token_hash) == _hash(token)) if token else None
