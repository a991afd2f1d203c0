"""Videos by Runway: ordered with a still, asked for until they end, fetched."""

import asyncio
import base64
import io
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image
from starlette.responses import JSONResponse, Response

from creative.generators import (
    Generated,
    GeneratorBusy,
    GeneratorLost,
    GeneratorRefused,
    Ticket,
)
from creative.generators import runway as module
from creative.generators.runway import Runway, ratio_for, seconds_for
from creative.generators.stills import data_uri
from models.contract.money import Money
from sandbox.generative import runway as stand_in
from sandbox.generative.media import LABEL, clip, picture
from tests.creative.generators.stand_ins import KEY, Scripted, dropped, pointed_at
from tests.sandbox_server import Sandbox

STILL = picture("a library at night", 7, (360, 640), "JPEG")
UPRIGHT = (9, 16)
TASK = Ticket(generator="runway", id="t")


async def order(generator: Runway, seconds: int = 2, prompt: str = "slowly") -> Ticket:
    return await generator.submit(prompt, STILL, UPRIGHT, seconds, 7)


def probed(path: Path, data: bytes) -> str:
    """What ffmpeg says of a clip."""
    path.write_bytes(data)
    command = [get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


async def test_a_clip_is_ordered_waited_for_and_fetched(stack: Sandbox, tmp_path: Path) -> None:
    generator = Runway(pointed_at(stack.url))
    ticket = await order(generator)
    assert generator.price == Money.of("0.50")
    assert ticket.cost == Money.of("0.10"), "two seconds at five credits of a cent"
    # PENDING, THROTTLED and RUNNING are all the same to whoever waits.
    assert [await generator.collect(ticket) for _ in range(3)] == [None] * 3
    made = await generator.collect(ticket)
    assert made is not None
    assert (made.media_type, made.generator, made.model) == ("video/mp4", "runway", "gen4_turbo")
    assert (made.cost, made.sandbox) == (ticket.cost, True)
    told = await asyncio.to_thread(probed, tmp_path / "clip.mp4", made.data)
    assert "720x1280" in told
    assert "h264" in told
    assert "Duration: 00:00:02.0" in told
    assert LABEL in told


async def test_moderation_is_final_and_says_what_it_took(stack: Sandbox) -> None:
    stack.arm("runway", "moderated")
    generator = Runway(pointed_at(stack.url))
    ticket = await order(generator)
    for _ in range(3):
        assert await generator.collect(ticket) is None
    with pytest.raises(GeneratorRefused, match=r"SAFETY\.INPUT\.TEXT") as caught:
        await generator.collect(ticket)
    assert (caught.value.kind, caught.value.cost) == ("moderation", Money.of(0))


async def test_a_cancelled_task_ends(stack: Sandbox) -> None:
    """The official package's helper waits for ever here."""
    generator = Runway(pointed_at(stack.url))
    ticket = await order(generator)
    headers = {"authorization": f"Bearer {KEY}", "x-runway-version": module.VERSION}
    url = f"{stack.url}/runway/v1/tasks/{ticket.id}"
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
        assert (await http.delete(url)).status_code == 204
    with pytest.raises(GeneratorRefused, match="cancelled"):
        await generator.collect(ticket)


async def test_an_unknown_task_is_refused(stack: Sandbox) -> None:
    with pytest.raises(GeneratorRefused, match="404"):
        await Runway(pointed_at(stack.url)).collect(TASK)


@pytest.mark.parametrize("model", stand_in.MODELS)
async def test_every_model_takes_what_it_is_asked_for(stack: Sandbox, model: str) -> None:
    generator = Runway(pointed_at(stack.url, runway_model=model))
    for wanted in ((9, 16), (1200, 628), (1, 1), (4, 5), (3, 1)):
        assert (await generator.submit("x", STILL, wanted, 1, -1)).id
    for seconds in (5, 15):
        assert (await generator.submit("x", STILL, UPRIGHT, seconds, 2**40)).id


def test_ratio_and_length_are_the_nearest() -> None:
    assert ratio_for("gen4_turbo", (1080, 1920)) == (720, 1280)
    assert ratio_for("gen4_turbo", (1080, 1080)) == (960, 960)
    assert ratio_for("veo3.1", (1080, 1920)) == (1080, 1920)
    assert [seconds_for("gen4_turbo", wanted) for wanted in (1, 6, 30)] == [2, 6, 10]
    assert [seconds_for("veo3.1", wanted) for wanted in (1, 5, 30)] == [4, 6, 8]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("SAFETY.OUTPUT.VIDEO", "moderation"), ("INTERNAL.BAD_OUTPUT.CODE01", "request"),
     (None, "request"), (7, "request")],
)  # fmt: skip
async def test_failures_are_told_apart(scripted: Scripted, code: Any, kind: str) -> None:
    why = {"failure": f"no: {KEY}", "failureCode": code, "cost": {"credits": 12.5}}
    scripted.say({"id": "t", "status": "FAILED"} | why)
    with pytest.raises(GeneratorRefused) as caught:
        await Runway(scripted.settings()).collect(TASK)
    assert caught.value.kind == kind
    assert caught.value.cost == Money.of("0.125")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "You do not have enough credits to run this task.", "credit"),
        (400, "Input rejected by content moderation", "moderation"),
        (400, "promptImage must be less than 5MB", "request"),
        (401, "credits of another account", "access"),
        (404, {"odd": 1}, "request"),
    ],
)
async def test_refusals_are_told_apart(
    scripted: Scripted, status: int, message: Any, kind: str
) -> None:
    scripted.say(JSONResponse({"error": message}, status))
    with pytest.raises(GeneratorRefused) as caught:
        await order(Runway(scripted.settings()))
    assert caught.value.kind == kind
    # What is said of a credential may quote it.
    assert (str(message) in caught.value.reason) == (kind != "access" and status != 404)


