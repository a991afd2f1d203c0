"""Pictures by Flux: ordered, asked for, fetched; against the stand-in and a scripted server."""

import io
import time
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.responses import JSONResponse, Response

from creative.generators import (
    Generated,
    GeneratorBusy,
    GeneratorRefused,
    Ticket,
)
from creative.generators import flux as module
from creative.generators.flux import Flux, shape_for
from models.contract.money import Money
from sandbox.generative import flux as stand_in
from sandbox.generative.media import LABEL, picture
from tests.creative.generators.stand_ins import KEY, Scripted, dropped, pointed_at
from tests.sandbox_server import Sandbox

SQUARE = (1080, 1080)


async def order(generator: Flux, size: tuple[int, int] = SQUARE) -> Ticket:
    return await generator.submit("a library at night", size, 7)


async def test_an_order_is_a_ticket_and_later_a_picture(stack: Sandbox) -> None:
    generator = Flux(pointed_at(stack.url))
    ticket = await order(generator)
    assert ticket.at.startswith(f"{stack.url}/flux/v1/get_result?id=")
    # The service counts by the megapixel: more than the price expected of one.
    assert ticket.cost == Money.of("0.045")
    assert generator.price == Money.of("0.03")
    assert await generator.collect(ticket) is None
    made = await generator.collect(Ticket.model_validate(ticket.model_dump()))
    assert made is not None
    assert (made.media_type, made.generator, made.model) == ("image/png", "flux", "flux-2-pro")
    assert (made.cost, made.sandbox) == (ticket.cost, True)
    with Image.open(io.BytesIO(made.data)) as image:
        assert image.size == (1088, 1088)
        assert image.info["Description"] == LABEL
    again = await generator.collect(ticket)
    assert again is not None
    assert again.data == made.data, "what was paid for can be fetched once more"


async def test_without_an_address_the_id_is_asked_for(stack: Sandbox) -> None:
    generator = Flux(pointed_at(stack.url))
    ticket = (await order(generator)).model_copy(update={"at": ""})
    assert await generator.collect(ticket) is None
    assert isinstance(await generator.collect(ticket), Generated)


@pytest.mark.parametrize("model", [*stand_in.BY_SIZE, *stand_in.BY_RATIO])
async def test_every_model_takes_the_shape_it_is_asked_for(stack: Sandbox, model: str) -> None:
    generator = Flux(pointed_at(stack.url, flux_model=model))
    for size in ((1080, 1920), (1200, 628), (1080, 1080), (1920, 300)):
        assert (await order(generator, size)).id
        assert shape_for(model, size).keys() in ({"width", "height"}, {"aspect_ratio"})


@pytest.mark.parametrize("path", [None, "get_result"])
async def test_moderation_is_final(stack: Sandbox, path: str | None) -> None:
    """Of the prompt at once, and of the finished picture."""
    stack.arm("flux", "moderated", **({"path": path} if path else {}))
    generator = Flux(pointed_at(stack.url))
    ticket = await order(generator)
    if path:
        assert await generator.collect(ticket) is None
    with pytest.raises(GeneratorRefused, match="Moderated") as caught:
        await generator.collect(ticket)
    assert caught.value.kind == "moderation"


async def test_the_key_stays_with_the_api(scripted: Scripted) -> None:
    link = f"{scripted.url}/sample?sig=s"
    made = picture("x", 1, (64, 64))
    scripted.say({"status": "Ready", "result": {"sample": link}}, Response(made))
    ticket = Ticket(generator="flux", id="t", at=f"{scripted.url}/poll")
    got = await Flux(scripted.settings()).collect(ticket)
    assert got is not None
    assert got.data == made
    polled, fetched = scripted.asked
    assert polled.headers["x-key"] == KEY
    assert KEY not in str(fetched.headers)
    assert fetched.headers["accept-encoding"] == "identity"


