"""Published pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

PAGE = "<html><head><meta property='og:title' content='Spring'></head></html>"


@pytest.fixture
def web(sandbox_factory: Callable[..., Sandbox]) -> Sandbox:
    return sandbox_factory(networks=())


def get(web: Sandbox, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{web.url}/site/{path}", headers=headers, trust_env=False)


def test_pages_come_and_go(web: Sandbox) -> None:
    assert get(web, "journal.example/spring").status_code == 404
    url = "https://Journal.example/spring"
    answer = web.control.post("/pages", json={"url": url, "html": PAGE})
    assert answer.json() == {"path": "/site/journal.example/spring"}
    page = get(web, "journal.example/spring")
    assert page.text == PAGE
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert get(web, "journal.example/spring?utm_source=x").status_code == 200
    tag = {"If-None-Match": page.headers["etag"]}
    assert get(web, "journal.example/spring", **tag).status_code == 304
    assert get(web, "other.example/spring").status_code == 404
    assert web.control.delete("/pages", params={"url": url}).json() == {"removed": 1}
    assert get(web, "journal.example/spring").status_code == 404


def test_roots_queries_and_feeds(web: Sandbox) -> None:
    for url, html in (
        ("https://journal.example", "root"),
        ("https://journal.example/feed.xml", "<rss/>"),
        ("https://journal.example/list?page=2", "second"),
    ):
        assert web.control.post("/pages", json={"url": url, "html": html}).status_code == 201
    assert get(web, "journal.example/").text == "root"
    assert get(web, "journal.example").text == "root"
    assert (
        get(web, "journal.example/feed.xml").headers["content-type"].startswith("application/xml")
    )
    assert get(web, "journal.example/list?page=2").text == "second"
    assert get(web, "journal.example/list").status_code == 404
    assert web.control.delete("/pages").json() == {"removed": 3}


def test_an_address_without_a_host_is_refused(web: Sandbox) -> None:
    answer = web.control.post("/pages", json={"url": "/spring", "html": ""})
    assert answer.status_code == 400
    assert "needs a host" in answer.json()["error"]
