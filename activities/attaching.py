"""Which connection a login renews, and which accounts use it from then on."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from activities.connections import accounts_of, how_to_connect, reference_to
from models.contract.connection import connection_id
from models.contract.vocabulary import Platform
from models.tables import Account, ConnectAttempt, Connection
from platforms.authorisation import Grant, Reached


class ConnectRefused(Exception):
    """An account cannot be connected; the message is one sentence that says the way out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a walk ended. ``attached``: accounts of ours that use the connection now, by id."""

    told: str
    connected: bool = False
    team_id: UUID | None = None
    platform: Platform | None = None
    connection: UUID | None = None
    name: str = ""
    attached: tuple[UUID, ...] = ()


async def chosen(
    session: AsyncSession, attempt: ConnectAttempt, found: Sequence[Reached]
) -> list[Reached]:
    """The accounts to attach: the one that was wanted, the only one, or those we have already."""
    platform = Platform(attempt.platform)
    if not found:
        raise ConnectRefused(
            f"this login reaches no ad account on {platform.value}; log in there as somebody who "
            f"may manage one, then {how_to_connect(platform)} again"
        )
    if attempt.wanted:
        wanted = await _external_id(session, attempt)
        taken = [one for one in found if one.external_id == wanted]
        if not taken:
            raise ConnectRefused(not_reached(platform, wanted, found))
        return taken
    if len(found) == 1:
        return list(found)
    ours = await session.scalars(
        select(Account.platform_account_id).where(
            col(Account.platform) == platform.value, col(Account.sandbox) == attempt.sandbox
        )
    )
    known = set(ours.all())
    return [one for one in found if one.external_id in known]


async def _external_id(session: AsyncSession, attempt: ConnectAttempt) -> str:
    try:
        account = await session.get(Account, UUID(attempt.wanted))
    except ValueError:
        account = None
    return account.platform_account_id if account else attempt.wanted.removeprefix("act_")


async def connection_for(
    session: AsyncSession, attempt: ConnectAttempt, grant: Grant, chosen: Sequence[Reached]
) -> Connection | None:
    """The connection that a login renews: its subject's, else the one its account uses already
    where nobody else does."""
    mine = select(Connection).where(
        col(Connection.platform) == attempt.platform, col(Connection.sandbox) == attempt.sandbox
    )
    if grant.subject:
        row = await session.scalar(
            mine.where(col(Connection.subject) == grant.subject).with_for_update()
        )
        if row is not None:
            return row
    for one in chosen:
        account = await _account(session, attempt.platform, one.external_id)
        number = connection_id(account.credentials_ref) if account else None
        row = (
            await session.scalar(mine.where(col(Connection.id) == number).with_for_update())
            if number
            else None
        )
        if row is not None and len(await accounts_of(session, row)) <= len(chosen):
            return row
    return None


async def _account(session: AsyncSession, platform: str, external_id: str) -> Account | None:
    return await session.scalar(
        select(Account)
        .where(col(Account.platform) == platform, col(Account.platform_account_id) == external_id)
        .with_for_update()
    )


async def attach(
    session: AsyncSession, row: Connection, chosen: Sequence[Reached]
) -> list[Account]:
    """Let accounts use a connection; those we do not have are made.

    Raises:
        ConnectRefused: one is the sandbox's and the connection real, or the other way round.
    """
    attached: list[Account] = []
    for one in chosen:
        account = await _account(session, row.platform, one.external_id)
        if account is None:
            first = not await session.scalar(
                select(func.count())
                .select_from(Account)
                .where(col(Account.platform) == row.platform)
            )
            account = Account(
                team_id=row.team_id,
                platform=row.platform,
                account_name=(one.name or f"{row.platform} {one.external_id}")[:100],
                platform_account_id=one.external_id,
                currency=one.currency or "USD",
                timezone=one.timezone or "UTC",
                sandbox=row.sandbox,
                is_default=first,
            )
            session.add(account)
        elif account.sandbox != row.sandbox:
            raise ConnectRefused(
                f"account {account.account_name!r} is "
                f"{'the sandbox' if account.sandbox else 'a real one'} and the login is "
                f"{'the sandbox' if row.sandbox else 'a real one'}; nothing was changed"
            )
        account.credentials_ref = reference_to(row)
        # What a person set stays.
        account.options = {**one.options, **{k: v for k, v in account.options.items() if v}}
        attached.append(account)
    await session.flush()
    return attached


def connected(
    row: Connection,
    attached: Sequence[Account],
    found: Sequence[Reached],
    needed: Sequence[str],
) -> Outcome:
    platform = Platform(row.platform)
    if attached:
        names = ", ".join(repr(one.account_name) for one in attached)
        told = f"Connected {platform.value}: {names}."
    else:
        reached = ", ".join(f"{one.external_id} ({one.name})" for one in found)
        told = (
            f"Connected {platform.value}; the login reaches {len(found)} ad accounts and none is "
            f"used yet: take one with `adflight accounts use {row.id} ID` ({reached})."
        )
    choices = {one.external_id: one.choices for one in found}
    for account in attached:
        for option in needed:
            if not account.options.get(option):
                could = choices.get(account.platform_account_id, {}).get(option, {})
                shown = ", ".join(f"{one} ({name})" for one, name in could.items()) or "none found"
                told += (
                    f" Before anything can be launched, choose its {option}: `adflight accounts "
                    f"set {account.id} {option}=ID` ({shown})."
                )
    return Outcome(
        told,
        connected=True,
        team_id=row.team_id,
        platform=platform,
        connection=row.id,
        name=row.name,
        attached=tuple(one.id for one in attached),
    )


def not_reached(platform: Platform, wanted: str, found: Sequence[Reached]) -> str:
    reached = ", ".join(f"{one.external_id} ({one.name})" for one in found) or "none"
    return (
        f"this login does not reach the account {wanted} on {platform.value}; it reaches "
        f"{reached}; log in there as somebody who may manage it"
    )
