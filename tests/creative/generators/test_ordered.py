"""What holds for every service that takes an order now and shows the work later."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from creative.generators import (
    Generated,
    GeneratorBusy,
    GeneratorLost,
    GeneratorRefused,
    GeneratorSettings,
    Ticket,
)
from creative.generators.flux import Flux
from creative.generators.runway import Runway
from sandbox.generative.media import picture
from tests.creative.generators.stand_ins import Scripted, pointed_at, refuses_by_name
from tests.sandbox_server import Sandbox

STILL = picture("a library at night", 7, (360, 640), "JPEG")


@dataclass(frozen=True)
class Service:
    """One of them: how it is ordered from, its stand-in's own words under load, and whether the
    second look finds the work finished."""

    open: Callable[[GeneratorSettings], Flux | Runway]
    overloaded: str
    wait: float
    soon: bool

    def order(self, settings: GeneratorSettings) -> Coroutine[Any, Any, Ticket]:
        generator = self.open(settings)
        if isinstance(generator, Flux):
            return generator.submit("a library at night", (1080, 1080), 7)
        return generator.submit("slowly", STILL, (9, 16), 2, 7)


SERVICES = {
    "flux": Service(Flux, "503", 3, soon=True),
    "runway": Service(Runway, "502", 4, soon=False),
}
each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("expired_token", GeneratorRefused, "access"),
        ("no_credit", GeneratorRefused, "credit"),
        ("rate_limited", GeneratorBusy, "429"),
        ("overloaded", GeneratorBusy, ""),
        ("server_error", GeneratorLost, "500"),
        ("lost_answer", GeneratorLost, "was lost"),
        ("invalid_answer", GeneratorLost, "no JSON object"),
    ],
)
async def test_faults_of_an_order_have_names(
    stack: Sandbox, name: str, fault: str, error: type[Exception], words: str
) -> None:
    service = SERVICES[name]
    placed = service.order(pointed_at(stack.url))
    words = words or service.overloaded
    await refuses_by_name(stack, name, placed, fault, error, words, wait=service.wait)


@each_service
@pytest.mark.parametrize(
    "fault", ["rate_limited", "overloaded", "server_error", "lost_answer", "invalid_answer"]
)
async def test_asking_in_vain_loses_nothing(stack: Sandbox, name: str, fault: str) -> None:
    settings = pointed_at(stack.url)
    ticket = await SERVICES[name].order(settings)
    generator = SERVICES[name].open(settings)
    assert await generator.collect(ticket) is None
    stack.arm(name, fault)
    with pytest.raises(GeneratorBusy):
        await generator.collect(ticket)
    assert isinstance(await generator.collect(ticket), Generated) == SERVICES[name].soon


@each_service
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": ""},
        {"id": None},
        {"id": 7},
        {"polling_url": "https://x"},
        {"estimatedCost": {"credits": 5}},
    ],
)
async def test_an_order_without_an_id_is_lost(
    scripted: Scripted, name: str, answer: dict[str, Any]
) -> None:
    scripted.say(answer)
    with pytest.raises(GeneratorLost, match="no id"):
        await SERVICES[name].order(scripted.settings())
