"""Any adapter with an ear, and with the means to go on under a renewed credential."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import TypeVar, cast

from models.contract.money import Money
from models.contract.network import (
    AccountHealth,
    AdMetricsReport,
    CampaignOrder,
    MetricsReport,
    NetworkObject,
    ObjectKind,
    Order,
    SwitchResult,
)
from platforms.errors import AccessDenied, Ambiguous, NetworkError, Transient
from platforms.network import AdNetwork, Capabilities, Validating

T = TypeVar("T")


class ObservedNetwork:
    """An adapter whose calls that a network left unanswered, or denied, are noted.

    A refusal of a value is an answer and is not noted. ``note`` must return at once and raise
    nothing: a call is never held up by being counted.

    A call that was denied is asked once more when ``renewed`` finds another credential: what is
    denied was not carried out, and every call but ``create`` may be repeated anyway. A ``create``
    may have done a part of its work and becomes ``Ambiguous``: it is looked up first.
    """

    def __init__(
        self,
        network: AdNetwork,
        note: Callable[[NetworkError], None] | None = None,
        renewed: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """``renewed`` looks for another credential and replaces the adapter where there is one."""
        self._network = network
        self._note = note or _unheard
        self._renewed = renewed
        self._calls: dict[int, int] = {}
        self._replaced: dict[int, AdNetwork] = {}

    async def replace(self, network: AdNetwork) -> None:
        """Use another adapter from now on; the one before is closed when its calls are over."""
        before, self._network = self._network, network
        if self._calls.get(id(before)):
            self._replaced[id(before)] = before
        else:
            await before.aclose()

    @property
    def capabilities(self) -> Capabilities:
        return self._network.capabilities

    async def create(self, order: Order) -> NetworkObject:
        return await self._ask(lambda on: on.create(order), again=False)

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        return await self._ask(lambda on: on.find(kind, key, parent_id))

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        return await self._ask(lambda on: on.read(kind, ids))

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        return await self._ask(lambda on: on.list_objects(kind))

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        return await self._ask(lambda network: network.switch(kind, ids, on=on))

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        await self._ask(lambda on: on.set_daily_budget(ad_group_id, budget))

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        await self._ask(lambda on: on.set_bid(ad_group_id, amount))

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        await self._ask(lambda on: on.set_end_time(ad_group_id, end_time))

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        await self._ask(lambda on: on.remove(kind, object_id))

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        return await self._ask(lambda on: on.account_metrics(since, until))

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        return await self._ask(lambda on: on.ad_metrics(since, until))

    async def check_account(self) -> AccountHealth:
        return await self._ask(lambda on: on.check_account())

    async def validate(self, order: CampaignOrder) -> bool:
        """Let the network check a campaign without making it; False where it cannot."""
        if not isinstance(self._network, Validating):
            return False
        await self._ask(lambda on: cast("Validating", on).validate(order))
        return True

    async def aclose(self) -> None:
        await asyncio.gather(
            self._network.aclose(), *(one.aclose() for one in self._replaced.values())
        )
        self._replaced.clear()

    async def _ask(self, call: Callable[[AdNetwork], Awaitable[T]], *, again: bool = True) -> T:
        used = self._network
        try:
            return await self._counted(used, call)
        except AccessDenied as denied:
            # Another call may have it replaced before, or while, this one looks.
            if self._network is used and self._renewed is not None:
                await self._renewed()
            if self._network is used:
                self._note(denied)
                raise
            if not again:
                unsure = Ambiguous(
                    denied.platform,
                    "the credential was renewed while this was being made; look it up first",
                )
                self._note(unsure)
                raise unsure from None
        except (Transient, Ambiguous) as error:
            self._note(error)
            raise
        try:
            return await self._counted(self._network, call)
        except (Transient, Ambiguous, AccessDenied) as error:
            self._note(error)
            raise

    async def _counted(self, used: AdNetwork, call: Callable[[AdNetwork], Awaitable[T]]) -> T:
        number = id(used)
        self._calls[number] = self._calls.get(number, 0) + 1
        try:
            return await call(used)
        finally:
            self._calls[number] -= 1
            if not self._calls[number]:
                del self._calls[number]
                if (idle := self._replaced.pop(number, None)) is not None:
                    await idle.aclose()


def _unheard(_: NetworkError) -> None:
    """Nobody counts."""
