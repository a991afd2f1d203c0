"""The event endpoint (B1, B2, B29, S5, BUG-11): every fault named, no event lost or doubled."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from models.contract.content import ContentEvent, ContentType, EventType, content_id
from starter.events import (
    Accepted,
    EventRefused,
    Unavailable,
    event_routes,
    parse_event,
    sign,
)

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER_SECRET = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
STRUCTURED = {"content-type": "application/cloudevents+json"}
URL = "https://shop.example/blog/tea"


def envelope(**changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "post-42",
        "source": "https://shop.example/cms",
        "type": "post.published",
        "time": "2026-01-31T09:00:00Z",
        "datacontenttype": "application/json",
        "data": {"url": URL, "title": "Tea", "tags": ["tea", "water"], "team": "t1"},
    }
    event.update(changes)
    return {name: value for name, value in event.items() if value is not None}


def structured(**changes: Any) -> ContentEvent:
    return parse_event(STRUCTURED, json.dumps(envelope(**changes)).encode())


class Taker:
    """Stands for the start of a workflow: knows a repeated event by its content."""

    def __init__(self) -> None:
        self.calls: list[ContentEvent] = []
        self.started: set[str] = set()
        self.fault: Exception | None = None

    async def __call__(self, event: ContentEvent) -> Accepted:
        self.calls.append(event)
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        promotion = "promotion-post-" + content_id(event.team or "", event.subject_url)
        duplicate = promotion in self.started
        self.started.add(promotion)
        return Accepted(promotion_id=promotion, duplicate=duplicate)


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
async def client(taker: Taker):
    app = FastAPI()
    app.include_router(event_routes(secret=SECRET, accept=taker, max_bytes=20_000))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://events.test") as client:
        yield client


async def post(
    client: httpx.AsyncClient,
    event: Any,
    *,
    message_id: str = "msg-1",
    secret: str = SECRET,
    at: datetime | None = None,
    **headers: str,
) -> httpx.Response:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    signed = sign(secret, body, message_id=message_id, timestamp=at or datetime.now(UTC))
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/events", content=body, headers={**STRUCTURED, **signed, **changed})


# -- reading -----------------------------------------------------------------------------------


def test_structured_event_is_read() -> None:
    event = structured()
    assert (event.id, event.source) == ("post-42", "https://shop.example/cms")
    assert event.type is EventType.POST_PUBLISHED
    assert event.subject_url == URL
    assert event.content_type is ContentType.ARTICLE
    assert event.time == datetime(2026, 1, 31, 9, tzinfo=UTC)
    assert event.team == "t1"
    assert event.data["tags"] == ["tea", "water"]


def test_binary_event_is_read() -> None:
    event = parse_event(
        {
            "Content-Type": "application/json; charset=utf-8",
            "CE-SpecVersion": "1.0",
            "ce-id": "post-42",
            "ce-source": "/cms",
            "ce-type": "com.example.product.activated",
            "ce-time": "2026-01-31T10:00:00+01:00",
        },
        json.dumps({"url": URL}).encode(),
    )
    assert event.type is EventType.PRODUCT_ACTIVATED
    assert event.content_type is ContentType.PRODUCT
    assert event.time == datetime(2026, 1, 31, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("post.published", EventType.POST_PUBLISHED),
        ("com.example.post.published", EventType.POST_PUBLISHED),
        ("product.activated", EventType.PRODUCT_ACTIVATED),
        ("post.changed", EventType.POST_CHANGED),
        ("org.blog.post.unpublished", EventType.POST_UNPUBLISHED),
    ],
)
def test_types(wire: str, expected: EventType) -> None:
    assert structured(type=wire).type is expected


def test_missing_time_is_the_time_of_arrival() -> None:
    event = structured(time=None)
    assert abs(event.time - datetime.now(UTC)) < timedelta(seconds=5)


def test_content_type_in_data_wins() -> None:
    assert structured(data={"url": URL, "content_type": "job"}).content_type is ContentType.JOB


@pytest.mark.parametrize(
    ("changes", "field", "status"),
    [
        ({"specversion": None}, "specversion", 400),
        ({"specversion": "0.3"}, "specversion", 400),
        ({"id": None}, "id", 400),
        ({"id": ""}, "id", 400),
        ({"id": 42}, "id", 400),
        ({"id": "x" * 201}, "id", 400),
        ({"id": "a\nb"}, "id", 400),
        ({"source": None}, "source", 400),
        ({"type": None}, "type", 400),
        ({"type": "post.liked"}, "type", 422),
        ({"type": "compost.published"}, "type", 422),
        ({"time": "yesterday"}, "time", 400),
        ({"time": 7}, "time", 400),
        ({"time": "2026-01-31T09:00:00"}, "time", 400),
        ({"data": None}, "data", 400),
        ({"data": "text"}, "data", 400),
        ({"data": [1]}, "data", 400),
        ({"data": {}}, "data.url", 400),
        ({"data": {"url": 5}}, "data.url", 400),
        ({"data": {"url": "http://shop.example/a"}}, "data.url", 400),
        ({"data": {"url": "https://localhost/a"}}, "data.url", 400),
        ({"data": {"url": "https://me:pw@shop.example/a"}}, "data.url", 400),
        ({"data": {"url": URL, "title": 5}}, "data.title", 400),
        ({"data": {"url": URL, "title": "x" * 301}}, "data.title", 400),
        ({"data": {"url": URL, "tags": "tea"}}, "data.tags", 400),
        ({"data": {"url": URL, "tags": [1]}}, "data.tags", 400),
        ({"data": {"url": URL, "tags": ["t"] * 51}}, "data.tags", 400),
        ({"data": {"url": URL, "team": {}}}, "data.team", 400),
        ({"data": {"url": URL, "content_type": "film"}}, "data.content_type", 400),
        ({"data": {"url": URL, "content_type": []}}, "data.content_type", 400),
        ({"Bad-Name": "x"}, "Bad-Name", 400),
        ({"data": {"url": URL, "text": "a\x00b"}}, "body", 400),
        ({"data": {"url": URL, "text": "\ud800"}}, "body", 400),
        ({"data": {"url": URL, "score": float("nan")}}, "body", 400),
    ],
)
def test_each_fault_names_its_field(changes: dict[str, Any], field: str, status: int) -> None:
    with pytest.raises(EventRefused) as caught:
        structured(**changes)
    assert (caught.value.field, caught.value.status) == (field, status)
    assert "\n" not in caught.value.message
    assert "pw@" not in caught.value.message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_body_that_is_no_json_object(body: bytes) -> None:
    with pytest.raises(EventRefused) as caught:
        parse_event(STRUCTURED, body)
    assert (caught.value.field, caught.value.status) == ("body", 400)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "application/json"},
        {"content-type": "text/html"},
        {"content-type": "application/cloudevents-batch+json"},
        {
            "content-type": "text/plain",
            "ce-specversion": "1.0",
            "ce-id": "1",
            "ce-source": "/",
            "ce-type": "post.published",
        },
    ],
)
def test_other_content_types(headers: dict[str, str]) -> None:
    with pytest.raises(EventRefused) as caught:
        parse_event(headers, b"[]")
    assert (caught.value.field, caught.value.status) == ("content-type", 415)
    if "batch" in headers.get("content-type", ""):
        assert "batched" in caught.value.message


def test_binary_faults() -> None:
    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/",
        "ce-type": "post.published",
    }
    for change, body, field in (
        ({"ce-id": ""}, b'{"url": "https://a.example"}', "id"),
        ({"ce-time": "soon"}, b'{"url": "https://a.example"}', "time"),
        ({}, b"", "data"),
        ({}, b"{]", "data"),
        ({}, b"{}", "data.url"),
    ):
        with pytest.raises(EventRefused) as caught:
            parse_event({**headers, **change}, body)
        assert caught.value.field == field


# -- the endpoint ------------------------------------------------------------------------------


async def test_event_is_accepted_and_repeated_event_is_a_duplicate(
    client: httpx.AsyncClient, taker: Taker
) -> None:
    first = await post(client, envelope())
    assert first.status_code == 202
    assert first.json()["duplicate"] is False

    replayed = await post(client, envelope())
    assert replayed.status_code == 202
    assert replayed.json() == {"promotion": first.json()["promotion"], "duplicate": True}
    assert len(taker.calls) == 1, "a replayed message reaches nobody"

    again = await post(client, envelope(id="post-42-b"), message_id="msg-2")
    assert again.json() == {"promotion": first.json()["promotion"], "duplicate": True}
    assert len(taker.calls) == 2


async def test_same_message_id_for_another_body_is_refused_not_swallowed(
    client: httpx.AsyncClient, taker: Taker
) -> None:
    await post(client, envelope())
    second = await post(client, envelope(id="post-43", data={"url": "https://shop.example/b"}))
    assert second.status_code == 400
    assert second.json()["error"]["field"] == "webhook-id"
    assert len(taker.calls) == 1


async def test_ten_concurrent_posts(client: httpx.AsyncClient, taker: Taker) -> None:
    answers = await asyncio.gather(
        *(post(client, envelope(), message_id=f"msg-{n}") for n in range(10))
    )
    assert [answer.status_code for answer in answers] == [202] * 10
    assert len(taker.calls) == 10
    assert sum(not answer.json()["duplicate"] for answer in answers) == 1
    assert len({answer.json()["promotion"] for answer in answers}) == 1


async def test_unsigned_wrong_and_stale_are_401(client: httpx.AsyncClient, taker: Taker) -> None:
    body = json.dumps(envelope()).encode()
    now = datetime.now(UTC)
    signed = sign(SECRET, body, message_id="m", timestamp=now)

    async def answer(headers: dict[str, str], content: bytes = body) -> tuple[int, str]:
        response = await client.post("/events", content=content, headers={**STRUCTURED, **headers})
        return response.status_code, response.json()["error"]["field"]

    assert await answer({}) == (401, "webhook-id")
    for name in signed:
        assert await answer({key: signed[key] for key in signed if key != name}) == (401, name)
    assert await answer(signed, body + b" ") == (401, "webhook-signature")
    assert await answer({**signed, "webhook-id": "other"}) == (401, "webhook-signature")
    for wrong in ("v1,AAAA", "v1", "x", "v1,é", "v2," + signed["webhook-signature"][3:], "v1,*"):
        headers = {**signed, "webhook-signature": wrong.encode()}
        response = await client.post(
            "/events",
            content=body,
            headers=[
                (key.encode(), value if isinstance(value, bytes) else value.encode())
                for key, value in {**STRUCTURED, **headers}.items()
            ],
        )
        assert response.status_code == 401
    assert await answer(sign(OTHER_SECRET, body, message_id="m", timestamp=now)) == (
        401,
        "webhook-signature",
    )
    for minutes in (-6, 6):
        late = sign(SECRET, body, message_id="m", timestamp=now + timedelta(minutes=minutes))
        assert await answer(late) == (401, "webhook-timestamp")
    for stamp in ("", "nan", "inf", "soon", "-1", "9" * 400):
        status, _ = await answer({**signed, "webhook-timestamp": stamp})
        assert status == 401
    not_text = b"\xff\xfe"
    assert (await answer(signed, not_text))[0] == 401
    assert not taker.calls

    within = sign(SECRET, body, message_id="m", timestamp=now - timedelta(minutes=4))
    ok = await client.post("/events", content=body, headers={**STRUCTURED, **within})
    assert ok.status_code == 202


async def test_faults_are_answered_with_field_and_message(client: httpx.AsyncClient) -> None:
    for event, headers, status, field in (
        (envelope(data={}), {}, 400, "data.url"),
        (envelope(type="post.liked"), {}, 422, "type"),
        (envelope(), {"content_type": "text/plain"}, 415, "content-type"),
        ([envelope()], {"content_type": "application/cloudevents-batch+json"}, 415, "content-type"),
        (b"{", {}, 400, "body"),
        (envelope(data={"url": URL, "text": "x" * 20_000}), {}, 413, "body"),
    ):
        response = await post(client, event, **headers)
        assert response.status_code == status
        error = response.json()["error"]
        assert error["field"] == field
        assert error["message"]


async def test_large_body_without_announced_length_is_413(client: httpx.AsyncClient) -> None:
    async def endless():
        for _ in range(1_000):
            yield b"x" * 1_000

    response = await client.post("/events", content=endless(), headers=STRUCTURED)
    assert response.status_code == 413


async def test_a_part_that_is_down_is_503_and_the_event_can_be_sent_again(
    client: httpx.AsyncClient, taker: Taker
) -> None:
    taker.fault = Unavailable("Temporal", "start it with: adflight up")
    down = await post(client, envelope())
    assert down.status_code == 503
    assert down.headers["retry-after"]
    assert down.json()["error"] == {
        "field": "Temporal",
        "message": "Temporal does not answer; start it with: adflight up",
    }
    taker.fault = None
    up = await post(client, envelope())
    assert (up.status_code, up.json()["duplicate"]) == (202, False)


async def test_accept_may_refuse(client: httpx.AsyncClient, taker: Taker) -> None:
    taker.fault = EventRefused("data.team", "data.team 't9' is unknown; use one of: t1")
    response = await post(client, envelope())
    assert (response.status_code, response.json()["error"]["field"]) == (400, "data.team")


async def test_health(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_abc", "my-long-password", SECRET[6:]])
def test_weak_or_malformed_secret_is_refused(secret: str, taker: Taker) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        event_routes(secret=secret, accept=taker)


def test_signing_is_right_in_any_zone_and_refuses_naive_times() -> None:
    from zoneinfo import ZoneInfo

    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    tokyo = at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert sign(SECRET, b"x", message_id="m", timestamp=at) == sign(
        SECRET, b"x", message_id="m", timestamp=tokyo
    )
    with pytest.raises(ValueError, match="naive"):
        sign(SECRET, b"x", message_id="m", timestamp=at.replace(tzinfo=None))
