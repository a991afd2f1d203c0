"""Where a network's hosts are: really, as configured instead, or on the sandbox."""

from collections.abc import Mapping

from models.contract.vocabulary import Platform
from models.settings import Settings
from platforms.network import Host


def base_urls(
    platform: Platform, hosts: Mapping[str, Host], settings: Settings, *, sandbox: bool
) -> dict[str, str]:
    """Base URL by the caller's own name for the host, without a trailing slash."""
    if sandbox:
        return {name: f"{settings.sandbox_url}{at.sandbox}" for name, at in hosts.items()}
    return {
        name: settings.network_hosts.get(f"{platform.value}.{name}", at.live)
        for name, at in hosts.items()
    }
