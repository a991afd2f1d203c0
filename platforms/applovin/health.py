"""The connection test of an AppLovin account."""

from models.contract.account import AdAccount
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from platforms.applovin.promoted_app import tracking_problem
from platforms.applovin.terms import CURRENCY, TIMEZONE, default_bid
from platforms.applovin.wire import Wire
from platforms.errors import AccessDenied, NetworkError, Refused

_STANDING = {
    "suspended": AccountStatus.SUSPENDED,
    "disabled": AccountStatus.DISABLED,
    "declined": AccountStatus.PAYMENT_DECLINED,
    "balance": AccountStatus.PREPAID_EXHAUSTED,
}
"""Words of a denial that say how an account stands. Unsure: AppLovin documents no account status
and no words; so only a plain word decides, and without one the account counts as active."""
_WAY_OUT = {
    AccountStatus.SUSPENDED: "ask your AppLovin account team",
    AccountStatus.DISABLED: "ask your AppLovin account team, or connect another account",
    AccountStatus.PAYMENT_DECLINED: "settle the payment in AppLovin's billing",
    AccountStatus.PREPAID_EXHAUSTED: "add funds in AppLovin's billing",
}
_NOT_WEB = "web account"
"""What the reporting host's account information says of an APP account; it is no fault of ours."""


def standing(error: NetworkError) -> AccountStatus | None:
    """How the account stands, as far as a denial says so."""
    text = error.message.lower()
    return next((status for word, status in _STANDING.items() if word in text), None)


async def health(wire: Wire, account: AdAccount) -> AccountHealth:
    """Try both keys and say what a launch would lack.

    Raises:
        AccessDenied: the management key is not taken.
        Transient: AppLovin could not answer; nothing is known.
    """
    problems: list[str] = []
    status = AccountStatus.ACTIVE
    try:
        await wire.rows("/campaign/list", {"page": 1, "size": 1})
    except AccessDenied as error:
        found = standing(error)
        if found is None:
            raise
        status = found
        problems.append(_unusable(status, error))
    else:
        told, problem = await _reporting(wire)
        status = told or status
        problems += [problem] if problem else []
    if account.currency != CURRENCY:
        problems.append(
            f"AppLovin's currency is {CURRENCY}, but {account.currency} is set for the account; "
            f"set {CURRENCY}."
        )
    if account.timezone != TIMEZONE:
        problems.append(
            f"AppLovin's days are in {TIMEZONE}, but {account.timezone} is set for the account; "
            f"set {TIMEZONE}."
        )
    if (missing := tracking_problem(account)) is not None:
        problems.append(f"{missing[0].upper()}{missing[1:]}.")
    try:
        default_bid(account)
    except Refused as error:
        problems.append(f"{error.message[0].upper()}{error.message[1:]}.")
    return AccountHealth(
        usable=not problems,
        status=status,
        currency=CURRENCY,
        timezone=TIMEZONE,
        problems=tuple(problems),
    )


async def _reporting(wire: Wire) -> tuple[AccountStatus | None, str | None]:
    """Whether the report key is taken. ``/accountInfo`` is there for both kinds of account; for an
    APP account it may answer with an error that says no more than that."""
    try:
        await wire.report("/accountInfo")
    except AccessDenied as error:
        if _NOT_WEB in error.message.lower():
            return None, None
        status = standing(error)
        if status is not None:
            return status, _unusable(status, error)
        return None, (
            f"The report key is not taken ({error.message}); it is another key than the one for "
            "campaigns: copy the Report Key from AppLovin's Account > Keys."
        )
    except Refused:
        return None, None
    return None, None


def _unusable(status: AccountStatus, error: NetworkError) -> str:
    return f"AppLovin does not let the account spend ({error.message}); {_WAY_OUT[status]}."
