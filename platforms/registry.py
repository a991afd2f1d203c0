"""From an account record to a ready adapter; one place knows all networks."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from models.settings import Settings
from platforms import meta, x
from platforms.credentials import EnvironmentSecrets, SecretSource
from platforms.errors import NetworkError, Refused
from platforms.network import Adapter, AdNetwork, Capabilities, Ground
from platforms.observed import ObservedNetwork

ADAPTERS: dict[Platform, Adapter] = {
    one.capabilities.platform: one for one in (meta.ADAPTER, x.ADAPTER)
}


def adapter(platform: Platform) -> Adapter:
    """The adapter of a network.

    Raises:
        Refused: Adflight has none for it; the message lists those it has.
    """
    found = ADAPTERS.get(platform)
    if found is None:
        known = ", ".join(sorted(one.value for one in ADAPTERS))
        raise Refused(platform, f"platform {platform.value} has no adapter; use one of: {known}")
    return found


def capabilities(platform: Platform) -> Capabilities:
    """What the network can do.

    Raises:
        Refused: as ``adapter``.
    """
    return adapter(platform).capabilities


def over_delivery(platform: Platform, settings: Settings) -> float:
    """Most the network may spend on a day, as a multiple of the daily budget: as configured, else
    as its adapter knows it.

    Raises:
        Refused: it has no adapter.
    """
    return settings.over_delivery.get(platform.value, capabilities(platform).over_delivery)


class Networks:
    """Open adapters, one per account, kept for the life of the process."""

    def __init__(
        self,
        settings: Settings,
        clock_now: Callable[[], datetime],
        on_failure: Callable[[AdAccount, NetworkError], None] | None = None,
        secrets: SecretSource | None = None,
    ) -> None:
        """``on_failure`` hears of every call left unanswered or denied; it must return at once.
        ``secrets`` are looked up in the environment unless another source is given."""
        self._settings = settings
        self._now = clock_now
        self._on_failure = on_failure
        self._secrets = secrets or EnvironmentSecrets()
        self._open: dict[UUID, AdNetwork] = {}

    async def of(self, account: AdAccount) -> AdNetwork:
        """The adapter of an account.

        Raises:
            AccessDenied: its credentials are not there.
            Refused: its platform has no adapter, or a sandbox account has no sandbox.
        """
        network = self._open.get(account.id)
        if network is None:
            network = await self._connect(account)
            if self._on_failure is not None:
                network = ObservedNetwork(network, partial(self._on_failure, account))
            self._open[account.id] = network
        return network

    async def _connect(self, account: AdAccount) -> AdNetwork:
        kind = adapter(account.platform)
        settings, sandbox = self._settings, self._settings.sandbox_url
        if account.sandbox and not sandbox:
            raise Refused(
                account.platform,
                f"account {account.name!r} is a sandbox account but no sandbox runs; "
                "start it with `adflight up` or set ADFLIGHT_SANDBOX_URL",
            )
        name = account.platform.value
        hosts = {
            host: f"{sandbox}{at.sandbox}"
            if account.sandbox
            else settings.network_hosts.get(f"{name}.{host}", at.live)
            for host, at in kind.hosts.items()
        }
        ground = Ground(
            hosts=hosts,
            clock_now=self._now,
            real_now=settings.real_now,
            version=settings.network_versions.get(name, ""),
        )
        return kind.connect(account, await self._secrets.of(account, kind.secrets), ground)

    async def aclose(self) -> None:
        """Close every open adapter."""
        for network in self._open.values():
            await network.aclose()
        self._open.clear()