async def test_a_link_that_expired_ends_the_order(
    stack: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = Flux(pointed_at(stack.url))
    ticket = await order(generator)
    await generator.collect(ticket)
    monkeypatch.setattr(stand_in, "LIVES", -1)
    with pytest.raises(GeneratorRefused, match="expired"):
        await generator.collect(ticket)


async def test_the_stand_ins_link_is_signed_and_refuses_the_key(stack: Sandbox) -> None:
    """What a careless client would get wrong on the real service, goes wrong here too."""
    ticket = await order(Flux(pointed_at(stack.url)))
    headers = {"x-key": KEY}
    async with httpx.AsyncClient(trust_env=False) as http:
        await http.get(ticket.at, headers=headers)
        link = (await http.get(ticket.at, headers=headers)).json()["result"]["sample"]
        assert (await http.get(link)).status_code == 200
        assert (await http.get(link, headers=headers)).status_code == 400
        later = link.replace("se=", f"se={int(time.time())}")
        assert (await http.get(later)).status_code == 403
        assert (await http.get(ticket.at)).status_code == 403


@pytest.mark.parametrize(
    ("status", "words"),
    [("Task not found", "Task not found"), ("Error", "Error"), ("Failed", "Failed")],
)
async def test_what_failed_there_failed(scripted: Scripted, status: str, words: str) -> None:
    scripted.say({"id": "t", "status": status, "details": f"because {KEY}"})
    with pytest.raises(GeneratorRefused, match=words) as caught:
        await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))
    assert caught.value.kind == "request"
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("status", ["Pending", "Reasoning", "Generating", "A new word", None, 7])
async def test_what_goes_on_is_waited_for(scripted: Scripted, status: Any) -> None:
    scripted.say({"id": "t", "status": status})
    assert await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t")) is None


@pytest.mark.parametrize("cost", [None, True, "3", -1, float("1e12"), [1]])
async def test_a_cost_that_is_none_is_not_believed(scripted: Scripted, cost: Any) -> None:
    scripted.say({"id": "t", "cost": cost})
    ticket = await order(Flux(scripted.settings()))
    assert ticket.cost == Money.of("0.03")
    assert ticket.at == ""


@pytest.mark.parametrize("result", [None, {}, {"sample": None}, [], "x"])
async def test_ready_without_a_link_is_asked_for_again(scripted: Scripted, result: Any) -> None:
    scripted.say({"status": "Ready", "result": result})
    with pytest.raises(GeneratorBusy, match="no picture"):
        await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))


@pytest.mark.parametrize(
    "at",
    [
        "https://bfl.ai.evil.example/v1/get_result?id=t",
        "https://evilbfl.ai/v1/get_result?id=t",
        "http://api.bfl.ai/v1/get_result?id=t",
        "https://api.bfl.ai:8443/v1/get_result?id=t",
        "https://user:pass@api.bfl.ai/v1/get_result?id=t",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/v1",
        "http://127.0.0.1:1/v1",
        "file:///etc/passwd",
        "//api.bfl.ai/v1",
        "https://",
        "https://api.bfl.ai:99999/",
    ],
)
async def test_the_key_goes_to_listed_hosts_only(scripted: Scripted, at: str) -> None:
    """The order stays known: what was paid for is not forgotten over a strange address."""
    scripted.say({"id": "t", "polling_url": at})
    generator = Flux(scripted.settings())
    ticket = await order(generator)
    assert (ticket.id, ticket.at) == ("t", at)
    with pytest.raises(GeneratorRefused):
        await generator.collect(ticket)
    assert len(scripted.asked) == 1


PRIVATE = [
    "http://169.254.169.254/latest/meta-data?sig=secret",
    "https://10.0.0.1/x?sig=secret",
    "https://localhost/x",
    "https://evil.example/x",
    "http://delivery.bfl.ai/x",
]


@pytest.mark.parametrize("target", [*PRIVATE, "", "http://["])
async def test_links_lead_to_listed_hosts_only(scripted: Scripted, target: str) -> None:
    scripted.say({"status": "Ready", "result": {"sample": target}})
    with pytest.raises(GeneratorRefused, match="sent a link") as caught:
        await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("target", PRIVATE)
async def test_redirects_lead_to_listed_hosts_only(scripted: Scripted, target: str) -> None:
    scripted.say({"status": "Ready", "result": {"sample": f"{scripted.url}/sample"}})
    scripted.say(Response(status_code=302, headers={"location": target}))
    with pytest.raises(GeneratorRefused, match="flux_delivery_hosts") as caught:
        await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))
    assert "secret" not in str(caught.value)


