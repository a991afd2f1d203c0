"""The connection test of a Telegram advertiser account."""

from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from platforms.errors import AccessDenied, Refused
from platforms.telegram import errors, terms
from platforms.telegram.money import micros
from platforms.telegram.wire import JsonObject, Wire

_STATES = {
    errors.SUSPENDED: AccountStatus.SUSPENDED,
    errors.DISABLED: AccountStatus.DISABLED,
    errors.DECLINED: AccountStatus.PAYMENT_DECLINED,
}
_DAYS = "UTC"
"""Telegram gives accounts no time zone; its days are UTC."""


async def health(wire: Wire, account: AdAccount) -> AccountHealth:
    """Read everything a launch will need and say what is missing.

    Raises:
        AccessDenied: the token is not valid or belongs to another account.
        Transient: Telegram could not answer; nothing is known.
    """
    shown = await wire.account()
    currency = str(shown.get("currency") or "")
    left, in_ads = micros(shown.get("remaining_budget")), micros(shown.get("ads_budget"))
    problems: list[str] = []
    status = await _standing(wire, problems)
    if currency != account.currency:
        problems.append(
            f"The account's currency is {currency}, but {account.currency} is set; set {currency}."
        )
    if account.timezone != _DAYS:
        problems.append(
            f"Telegram's days are in {_DAYS}, but {account.timezone} is set; set {_DAYS}."
        )
    if left <= 0:
        wallet = account.options.get(terms.TON_WALLET)
        source = f" from TON wallet {wallet}" if wallet else ""
        problems.append(
            f"The account's prepaid balance is used up; top it up at ads.telegram.org{source}."
        )
        if status is AccountStatus.ACTIVE and in_ads <= 0:
            status = AccountStatus.PREPAID_EXHAUSTED
    problems += await _event_problems(wire, account)
    return AccountHealth(
        usable=not problems,
        status=status,
        balance=Money(micros=left, currency=currency) if len(currency) == 3 else None,
        currency=currency,
        timezone=_DAYS,
        problems=tuple(problems),
    )


async def _standing(wire: Wire, problems: list[str]) -> AccountStatus:
    try:
        await wire.read("getAccountInfo")
    except (AccessDenied, Refused) as error:
        if error.code.startswith("ACCESS_TOKEN"):
            raise
        problems.append(f"Telegram does not let this account advertise ({error.message}).")
        return _STATES.get(error.code, AccountStatus.SUSPENDED)
    return AccountStatus.ACTIVE


async def _event_problems(wire: Wire, account: AdAccount) -> list[str]:
    event = account.options.get(terms.CONVERSION_EVENT)
    if not event:
        return []
    try:
        kind = await event_type(wire, event)
    except (AccessDenied, Refused) as error:
        return [f"Conversion event {event} cannot be read ({error.message}); choose another."]
    if kind is None:
        return [f"The account has no conversion event {event}; choose one of its pixel's."]
    return []


async def event_type(wire: Wire, event_id: str) -> str | None:
    """The type of a pixel event (``purchase``, ``lead`` ...); None when there is none."""
    rows = await wire.read("getPixelEventsById", {"event_ids": [event_id]})
    for row in cast(list[JsonObject], rows or []):
        return str(row.get("type") or "")
    return None
