"""Pictures by Black Forest Labs (Flux): ordered, asked for at the address given, fetched.

The package ``blackforest`` pins an old Pillow and knows old models only; this is plain HTTP.
"""

import asyncio
from typing import Any, cast

import httpx
from pydantic import SecretStr

from creative.generators import (
    Generated,
    GeneratorBusy,
    GeneratorRefused,
    GeneratorSettings,
    Kind,
    Ticket,
    access,
    cost_of,
    own_ticket,
)
from creative.generators.addresses import allowed
from creative.generators.content import MOST_PICTURE_BYTES, picture_type
from creative.generators.ordered import OrderedService
from creative.generators.shapes import Grid, nearest_ratio, on_grid
from creative.generators.wire import LinkGone, Wire, said

LIVE = "https://api.bfl.ai"
MOST_SEED = 2**32 - 1
# Flux 2 makes multiples of 16 up to 4 megapixels, Flux 1 multiples of 32 up to 1440; from the
# maker's documentation, not tried on the service.
_FLUX_2 = Grid(16, (256, 2_048), (262_144, 2_048 * 2_048), 4.0)
_FLUX_1 = Grid(32, (256, 1_440), (65_536, 1_440 * 1_440), 4.0)
# These take a ratio instead of a size.
_BY_RATIO = ("flux-3", "flux-kontext", "flux-pro-1.1-ultra")
_RATIOS = ((1, 1), (16, 9), (9, 16), (4, 3), (3, 4), (3, 2), (2, 3), (21, 9), (9, 21))
_MODERATED = frozenset({"Request Moderated", "Content Moderated"})
_FAILED = frozenset({"Error", "Failed", "Task not found"})


class Flux(OrderedService):
    """One model."""

    name = "flux"

    def __init__(self, settings: GeneratorSettings) -> None:
        key = access.key(settings.flux_api_key, "flux_api_key")
        wire = Wire(
            service=self.name,
            base_url=access.base_url(settings.flux_base_url, LIVE, "flux_base_url"),
            headers={"x-key": key},
            secret=SecretStr(key),
            timeout=settings.timeout_seconds,
            reads=_kind,
        )
        super().__init__(settings, settings.flux_model, wire, settings.flux_delivery_hosts)

    async def submit(self, prompt: str, size: tuple[int, int], seed: int) -> Ticket:
        """Order a picture. A polling address that is not allowed is kept all the same: what was
        paid for must not be forgotten; ``collect`` refuses to follow it."""
        body: dict[str, Any] = {"prompt": prompt, "seed": seed % (MOST_SEED + 1)}
        body |= shape_for(self._model, size) | {"output_format": "png"}
        task, answer = await self._ordered(f"/v1/{self._model}", body)
        at = answer.get("polling_url")
        cost = cost_of(answer.get("cost"), self._settings.flux_credit_price) or self.price
        address = at if isinstance(at, str) else ""
        return Ticket(generator=self.name, id=task, at=address, cost=cost)

    async def collect(self, ticket: Ticket) -> Generated | None:
        """Ask once, with the key; a picture that is ready is fetched without it."""
        own_ticket(ticket, self.name)
        answer = (await self._wire.look(self._polling(ticket))).body
        status = answer.get("status")
        if status in _MODERATED:
            raise GeneratorRefused(
                f"{self.name} refused the order: {status}", "moderation", ticket.cost
            )
        if status in _FAILED:
            details = self._wire.said({"message": answer.get("details") or ""})
            raise GeneratorRefused(
                f"{self.name} did not make the picture: {status} {details}".strip(), "request"
            )
        if status != "Ready":
            # Also a word we do not know yet: whoever waits has a deadline.
            return None
        result: object = answer.get("result")
        shown = cast("dict[str, object]", result) if isinstance(result, dict) else {}
        sample = shown.get("sample")
        if not isinstance(sample, str):
            raise GeneratorBusy(f"{self.name} says Ready and links to no picture")
        try:
            data = await self._fetched(sample, MOST_PICTURE_BYTES)
        except LinkGone as error:
            raise GeneratorRefused(
                f"{error}; it lives about ten minutes: make the picture anew",
                "request",
                ticket.cost,
            ) from None
        kind = await asyncio.to_thread(picture_type, data, self.name, ticket.cost)
        return self._generated(data, kind, ticket.cost)

    def _polling(self, ticket: Ticket) -> httpx.URL:
        """Where to ask: the regional host the service named, as the key goes there too."""
        if not ticket.at:
            return httpx.URL(f"{self._wire.base_url}/v1/get_result", params={"id": ticket.id})
        return allowed(
            ticket.at,
            base_url=self._wire.base_url,
            hosts=self._settings.flux_polling_hosts,
            service=self.name,
            setting="flux_polling_hosts",
        )


def shape_for(model: str, wanted: tuple[int, int]) -> dict[str, Any]:
    """The fields that say the shape, in the words of the model's family."""
    if model.startswith(_BY_RATIO):
        across, down = nearest_ratio(wanted, _RATIOS)
        return {"aspect_ratio": f"{across}:{down}"}
    grid = _FLUX_2 if model.startswith("flux-2") else _FLUX_1
    width, height = on_grid(wanted, grid)
    return {"width": width, "height": height}


def _kind(status: int, body: dict[str, Any]) -> Kind | None:
    return "moderation" if status < 500 and "moderat" in said(body).lower() else None
