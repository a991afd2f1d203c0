"""The connection test of a TikTok ad account."""

from datetime import date

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from platforms.errors import AccessDenied, Refused
from platforms.tiktok.errors import JsonObject
from platforms.tiktok.money import figure
from platforms.tiktok.orders import CUSTOM_IDENTITY
from platforms.tiktok.terms import PIXEL
from platforms.tiktok.wire import Wire, listed

PREPAID = "prepaid"
"""Account option, ``true`` where the account is paid in advance."""
_NOT_YOURS = frozenset({"40001", "40300", "40301"})
"""The token is good, but not for this account."""
_UNPAID = "ADGROUP_STATUS_BALANCE_EXCEED"
_FIELDS = (
    "advertiser_id", "name", "status", "currency", "timezone", "display_timezone", "balance",
    "rejection_reason", "can_use_custom_identity",
)  # fmt: skip
_STATUS: dict[str, tuple[AccountStatus, str]] = {
    "STATUS_ENABLE": (AccountStatus.ACTIVE, ""),
    "STATUS_DISABLE": (AccountStatus.DISABLED, "is closed; use another one"),
    "STATUS_LIMIT": (
        AccountStatus.SUSPENDED,
        "is penalised and may not deliver; appeal in TikTok Ads Manager",
    ),
    "STATUS_PENDING_CONFIRM": (AccountStatus.SUSPENDED, "is in review; wait for TikTok"),
    "STATUS_PENDING_VERIFIED": (AccountStatus.SUSPENDED, "awaits verification; complete it"),
    "STATUS_CONFIRM_FAIL": (AccountStatus.DISABLED, "was not approved; correct it and apply again"),
    "STATUS_CONFIRM_FAIL_END": (AccountStatus.DISABLED, "was not approved; use another one"),
    "STATUS_CONTRACT_PENDING": (AccountStatus.SUSPENDED, "has a contract that has not begun"),
}
"""TikTok's account statuses; any other word is no permission to spend."""


async def health(wire: Wire, account: AdAccount, today: date) -> AccountHealth:
    """Read everything a launch will need and say what is missing.

    Raises:
        AccessDenied: the token is not accepted at all.
        Transient: TikTok could not answer; nothing is known.
    """
    params = {"advertiser_ids": [account.external_id], "fields": list(_FIELDS)}
    try:
        rows = listed(await wire.get("advertiser/info", params))
    except Refused as error:
        return _unreadable(account, error.message)
    except AccessDenied as error:
        if error.code not in _NOT_YOURS:
            raise
        return _unreadable(account, error.message)
    shown = next((r for r in rows if str(r.get("advertiser_id")) == account.external_id), None)
    if shown is None:
        return _unreadable(account, "it is not among the token's accounts")
    currency = str(shown.get("currency") or "")
    timezone = str(shown.get("display_timezone") or shown.get("timezone") or "")
    problems = _settings(account, currency, timezone, {timezone, str(shown.get("timezone"))})
    problems += await _scopes(wire, today)
    problems += await _identity(wire, account, shown)
    problems += await _pixel(wire, account)
    balance = _balance(shown, account, currency)
    status, said = await _standing(wire, shown, balance)
    return AccountHealth(
        usable=not (problems or said),
        status=status,
        balance=balance,
        currency=currency,
        timezone=timezone,
        problems=(*said, *problems),
    )


def _unreadable(account: AdAccount, why: str) -> AccountHealth:
    problem = (
        f"TikTok does not show account {account.external_id} to this token ({why}); check the id, "
        "or connect the account again."
    )
    return AccountHealth(usable=False, problems=(problem,), read=False)


def _settings(account: AdAccount, currency: str, timezone: str, spellings: set[str]) -> list[str]:
    """TikTok spells a time zone in two ways; either is right."""
    problems: list[str] = []
    if currency != account.currency:
        problems.append(
            f"The account's currency is {currency}, but {account.currency} is set; set {currency}."
        )
    if account.timezone not in spellings:
        problems.append(
            f"The account's days are in {timezone}, but {account.timezone} is set; set {timezone}."
        )
    return problems


