"""The connection test of a Unity organisation."""

from models.contract.account import AdAccount
from models.contract.network import AccountHealth, Delivery
from models.contract.vocabulary import AccountStatus
from platforms.errors import AccessDenied, Refused
from platforms.unity.amounts import CURRENCY, TIMEZONE, bid_text, default_bid
from platforms.unity.errors import BAD_CREDENTIALS, NO_ACCESS, UNPAID, JsonObject
from platforms.unity.objects import campaign_delivery
from platforms.unity.reading import Reading
from platforms.unity.terms import APP_ID
from platforms.unity.wire import Wire

_DISABLED = "64"
"""63 and 64 both say that the organisation may not use the API; which of them is final is not
documented (unsure)."""
_DECLINED = ("declin", "payment method")


async def health(wire: Wire, account: AdAccount, reading: Reading) -> AccountHealth:
    """Read everything a launch will need and say what is missing.

    Raises:
        AccessDenied: the key is not accepted.
        Transient: Unity could not answer; nothing is known.
    """
    if not account.external_id.isdigit():
        problem = (
            f"The organisation id {account.external_id!r} is not the numeric Organization Core ID; "
            "copy that one from the settings of the Unity dashboard."
        )
        return AccountHealth(usable=False, problems=(problem,), read=False)
    try:
        apps = await wire.every("apps")
    except AccessDenied as error:
        return _denied(error)
    except Refused as error:
        problem = f"Unity does not know organisation {account.external_id} ({error.message})."
        return AccountHealth(usable=False, problems=(problem,), read=False)
    problems = _settings(account) + _apps(account, apps)
    status = AccountStatus.ACTIVE
    if await _stalled(reading):
        status = AccountStatus.PREPAID_EXHAUSTED
        problems.append(
            "Campaigns that are switched on and complete do not run; the organisation's budget is "
            "probably used up: add funds in the Unity dashboard."
        )
    return AccountHealth(
        usable=not problems,
        status=status,
        currency=CURRENCY,
        timezone=TIMEZONE,
        problems=tuple(problems),
    )


def _denied(error: AccessDenied) -> AccountHealth:
    if error.code in (BAD_CREDENTIALS, "HTTP 401"):
        raise error
    problem, status = f"Unity does not let this key in ({error.message}).", AccountStatus.ACTIVE
    if error.code in NO_ACCESS:
        status = AccountStatus.DISABLED if error.code == _DISABLED else AccountStatus.SUSPENDED
    elif error.code == UNPAID:
        declined = any(word in error.message.lower() for word in _DECLINED)
        status = AccountStatus.PAYMENT_DECLINED if declined else AccountStatus.PREPAID_EXHAUSTED
        problem = f"Nobody pays for the organisation ({error.message}); see its billing."
    else:
        problem += " Give the service account the role Advertise API Admin."
    return AccountHealth(
        usable=False,
        status=status,
        problems=(problem,),
        read=status is not AccountStatus.ACTIVE,
    )


def _settings(account: AdAccount) -> list[str]:
    problems: list[str] = []
    if account.currency != CURRENCY:
        problems.append(
            f"Unity is paid in {CURRENCY}, but the account's currency is {account.currency}; set "
            f"{CURRENCY}."
        )
    if account.timezone != TIMEZONE:
        problems.append(
            f"Unity's days are in {TIMEZONE}, but {account.timezone} is set; set {TIMEZONE}."
        )
    try:
        if (bid := default_bid(account)) is not None:
            bid_text(bid)
    except Refused as error:
        problems.append(f"{error.message}.")
    return problems


def _apps(account: AdAccount, apps: list[JsonObject]) -> list[str]:
    if not any(row.get("storeId") for row in apps):
        return ["The organisation has no app with a store listing; add it in the Unity dashboard."]
    chosen = account.options.get(APP_ID)
    if chosen and chosen not in {str(row["id"]) for row in apps}:
        return [f"The organisation has no app {chosen}; correct the account option {APP_ID}."]
    return []


async def _stalled(reading: Reading) -> bool:
    """Whether campaigns should run and none does: all that shows of a budget that is used up."""
    rows = [row for row in await reading.listed() if row.get("enabled") is True]
    if not rows or any(row.get("status") != "paused" for row in rows):
        return False
    whole = await reading.campaigns([str(row["id"]) for row in rows])
    shelf = await reading.shelf(whole)
    states = [campaign_delivery(row, shelf, reading.now())[0] for row in whole]
    return Delivery.UNKNOWN in states
