"""The connection test of an X ad account."""

from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from platforms.errors import AccessDenied, NetworkError, Refused
from platforms.x.errors import JsonObject
from platforms.x.wire import Wire

_SUSPENDED = frozenset({"ACCOUNT_LOCKED_OUT", "CURRENT_USER_SUSPENDED"})
_CREDIT = frozenset({"CREDIT_LINE", "AGENCY_CREDIT_LINE", "INSERTION_ORDER"})
"""Funding instruments that are money put aside: unable to pay, they are used up. The rest are
cards, which are declined. X does not publish the values of ``reasons_not_able_to_fund``
(unsure), so a word in them decides only where it is plain."""
_WRITERS = frozenset({"ACCOUNT_ADMIN", "AD_MANAGER", "CAMPAIGN_MANAGER"})


async def health(wire: Wire, account: AdAccount) -> AccountHealth:
    """Read everything a launch will need and say what is missing.

    Raises:
        Transient: X could not answer; nothing is known.
    """
    try:
        shown = cast(JsonObject, (await wire.get(""))["data"])
    except (AccessDenied, Refused) as error:
        problem = (
            f"X does not let this credential use account {account.external_id} "
            f"({error.message}); connect the account again"
        )
        suspended = error.code in _SUSPENDED
        return AccountHealth(
            usable=False,
            status=AccountStatus.SUSPENDED if suspended else AccountStatus.ACTIVE,
            problems=(problem,),
            read=suspended,
        )
    timezone = str(shown.get("timezone") or "")
    problems = _account_problems(shown, account, timezone)
    problems += await _role_problems(wire)
    status = _account_status(shown)
    currency, paying, balance, funding = await _funding(wire, account)
    problems += funding
    problems += await _user_problems(wire, account)
    return AccountHealth(
        usable=not problems,
        status=paying if status is AccountStatus.ACTIVE else status,
        balance=balance,
        currency=currency,
        timezone=timezone,
        problems=tuple(problems),
        # A funding instrument that could not be read says nothing for or against the account.
        read=bool(currency) or status is not AccountStatus.ACTIVE,
    )


def _account_status(shown: JsonObject) -> AccountStatus:
    """Seen are ACCEPTED, PENDING and REJECTED; any other word is no permission to spend."""
    approval = shown.get("approval_status")
    if shown.get("deleted") or approval == "REJECTED":
        return AccountStatus.DISABLED
    return AccountStatus.ACTIVE if approval == "ACCEPTED" else AccountStatus.SUSPENDED


def _account_problems(shown: JsonObject, account: AdAccount, timezone: str) -> list[str]:
    problems: list[str] = []
    if shown.get("deleted"):
        problems.append("The account is deleted; use another one.")
    if (status := shown.get("approval_status")) != "ACCEPTED":
        problems.append(f"X has not approved the account (it is {status}); see ads.x.com.")
    if timezone != account.timezone:
        problems.append(
            f"The account's days are in {timezone}, but {account.timezone} is set; set {timezone}."
        )
    return problems


async def _role_problems(wire: Wire) -> list[str]:
    try:
        answer = await wire.get("authenticated_user_access")
    except (AccessDenied, Refused) as error:
        return [f"X does not say what this user may do ({error.message}); grant it a role."]
    granted = cast(JsonObject, answer.get("data") or {})
    permissions = {str(one) for one in cast(list[object], granted.get("permissions") or [])}
    if permissions & _WRITERS:
        return []
    held = ", ".join(sorted(permissions)) or "nothing"
    return [f"The user may not change campaigns (it has {held}); make it an ad manager."]


_Funding = tuple[str, AccountStatus, Money | None, list[str]]


async def _funding(wire: Wire, account: AdAccount) -> _Funding:
    """The currency, whether the funding instrument that carries it pays, what is left of it, and
    what is wrong with it."""
    unknown = AccountStatus.ACTIVE
    wanted = account.options.get("funding_instrument_id")
    if not wanted:
        missing = "The account option funding_instrument_id is missing; set it."
        return "", unknown, None, [missing]
    try:
        answer = await wire.get(f"funding_instruments/{wanted}")
    except (AccessDenied, Refused) as error:
        return "", unknown, None, [_unusable(wanted, error)]
    shown = cast(JsonObject, answer["data"])
    currency = str(shown.get("currency") or "")
    problems: list[str] = []
    left = shown.get("credit_remaining_local_micro")
    balance = None if left is None or not currency else Money(micros=int(left), currency=currency)
    status = _paying(shown, balance)
    if status is not AccountStatus.ACTIVE:
        reasons = ", ".join(shown.get("reasons_not_able_to_fund") or []) or "no reason given"
        problems.append(f"Funding instrument {wanted} cannot pay ({reasons}); see ads.x.com.")
    if currency != account.currency:
        problems.append(
            f"The account pays in {currency}, but {account.currency} is set; set {currency}."
        )
    return currency, status, balance, problems


def _unusable(instrument: str, error: NetworkError) -> str:
    return f"Funding instrument {instrument} cannot be used ({error.message}); choose another."


def _paying(shown: JsonObject, balance: Money | None) -> AccountStatus:
    """Whether a funding instrument pays: X's ``able_to_fund`` and the credit that is left."""
    empty = balance is not None and balance.micros <= 0
    if shown.get("able_to_fund") and not empty:
        return AccountStatus.ACTIVE
    reasons = " ".join(shown.get("reasons_not_able_to_fund") or []).upper()
    declined = "DECLINED" in reasons or "PAYMENT" in reasons
    if empty or "EXHAUSTED" in reasons or (shown.get("type") in _CREDIT and not declined):
        return AccountStatus.PREPAID_EXHAUSTED
    return AccountStatus.PAYMENT_DECLINED


async def _user_problems(wire: Wire, account: AdAccount) -> list[str]:
    user = account.options.get("as_user_id")
    if not user:
        return ["The account option as_user_id is missing; set the user whose posts are promoted."]
    try:
        rows = await wire.pages("promotable_users")
    except (AccessDenied, Refused) as error:
        return [f"X does not list the users it may promote ({error.message}); grant it a role."]
    if any(str(row.get("user_id")) == user for row in rows):
        return []
    return [f"User {user} cannot be promoted from this account; choose one of its users."]
