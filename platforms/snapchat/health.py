"""The connection test of a Snapchat ad account."""

from dataclasses import dataclass, field
from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from platforms.errors import AccessDenied, NetworkError, Refused
from platforms.snapchat.errors import JsonObject, items
from platforms.snapchat.terms import PIXEL_ID
from platforms.snapchat.wire import Wire

# Unsure: Snapchat publishes no list of an ad account's states. Any word but ACTIVE is no
# permission to spend; only DISABLED is taken for final.
_DISABLED = frozenset({"DISABLED", "DELETED"})
_PREPAID = frozenset({"LINE_OF_CREDIT", "COUPON"})
"""Funding sources that are money put aside: unable to pay, they are used up. The others are
cards and wallets, which decline."""


@dataclass(frozen=True, slots=True)
class _Funding:
    status: AccountStatus = AccountStatus.ACTIVE
    balance: Money | None = None
    problems: list[str] = field(default_factory=list[str])


async def health(wire: Wire, account: AdAccount) -> AccountHealth:
    """Read everything a launch will need and say what is missing.

    Raises:
        AccessDenied: the login may not even see the account.
        Transient: Snapchat could not answer; nothing is known.
    """
    try:
        answer = await wire.get(f"adaccounts/{wire.account_id}")
        (item,) = items(answer, "adaccounts", "adaccount")
        shown = item.taken()
    except (Refused, ValueError) as error:
        said = error.message if isinstance(error, NetworkError) else "no such account"
        problem = (
            f"Snapchat does not show ad account {account.external_id} to this login ({said}); "
            "check the id, or give the login a role on the account."
        )
        return AccountHealth(usable=False, problems=(problem,), read=False)
    status, problems = _standing(shown)
    currency, timezone = str(shown.get("currency") or ""), str(shown.get("timezone") or "")
    funding = await _funding(wire, shown, currency)
    problems += funding.problems
    if currency != account.currency:
        problems.append(
            f"The account spends {currency}, but {account.currency} is set; set {currency}."
        )
    if timezone != account.timezone:
        problems.append(
            f"The account's days are in {timezone}, but {account.timezone} is set; set {timezone}."
        )
    problems += _missing_options(account)
    problems += await _pixel(wire, account)
    return AccountHealth(
        usable=not problems,
        status=funding.status if status is AccountStatus.ACTIVE else status,
        balance=funding.balance,
        currency=currency,
        timezone=timezone,
        problems=tuple(problems),
    )


def _standing(shown: JsonObject) -> tuple[AccountStatus, list[str]]:
    if shown.get("test"):
        text = "The ad account is a test account, which never serves ads; use another one."
        return AccountStatus.SUSPENDED, [text]
    status = str(shown.get("status") or "")
    if status == "ACTIVE":
        return AccountStatus.ACTIVE, []
    text = f"The ad account is {status or 'in no known state'}; see Ads Manager for what to do."
    return (AccountStatus.DISABLED if status in _DISABLED else AccountStatus.SUSPENDED), [text]


async def _funding(wire: Wire, shown: JsonObject, currency: str) -> _Funding:
    """Whether one of the account's funding sources pays, and what is left of the prepaid ones."""
    attached = {str(one) for one in cast(list[object], shown.get("funding_source_ids") or [])}
    if not attached:
        problem = "The ad account has no funding source; add one in Business Manager."
        return _Funding(AccountStatus.PAYMENT_DECLINED, None, [problem])
    try:
        answer = await wire.get(f"organizations/{shown['organization_id']}/fundingsources")
    except (Refused, AccessDenied):
        # A role on the ad account alone does not show how its organisation pays.
        return _Funding()
    listed = items(answer, "fundingsources", "fundingsource")
    sources = [one.entity for one in listed if one.entity and str(one.entity["id"]) in attached]
    left = [_left(one) for one in sources]
    known = [amount for amount in left if amount is not None]
    balance = Money(micros=sum(known), currency=currency) if known and currency else None
    if not sources or any(_pays(one) for one in sources):
        return _Funding(balance=balance)
    prepaid = any(one.get("type") in _PREPAID for one in sources)
    states = ", ".join(sorted({f"{one.get('type')} {one.get('status')}" for one in sources}))
    if prepaid:
        problem = f"The account's funding is used up ({states}); add funds in Business Manager."
        return _Funding(AccountStatus.PREPAID_EXHAUSTED, balance, [problem])
    problem = f"The account's funding source cannot pay ({states}); update it in Business Manager."
    return _Funding(AccountStatus.PAYMENT_DECLINED, balance, [problem])


def _left(source: JsonObject) -> int | None:
    amount = source.get("available_credit_micro") if source.get("type") in _PREPAID else None
    return None if amount is None else int(amount)


def _pays(source: JsonObject) -> bool:
    left = _left(source)
    return source.get("status") == "ACTIVE" and (left is None or left > 0)


def _missing_options(account: AdAccount) -> list[str]:
    needed = {
        "brand_name": "the name shown above the headline",
        "profile_id": "the public profile ads are shown under",
    }
    return [
        f"The account option {name} is missing ({what}), so creatives cannot be made; set it."
        for name, what in needed.items()
        if not account.options.get(name)
    ]


async def _pixel(wire: Wire, account: AdAccount) -> list[str]:
    pixel = account.options.get(PIXEL_ID)
    if not pixel:
        return []
    try:
        await wire.get(f"pixels/{pixel}")
    except Refused as error:
        return [f"Pixel {pixel} cannot be read ({error.message}); choose one of the account's."]
    return []
