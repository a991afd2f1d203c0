"""Testing an ad account: every check by name, with what was found and the way to mend it.

One reading of the account (``AccountHealth``) answers most of them; what the network says of the
token itself is asked of its login.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from activities.connections import how_to_connect, missing_scopes
from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.connection import connection_id
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus, Platform
from models.database import Database
from models.settings import Settings
from models.tables import Connection
from platforms.authorisation import LOGINS, Inspected, open_login
from platforms.credentials import SecretSource
from platforms.errors import AccessDenied, NetworkError
from platforms.registry import Networks, adapter

_ALSO = {Platform.META: ("page_id", "pixel_id")}
"""Account options worth a check even where nothing is set; a launch can do without the second."""


class AccountTrial(Frozen):
    """One check. ``warning``: it works, with something missing; ``unknown``: nobody could say.

    ``credentials``: whether it is the credentials that are at fault when it failed.
    """

    check: str
    result: Literal["ok", "warning", "failed", "unknown"]
    found: str = ""
    mend: str = ""
    credentials: bool = Field(default=False, exclude=True)


class AccountTester:
    """Collaborators: the database, the networks, where secrets are, and the settings."""

    def __init__(
        self,
        database: Database,
        networks: Networks,
        secrets: SecretSource,
        settings: Settings,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._database = database
        self._networks = networks
        self._secrets = secrets
        self._settings = settings
        self._environ = environ

    async def test(self, account: AdAccount) -> list[AccountTrial]:
        """Every check of an account. A network that says no is a result, not an error."""
        row = await self._connection(account)
        try:
            network = await self._networks.of(account)
            told = await self._inspect(account)
            health = await network.check_account()
        except AccessDenied as denied:
            return [_token(account, denied.message, row), *_unasked(account)]
        except NetworkError as error:
            asked = AccountTrial(
                check="token", result="unknown", found=error.message, mend="try again later"
            )
            return [asked, *_unasked(account)]
        if not health.read:
            return [_token(account, " ".join(health.problems), row), *_unasked(account)]
        return [
            _token(account, "", row),
            _scopes(account, told, row),
            self._expiry(account, told, row),
            *_account(account, health),
        ]

    async def _connection(self, account: AdAccount) -> Connection | None:
        number = connection_id(account.credentials_ref)
        if number is None:
            return None
        async with self._database.team(account.team_id) as session:
            return await session.get(Connection, number)

    async def _inspect(self, account: AdAccount) -> Inspected | None:
        """What the network says of the token; None where it cannot be asked.

        Raises:
            AccessDenied: it does not take it any more.
        """
        if account.platform not in LOGINS:
            return None
        secrets = await self._secrets.of(account, adapter(account.platform).secrets)
        if not secrets.get("access_token"):
            return None  # its adapter asks for one by itself
        try:
            login = open_login(
                account.platform, self._settings, sandbox=account.sandbox, environ=self._environ
            )
        except NetworkError:
            return None  # without an app of ours
        try:
            return await login.inspect(secrets)
        finally:
            await login.aclose()

    def _expiry(
        self, account: AdAccount, told: Inspected | None, row: Connection | None
    ) -> AccountTrial:
        ends = (told.expires_at if told else None) or (row.expires_at if row else None)
        if ends is None:
            known = told is not None or row is not None
            return AccountTrial(
                check="expiry",
                result="ok" if known else "unknown",
                found="does not end" if known else "the network does not say",
            )
        now = self._settings.real_now()
        if ends <= now:
            return AccountTrial(
                check="expiry",
                result="failed",
                found=f"ended {_at(ends)}",
                mend=how_to_connect(account.platform, account.id),
                credentials=True,
            )
        if row is None:
            return AccountTrial(
                check="expiry",
                result="warning",
                found=f"ends {_at(ends)}; nobody renews it",
                mend=how_to_connect(account.platform, account.id),
            )
        return AccountTrial(check="expiry", result="ok", found=f"ends {_at(ends)}; it is renewed")


def failed(trials: Sequence[AccountTrial]) -> Literal["", "credentials", "account"]:
    """What is at fault, the credentials first; empty where nothing failed."""
    bad = [one for one in trials if one.result == "failed"]
    if any(one.credentials for one in bad):
        return "credentials"
    return "account" if bad else ""


def _token(account: AdAccount, problem: str, row: Connection | None) -> AccountTrial:
    where = account.credentials_ref
    if problem:
        return AccountTrial(
            check="token",
            result="failed",
            found=problem,
            mend=how_to_connect(account.platform, account.id),
            credentials=True,
        )
    by = f", connected by {row.connected_by}" if row is not None else ""
    return AccountTrial(check="token", result="ok", found=f"taken ({where}{by})")


def _scopes(account: AdAccount, told: Inspected | None, row: Connection | None) -> AccountTrial:
    login = LOGINS.get(account.platform)
    granted = told.scopes if told else None
    if granted is None and row is not None and row.scopes:
        granted = tuple(row.scopes)
    if granted is None or login is None:
        return AccountTrial(check="scopes", result="unknown", found="the network does not say")
    if lacking := missing_scopes(login.required, granted):
        return AccountTrial(
            check="scopes",
            result="failed",
            found=f"without {', '.join(lacking)}",
            mend=f"{how_to_connect(account.platform, account.id)} and leave every box checked",
            credentials=True,
        )
    return AccountTrial(check="scopes", result="ok", found=", ".join(granted))


def _account(account: AdAccount, health: AccountHealth) -> list[AccountTrial]:
    problems = list(health.problems)
    # What is left over when currency and time zone were told is about the account itself.
    same = [
        _same("currency", account.currency, health.currency, problems),
        _same("time zone", account.timezone, health.timezone, problems),
    ]
    trials = [_status(health, problems), *same]
    trials += [_option(name, account, health, problems) for name in _options(account)]
    worst = "warning" if health.usable else "failed"
    trials += [AccountTrial(check="account", result=worst, found=one) for one in problems]
    return trials


def _status(health: AccountHealth, problems: list[str]) -> AccountTrial:
    if health.status is AccountStatus.ACTIVE:
        return AccountTrial(check="status", result="ok", found=health.status.value)
    said = problems.pop(0) if problems else ""
    return AccountTrial(check="status", result="failed", found=health.status.value, mend=said)


def _same(check: str, recorded: str, found: str, problems: list[str]) -> AccountTrial:
    if not found:
        return AccountTrial(check=check, result="unknown", found="the network does not say")
    if found == recorded:
        return AccountTrial(check=check, result="ok", found=found)
    said = _taken(problems, (found, recorded))
    return AccountTrial(
        check=check,
        result="failed",
        found=f"{found} there, {recorded} recorded",
        mend=said or f"correct the recorded {check}",
    )


def _options(account: AdAccount) -> list[str]:
    login = LOGINS.get(account.platform)
    named = [
        *(login.options if login else ()),
        *_ALSO.get(account.platform, ()),
        *(name for name in account.options if name.endswith("_id")),
    ]
    return list(dict.fromkeys(named))


def _option(
    name: str, account: AdAccount, health: AccountHealth, problems: list[str]
) -> AccountTrial:
    value = account.options.get(name, "")
    said = _taken(problems, (name,)) or (_taken(problems, (value,)) if value else "")
    if not said:
        return AccountTrial(
            check=name, result="ok" if value else "unknown", found=value or "not set"
        )
    return AccountTrial(
        check=name,
        result="warning" if health.usable else "failed",
        found=value or "not set",
        mend=said,
    )


def _taken(problems: list[str], words: Sequence[str]) -> str:
    """The first sentence with all of the words in it, which then counts as told."""
    for one in problems:
        if all(word in one for word in words):
            problems.remove(one)
            return one
    return ""


def _unasked(account: AdAccount) -> list[AccountTrial]:
    names = ("scopes", "expiry", "status", "currency", "time zone", *_options(account))
    return [AccountTrial(check=name, result="unknown", found="not asked") for name in names]


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
