"""The connection test of a Meta ad account."""

import re
from decimal import Decimal
from typing import Any, cast

from facebook_business.api import FacebookAdsApi

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from platforms.errors import AccessDenied, NetworkError, Refused
from platforms.meta.connection import Connection
from platforms.meta.money import from_minor_units

_FIELDS = [
    "name",
    "account_status",
    "disable_reason",
    "currency",
    "timezone_name",
    "min_daily_budget",
]
_PAYING = ["is_prepay_account", "funding_source_details"]
_ACTIVE = 1
_GRACE_PERIOD = 9
# Meta's ad account reference names the numbers. Ads still run at 8 and 9; at 8 nothing is raised,
# because what is owed decides whether they run tomorrow.
_STATUS: dict[int, tuple[AccountStatus, str]] = {
    2: (AccountStatus.DISABLED, "disabled; see Account Quality in Meta Business Suite"),
    3: (AccountStatus.PAYMENT_DECLINED, "unsettled; pay its outstanding balance"),
    7: (AccountStatus.SUSPENDED, "under risk review; wait for Meta's answer"),
    8: (AccountStatus.PAYMENT_DECLINED, "pending settlement; pay its outstanding balance"),
    _GRACE_PERIOD: (AccountStatus.ACTIVE, "in a grace period; pay its outstanding balance soon"),
    100: (AccountStatus.DISABLED, "pending closure; connect another ad account"),
    101: (AccountStatus.DISABLED, "closed; connect another ad account"),
}
# Unsure: the reference lists the numbers of disable_reason, but calls the list not final.
_DISABLED_FOR = {1: "advertising policy", 3: "payment risk", 7: "permanently closed", 9: "not used"}
# Unsure: no reference describes how a prepaid account shows what is left. Seen is a text such as
# "Available balance ($12.34 USD)"; ``balance`` is what is owed, not what is left.
_AVAILABLE = re.compile(r"-?\d[\d\s.,\u00a0\u202f']*")


async def examine(
    connection: Connection, node: Any, account: AdAccount, api_version: str
) -> tuple[AccountHealth, Money | None]:
    """Read the account, its page and its pixel.

    Returns:
        What was found, and the account's minimum daily budget of an ad set where it says so.

    Raises:
        Transient: Meta could not answer; nothing can be said about the account.
    """
    try:
        data = await _shown(connection, node)
    except (AccessDenied, Refused) as error:
        problem = _sentence(error, account)
        return AccountHealth(usable=False, problems=(problem,), read=False), None

    currency = str(data.get("currency", ""))
    timezone = str(data.get("timezone_name", ""))
    balance = prepaid_balance(data, currency)
    status, problems = _standing(data, balance)
    usable = status is AccountStatus.ACTIVE
    if currency != account.currency:
        usable = False
        problems.append(
            f"The ad account spends {currency} but is recorded in {account.currency}; "
            "correct the recorded currency."
        )
    if timezone != account.timezone:
        usable = False
        problems.append(
            f"The ad account's days are {timezone} but recorded as {account.timezone}; "
            "correct the recorded time zone."
        )
    page = await _missing(connection, account, "page_id", "creatives cannot be made")
    pixel = await _missing(connection, account, "pixel_id", "conversions cannot be bought")
    usable = usable and page is None
    problems += [problem for problem in (page, pixel) if problem]
    newest = str(FacebookAdsApi.API_VERSION)
    if _number(api_version) < _number(newest):
        problems.append(
            f"Graph {api_version} is older than {newest}; move up before Meta retires it."
        )
    minimum = data.get("min_daily_budget")
    smallest = from_minor_units(minimum, currency) if minimum and currency else None
    health = AccountHealth(
        usable=usable,
        status=status,
        balance=balance,
        currency=currency,
        timezone=timezone,
        problems=tuple(problems),
    )
    return health, smallest


async def _shown(connection: Connection, node: Any) -> dict[str, Any]:
    """The account's fields; how it pays only where the token may see that.

    Raises:
        NetworkError: not even the account itself can be read.
    """

    async def read(fields: list[str]) -> dict[str, Any]:
        return cast(
            "dict[str, Any]",
            await connection.read(lambda: node.api_get(fields=fields).export_all_data()),
        )

    try:
        return await read([*_FIELDS, *_PAYING])
    except (AccessDenied, Refused):
        return await read(_FIELDS)


def prepaid_balance(data: dict[str, Any], currency: str) -> Money | None:
    """What a prepaid account has left; None when it is not prepaid or Meta does not say."""
    if data.get("is_prepay_account") is not True:
        return None
    details = cast("dict[str, Any]", data.get("funding_source_details") or {})
    found = _AVAILABLE.search(str(details.get("display_string", "")))
    if found is None:
        return None
    # The last separator with one or two digits behind it is the decimal one, in any language.
    text = re.sub(r"[^\d.,-]", "", found[0]).rstrip(".,")
    whole, mark, part = text, "", ""
    if (place := max(text.rfind("."), text.rfind(","))) >= 0 and len(text) - place <= 3:
        whole, mark, part = text[:place], ".", text[place + 1 :]
    try:
        return Money.of(Decimal(re.sub(r"[.,]", "", whole) + mark + part), currency)
    except (ArithmeticError, ValueError):
        return None


def _standing(data: dict[str, Any], balance: Money | None) -> tuple[AccountStatus, list[str]]:
    """The account's status, and what to say about it."""
    number = int(data.get("account_status", 0))
    if number == _ACTIVE and balance is not None and balance.micros <= 0:
        problem = f"The ad account's prepaid balance is used up ({balance}); add funds."
        return AccountStatus.PREPAID_EXHAUSTED, [problem]
    if number == _ACTIVE:
        return AccountStatus.ACTIVE, []
    # An unknown status is no permission to spend.
    status, said = _STATUS.get(number, (AccountStatus.SUSPENDED, f"in status {number}"))
    why = _DISABLED_FOR.get(int(data.get("disable_reason") or 0)) if number == 2 else None
    return status, [f"The ad account is {said}{f' ({why})' if why else ''}."]


async def _missing(
    connection: Connection, account: AdAccount, option: str, effect: str
) -> str | None:
    """A problem with a node the account's options name, or None."""
    object_id = account.options.get(option, "")
    if not object_id:
        return f"No {option} is set in the account's options, so {effect}; add it there."
    (entry,) = await connection.batch([("GET", object_id, {"fields": "id"})], write=False)
    if entry.error is None:
        return None
    if not isinstance(entry.error, AccessDenied | Refused):
        raise entry.error
    return f"The {option} {object_id} cannot be read, so {effect}: {entry.error.message}."


def _sentence(error: NetworkError, account: AdAccount) -> str:
    if isinstance(error, Refused):
        return (
            f"The token cannot see the ad account {account.external_id}: {error.message}; "
            "check the id and share the account with the system user."
        )
    return f"The credential cannot be used: {error.message}."


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("."))
