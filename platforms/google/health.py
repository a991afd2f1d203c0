"""The connection test of a Google Ads account."""

from typing import cast

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from platforms.errors import AccessDenied, Refused
from platforms.google.creative import business_name
from platforms.google.errors import JsonObject
from platforms.google.names import digits
from platforms.google.query import select
from platforms.google.terms import CONVERSION_ACTION, eu_political
from platforms.google.wire import Wire

_STATUSES = {
    "ENABLED": AccountStatus.ACTIVE,
    "SUSPENDED": AccountStatus.SUSPENDED,
    "CANCELED": AccountStatus.DISABLED,
    "CLOSED": AccountStatus.DISABLED,
}
_OF_THE_ACCOUNT = {
    "ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT": AccountStatus.SUSPENDED,
    "CUSTOMER_NOT_ENABLED": AccountStatus.DISABLED,
    "CUSTOMER_NOT_FOUND": AccountStatus.ACTIVE,
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": AccountStatus.ACTIVE,
    "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION": AccountStatus.ACTIVE,
    "USER_PERMISSION_DENIED": AccountStatus.ACTIVE,
}
"""Refusals that say something of the account, and what; any other is about the token."""


_CUSTOMER = (
    "customer.id",
    "customer.currency_code",
    "customer.time_zone",
    "customer.status",
    "customer.manager",
)
_BUDGET = (
    "account_budget.id",
    "account_budget.status",
    "account_budget.amount_served_micros",
    "account_budget.adjusted_spending_limit_micros",
)


async def health(wire: Wire, account: AdAccount) -> AccountHealth:
    """Read everything a launch will need and say what is missing.

    Raises:
        AccessDenied: the token itself is refused.
        Transient: Google could not answer; nothing is known.
    """
    try:
        rows = await wire.search(select(_CUSTOMER, "customer"))
    except AccessDenied as error:
        if error.code not in _OF_THE_ACCOUNT:
            raise
        return _unread(account, error)
    customer = cast(JsonObject, rows[0]["customer"]) if rows else {}
    status = _STATUSES.get(str(customer.get("status")), AccountStatus.SUSPENDED)
    problems = _customer_problems(customer, account)
    paying, balance, funding = await _paying(wire, account.currency)
    problems += funding + await _conversion_problems(wire, account) + _option_problems(account)
    return AccountHealth(
        usable=not problems,
        status=paying if status is AccountStatus.ACTIVE else status,
        balance=balance,
        currency=str(customer.get("currencyCode") or ""),
        timezone=str(customer.get("timeZone") or ""),
        problems=tuple(problems),
        read=bool(customer),
    )


def _unread(account: AdAccount, error: AccessDenied) -> AccountHealth:
    status = _OF_THE_ACCOUNT[error.code]
    problem = (
        f"Google does not let this credential use account {account.external_id} "
        f"({error.message}); connect the account again, and where a manager account stands "
        "between, set the account option login_customer_id."
    )
    return AccountHealth(
        usable=False,
        status=status,
        problems=(problem,),
        read=status is not AccountStatus.ACTIVE,
    )


def _customer_problems(customer: JsonObject, account: AdAccount) -> list[str]:
    problems: list[str] = []
    if (status := customer.get("status")) != "ENABLED":
        problems.append(f"Google does not serve the account (it is {status}); see ads.google.com.")
    if customer.get("manager"):
        problems.append("This is a manager account; choose one of the accounts below it.")
    currency, timezone = customer.get("currencyCode"), customer.get("timeZone")
    if currency != account.currency:
        problems.append(
            f"The account's currency is {currency}, but {account.currency} is set; set {currency}."
        )
    if timezone != account.timezone:
        problems.append(
            f"The account's days are in {timezone}, but {account.timezone} is set; set {timezone}."
        )
    return problems


_Paying = tuple[AccountStatus, Money | None, list[str]]


async def _paying(wire: Wire, currency: str) -> _Paying:
    """Whether somebody pays: an approved billing setup and, where the account has one, a budget
    that is not used up.

    Unsure: Google's interface tells neither a declined card nor the rest of a prepayment; an
    account without an approved billing setup is taken for the former.
    """
    setups = await wire.search(
        select(("billing_setup.id", "billing_setup.status"), "billing_setup")
    )
    approved = [row for row in setups if row["billingSetup"].get("status") == "APPROVED"]
    if not approved:
        problem = "No billing setup is approved, so nothing can be paid; see Billing in Google Ads."
        return AccountStatus.PAYMENT_DECLINED, None, [problem]
    approved_only = "account_budget.status = 'APPROVED'"
    rows = await wire.search(select(_BUDGET, "account_budget", approved_only))
    left = [
        int(budget["adjustedSpendingLimitMicros"]) - int(budget.get("amountServedMicros") or 0)
        for row in rows
        if (budget := cast(JsonObject, row["accountBudget"])).get("adjustedSpendingLimitMicros")
    ]
    if not left:
        return AccountStatus.ACTIVE, None, []
    balance = Money(micros=max(0, sum(left)), currency=currency)
    if balance.micros:
        return AccountStatus.ACTIVE, balance, []
    problem = f"The account's budget is used up ({balance}); raise it in Google Ads."
    return AccountStatus.PREPAID_EXHAUSTED, balance, [problem]


async def _conversion_problems(wire: Wire, account: AdAccount) -> list[str]:
    wanted = account.options.get(CONVERSION_ACTION)
    if not wanted:
        return []
    rows: list[JsonObject] = []
    if digits(wanted):
        fields = ("conversion_action.id", "conversion_action.status")
        one = f"conversion_action.id = {wanted}"
        rows = await wire.search(select(fields, "conversion_action", one))
    if rows and rows[0]["conversionAction"].get("status") == "ENABLED":
        return []
    return [f"Conversion action {wanted} is not there or not enabled; choose another one."]


def _option_problems(account: AdAccount) -> list[str]:
    problems: list[str] = []
    for check in (business_name, eu_political):
        try:
            check(account)
        except Refused as error:
            problems.append(f"{error.message}.")
    return problems
