"""Pictures by OpenAI, over the official package against the stand-in and a scripted server."""

import asyncio
import base64
import io
from typing import Any

import pytest
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from creative.generators import (
    Generated,
    GeneratorBusy,
    GeneratorLost,
    GeneratorRefused,
    Ticket,
)
from creative.generators import openai_images as module
from creative.generators.openai_images import OpenAIImages, size_for
from models.contract.money import Money
from sandbox.generative.media import LABEL
from tests.creative.generators.stand_ins import KEY, Scripted, dropped, pointed_at, refuses_by_name
from tests.sandbox_server import Sandbox

UPRIGHT = (1080, 1920)


async def order(generator: OpenAIImages) -> Generated:
    return await generator.submit("a library at night", UPRIGHT, 7)


async def test_a_picture_comes_at_once(stack: Sandbox) -> None:
    made = await order(OpenAIImages(pointed_at(stack.url)))
    assert (made.media_type, made.generator, made.sandbox) == ("image/png", "openai", True)
    assert made.model == "gpt-image-2.5-flare"
    assert made.cost == Money.of("0.04")
    with Image.open(io.BytesIO(made.data)) as image:
        assert image.size == size_for(made.model, UPRIGHT)
        assert image.info["Description"] == LABEL
    assert "PNG" not in repr(made), "a repr must not carry the picture"


@pytest.mark.parametrize("model", ["gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest"])
async def test_models_of_fixed_sizes_are_asked_for_one_of_them(stack: Sandbox, model: str) -> None:
    settings = pointed_at(stack.url, openai_image_model=model, prices={model: Money.of("0.011")})
    made = await order(OpenAIImages(settings))
    with Image.open(io.BytesIO(made.data)) as image:
        assert image.size == (1024, 1536)
    assert made.cost == Money.of("0.011")


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("expired_token", GeneratorRefused, "access"),
        ("moderated", GeneratorRefused, "moderation"),
        ("no_credit", GeneratorRefused, "credit"),
        ("rate_limited", GeneratorBusy, "429"),
        ("overloaded", GeneratorBusy, "503"),
        ("server_error", GeneratorLost, "500"),
        ("lost_answer", GeneratorLost, "no answer"),
        ("invalid_answer", GeneratorLost, "without a picture"),
    ],
)
async def test_faults_have_names(
    stack: Sandbox, fault: str, error: type[Exception], words: str
) -> None:
    placed = order(OpenAIImages(pointed_at(stack.url)))
    await refuses_by_name(stack, "openai", placed, fault, error, words, wait=2)


async def test_an_unknown_model_is_refused_by_name(stack: Sandbox) -> None:
    generator = OpenAIImages(pointed_at(stack.url, openai_image_model="dall-e-3"))
    with pytest.raises(GeneratorRefused, match="dall-e-3") as caught:
        await order(generator)
    assert caught.value.kind == "request"
    assert generator.price is None


def picture(data: bytes | str) -> dict[str, Any]:
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    return {"created": 1, "data": [{"b64_json": text}]}


@pytest.mark.parametrize(
    "answer",
    [
        {"created": 1, "data": []},
        {"created": 1, "data": [{"url": "https://x.example"}]},
        {"created": 1, "data": None},
        picture("no base64!"),
        picture(""),
        Response("[1]", 200, media_type="application/json"),
        Response("{", 200, media_type="application/json"),
        Response(b"\xff\xfe", 200, media_type="application/json"),
    ],
)
async def test_an_order_answered_with_nonsense_is_lost(scripted: Scripted, answer: Any) -> None:
    scripted.say(answer)
    with pytest.raises(GeneratorLost, match="without a picture"):
        await order(OpenAIImages(scripted.settings()))


async def test_what_is_no_picture_is_refused(scripted: Scripted) -> None:
    scripted.say(picture(b"<svg onload='alert(1)'/>"))
    with pytest.raises(GeneratorRefused, match="no whole PNG, JPEG or WebP") as caught:
        await order(OpenAIImages(scripted.settings()))
    assert caught.value.cost == Money.of("0.04"), "it is billed all the same"


async def test_an_endless_answer_is_cut_off(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_ANSWER", 100_000)
    scripted.say(picture(bytes(200_000)))
    with pytest.raises(GeneratorRefused, match="more than the limit") as caught:
        await order(OpenAIImages(scripted.settings()))
    assert caught.value.cost == Money.of("0.04")


async def test_an_order_is_never_redirected(scripted: Scripted) -> None:
    there = {"location": f"{scripted.url}/elsewhere"}
    scripted.say(Response(status_code=307, headers=there))
    with pytest.raises(GeneratorRefused, match="307"):
        await order(OpenAIImages(scripted.settings()))
    assert len(scripted.asked) == 1


async def test_a_slow_answer_is_lost(scripted: Scripted) -> None:
    async def slowly(request: Request) -> Response:
        await asyncio.sleep(0.6)
        return JSONResponse({})

    scripted.say(slowly)
    with pytest.raises(GeneratorLost):
        await order(OpenAIImages(scripted.settings(timeout_seconds=0.2)))


async def test_a_cut_connection_is_lost(scripted: Scripted) -> None:
    scripted.say(dropped)
    with pytest.raises(GeneratorLost):
        await order(OpenAIImages(scripted.settings()))


async def test_nobody_there_is_busy_as_nothing_was_ordered() -> None:
    with pytest.raises(GeneratorBusy, match="could not be reached"):
        await order(OpenAIImages(pointed_at("http://127.0.0.1:9")))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "content_policy_violation", "moderation"),
        (400, "billing_hard_limit_reached", "credit"),
        (403, "unsupported_country_region_territory", "access"),
        (413, None, "request"),
    ],
)
async def test_refusals_are_told_apart(
    scripted: Scripted, status: int, code: str | None, kind: str
) -> None:
    error = {"message": f"no, {KEY}\nsaid", "type": "x", "code": code, "param": None}
    scripted.say(JSONResponse({"error": error}, status))
    with pytest.raises(GeneratorRefused) as caught:
        await order(OpenAIImages(scripted.settings()))
    assert caught.value.kind == kind
    assert KEY not in caught.value.reason
    assert "\n" not in caught.value.reason


async def test_it_keeps_no_orders_and_takes_no_endless_prompts() -> None:
    generator = OpenAIImages(pointed_at("http://127.0.0.1:9"))
    with pytest.raises(GeneratorRefused, match="answers at once"):
        await generator.collect(Ticket(generator="openai", id="x"))
    with pytest.raises(GeneratorRefused, match="32,001 characters"):
        await generator.submit("x" * 32_001, UPRIGHT, 1)
