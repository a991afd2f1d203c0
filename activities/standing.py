"""What forbids any rise for now, whatever the limits say: standing stops and the account."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from activities.connections import refusal
from models.contract.limits import SpendRequest
from models.contract.vocabulary import RECONCILE, AccountStatus, Author, StopLevel
from models.tables import Account, StandingStop
from policy.authority import Verdict

_WAY_OUT = {
    AccountStatus.PREPAID_EXHAUSTED: "its prepaid balance is used up; top it up",
    AccountStatus.PAYMENT_DECLINED: "a payment was declined; settle it with the network",
    AccountStatus.SUSPENDED: "the network holds it; answer the network's review",
    AccountStatus.DISABLED: "it is disabled; use another account, or appeal to the network",
}
_THEN = "then `adflight accounts --check` lets it spend again"


async def refused_for_now(
    session: AsyncSession, request: SpendRequest, account: Account | None, wall: datetime
) -> Verdict | None:
    """Why nothing of the request's scope may be raised at all, or None. ``wall`` is real time."""
    stop = await _standing(session, request)
    if stop is not None and stop.level == RECONCILE:
        return Verdict(
            False,
            f"nothing is raised until every network was reconciled after the restore "
            f"({stop.reason or 'no reason given'}, by {stop.by})",
            RECONCILE,
        )
    if stop is not None:
        return Verdict(
            False,
            f"a {stop.level} stop over {stop.scope!r} by {stop.by} stands; "
            f"lift it with `adflight recover {stop.scope}` first",
            "stop",
        )
    unusable = _unusable(request, account)
    if unusable is not None or account is None:
        return unusable
    shut = await refusal(session, account, wall)
    return None if shut is None else Verdict(False, shut, "account")


def _unusable(request: SpendRequest, account: Account | None) -> Verdict | None:
    if account is None:
        return Verdict(
            False,
            f"account {request.account_id} is not an account of this team; see `adflight accounts`",
            "account",
        )
    name = f"account {account.account_name!r}"
    if account.credentials_off_at is not None:
        return Verdict(
            False,
            f"the credentials of {name} were switched off by "
            f"{account.credentials_off_by or 'a stop'} at "
            f"{account.credentials_off_at:%Y-%m-%d %H:%M}; a named person switches them on again "
            f"with `adflight recover account:{account.id}`",
            "account",
        )
    if account.status == AccountStatus.ACTIVE.value:
        return None
    try:
        why = _WAY_OUT[AccountStatus(account.status)]
    except ValueError:
        why = f"its status is {account.status!r}"
    said = f" ({account.status_reason.rstrip('.')})" if account.status_reason else ""
    return Verdict(False, f"{name} cannot be spent from: {why}{said}, {_THEN}", "account")


async def _standing(session: AsyncSession, request: SpendRequest) -> StandingStop | None:
    """A stop that covers the campaign; the strictest first, so that its name is told."""
    scopes = (
        "all",
        "team",
        request.platform.value,
        f"account:{request.account_id}",
        f"campaign:{request.campaign_id}",
    )
    levels = [RECONCILE, StopLevel.HARD.value, StopLevel.EMERGENCY.value]
    if request.author is Author.AI:
        levels.append(StopLevel.SOFT.value)  # a soft stop holds only what the AI made
    found = await session.scalars(
        select(StandingStop).where(
            col(StandingStop.lifted_at).is_(None),
            col(StandingStop.level).in_(levels),
            col(StandingStop.scope).in_(scopes),
        )
    )
    order = {level: place for place, level in enumerate(levels)}
    return min(found, key=lambda one: order[one.level], default=None)
