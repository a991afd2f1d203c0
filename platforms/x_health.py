"""The connection test of an X ad account."""

from typing import cast

from models.contract.account import AdAccount
from models.contract.network import AccountHealth
from platforms.errors import AccessDenied, Refused
from platforms.x_errors import JsonObject
from platforms.x_wire import Wire

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
        return AccountHealth(usable=False, problems=(problem,))
    timezone = str(shown.get("timezone") or "")
    problems = _account_problems(shown, account, timezone)
    problems += await _role_problems(wire)
    currency, funding = await _funding(wire, account)
    problems += funding
    problems += await _user_problems(wire, account)
    return AccountHealth(
        usable=not problems, currency=currency, timezone=timezone, problems=tuple(problems)
    )


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


async def _funding(wire: Wire, account: AdAccount) -> tuple[str, list[str]]:
    """The currency, and what is wrong with the funding instrument that carries it."""
    wanted = account.options.get("funding_instrument_id")
    if not wanted:
        return "", ["The account option funding_instrument_id is missing; set it."]
    try:
        answer = await wire.get(f"funding_instruments/{wanted}")
    except (AccessDenied, Refused) as error:
        return "", [
            f"Funding instrument {wanted} cannot be used ({error.message}); choose another."
        ]
    shown = cast(JsonObject, answer["data"])
    currency = str(shown.get("currency") or "")
    problems: list[str] = []
    if not shown.get("able_to_fund"):
        reasons = ", ".join(shown.get("reasons_not_able_to_fund") or []) or "no reason given"
        problems.append(f"Funding instrument {wanted} cannot pay ({reasons}); see ads.x.com.")
    if currency != account.currency:
        problems.append(
            f"The account pays in {currency}, but {account.currency} is set; set {currency}."
        )
    return currency, problems


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
