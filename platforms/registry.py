"""From an account record to a ready adapter; one place knows all networks."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from models.contract.account import AdAccount
from models.contract.network import CampaignOrder
from models.contract.vocabulary import Platform
from models.settings import Settings
from platforms import apple_search_ads, applovin, google, meta, snapchat, telegram, tiktok, unity, x
from platforms.credentials import ByReference, EnvironmentSecrets, FileSecrets, SecretSource
from platforms.errors import NetworkError, Refused
from platforms.hosts import base_urls
from platforms.network import Adapter, AdNetwork, Capabilities, Ground
from platforms.observed import ObservedNetwork
from platforms.quota import FREE, Quota, Rate

_LOOK = 20.0
"""Real seconds for which secrets are not looked up again while their adapter is used."""
_PATIENCE = 3.0
_log = logging.getLogger("adflight.networks")

ADAPTERS: dict[Platform, Adapter] = {
    one.capabilities.platform: one
    for one in (
        apple_search_ads.ADAPTER,
        applovin.ADAPTER,
        google.ADAPTER,
        meta.ADAPTER,
        snapchat.ADAPTER,
        tiktok.ADAPTER,
        unity.ADAPTER,
        telegram.ADAPTER,
        x.ADAPTER,
    )
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


@dataclass(slots=True)
class _Open:
    """An open adapter, what it was opened with, and when that was last looked up."""

    account: AdAccount
    secrets: dict[str, str] = field(repr=False)
    network: ObservedNetwork
    looked: float = field(default_factory=monotonic)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Networks:
    """Open adapters, one per account, kept for the life of the process.

    Their secrets are looked up again now and then, beside the calls and never in front of them:
    the last ones that were found are in memory and serve for as long as nothing better is known,
    so that a stop needs no database. Other secrets than before open the adapter anew; a call that
    was denied looks for them at once.
    """

    def __init__(
        self,
        settings: Settings,
        clock_now: Callable[[], datetime],
        on_failure: Callable[[AdAccount, NetworkError], None] | None = None,
        secrets: SecretSource | None = None,
        quota: Callable[[AdAccount, Mapping[str, Rate]], Quota] | None = None,
    ) -> None:
        """``on_failure`` hears of every call left unanswered or denied; it must return at once.
        ``secrets`` are looked up in the environment and in files unless another source is
        given. ``quota`` shares the networks' allowances with other processes; without one, calls
        are not counted."""
        self._quota = quota
        self._settings = settings
        self._now = clock_now
        self._on_failure = on_failure
        self._secrets = secrets or ByReference({"env": EnvironmentSecrets(), "file": FileSecrets()})
        self._open: dict[UUID, _Open] = {}
        self._beside: set[asyncio.Task[Any]] = set()

    async def of(self, account: AdAccount) -> AdNetwork:
        """The adapter of an account.

        Raises:
            AccessDenied: its credentials are not there.
            Refused: its platform has no adapter, or a sandbox account has no sandbox.
            Transient: the place of its credentials does not answer.
        """
        opened = self._open.get(account.id)
        if opened is None:
            kind = adapter(account.platform)
            secrets = await self._secrets.of(account, kind.secrets)
            network = ObservedNetwork(
                self._connect(account, secrets),
                partial(self._on_failure, account) if self._on_failure else None,
                partial(self._renewed, account.id),
            )
            opened = self._open.setdefault(account.id, _Open(account, secrets, network))
            if opened.network is not network:  # two opened it at once: the first one stays
                await network.aclose()
        elif monotonic() - opened.looked > _LOOK and not opened.turn.locked():
            self._start(self._look(opened))
        return opened.network

    async def validate(self, account: AdAccount, order: CampaignOrder) -> bool:
        """Let a network check a campaign without making it; False where it does not offer that.

        Raises:
            NetworkError: it would not take it, or could not answer.
        """
        await self.of(account)
        return await self._open[account.id].network.validate(order)

    async def _renewed(self, account_id: UUID) -> bool:
        return await self._look(self._open[account_id])

    async def _look(self, opened: _Open) -> bool:
        """Look the secrets up; True when there were others, under which it is open now."""
        async with opened.turn:
            account, kind = opened.account, adapter(opened.account.platform)
            opened.looked = monotonic()
            try:
                secrets = await asyncio.wait_for(self._secrets.of(account, kind.secrets), _PATIENCE)
                if secrets == opened.secrets:
                    return False
                network = self._connect(account, secrets)
            except Exception as error:
                # Whatever is wrong there: what is in memory may still stop a campaign.
                told = error.message if isinstance(error, NetworkError) else type(error).__name__
                _log.warning("secrets of account %r not looked up: %s", account.name, told)
                return False
            opened.secrets = secrets
            await opened.network.replace(network)
            _log.info("account %r is open under renewed credentials", account.name)
            return True

    def _keep(self, account: AdAccount, name: str, value: str) -> None:
        """An adapter was given another secret by its network."""
        wanted = {one.name: one for one in adapter(account.platform).secrets}
        if (opened := self._open.get(account.id)) is not None:
            opened.secrets[name] = value
        self._start(self._secrets.keep(account, wanted[name], value))

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[Any]") -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a renewed secret was not stored: %s", type(error).__name__)

    def _connect(self, account: AdAccount, secrets: dict[str, str]) -> AdNetwork:
        kind = adapter(account.platform)
        settings = self._settings
        if account.sandbox and not settings.sandbox_url:
            raise Refused(
                account.platform,
                f"account {account.name!r} is a sandbox account but no sandbox runs; "
                "start it with `adflight up` or set ADFLIGHT_SANDBOX_URL",
            )
        name = account.platform.value
        hosts = base_urls(account.platform, kind.hosts, settings, sandbox=account.sandbox)
        ground = Ground(
            hosts=hosts,
            clock_now=self._now,
            real_now=settings.real_now,
            version=settings.network_versions.get(name, ""),
            keep_secret=partial(self._keep, account),
            quota=self._quota(account, kind.rates) if self._quota and kind.rates else FREE,
        )
        return kind.connect(account, secrets, ground)

    async def aclose(self) -> None:
        """Close every open adapter."""
        if self._beside:
            _, late = await asyncio.wait(self._beside, timeout=_PATIENCE)
            for task in late:
                task.cancel()
        for opened in self._open.values():
            await opened.network.aclose()
        self._open.clear()
