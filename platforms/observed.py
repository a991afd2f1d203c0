"""Any adapter with an ear: failures of its calls are noted, nothing else is changed."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

from models.contract.money import Money
from models.contract.network import (
    AccountHealth,
    AdMetricsReport,
    MetricsReport,
    NetworkObject,
    ObjectKind,
    Order,
    SwitchResult,
)
from platforms.errors import AccessDenied, Ambiguous, NetworkError, Transient
from platforms.network import AdNetwork, Capabilities

T = TypeVar("T")


class ObservedNetwork:
    """An adapter whose calls that a network left unanswered, or denied, are noted.

    A refusal of a value is an answer and is not noted. ``note`` must return at once and raise
    nothing: a call is never held up by being counted.
    """

    def __init__(self, network: AdNetwork, note: Callable[[NetworkError], None]) -> None:
        self._network = network
        self._note = note

    @property
    def capabilities(self) -> Capabilities:
        return self._network.capabilities

    async def create(self, order: Order) -> NetworkObject:
        return await self._heard(self._network.create(order))

    async def find(
        self, kind: ObjectKind, key: str, parent_id: str | None = None
    ) -> list[NetworkObject]:
        return await self._heard(self._network.find(kind, key, parent_id))

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[NetworkObject]:
        return await self._heard(self._network.read(kind, ids))

    async def list_objects(self, kind: ObjectKind) -> list[NetworkObject]:
        return await self._heard(self._network.list_objects(kind))

    async def switch(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        return await self._heard(self._network.switch(kind, ids, on=on))

    async def set_daily_budget(self, ad_group_id: str, budget: Money) -> None:
        await self._heard(self._network.set_daily_budget(ad_group_id, budget))

    async def set_bid(self, ad_group_id: str, amount: Money) -> None:
        await self._heard(self._network.set_bid(ad_group_id, amount))

    async def set_end_time(self, ad_group_id: str, end_time: datetime) -> None:
        await self._heard(self._network.set_end_time(ad_group_id, end_time))

    async def remove(self, kind: ObjectKind, object_id: str) -> None:
        await self._heard(self._network.remove(kind, object_id))

    async def account_metrics(self, since: date, until: date) -> MetricsReport:
        return await self._heard(self._network.account_metrics(since, until))

    async def ad_metrics(self, since: date, until: date) -> AdMetricsReport:
        return await self._heard(self._network.ad_metrics(since, until))

    async def check_account(self) -> AccountHealth:
        return await self._heard(self._network.check_account())

    async def aclose(self) -> None:
        await self._network.aclose()

    async def _heard(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except (Transient, Ambiguous, AccessDenied) as error:
            self._note(error)
            raise
