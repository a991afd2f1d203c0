"""Changing a limit: checked, recorded with its reason, and told what it does to what runs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities.renewals import AboveLimit, above_limits
from activities.teams import exchange_rates, get_team, spends_real_money, team_limits
from models.contract.base import Frozen
from models.contract.exchange import Rates
from models.contract.limits import STARTER_LIMITS, SpendLimits
from models.contract.money import Money
from models.contract.vocabulary import DecisionType
from models.database import Database
from models.tables import Account, DecisionRow, LimitChange, Team
from models.tables.columns import now_utc
from policy.exchange import NoRate, exchange

CEILING = "hard_ceiling_monthly"
_PERIODS = ("daily", "monthly")
_YES, _NO, _NONE = ("yes", "true", "on"), ("no", "false", "off"), ("none", "")


class LimitRefused(ValueError):
    """The change is not made; the message is one sentence with the way out."""


class LimitOrder(Frozen):
    """Set ``name`` to ``value`` (as a person writes it) for the team, or for one ``account``.

    ``at`` is campaign time, for the audit trail.
    """

    team_id: UUID
    name: str
    value: str
    reason: str
    by: str
    at: datetime
    account: UUID | None = None


class LimitChanged(Frozen):
    """What was changed (or would be), and who is above the limits now."""

    scope: str
    name: str
    old: str
    new: str
    above: tuple[AboveLimit, ...] = ()


async def change_limit(
    database: Database,
    order: LimitOrder,
    *,
    dry_run: bool = False,
    wall: Callable[[], datetime] = now_utc,
) -> LimitChanged:
    """Change a limit, its record and its decision in one transaction.

    Lowering below what is promised is allowed: what runs keeps its lease until it ends.

    Raises:
        LimitRefused: no such limit, no usable value, or one that nothing may be set to.
    """
    if not order.reason.strip():
        raise LimitRefused("a change of a limit needs a reason; give one with --reason")
    async with database.team(order.team_id) as session:
        # The authority's own lock: no request is decided on half of a change.
        await session.execute(
            select(Team.id).where(col(Team.id) == order.team_id).with_for_update(key_share=True)
        )
        limits = await _present_limits(session, order.team_id)
        rates = await exchange_rates(session, order.team_id, limits, wall().date())
        change = await _prepare(session, order, limits, rates)
        if not dry_run:
            change.apply()
            session.add_all(_records(order, change))
        above = await above_limits(
            session, order.team_id, order.at, change.limits, rates, own=change.own
        )
    return LimitChanged(
        scope=change.scope, name=order.name, old=change.old, new=change.new, above=above
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """A change that may be made: from, to, the limits it leads to, and how to write it."""

    scope: str
    old: str
    new: str
    limits: SpendLimits
    apply: Callable[[], None]
    own: tuple[UUID, dict[str, Money | None]] | None = None


async def _prepare(
    session: AsyncSession, order: LimitOrder, limits: SpendLimits, rates: Rates
) -> _Change:
    if order.account is not None:
        return await _of_account(session, order, order.account, limits, rates)
    new = await _changed(session, order, limits, rates)
    team = await get_team(session, order.team_id)

    def apply() -> None:
        team.limits = new.model_dump(mode="json")

    old, now = (_told(getattr(each, order.name)) for each in (limits, new))
    return _Change("team", old, now, new, apply)


async def _present_limits(session: AsyncSession, team_id: UUID) -> SpendLimits:
    try:
        return await team_limits(session, team_id)
    except ApplicationError:
        return STARTER_LIMITS  # what is stored cannot be used: begin again from the careful ones


async def _changed(
    session: AsyncSession, order: LimitOrder, limits: SpendLimits, rates: Rates
) -> SpendLimits:
    name = order.name
    if name == CEILING:
        raise LimitRefused(
            f"{CEILING} {limits.hard_ceiling_monthly} is a constant of the code; nothing sets it "
            "at run time, a release does"
        )
    if name not in SpendLimits.model_fields:
        known = ", ".join(SpendLimits.model_fields)
        raise LimitRefused(f"limit {name!r} is unknown; use one of: {known}")
    value = _parsed(name, order.value, limits)
    if name == "profile" and value == "sandbox" and await spends_real_money(session):
        raise LimitRefused(
            "profile sandbox is not for real money: disable the team's real ad accounts first"
        )
    try:
        new = SpendLimits.model_validate({**limits.model_dump(), name: value})
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise LimitRefused(f"{name} {order.value!r} cannot be set: {said}") from None
    for field, amount in new:
        raised = name == "profile" or amount != getattr(limits, field)
        if isinstance(amount, Money) and field.endswith("_monthly") and raised:
            _below_ceiling(field, amount, getattr(limits, field), new, rates)
    return new


def _parsed(name: str, text: str, limits: SpendLimits) -> object:
    """A value as a person writes it: "30", "30 EUR", "30%", "4 days", "yes", "none"."""
    present, written = getattr(limits, name), text.strip()
    if name.startswith("account_") and written.lower() in _NONE:
        return None
    try:
        if isinstance(present, Money) or name.startswith("account_"):
            return _amount(written, limits.team_daily.currency)
        if isinstance(present, bool):
            if written.lower() not in (*_YES, *_NO):
                raise ValueError("give yes or no")
            return written.lower() in _YES
        if isinstance(present, float):
            share = float(written.removesuffix("%"))
            if not math.isfinite(share):
                raise ValueError("give a share such as 50% or 0.5")
            return share / 100 if written.endswith("%") else share
        if isinstance(present, timedelta):
            return _days(written)
    except (ValueError, OverflowError) as error:
        raise LimitRefused(f"{name} {text!r} cannot be set: {error}") from None
    return written.lower()


def _days(written: str) -> timedelta:
    try:
        return timedelta(days=float(written.lower().removesuffix("days").removesuffix("d")))
    except ValueError:
        raise ValueError("give days such as 4") from None


def _amount(written: str, currency: str) -> Money:
    number, _, named = written.lstrip("$€£¥").partition(" ")
    amount = Money.of(number.replace(",", ""), named.strip() or currency)
    if amount.micros < 0:
        raise ValueError("give zero or more")
    return amount


async def _of_account(
    session: AsyncSession,
    order: LimitOrder,
    account_id: UUID,
    limits: SpendLimits,
    rates: Rates,
) -> _Change:
    account = await session.get(Account, account_id)
    if account is None:
        raise LimitRefused(f"account {account_id} does not exist; see `adflight accounts`")
    period = order.name.removeprefix("account_")
    if period not in _PERIODS:
        raise LimitRefused(f"limit {order.name!r} is none of an account; use daily or monthly")
    column, field = f"{period}_limit_micros", f"account_{period}"
    micros: int | None = getattr(account, column)
    old = None if micros is None else Money(micros=micros, currency=account.currency)
    amount = None
    if order.value.strip().lower() not in _NONE:
        try:
            amount = _amount(order.value.strip(), account.currency)
        except ValueError as error:
            raise LimitRefused(f"{order.name} {order.value!r} cannot be set: {error}") from None
        if amount.currency != account.currency:
            raise LimitRefused(
                f"{order.name} {amount} cannot be set: account {account.account_name!r} is in "
                f"{account.currency}"
            )
        if period == "monthly":
            _below_ceiling(order.name, amount, old, limits, rates)

    def apply() -> None:
        setattr(account, column, None if amount is None else amount.micros)

    own = {field: amount if amount is not None else getattr(limits, field)}
    return _Change(
        f"account:{account.id}", _told(old), _told(amount), limits, apply, (account.id, own)
    )


def _below_ceiling(
    name: str, amount: Money, old: Money | None, limits: SpendLimits, rates: Rates
) -> None:
    ceiling = limits.hard_ceiling_monthly
    if old is not None and old.currency == amount.currency and amount.micros < old.micros:
        return  # lowering is always allowed
    try:
        if exchange(amount, ceiling.currency, rates).micros <= ceiling.micros:
            return
    except NoRate as unknown:
        raise LimitRefused(f"{name} {amount} cannot be compared: {unknown}") from None
    raise LimitRefused(
        f"{name} {amount} is above the hard ceiling of {ceiling} a month, which nothing lifts; "
        f"choose at most {ceiling}"
    )


def _told(value: object) -> str:
    """A limit in words: "none", "$30.00", "0.5", "4 days"."""
    if value is None:
        return "none"
    if isinstance(value, timedelta):
        return f"{value / timedelta(days=1):g} days"
    return str(value)


def _records(order: LimitOrder, made: _Change) -> tuple[LimitChange, DecisionRow]:
    change = LimitChange(
        team_id=order.team_id, scope=made.scope, name=order.name, old=made.old, new=made.new,
        reason=order.reason, by=order.by,
    )  # fmt: skip
    decision = DecisionRow(
        team_id=order.team_id,
        decision_type=DecisionType.CHANGE_LIMIT.value,
        decided_by=order.by,
        input_context={"scope": made.scope, "limit": order.name, "old": made.old},
        reasoning=order.reason,
        action_taken={"limit": order.name, "new": made.new},
        at=order.at,
    )
    return change, decision
