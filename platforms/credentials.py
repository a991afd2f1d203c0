"""Secrets, resolved at the last moment from where an account's reference points.

A reference is one of

=====================  ======================================================================
``META``, ``env:META``  environment variables ``META_ACCESS_TOKEN`` and so on; a prefix an account
``file:/path``         a JSON object, or a directory with one file a secret, as containers mount it
``connection:ID``      a team's own, sealed in the database (``activities.connections``)
``other:…``            a source of the operator's own (``ADFLIGHT_SECRET_SOURCES``)
=====================  ======================================================================

Values never enter workflow history, logs or errors.
"""

import asyncio
import json
import logging
import os
import stat
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from models.contract.account import AdAccount
from platforms.errors import AccessDenied
from platforms.network import Secret

_log = logging.getLogger("adflight.credentials")


class SecretSource(Protocol):
    """Where secrets are found. A secrets manager is one class with these two methods."""

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        """The account's secrets by name; those that are not required may be missing.

        Asked again while an adapter is open: another answer than before opens it anew.

        Raises:
            AccessDenied: one is missing; the message says which and where it was looked for.
        """
        ...

    async def keep(self, account: AdAccount, secret: Secret, value: str) -> None:
        """Store a secret that the network has replaced, or say in the log that it cannot be."""
        ...


class EnvironmentSecrets:
    """Secrets in environment variables."""

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        """See ``SecretSource.of``."""
        return resolve(account, wanted)

    async def keep(self, account: AdAccount, secret: Secret, value: str) -> None:
        """The environment is the operator's: say which variable is out of date."""
        _log.warning(
            "%s replaced the %s of account %r; an environment variable cannot be stored: update "
            "%s_%s, or connect the account with `adflight accounts connect %s`",
            account.platform.value,
            secret.name,
            account.name,
            prefix(account.credentials_ref),
            secret.variables[0],
            account.platform.value,
        )


class FileSecrets:
    """Secrets in files that nobody else on the machine can read."""

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        """See ``SecretSource.of``. Read anew every time: a mounted secret may be replaced."""
        return await asyncio.to_thread(_read, account, wanted)

    async def keep(self, account: AdAccount, secret: Secret, value: str) -> None:
        """Files are the operator's, and often mounted read-only: say which is out of date."""
        _log.warning(
            "%s replaced the %s of account %r; Adflight writes no secret files: update %s",
            account.platform.value,
            secret.name,
            account.name,
            account.credentials_ref,
        )


class ByReference:
    """Asks the source that the account's reference names."""

    def __init__(self, sources: Mapping[str, SecretSource]) -> None:
        """``sources`` by scheme; ``env`` is also meant where a reference has none."""
        self._sources = sources

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        """See ``SecretSource.of``."""
        return await self._source(account).of(account, wanted)

    async def keep(self, account: AdAccount, secret: Secret, value: str) -> None:
        """See ``SecretSource.keep``."""
        await self._source(account).keep(account, secret, value)

    def _source(self, account: AdAccount) -> SecretSource:
        scheme, colon, _ = account.credentials_ref.partition(":")
        source = self._sources.get(scheme if colon else "env")
        if source is None:
            known = ", ".join(f"{one}:" for one in sorted(self._sources))
            raise AccessDenied(
                account.platform,
                f"the credentials of account {account.name!r} are at "
                f"{account.credentials_ref!r}, which this process cannot look up; "
                f"it knows {known}",
            )
        return source


def own_source(path: str) -> SecretSource:
    """A source of the operator's own, by ``module:Class`` (called without arguments).

    Raises:
        ValueError: there is no such class; the message names the path.
    """
    module, _, name = path.partition(":")
    try:
        return cast("SecretSource", getattr(import_module(module), name)())
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ValueError(
            f"ADFLIGHT_SECRET_SOURCES names {path!r}, which cannot be loaded "
            f"({type(error).__name__}); give module:Class"
        ) from None


def prefix(reference: str) -> str:
    """The environment prefix of a reference without or with ``env:``."""
    return reference.removeprefix("env:")


def resolve(
    account: AdAccount, wanted: Sequence[Secret], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The account's secrets by name; those that are not required may be missing.

    Raises:
        AccessDenied: a variable is not set; the message names it.
    """
    secrets: dict[str, str] = {}
    for one in wanted:
        candidates = [f"{prefix(account.credentials_ref)}_{ending}" for ending in one.variables]
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


# -- files --------------------------------------------------------------------------------------


def _read(account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
    """Raises ``AccessDenied``, naming the reference and what is wrong with it, never a value."""
    path = Path(account.credentials_ref.removeprefix("file:"))

    def refused(what: str) -> AccessDenied:
        return AccessDenied(
            account.platform,
            f"the credentials of account {account.name!r} are at file:{path}: {what}",
        )

    try:
        found = _directory(path) if path.is_dir() else _document(path)
    except _Unusable as problem:
        raise refused(str(problem)) from None
    except FileNotFoundError:
        raise refused("there is no such file; mount it, or change the reference") from None
    except OSError as error:
        raise refused(f"it cannot be read ({type(error).__name__})") from None
    secrets: dict[str, str] = {}
    for one in wanted:
        names = (one.name, *one.variables, *(ending.lower() for ending in one.variables))
        value = next((found[name] for name in names if found.get(name)), None)
        if value is not None:
            secrets[one.name] = value
        elif one.required:
            raise refused(f"{one.name} is missing there; add it")
    return secrets


class _Unusable(Exception):
    """What is wrong with a file of secrets."""


def _document(path: Path) -> dict[str, str]:
    _closed(path)
    try:
        told: object = json.loads(path.read_text())
    except ValueError:
        raise _Unusable("it holds no JSON; give an object of names and texts") from None
    if not isinstance(told, dict):
        raise _Unusable("it holds no JSON object; give one of names and texts")
    entries = cast("dict[object, object]", told)
    return {str(name): str(value) for name, value in entries.items() if value is not None}


def _directory(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in sorted(path.iterdir()):
        # Kubernetes keeps its versions in folders beside the links that point into them.
        if one.name.startswith(".") or not one.is_file():
            continue
        _closed(one)
        found[one.name] = one.read_text().strip()
    return found


def _closed(path: Path) -> None:
    """Raise ``_Unusable`` where others on this machine can reach and read the file."""
    if not path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents):
        raise _Unusable(
            f"{path.name} can be read by others on this machine; "
            "take that away with chmod o-rwx (mode 0400 where it is mounted)"
        )
