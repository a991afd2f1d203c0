"""Connecting an account: the login pages of the networks that have one, each in its own form.

Networks without one (a key is made in their web pages) are connected by reference alone.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType

from models.contract.vocabulary import Platform
from models.settings import Settings
from platforms.authorisation.google import GoogleLogin
from platforms.authorisation.login import Grant, Inspected, Login, Reached, Walk
from platforms.authorisation.meta import MetaLogin
from platforms.authorisation.snapchat import SnapchatLogin
from platforms.authorisation.tiktok import TikTokLogin
from platforms.authorisation.x import XLogin
from platforms.errors import AccessDenied, Refused
from platforms.hosts import base_urls

__all__ = [
    "LOGINS",
    "Grant",
    "Inspected",
    "Login",
    "Reached",
    "Walk",
    "app_credentials",
    "login_of",
    "open_login",
]

LOGINS: Mapping[Platform, type[Login]] = MappingProxyType(
    {
        Platform.META: MetaLogin,
        Platform.GOOGLE: GoogleLogin,
        Platform.TIKTOK: TikTokLogin,
        Platform.SNAPCHAT: SnapchatLogin,
        Platform.X: XLogin,
    }
)


def login_of(platform: Platform) -> type[Login]:
    """The login of a network.

    Raises:
        Refused: it has none; the message says how its credentials are set instead.
    """
    found = LOGINS.get(platform)
    if found is None:
        known = ", ".join(sorted(one.value for one in LOGINS))
        raise Refused(
            platform,
            f"{platform.value} has no login page to connect through; put its key into the "
            "environment or a file and name that in the account's reference (with a login: "
            f"{known})",
        )
    return found


def app_credentials(
    platform: Platform, *, sandbox: bool, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Our app's own credentials on a network: the operator's, from the environment.

    Raises:
        AccessDenied: a variable is not set; the message names it.
        Refused: the network has no login.
    """
    login = login_of(platform)
    prefix = f"SANDBOX_{platform.value.upper()}" if sandbox else login.prefix
    found: dict[str, str] = {}
    for one in login.app:
        names = [f"{prefix}_{ending}" for ending in one.variables]
        value = next((environ[name] for name in names if environ.get(name)), None)
        if value is None:
            raise AccessDenied(
                platform,
                f"our own app's {one.name} on {platform.value} is not set; set {names[0]} wherever "
                "Adflight runs",
            )
        found[one.name] = value
    return found


def open_login(
    platform: Platform,
    settings: Settings,
    *,
    sandbox: bool,
    environ: Mapping[str, str] = os.environ,
) -> Login:
    """The login of a network, ready to use; close it.

    Raises:
        AccessDenied: our app's credentials are not set.
        Refused: the network has no login, or there is no sandbox.
    """
    if sandbox and not settings.sandbox_url:
        raise Refused(platform, "no sandbox runs; start it with `adflight up`")
    kind = login_of(platform)
    return kind(
        app_credentials(platform, sandbox=sandbox, environ=environ),
        base_urls(platform, kind.hosts, settings, sandbox=sandbox),
        settings.real_now,
        version=settings.network_versions.get(platform.value, ""),
    )
