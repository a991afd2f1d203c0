"""The stand-ins for OpenAI and Runway, driven by the services' own packages."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import openai
import pytest
import runwayml
from PIL import Image

from sandbox.generative.media import LABEL, picture
from tests.sandbox_server import Sandbox, serve

STILL = "data:image/png;base64," + base64.b64encode(picture("a", 1, (64, 36))).decode()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = serve(tmp_path_factory.mktemp("generative"), networks=())
    yield sandbox
    sandbox.stop()


@pytest.fixture
async def runway(stack: Sandbox) -> AsyncIterator[runwayml.AsyncRunwayML]:
    base = f"{stack.url}/runway"
    async with runwayml.AsyncRunwayML(api_key="k", base_url=base, max_retries=0) as client:
        yield client


@pytest.fixture
async def images(stack: Sandbox) -> AsyncIterator[openai.AsyncOpenAI]:
    base = f"{stack.url}/openai/v1"
    async with openai.AsyncOpenAI(api_key="k", base_url=base, max_retries=0) as client:
        yield client


async def test_runways_package_sees_a_whole_life(runway: runwayml.AsyncRunwayML) -> None:
    made = await runway.image_to_video.create(
        model="gen4_turbo", prompt_image=STILL, prompt_text="slowly", ratio="1280:720", duration=2
    )
    seen = [await runway.tasks.retrieve(made.id) for _ in range(4)]
    assert [task.status for task in seen] == ["PENDING", "THROTTLED", "RUNNING", "SUCCEEDED"]
    assert seen[0].status == "PENDING"
    assert seen[0].estimated_cost.credits == 10
    assert seen[0].created_at.tzinfo is not None
    assert seen[3].status == "SUCCEEDED"
    assert seen[3].cost.credits == 10
    async with httpx.AsyncClient(trust_env=False) as http:
        got = await http.get(seen[3].output[0])
    assert got.content[4:8] == b"ftyp"
    assert LABEL.encode() in got.content
    await runway.tasks.delete(made.id)
    with pytest.raises(runwayml.NotFoundError):
        await runway.tasks.retrieve(made.id)


async def test_runways_package_sees_failures(
    runway: runwayml.AsyncRunwayML, stack: Sandbox
) -> None:
    stack.arm("runway", "moderated")
    made = await runway.image_to_video.create(
        model="gen4.5", prompt_image=STILL, prompt_text="x", ratio="960:960", duration=10
    )
    for _ in range(3):
        await runway.tasks.retrieve(made.id)
    failed = await runway.tasks.retrieve(made.id)
    assert failed.status == "FAILED"
    assert failed.failure_code == "SAFETY.INPUT.TEXT"
    with pytest.raises(runwayml.BadRequestError, match="ratio"):
        await runway.image_to_video.create(
            model="veo3.1", prompt_image=STILL, ratio="960:960", duration=4  # type: ignore[call-overload]
        )  # fmt: skip
    with pytest.raises(runwayml.BadRequestError, match="duration"):
        await runway.image_to_video.create(
            model="veo3.1", prompt_image=STILL, ratio="720:1280", duration=5  # type: ignore[call-overload]
        )  # fmt: skip
    with pytest.raises(runwayml.BadRequestError, match="limit"):
        await runway.image_to_video.create(
            model="gen4_turbo", prompt_image=STILL + "A" * 5_000_000, ratio="720:1280", duration=5
        )
    for fault, error in (
        ("expired_token", runwayml.AuthenticationError),
        ("rate_limited", runwayml.RateLimitError),
        ("overloaded", runwayml.InternalServerError),
    ):
        stack.arm("runway", fault)
        with pytest.raises(error):
            await runway.tasks.retrieve(made.id)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
async def test_openais_package_gets_a_labelled_picture(
    images: openai.AsyncOpenAI, kind: str
) -> None:
    made = await images.images.generate(
        prompt="a library",
        model="gpt-image-2",
        size="1536x864",
        quality="low",
        output_format=kind,  # type: ignore[call-overload]
    )
    assert made.data
    assert made.data[0].b64_json
    assert (made.size, made.output_format, made.quality) == ("1536x864", kind, "low")
    assert made.usage
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    with Image.open(io.BytesIO(base64.b64decode(made.data[0].b64_json))) as image:
        assert (image.size, image.format) == ((1536, 864), kind.upper())
        label = image.info["Description"] if kind == "png" else image.getexif()[0x010E]
        assert label == LABEL


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"size": "1000x1000"}, "size"),
        ({"size": "3200x1024"}, "size"),
        ({"size": "1536x864", "model": "gpt-image-1.5"}, "size"),
        ({"n": 4}, "n"),
        ({"prompt": ""}, "prompt"),
        ({"response_format": "b64_json"}, "response_format"),
        ({"quality": "hd"}, "quality"),
    ],
)
async def test_openais_package_is_told_the_field(
    images: openai.AsyncOpenAI, asked: dict[str, object], field: str
) -> None:
    order = {"prompt": "x", "model": "gpt-image-2", **asked}
    with pytest.raises(openai.BadRequestError) as caught:
        await images.images.generate(**order)  # type: ignore[arg-type]
    assert caught.value.param == field


async def test_openais_faults_are_the_packages_errors(
    images: openai.AsyncOpenAI, stack: Sandbox
) -> None:
    for fault, error, code in (
        ("expired_token", openai.AuthenticationError, "invalid_api_key"),
        ("rate_limited", openai.RateLimitError, "rate_limit_exceeded"),
        ("no_credit", openai.RateLimitError, "insufficient_quota"),
        ("moderated", openai.BadRequestError, "moderation_blocked"),
        ("server_error", openai.InternalServerError, None),
    ):
        stack.arm("openai", fault)
        with pytest.raises(error) as caught:
            await images.images.generate(prompt="x", model="gpt-image-2")
        assert caught.value.code == code
    with pytest.raises(openai.NotFoundError):
        await images.images.generate(prompt="x", model="dall-e-3")


async def test_orders_survive_a_restart(tmp_path: Path) -> None:
    first = serve(tmp_path, networks=())
    order = {"prompt": "x", "width": 256, "height": 256}
    async with httpx.AsyncClient(trust_env=False, headers={"x-key": "k"}) as http:
        made = (await http.post(f"{first.url}/flux/v1/flux-dev", json=order)).json()
        await asyncio.to_thread(first.stop)
        again = serve(tmp_path, networks=())
        asked = await http.get(f"{again.url}/flux/v1/get_result", params={"id": made["id"]})
        await asyncio.to_thread(again.stop)
    assert asked.json()["status"] == "Pending"
