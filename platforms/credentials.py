"""Secrets, resolved at the last moment from where an account's reference points.

A reference is an environment prefix: ``META`` means ``META_ACCESS_TOKEN`` and so on,
``META_ACCOUNT_2`` a second set. Values never enter workflow history, logs or errors.
"""

import os
from collections.abc import Mapping

from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied

_NEEDED: dict[Platform, tuple[tuple[str, tuple[str, ...]], ...]] = {
    Platform.META: (
        ("access_token", ("ACCESS_TOKEN", "TOKEN")),
        ("app_id", ("APP_ID",)),
        ("app_secret", ("APP_SECRET",)),
    ),
    Platform.X: (
        ("consumer_key", ("CONSUMER_KEY",)),
        ("consumer_secret", ("CONSUMER_SECRET",)),
        ("access_token", ("ACCESS_TOKEN",)),
        ("access_token_secret", ("ACCESS_TOKEN_SECRET",)),
    ),
}


def resolve(account: AdAccount, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The account's secrets by name.

    Raises:
        AccessDenied: a variable is not set; the message names it.
    """
    secrets: dict[str, str] = {}
    for name, suffixes in _NEEDED.get(account.platform, ()):
        candidates = [f"{account.credentials_ref}_{suffix}" for suffix in suffixes]
        value = next((environ[key] for key in candidates if environ.get(key)), None)
        if value is None:
            raise AccessDenied(
                account.platform,
                f"credential {candidates[0]} is not set; set it for account {account.name!r}",
            )
        secrets[name] = value
    return secrets


def configured(platform: Platform, prefix: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a complete set of secrets stands under ``prefix``."""
    return all(
        any(environ.get(f"{prefix}_{suffix}") for suffix in suffixes)
        for _, suffixes in _NEEDED.get(platform, ())
    )