def _balance(shown: JsonObject, account: AdAccount, currency: str) -> Money | None:
    """What is left. TikTok tells a balance of every account and not which of them live by it, so
    that is the account option ``prepaid``."""
    if account.options.get(PREPAID, "").lower() != "true" or shown.get("balance") is None:
        return None
    return figure(shown["balance"], currency)


async def _standing(
    wire: Wire, shown: JsonObject, balance: Money | None
) -> tuple[AccountStatus, list[str]]:
    word = str(shown.get("status") or "")
    status, said = _STATUS.get(word, (AccountStatus.SUSPENDED, f"is in status {word}"))
    if status is not AccountStatus.ACTIVE:
        reason = str(shown.get("rejection_reason") or "")
        return status, [f"The ad account {said}{f' ({reason})' if reason else ''}."]
    if balance is not None and balance.micros <= 0:
        return AccountStatus.PREPAID_EXHAUSTED, [
            f"The account's balance is used up ({balance}); add funds in TikTok Ads Manager."
        ]
    if await _unpaid(wire):
        return AccountStatus.PAYMENT_DECLINED, [
            "TikTok holds ads back because a payment failed; settle it in TikTok Ads Manager."
        ]
    return status, []


async def _unpaid(wire: Wire) -> bool:
    """Whether an ad group is held back for want of money: the only place TikTok says so."""
    params = {"filtering": {"secondary_status": _UNPAID}, "page": 1, "page_size": 1}
    try:
        return bool(listed(await wire.get("adgroup/get", params)))
    except (AccessDenied, Refused):
        return False  # the scopes' own test says what is missing


async def _scopes(wire: Wire, today: date) -> list[str]:
    """What the token may not do, found out by asking: TikTok shows no list of a token's scopes
    without the app's secret in an address."""
    one = {"page": 1, "page_size": 1}
    report = {
        "report_type": "BASIC",
        "data_level": "AUCTION_ADVERTISER",
        "dimensions": ["advertiser_id"],
        "metrics": ["spend"],
        "start_date": today.isoformat(),
        "end_date": today.isoformat(),
    }
    asked: list[tuple[str, str, dict[str, object]]] = [
        ("manage ads", "campaign/get", dict(one)),
        ("read reports", "report/integrated/get", {**one, **report}),
        ("manage creatives", "file/video/ad/search", dict(one)),
    ]
    problems: list[str] = []
    for what, path, params in asked:
        try:
            await wire.get(path, params)
        except (AccessDenied, Refused) as error:
            problems.append(
                f"The token may not {what} ({error.message}); connect the account again and grant "
                "it."
            )
    return problems


async def _identity(wire: Wire, account: AdAccount, shown: JsonObject) -> list[str]:
    wanted = account.options.get("identity_id")
    kind = account.options.get("identity_type") or CUSTOM_IDENTITY
    if not wanted:
        return ["The account option identity_id is missing; set the identity ads are shown by."]
    if kind == CUSTOM_IDENTITY and shown.get("can_use_custom_identity") is False:
        return [
            "TikTok no longer lets this account use a custom identity; set identity_id and "
            "identity_type of a TikTok account."
        ]
    params: dict[str, object] = {"identity_type": kind, "page_size": 100}
    if kind == "BC_AUTH_TT":
        params["identity_authorized_bc_id"] = account.options.get("identity_authorized_bc_id", "")
    try:
        data = await wire.get("identity/get", params)
    except (AccessDenied, Refused) as error:
        return [f"The identities cannot be read ({error.message}); grant the token access."]
    rows: list[JsonObject] = data.get("identity_list") or []
    if any(str(row.get("identity_id")) == wanted for row in rows):
        return []
    return [f"Identity {wanted} is none of this account ({kind}); choose one of its identities."]


async def _pixel(wire: Wire, account: AdAccount) -> list[str]:
    wanted = account.options.get(PIXEL)
    if not wanted:
        return []
    try:
        data = await wire.get("pixel/list", {"pixel_id": wanted})
    except (AccessDenied, Refused) as error:
        return [f"Pixel {wanted} cannot be read ({error.message}); grant the token access."]
    rows: list[JsonObject] = data.get("pixels") or []
    if any(str(row.get("pixel_id")) == wanted for row in rows):
        return []
    return [f"Pixel {wanted} is none of this account; choose one of its pixels."]
