"""The connection test of an Apple Ads account."""

from typing import cast

from models.contract.account import AdAccount
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from platforms.apple_search_ads.errors import JsonObject
from platforms.apple_search_ads.terms import INVOICE
from platforms.apple_search_ads.wire import Wire
from platforms.errors import AccessDenied, Refused

_WRITERS = frozenset({"Admin", "API Account Manager", "Limited Access: API Read & Write"})
_FEATURE, _DELEGATION = "APPSTORE_APP_MANUAL", "CONTENT_PROVIDER"

# Apple names the reasons and says nothing of what each amounts to (the grouping is ours).
_STATUS = {
    "USER_REQUESTED_ACCOUNT_SUSPENSION": AccountStatus.DISABLED,
    "LOC_EXHAUSTED": AccountStatus.PREPAID_EXHAUSTED,
    **dict.fromkeys(
        (
            "CHARGE_BACK_DISPUTED",
            "CREDIT_CARD_SUSPENDED",
            "INVALID_PAYMENT_PROFILE",
            "NO_PAYMENT_METHOD_ON_FILE",
            "ORG_NO_PAYMENT_METHOD_ON_FILE",
            "ORG_PAYMENT_TYPE_DECLINED",
            "PAYMENT_DECLINED",
            "PAYMENT_METHOD_CANCELED",
            "PAYMENT_METHOD_ON_HOLD",
            "PAYMENT_PENDING_CHARGES",
        ),
        AccountStatus.PAYMENT_DECLINED,
    ),
}


async def health(wire: Wire, account: AdAccount) -> AccountHealth:
    """Read everything a launch will need and say what is missing.

    Raises:
        AccessDenied: the credential is not accepted at all.
        Transient: Apple could not answer; nothing is known.
    """
    # Needs no ad account: what fails here is the credential itself.
    granted = await wire.get("acls", scoped=False)
    try:
        shown = await wire.get(f"ad-accounts/{wire.account_id}")
    except (AccessDenied, Refused) as error:
        problem = (
            f"Apple does not let this credential use ad account {account.external_id} "
            f"({error.message}); set the ad account's id, not the organisation's, or grant a role."
        )
        return AccountHealth(usable=False, problems=(problem,), read=False)
    status = _status(shown)
    currency, timezone = str(shown.get("currency") or ""), str(shown.get("timezone") or "")
    problems = _role_problems(granted, account) + _status_problems(shown, status)
    if _FEATURE not in cast(list[str], shown.get("productFeatures") or []):
        problems.append(
            f"The account cannot promote apps (it lacks {_FEATURE}); ask Apple for it, or use "
            "another account."
        )
    delegations = cast(list[JsonObject], shown.get("delegations") or [])
    if not any(one.get("resourceType") == _DELEGATION for one in delegations):
        problems.append(
            "No app developer is linked to the account; link its content provider in the settings."
        )
    if shown.get("paymentModel") == "LOC":
        unset = [name for name in INVOICE if not account.options.get(name)]
        if unset:
            problems.append(
                f"The account is invoiced, and the account options {', '.join(unset)} are missing; "
                "set what invoices are to say."
            )
    if currency != account.currency:
        problems.append(
            f"The account's currency is {currency}, but {account.currency} is set; set {currency}."
        )
    if timezone != account.timezone:
        problems.append(
            f"The account's days are in {timezone}, but {account.timezone} is set; set {timezone}."
        )
    return AccountHealth(
        usable=not problems,
        status=status,
        currency=currency,
        timezone=timezone,
        problems=tuple(problems),
    )


def _status(shown: JsonObject) -> AccountStatus:
    """Any reason that is not about money or a wish of the owner's is Apple's own stop."""
    if shown.get("systemStatus") == "ACTIVE":
        return AccountStatus.ACTIVE
    reasons = cast(list[str], shown.get("systemStatusReasons") or [])
    meant = [_STATUS.get(one, AccountStatus.SUSPENDED) for one in reasons]
    for status in (AccountStatus.DISABLED, AccountStatus.SUSPENDED):
        if status in meant:
            return status
    return meant[0] if meant else AccountStatus.SUSPENDED


def _status_problems(shown: JsonObject, status: AccountStatus) -> list[str]:
    if status is AccountStatus.ACTIVE:
        return []
    reasons = ", ".join(cast(list[str], shown.get("systemStatusReasons") or []))
    return [
        f"The account is {status.value.replace('_', ' ')} ({reasons or 'no reason given'}); see "
        "ads.apple.com."
    ]


def _role_problems(granted: JsonObject, account: AdAccount) -> list[str]:
    for entry in cast(list[JsonObject], granted.get("acls") or []):
        one = cast(JsonObject, entry.get("adAccount") or {})
        if str(one.get("id")) != account.external_id:
            continue
        roles = {str(role) for role in cast(list[object], entry.get("roles") or [])}
        if roles & _WRITERS:
            return []
        held = ", ".join(sorted(roles)) or "nothing"
        return [f"The API user may not change campaigns (it has {held}); make it a manager."]
    return [
        f"The API user has no role in ad account {account.external_id}; grant it one in Apple Ads."
    ]