async def test_a_gateway_that_gave_up_leaves_a_doubt(scripted: Scripted) -> None:
    scripted.say(Response("", 504), dropped)
    for _ in range(2):
        with pytest.raises(GeneratorLost):
            await order(Runway(scripted.settings()))


@pytest.mark.parametrize("output", [None, [], [7], "https://x", {}])
async def test_done_without_a_link_is_asked_for_again(scripted: Scripted, output: Any) -> None:
    scripted.say({"id": "t", "status": "SUCCEEDED", "output": output})
    with pytest.raises(GeneratorBusy, match="no clip"):
        await Runway(scripted.settings()).collect(TASK)


async def test_a_link_that_expired_is_asked_for_anew(
    stack: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = Runway(pointed_at(stack.url))
    ticket = await order(generator)
    for _ in range(3):
        await generator.collect(ticket)
    with monkeypatch.context() as patch:
        patch.setattr(stand_in, "LIVES", -1)
        with pytest.raises(GeneratorBusy, match="fresh one"):
            await generator.collect(ticket)
    assert isinstance(await generator.collect(ticket), Generated)


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:1/x", "https://192.168.0.1/x", "https://cloudfront.net.evil.example/x"],
)
async def test_links_lead_to_listed_hosts_only(scripted: Scripted, target: str) -> None:
    scripted.say({"id": "t", "status": "SUCCEEDED", "output": [target]})
    with pytest.raises(GeneratorRefused, match="runway_delivery_hosts"):
        await Runway(scripted.settings()).collect(TASK)


CLIP = clip(Image.new("RGB", (64, 64), "teal"), (64, 64), 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (CLIP[:-50], "no whole MP4"),
        (CLIP + b"\x00\x00\x00\x01", "no whole MP4"),
        (STILL, "no whole MP4"),
        (b"", "no whole MP4"),
        (b"\x00\x00\x00\x08ftyp\x00\x00\x00\x00moov", "no whole MP4"),
        (b"#EXTM3U\nfile:///etc/passwd", "no whole MP4"),
        (bytes(500_000), "limit of 400,000 bytes"),
    ],
)
async def test_what_is_no_clip_or_too_large_is_refused(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, data: bytes, words: str
) -> None:
    monkeypatch.setattr(module, "MOST_VIDEO_BYTES", 400_000)
    scripted.say({"id": "t", "status": "SUCCEEDED", "output": [f"{scripted.url}/o.mp4"]})
    scripted.say(Response(data, media_type="video/mp4"))
    with pytest.raises(GeneratorRefused, match=words):
        await Runway(scripted.settings()).collect(TASK)


async def test_the_key_stays_with_the_api_and_the_link_with_us(scripted: Scripted) -> None:
    link = f"{scripted.url}/o.mp4?_jwt=signed"
    scripted.say({"id": "a/../b", "status": "SUCCEEDED", "output": [link]}, Response(CLIP))
    got = await Runway(scripted.settings()).collect(TASK.model_copy(update={"id": "a/../b?x=1"}))
    assert got is not None
    asked, fetched = scripted.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.scope["raw_path"] == b"/v1/tasks/a%2F..%2Fb%3Fx%3D1"
    assert KEY not in str(fetched.headers)


@pytest.mark.parametrize("prompt", ["", "x" * 1001, "🙂" * 501])
async def test_a_prompt_is_counted_as_runway_counts_and_never_cut(prompt: str) -> None:
    with pytest.raises(GeneratorRefused, match="UTF-16 units"):
        await order(Runway(pointed_at("http://127.0.0.1:9")), prompt=prompt)


async def test_an_emoji_counts_two(stack: Sandbox) -> None:
    assert (await order(Runway(pointed_at(stack.url)), prompt="🙂" * 500)).id


def test_a_still_is_sent_as_it_is_where_it_fits() -> None:
    uri = data_uri(STILL, (720, 1280), module.MOST_DATA_URI)
    assert uri == f"data:image/jpeg;base64,{base64.b64encode(STILL).decode()}"


def test_a_still_too_large_is_made_smaller_without_stretching() -> None:
    dice = np.random.default_rng(1)
    out = io.BytesIO()
    noise = dice.integers(0, 256, (1600, 1200, 4), dtype=np.uint8)
    Image.fromarray(noise, "RGBA").save(out, "PNG", compress_level=0)
    uri = data_uri(out.getvalue(), (720, 1280), module.MOST_DATA_URI)
    assert len(uri) <= module.MOST_DATA_URI
    head, _, data = uri.partition(",")
    assert re.fullmatch(r"data:image/jpeg;base64", head)
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == (720, 1280)
    with pytest.raises(GeneratorRefused, match="more than 10,000 characters"):
        data_uri(out.getvalue(), (720, 1280), 10_000)


@pytest.mark.parametrize("still", [b"", b"text", STILL[:500]])
async def test_a_broken_still_is_refused_before_anything_is_asked(still: bytes) -> None:
    with pytest.raises(GeneratorRefused, match="no whole PNG, JPEG or WebP"):
        await Runway(pointed_at("http://127.0.0.1:9")).submit("x", still, UPRIGHT, 5, 1)
