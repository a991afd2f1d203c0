"""The connection test of a Meta ad account."""

from typing import Any, cast

from facebook_business.api import FacebookAdsApi

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AccountHealth
from platforms.errors import AccessDenied, NetworkError, Refused
from platforms.meta_connection import Connection
from platforms.meta_money import from_minor_units

_FIELDS = ["name", "account_status", "currency", "timezone_name", "min_daily_budget"]
_ACTIVE = 1
_GRACE_PERIOD = 9
_STATUS = {
    2: "disabled; see Account Quality in Meta Business Suite",
    3: "unsettled; pay its outstanding balance",
    7: "under risk review; wait for Meta's answer",
    8: "pending settlement; pay its outstanding balance",
    _GRACE_PERIOD: "in a grace period; pay its outstanding balance soon",
    100: "pending closure",
    101: "closed; connect another ad account",
}


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
        data = cast(
            "dict[str, Any]",
            await connection.read(lambda: node.api_get(fields=_FIELDS).export_all_data()),
        )
    except (AccessDenied, Refused) as error:
        return AccountHealth(usable=False, problems=(_sentence(error, account),)), None

    currency = str(data.get("currency", ""))
    timezone = str(data.get("timezone_name", ""))
    status = int(data.get("account_status", 0))
    problems: list[str] = []
    if status != _ACTIVE:
        problems.append(f"The ad account is {_STATUS.get(status, f'in status {status}')}.")
    usable = status in (_ACTIVE, _GRACE_PERIOD)
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
        usable=usable, currency=currency, timezone=timezone, problems=tuple(problems)
    )
    return health, smallest


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
