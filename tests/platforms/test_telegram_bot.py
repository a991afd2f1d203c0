"""Posts through the Bot API against its stand-in (C13)."""

import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from platforms.errors import AccessDenied, Ambiguous, NetworkError, RateLimited, Refused, Transient
from platforms.network import Ground
from platforms.telegram.bot import Channel, LinkButton, Post, open_channel
from platforms.telegram.bot_wire import _TokenInPath
from sandbox.telegram import BOT_TOKEN
from tests.clock import MORNING, Clock
from tests.platforms.telegram_bench import (
    SECRETS,
    ground,
    picture,
    telegram_account,
)
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]
BUTTON = LinkButton("Read it", "https://journal.example/how")


@dataclass
class Desk:
    box: Sandbox
    channel: Channel

    def posts(self) -> list[dict[str, Any]]:
        rows = self.box.world.every("telegram", "message")
        return [row for row in rows if not row.get("_gone")]

    def chat(self, **changes: object) -> dict[str, Any]:
        (row,) = self.box.world.every("telegram", "chat")
        self.box.world.put("telegram", "chat", str(row["id"]), {**row, **changes})
        return row


@pytest_asyncio.fixture
async def desk(sandbox_factory: Callable[..., Sandbox]) -> AsyncGenerator[Desk]:
    box = sandbox_factory(networks=("telegram",), tempo=1.0, origin=MORNING, real=Clock())
    channel = open_channel(telegram_account(), SECRETS, ground(box))
    yield Desk(box, channel)
    await channel.aclose()


async def test_a_text_is_posted_with_its_buttons(desk: Desk) -> None:
    post = await desk.channel.post("Read <how> it is done.", buttons=[[BUTTON]], silent=True)
    (row,) = desk.posts()
    assert post == Post(row["message_id"], False, f"https://t.me/adflight_journal/{post.id}")
    assert row["text"] == "Read <how> it is done.", "sent as it is, without markup"
    assert row["reply_markup"] == {
        "inline_keyboard": [[{"text": "Read it", "url": "https://journal.example/how"}]]
    }


async def test_a_photo_is_posted_with_its_caption(desk: Desk, tmp_path: Path) -> None:
    image = picture(tmp_path)
    post = await desk.channel.post("Look", photo=str(image), buttons=[[BUTTON]])
    (row,) = desk.posts()
    assert post.photo
    assert (row["caption"], row["photo"][0]["width"]) == ("Look", 1280)
    assert row["reply_markup"]["inline_keyboard"][0][0]["text"] == "Read it"
    await desk.channel.edit(post, "Look again")
    assert desk.posts()[0]["caption"] == "Look again"
    assert "reply_markup" not in desk.posts()[0]


async def test_a_post_is_edited_pinned_and_deleted_and_each_may_be_repeated(desk: Desk) -> None:
    post = await desk.channel.post("First")
    for _ in range(2):
        await desk.channel.edit(post, "Second", buttons=[[BUTTON]])
    assert desk.posts()[0]["text"] == "Second"
    for _ in range(2):
        await desk.channel.pin(post)
    assert desk.chat()["_pinned"] == post.id
    for _ in range(2):
        await desk.channel.delete(post)
    assert desk.posts() == []
    with pytest.raises(Refused, match="message to edit not found"):
        await desk.channel.edit(post, "Third")
    with pytest.raises(Refused, match="message to pin not found"):
        await desk.channel.pin(post)


async def test_a_post_whose_answer_was_lost_is_ambiguous_and_not_repeated(desk: Desk) -> None:
    desk.box.arm("telegram", "lost_answer", path="sendMessage", count=1)
    with pytest.raises(Ambiguous, match="may have happened"):
        await desk.channel.post("Once")
    assert [row["text"] for row in desk.posts()] == ["Once"]
    desk.box.arm("telegram", "server_error", path="sendMessage", count=1)
    with pytest.raises(Ambiguous, match="could not answer"):
        await desk.channel.post("Perhaps")
    assert len(desk.posts()) == 1


async def test_flood_is_waited_out_by_the_caller(desk: Desk) -> None:
    for number in range(20):
        await desk.channel.post(f"Post {number}")
    with pytest.raises(RateLimited) as flood:
        await desk.channel.post("One too many")
    assert flood.value.retry_after is not None
    assert 30 < flood.value.retry_after <= 61
    assert len(desk.posts()) == 20
    desk.box.control.delete("/limits")
    await desk.channel.post("Later")
    desk.box.arm("telegram", "rate_limited", count=1)
    with pytest.raises(RateLimited) as flood:
        await desk.channel.check()
    assert flood.value.retry_after == 1