async def test_redirects_end(scripted: Scripted) -> None:
    round_and_round = Response(status_code=302, headers={"location": "/again"})
    scripted.say({"status": "Ready", "result": {"sample": f"{scripted.url}/s"}})
    scripted.say(*[round_and_round] * 4)
    with pytest.raises(GeneratorRefused, match="redirects more than 3"):
        await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))


async def test_a_redirect_on_the_same_host_is_followed(scripted: Scripted) -> None:
    made = picture("x", 1, (64, 64), "JPEG")
    scripted.say({"status": "Ready", "result": {"sample": f"{scripted.url}/s"}})
    scripted.say(Response(status_code=302, headers={"location": "/there"}), Response(made))
    got = await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))
    assert got is not None
    assert got.media_type == "image/jpeg"


BROKEN = [
    (b"MZ not a picture", "no whole"),
    (b"", "no whole"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no whole"),
    (b"GIF89a" + bytes(100), "no whole"),
    (picture("x", 1, (256, 256))[:-400], "no whole"),
    (bytes(300_000), "limit of 200,000 bytes"),
]


@pytest.mark.parametrize(("data", "words"), BROKEN)
async def test_what_is_no_picture_or_too_large_is_refused(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, data: bytes, words: str
) -> None:
    """The type it is sent under does not matter."""
    monkeypatch.setattr(module, "MOST_PICTURE_BYTES", 200_000)
    scripted.say({"status": "Ready", "result": {"sample": f"{scripted.url}/s"}})
    scripted.say(Response(data, media_type="image/png"))
    with pytest.raises(GeneratorRefused, match=words):
        await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))


async def test_a_bomb_is_refused_before_it_is_unpacked(scripted: Scripted) -> None:
    out = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(out, "PNG")
    scripted.say({"status": "Ready", "result": {"sample": f"{scripted.url}/s"}})
    scripted.say(Response(out.getvalue(), media_type="image/png"))
    with pytest.raises(GeneratorRefused, match="9000x9000 pixels, the limit is 50,000,000"):
        await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))


@pytest.mark.parametrize("answer", [dropped, Response("", 503, {"retry-after": "9"})])
async def test_a_fetch_that_fails_is_tried_again(scripted: Scripted, answer: Any) -> None:
    scripted.say({"status": "Ready", "result": {"sample": f"{scripted.url}/s"}}, answer)
    with pytest.raises(GeneratorBusy) as caught:
        await Flux(scripted.settings()).collect(Ticket(generator="flux", id="t"))
    if answer is not dropped:
        assert caught.value.retry_after == 9


async def test_nobody_there_is_busy_as_nothing_was_ordered() -> None:
    with pytest.raises(GeneratorBusy, match="could not be reached"):
        await order(Flux(pointed_at("http://127.0.0.1:9")))


@pytest.mark.parametrize(
    ("given", "read"),
    [("7", 7), ("0", 0), ("-3", 0), ("1e9", 600), ("nan", 0), ("inf", 600), ("soon", None),
     ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("", None)],
)  # fmt: skip
async def test_a_wait_is_read_and_never_endless(
    scripted: Scripted, given: str, read: float | None
) -> None:
    scripted.say(Response("{}", 429, {"retry-after": given}))
    with pytest.raises(GeneratorBusy) as caught:
        await order(Flux(scripted.settings()))
    assert caught.value.retry_after == read


async def test_what_was_wrong_is_said_and_nothing_else(scripted: Scripted) -> None:
    """A validation error names the field; a redirect of an order is no answer to it."""
    detail = [{"loc": ["body", "width"], "msg": "too\x1b[31m wide", "type": "x"}, "odd", None]
    scripted.say(JSONResponse({"detail": detail}, 422))
    scripted.say(JSONResponse({"detail": "Request moderated by policy"}, 400))
    scripted.say(Response(status_code=307, headers={"location": f"{scripted.url}/x"}))
    with pytest.raises(GeneratorRefused, match=r"body\.width too") as caught:
        await order(Flux(scripted.settings()))
    assert caught.value.kind == "request"
    assert "\x1b" not in str(caught.value)
    with pytest.raises(GeneratorRefused) as caught:
        await order(Flux(scripted.settings()))
    assert caught.value.kind == "moderation"
    with pytest.raises(GeneratorRefused, match="307"):
        await order(Flux(scripted.settings()))
