"""Secrets, resolved at the last moment from where an account's reference points.

A reference is an environment prefix: ``META`` means ``META_ACCESS_TOKEN`` and so on,
``META_ACCOUNT_2`` a second set. Values never enter workflow history, logs or errors.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Protocol

from models.contract.account import AdAccount
from platforms.errors import AccessDenied
from platforms.network import Secret


class SecretSource(Protocol):
    """Where secrets are found."""

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        """The account's secrets by name; those that are not required may be missing.

        Raises:
            AccessDenied: one is missing; the message says which and where it was looked for.
        """
        ...


class EnvironmentSecrets:
    """Secrets in environment variables."""

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        """See ``SecretSource.of``."""
        return resolve(account, wanted)


def resolve(
    account: AdAccount, wanted: Sequence[Secret], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The account's secrets by name; those that are not required may be missing.

    Raises:
        AccessDenied: a variable is not set; the message names it.
    """
    secrets: dict[str, str] = {}
    for one in wanted:
        candidates = [f"{account.credentials_ref}_{ending}" for ending in one.variables]
        value = next((environ[key] for key in candidates if environ.get(key)), None)
        if value is not None:
            secrets[one.name] = value
        elif one.required:
            raise AccessDenied(
                account.platform,
                f"credential {candidates[0]} is not set; set it for account {account.name!r}",
            )
    return secrets


def configured(
    wanted: Sequence[Secret], prefix: str, environ: Mapping[str, str] = os.environ
) -> bool:
    """Whether a complete set of secrets stands under ``prefix``."""
    return all(
        any(environ.get(f"{prefix}_{ending}") for ending in one.variables)
        for one in wanted
        if one.required
    )
