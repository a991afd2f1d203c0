"""Real money for the first time: a person says so, for one account and up to an amount.

Until then the spend authority grants nothing from an account that is not the sandbox's. For the
first day after its first activation all its campaigns together stay within what was confirmed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from activities.account_tests import AccountTester, AccountTrial, failed
from activities.exposure import LIVE
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.limits import SpendRequest
from models.contract.money import Money
from models.contract.network import CampaignOrder
from models.contract.vocabulary import DecisionType, Objective
from models.database import Database
from models.settings import Settings
from models.tables import Account, Commitment, DecisionRow
from models.tables.columns import now_utc
from platforms.errors import NetworkError
from platforms.registry import Networks, capabilities, over_delivery
from policy.authority import Verdict

FIRST_DAY = timedelta(days=1)
"""Real time: as long as the confirmed cap binds after the first activation."""


class NotConfirmed(Exception):
    """The account is not confirmed; the message is one sentence that says the way out.

    ``credentials``: it is they that are at fault.
    """

    def __init__(self, message: str, *, credentials: bool = False) -> None:
        super().__init__(message)
        self.credentials = credentials


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a person confirms, as the network shows it. ``worst_day``: what the network may make of
    the cap on one day. ``validated``: the network has checked such a campaign without making it;
    None where it does not offer that.
    """

    account: AdAccount
    cap: Money
    worst_day: Money
    trials: Sequence[AccountTrial]
    validated: bool | None


async def not_yet(
    session: AsyncSession, request: SpendRequest, account: Account, wall: datetime
) -> Verdict | None:
    """Why a real account's first money is not granted, or None. ``wall`` is real time."""
    if account.sandbox or _over(account.first_activated_at, wall):
        return None
    cap = account.confirmed_cap_micros
    if account.first_activated_at is None and (account.confirmed_at is None or cap is None):
        return Verdict(
            False,
            f"account {account.account_name!r} cannot be spent from: it is real money and nothing "
            "was ever switched on there; a person confirms it first with `adflight accounts "
            f"confirm {account.id} --daily-cap AMOUNT`",
            "confirmation",
        )
    if cap is None:
        return None  # it was in use before there was anything to confirm
    promised = await session.scalar(
        select(func.sum(Commitment.daily_micros)).where(
            col(Commitment.account_id) == account.id,
            col(Commitment.campaign_id) != request.campaign_id,
            col(Commitment.state).in_(LIVE),
        )
    )
    together = Money(micros=int(promised or 0) + request.daily.micros, currency=account.currency)
    if together.micros <= cap:
        return None
    allowed = Money(micros=cap, currency=account.currency)
    return Verdict(
        False,
        f"first launch limit of account {account.account_name!r} is {allowed} a day, as "
        f"{account.confirmed_by} confirmed it, and this would make it {together}; lower the "
        f"budget, confirm more with `adflight accounts confirm {account.id} --daily-cap AMOUNT`, "
        "or wait until a day after its first activation",
        "first launch limit",
    )


def _over(activated: datetime | None, wall: datetime) -> bool:
    return activated is not None and activated + FIRST_DAY <= wall


class FirstLaunch:
    """Confirming an account. Collaborators: the database, the networks, and who tests accounts."""

    def __init__(
        self, database: Database, networks: Networks, tester: AccountTester, settings: Settings
    ) -> None:
        self._database = database
        self._networks = networks
        self._tester = tester
        self._settings = settings

    async def read_back(self, account: Account, cap: Money | None) -> ReadBack:
        """Ask the network all there is to ask, without changing anything there.

        ``cap`` None: the smallest daily budget it takes.

        Raises:
            NotConfirmed: the sandbox's, no usable amount, or a check that failed.
        """
        if account.sandbox:
            raise NotConfirmed(
                f"account {account.account_name!r} is the sandbox's: there is no real money to "
                "confirm"
            )
        ad = ad_account(account)
        chosen = _cap(ad, cap)
        trials = await self._tester.test(ad)
        if at_fault := failed(trials):
            told = "; ".join(
                f"{one.check}: {one.found}{f' ({one.mend})' if one.mend else ''}"
                for one in trials
                if one.result == "failed"
            )
            raise NotConfirmed(
                f"account {account.account_name!r} does not pass its checks, so nothing was "
                f"confirmed: {told}",
                credentials=at_fault == "credentials",
            )
        most = over_delivery(ad.platform, self._settings)
        worst = Money(micros=math.ceil(chosen.micros * most), currency=chosen.currency)
        return ReadBack(ad, chosen, worst, trials, await self._validate(ad, chosen))

    async def _validate(self, account: AdAccount, cap: Money) -> bool | None:
        objectives = capabilities(account.platform).objectives
        order = CampaignOrder(
            key=uuid4().hex[:20],
            name="Adflight first launch",
            objective=Objective.TRAFFIC if Objective.TRAFFIC in objectives else min(objectives),
            daily_budget=cap,
        )
        try:
            return True if await self._networks.validate(account, order) else None
        except NetworkError as error:
            raise NotConfirmed(
                f"{account.platform.value} was asked to check a campaign without making it and "
                f"would not take it, so nothing was confirmed: {error.message}"
            ) from None

    async def confirm(self, seen: ReadBack, *, by: str, now: datetime) -> None:
        """Record what a person agreed to, with its decision. ``now`` is campaign time."""
        account = seen.account
        async with self._database.team(account.team_id) as session:
            row = await session.get(Account, account.id, with_for_update=True)
            if row is None:
                raise NotConfirmed(f"account {account.name!r} is not there any more")
            before = row.confirmed_cap_micros
            row.confirmed_at, row.confirmed_by = now_utc(), by
            row.confirmed_cap_micros = seen.cap.micros
            session.add(
                DecisionRow(
                    team_id=account.team_id,
                    decision_type=DecisionType.CONFIRM_ACCOUNT.value,
                    decided_by=by,
                    platform=account.platform.value,
                    input_context={
                        "account": str(account.id),
                        "external_id": account.external_id,
                        "checks": [one.model_dump(mode="json") for one in seen.trials],
                        "validated": seen.validated,
                        "cap_before_micros": before,
                    },
                    reasoning=f"{by} confirmed real money from {account.name}, at first at most "
                    f"{seen.cap} a day",
                    action_taken={
                        "daily_cap": str(seen.cap.amount),
                        "currency": seen.cap.currency,
                    },
                    at=now,
                )
            )


def _cap(account: AdAccount, cap: Money | None) -> Money:
    able = capabilities(account.platform)
    least = able.min_daily_budget.get(account.currency)
    if cap is None:
        if least is None:
            raise NotConfirmed(
                f"the smallest daily budget of {able.label} in {account.currency} is not known; "
                "give one with --daily-cap"
            )
        return least
    if cap.currency != account.currency:
        raise NotConfirmed(f"--daily-cap is in {cap.currency}, the account in {account.currency}")
    if cap.micros <= 0 or (least is not None and cap.micros < least.micros):
        raise NotConfirmed(
            f"--daily-cap {cap} is below the smallest daily budget that {able.label} takes, "
            f"{least or 'anything above zero'}"
        )
    return cap
