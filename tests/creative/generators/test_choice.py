"""Which generator is taken, and that nobody is spoken to unasked; keys stay secret."""

import logging
import socket
import traceback

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse

from creative.generators import (
    Generated,
    GeneratorRefused,
    GeneratorSettings,
    Ticket,
    cost_of,
)
from creative.generators.choice import image_generator, video_generator
from creative.generators.flux import Flux
from creative.generators.openai_images import OpenAIImages
from creative.generators.runway import Runway
from models.contract.money import Money
from sandbox.generative.media import picture
from tests.creative.generators.stand_ins import KEY, Scripted, pointed_at
from tests.sandbox_server import Sandbox

SECRET = SecretStr(KEY)


def test_without_a_key_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment holds for others: settings alone decide."""
    for name in ("OPENAI_API_KEY", "BFL_API_KEY", "RUNWAYML_API_SECRET"):
        monkeypatch.setenv(name, KEY)
    assert image_generator(GeneratorSettings()) is None
    assert video_generator(GeneratorSettings()) is None


def test_a_key_or_a_base_url_of_ones_own_chooses() -> None:
    both = GeneratorSettings(openai_api_key=SECRET, flux_api_key=SECRET)
    assert isinstance(image_generator(both), OpenAIImages)
    assert isinstance(image_generator(GeneratorSettings(flux_api_key=SECRET)), Flux)
    own = GeneratorSettings(flux_base_url="http://gateway.internal")
    assert isinstance(image_generator(own), Flux)
    asked = GeneratorSettings(images="flux", openai_api_key=SECRET, flux_api_key=SECRET)
    assert isinstance(image_generator(asked), Flux)
    assert isinstance(video_generator(GeneratorSettings(runway_api_key=SECRET)), Runway)


def test_off_is_off_and_a_name_without_a_key_is_refused() -> None:
    off = GeneratorSettings(images="off", videos="off", openai_api_key=SECRET,
                            runway_api_key=SECRET)  # fmt: skip
    assert image_generator(off) is None
    assert video_generator(off) is None
    for settings, variable in (
        (GeneratorSettings(images="openai", flux_api_key=SECRET), "OPENAI_API_KEY"),
        (GeneratorSettings(images="flux", openai_api_key=SECRET), "BFL_API_KEY"),
    ):
        with pytest.raises(GeneratorRefused, match=variable) as caught:
            image_generator(settings)
        assert caught.value.kind == "access"
    with pytest.raises(GeneratorRefused, match="RUNWAYML_API_SECRET"):
        video_generator(GeneratorSettings(videos="runway"))


async def test_nobody_is_contacted_before_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    keys = GeneratorSettings(openai_api_key=SECRET, flux_api_key=SECRET, runway_api_key=SECRET)
    assert image_generator(keys)
    assert video_generator(keys)


def test_what_is_the_sandbox_says_so_and_nothing_else_does() -> None:
    settings = GeneratorSettings(sandbox_url="http://127.0.0.1:8000/")
    assert settings.is_sandbox("http://127.0.0.1:8000/flux")
    assert not settings.is_sandbox("http://127.0.0.1:80001/flux")
    assert not settings.is_sandbox("https://api.bfl.ai")
    assert not GeneratorSettings().is_sandbox("")


def test_prices_are_the_operators_before_ours() -> None:
    settings = GeneratorSettings(prices={"flux-2-pro": Money.of("0.05", "EUR")})
    assert settings.price("flux-2-pro") == Money.of("0.05", "EUR")
    assert settings.price("gen4_turbo") == Money.of("0.50")
    assert settings.price("unheard-of") is None
    assert cost_of(1.5, Money.of("0.01")) == Money.of("0.015")
    assert cost_of(1, None) is None


GENERATORS = [
    pytest.param(OpenAIImages, id="openai"),
    pytest.param(Flux, id="flux"),
    pytest.param(Runway, id="runway"),
]


async def submit(generator: OpenAIImages | Flux | Runway) -> Ticket | Generated:
    if isinstance(generator, Runway):
        return await generator.submit("x", picture("x", 1, (64, 64)), (1, 1), 2, 1)
    return await generator.submit("x", (64, 64), 1)


@pytest.mark.parametrize("make", GENERATORS)
async def test_a_key_is_in_no_log_repr_or_traceback(
    make: type[OpenAIImages | Flux | Runway],
    stack: Sandbox,
    scripted: Scripted,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("openai", "httpx", "httpx2", "httpcore", "httpcore2"):
            caplog.set_level(logging.DEBUG, name)
    settings = pointed_at(stack.url)
    generator = make(settings)
    assert KEY not in repr(settings)
    assert KEY not in repr(generator)
    assert KEY not in repr(await submit(generator))
    scripted.say(JSONResponse({"error": {"message": f"bad key {KEY}"}, "detail": KEY}, 400))
    with pytest.raises(GeneratorRefused) as caught:
        await submit(make(scripted.settings()))
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown
    assert KEY not in caplog.text
    assert caplog.text, "the libraries do log; else this proves nothing"


@pytest.mark.parametrize("make", GENERATORS)
async def test_a_gateway_of_ones_own_needs_no_key(
    make: type[OpenAIImages | Flux | Runway], stack: Sandbox
) -> None:
    none = SecretStr("")
    settings = pointed_at(stack.url, openai_api_key=none, flux_api_key=none, runway_api_key=none)
    assert await submit(make(settings))


@pytest.mark.parametrize("make", GENERATORS)
async def test_no_service_is_asked_for_anothers_order(
    make: type[OpenAIImages | Flux | Runway], scripted: Scripted
) -> None:
    with pytest.raises(GeneratorRefused):
        await make(scripted.settings()).collect(Ticket(generator="another", id="t"))
    assert not scripted.asked


@pytest.mark.parametrize("make", GENERATORS)
@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example",
        "api.bfl.ai",
        KEY,
        "https://",
        "http://x.example:99999",
        "https://u:p@x.example",
        "https://x.example/?key=1",
    ],
)
def test_a_base_url_that_is_none_is_refused_before_anything_is_sent(
    make: type[OpenAIImages | Flux | Runway], url: str
) -> None:
    settings = GeneratorSettings(openai_base_url=url, flux_base_url=url, runway_base_url=url)
    with pytest.raises(GeneratorRefused, match="is no base URL") as caught:
        make(settings)
    assert caught.value.kind == "access"
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("make", GENERATORS)
async def test_a_key_is_trimmed_and_odd_ones_are_refused(
    make: type[OpenAIImages | Flux | Runway], stack: Sandbox
) -> None:
    def keyed(text: str) -> GeneratorSettings:
        odd = SecretStr(text)
        return pointed_at(stack.url, openai_api_key=odd, flux_api_key=odd, runway_api_key=odd)

    assert await submit(make(keyed(f" {KEY}\n")))
    for text in (f"{KEY}\r\nx-evil: 1", "schlüssel", "two words", "\x00"):
        with pytest.raises(GeneratorRefused, match="no key has") as caught:
            make(keyed(text))
        assert text not in str(caught.value)
