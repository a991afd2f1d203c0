"""What services have in common that take an order now and show the finished work later."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from creative.generators import Generated, GeneratorLost, GeneratorSettings
from creative.generators.addresses import allowed
from creative.generators.wire import Wire
from models.contract.money import Money


class OrderedService:
    """One model of one service. Finished work is fetched from the service itself or from
    ``delivery_hosts``, which are the setting ``NAME_delivery_hosts``."""

    name: ClassVar[str]

    def __init__(
        self, settings: GeneratorSettings, model: str, wire: Wire, delivery_hosts: Sequence[str]
    ) -> None:
        self._settings, self._model, self._wire = settings, model, wire
        self._delivery_hosts = delivery_hosts

    @property
    def price(self) -> Money | None:
        return self._settings.price(self._model)

    async def _ordered(self, path: str, body: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Place an order: its id, and the whole answer. Without an id it counts as lost."""
        answer = (await self._wire.order(path, body)).body
        task = answer.get("id")
        if not isinstance(task, str) or not task:
            raise GeneratorLost(f"{self.name} took the order and gave no id for it")
        return task, answer

    async def _fetched(self, link: str, most_bytes: int) -> bytes:
        """Finished work, without the key. See ``Wire.fetch``."""
        allow = partial(
            allowed,
            base_url=self._wire.base_url,
            hosts=self._delivery_hosts,
            service=self.name,
            setting=f"{self.name}_delivery_hosts",
        )
        return await self._wire.fetch(link, most_bytes, allow)

    def _generated(self, data: bytes, media_type: str, cost: Money | None) -> Generated:
        return Generated(
            data=data,
            media_type=media_type,
            generator=self.name,
            model=self._model,
            cost=cost,
            sandbox=self._settings.is_sandbox(self._wire.base_url),
        )