async def test_what_telegram_does_not_take_is_refused_before_it_is_sent(
    desk: Desk, tmp_path: Path
) -> None:
    image = picture(tmp_path)
    bitmap = picture(tmp_path, (64, 36), "bmp")
    for text, photo, words in (
        ("", None, "0 characters; Telegram takes 1 to 4096"),
        ("x" * 4097, None, "4097 characters"),
        ("x" * 1025, str(image), "1025 characters; Telegram takes 0 to 1024"),
        ("x", str(bitmap), "is BMP; send JPEG or PNG"),
        ("x", str(tmp_path / "none.png"), "cannot be read"),
        ("x", str(picture(tmp_path, (9990, 20))), "for both sides together"),
    ):
        with pytest.raises(Refused, match=words):
            await desk.channel.post(text, photo=photo)
    with pytest.raises(Refused, match="button URL is invalid"):
        await desk.channel.post("x", buttons=[[LinkButton("Go", "nowhere")]])
    assert desk.posts() == []


async def test_health_says_what_the_bot_lacks(desk: Desk) -> None:
    health = await desk.channel.check()
    assert (health.usable, health.title, health.members) == (True, "Journal", 4200)
    desk.chat(_denied=["can_edit_messages"])
    health = await desk.channel.check()
    assert not health.usable
    assert "may not edit" in health.problems[0]
    desk.chat(_kicked=True)
    assert "add it there as an administrator" in (await desk.channel.check()).problems[0]
    with pytest.raises(AccessDenied, match="kicked"):
        await desk.channel.post("x")


@pytest.mark.parametrize("token", ["7000000001:wrong-secret-token", "wrong-secret-token"])
async def test_a_wrong_token_is_denied_and_no_token_is_ever_shown(
    desk: Desk, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = open_channel(telegram_account(), {**SECRETS, "bot_token": token}, ground(desk.box))
    with pytest.raises(AccessDenied, match="token is not valid") as denied:
        await wrong.post("x")
    await wrong.aclose()
    await desk.channel.post("Well")
    desk.box.arm("telegram", "lost_answer", path="sendMessage", count=1)
    with pytest.raises(Ambiguous) as lost:
        await desk.channel.post("Lost")
    assert "sendMessage" in caplog.text, "httpx logs its requests"
    said = [caplog.text, str(denied.value), repr(lost.value), repr(vars(desk.channel))]
    said += [repr(vars(desk.channel._wire)), repr(lost.value.__cause__)]
    for text in said:
        assert "wrong-secret" not in text
        assert BOT_TOKEN not in text


def test_a_channel_and_a_token_are_needed() -> None:
    place = Ground({"bot": "https://bot.example"}, lambda: MORNING)
    with pytest.raises(AccessDenied, match="bot_token"):
        open_channel(telegram_account(), {}, place)
    with pytest.raises(Refused, match="option channel is missing"):
        open_channel(telegram_account(channel=""), SECRETS, place)


async def test_a_chat_that_moved_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": -100777},
    }
    channel = open_channel(
        telegram_account(), SECRETS, Ground({"bot": "https://bot.example"}, lambda: MORNING)
    )
    asked: list[httpx.Request] = []

    async def answer(self: object, request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(400, json=moved)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    with pytest.raises(Refused, match="-100777"):
        await channel.post("x")
    assert asked[0].url.path == f"/bot{BOT_TOKEN}/sendMessage"
    assert asked[0].url.host == "bot.example"
    assert "hidden" in repr(vars(_TokenInPath(BOT_TOKEN)))
    await channel.aclose()


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (httpx.ReadTimeout("x"), Ambiguous),
        (httpx.ConnectError("x"), Transient),
        (httpx.Response(502, text="<html>"), Ambiguous),
    ],
)
async def test_an_unclear_answer_to_a_post_is_ambiguous(
    monkeypatch: pytest.MonkeyPatch,
    broken: httpx.Response | Exception,
    kind: type[NetworkError],
) -> None:
    async def answer(self: object, request: httpx.Request) -> httpx.Response:
        if isinstance(broken, Exception):
            raise broken
        return broken

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    channel = open_channel(
        telegram_account(), SECRETS, Ground({"bot": "https://bot.example"}, lambda: MORNING)
    )
    with pytest.raises(NetworkError) as failed:
        await channel.post("x")
    assert type(failed.value) is kind
    await channel.aclose()
