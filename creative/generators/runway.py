"""Videos by Runway: ``POST /v1/image_to_video``, then the task is asked for until it ends.

Plain HTTP rather than the package ``runwayml``: two calls are needed, the mapping of errors is
the one of Flux and tested once, and the package follows redirects with the order in hand, reads
answers of any size and leaves waiting to a helper that misses cancelled tasks. The package drives
the stand-in in the tests instead, so that what we speak is what it speaks.
"""

import asyncio
from typing import Any, cast
from urllib.parse import quote

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
from creative.generators.content import MOST_VIDEO_BYTES, video_type
from creative.generators.ordered import OrderedService
from creative.generators.shapes import Size, nearest_length, nearest_ratio
from creative.generators.stills import data_uri
from creative.generators.wire import LinkGone, Wire, said
from models.contract.money import Money

LIVE = "https://api.dev.runwayml.com"
VERSION = "2024-11-06"
MOST_PROMPT = 1_000
MOST_DATA_URI = 5_000_000
MOST_SEED = 2**32 - 1
_GEN_RATIOS: tuple[Size, ...] = (
    (1280, 720), (720, 1280), (1104, 832), (832, 1104), (960, 960), (1584, 672),
)  # fmt: skip
_VEO_RATIOS: tuple[Size, ...] = ((1280, 720), (720, 1280), (1920, 1080), (1080, 1920))
_GEN_SECONDS = range(2, 11)
_VEO_SECONDS = (4, 6, 8)


class Runway(OrderedService):
    """One model."""

    name = "runway"

    def __init__(self, settings: GeneratorSettings) -> None:
        key = access.key(settings.runway_api_key, "runway_api_key")
        wire = Wire(
            service=self.name,
            base_url=access.base_url(settings.runway_base_url, LIVE, "runway_base_url"),
            headers={"authorization": f"Bearer {key}", "x-runway-version": VERSION},
            secret=SecretStr(key),
            timeout=settings.timeout_seconds,
            # Its documentation calls 502 and 503 shedding load; a 504 leaves a doubt.
            shedding=frozenset({429, 502, 503}),
            reads=_kind,
        )
        super().__init__(settings, settings.runway_model, wire, settings.runway_delivery_hosts)

    async def submit(
        self, prompt: str, still: bytes, ratio: tuple[int, int], seconds: int, seed: int
    ) -> Ticket:
        """Order a clip. A still too large to be sent along is made smaller, as the clip is."""
        units = len(prompt.encode("utf-16-le")) // 2
        if not 0 < units <= MOST_PROMPT:
            raise GeneratorRefused(
                f"prompt has {units:,} UTF-16 units, {self.name} takes 1 to {MOST_PROMPT:,}; "
                "shorten it",
                "request",
            )
        width, height = ratio_for(self._model, ratio)
        body = {
            "model": self._model,
            "promptImage": await asyncio.to_thread(data_uri, still, (width, height), MOST_DATA_URI),
            "promptText": prompt,
            "ratio": f"{width}:{height}",
            "duration": seconds_for(self._model, seconds),
            "seed": seed % (MOST_SEED + 1),
        }
        task, answer = await self._ordered("/v1/image_to_video", body)
        cost = self._cost(answer, "estimatedCost") or self.price
        return Ticket(generator=self.name, id=task, cost=cost)

    async def collect(self, ticket: Ticket) -> Generated | None:
        """Ask once; a clip that is ready is fetched. Every asking brings a fresh link."""
        own_ticket(ticket, self.name)
        url = httpx.URL(f"{self._wire.base_url}/v1/tasks/{quote(ticket.id, safe='')}")
        task = (await self._wire.look(url)).body
        status = task.get("status")
        cost = self._cost(task, "cost")
        if status == "FAILED":
            code = self._wire.said({"message": task.get("failureCode") or ""})
            why = self._wire.said({"message": task.get("failure") or "no reason given"})
            kind: Kind = "moderation" if code.startswith("SAFETY") else "request"
            told = f"{self.name} did not make the clip: {why} {f'({code})' if code else ''}"
            raise GeneratorRefused(told.strip(), kind, cost)
        if status == "CANCELLED":
            raise GeneratorRefused(f"{self.name}'s order was cancelled there", "request", cost)
        if status != "SUCCEEDED":
            # THROTTLED is a place in the queue. A word we do not know yet is waited for too:
            # whoever waits has a deadline.
            return None
        cost = cost or ticket.cost
        output: object = task.get("output")
        links = cast("list[object]", output) if isinstance(output, list) else []
        if not links or not isinstance(links[0], str):
            raise GeneratorBusy(f"{self.name} says SUCCEEDED and links to no clip")
        try:
            data = await self._fetched(links[0], MOST_VIDEO_BYTES)
        except LinkGone as error:
            raise GeneratorBusy(f"{error}; the next asking brings a fresh one") from None
        return self._generated(data, video_type(data, self.name, cost), cost)

    def _cost(self, body: dict[str, Any], field: str) -> Money | None:
        stated = body.get(field)
        if not isinstance(stated, dict):
            return None
        taken = cast("dict[str, object]", stated).get("credits")
        return cost_of(taken, self._settings.runway_credit_price)


def ratio_for(model: str, wanted: tuple[int, int]) -> Size:
    """The size to order for ``wanted``."""
    return nearest_ratio(wanted, _VEO_RATIOS if model.startswith("veo") else _GEN_RATIOS)


def seconds_for(model: str, wanted: int) -> int:
    """The length to order: whole seconds, at least ``wanted`` as far as the model goes."""
    return nearest_length(wanted, _VEO_SECONDS if model.startswith("veo") else _GEN_SECONDS)


def _kind(status: int, body: dict[str, Any]) -> Kind | None:
    """Refusals that come with a status of their own only by their words."""
    words = said(body).lower()
    if status >= 500 or status in (401, 403):
        return None
    if "credit" in words:
        return "credit"
    return "moderation" if "moderat" in words or "safety" in words else None
