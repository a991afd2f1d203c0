"""A tiny web, so that offline stories have articles.

``GET /site/{host}/{path}`` serves what was published through ``POST /control/pages``. The
product maps hosts such as ``journal.example`` to this base by configuration.
"""

from hashlib import sha256
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.durable_world import DurableWorld

_NETWORK = "site"
_KIND = "page"
_TYPES = {
    "xml": "application/xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


def page_key(url: str) -> str:
    """Host, path and query: what a page is published under. The scheme does not matter.

    Raises:
        ValueError: the address has no host.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"url {url!r} needs a host, such as https://journal.example/post")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.hostname}{parts.path or '/'}{query}"


def publish(world: DurableWorld, url: str, html: str, content_type: str | None = None) -> str:
    """Put a page or feed up; its key. The content type follows the path's ending
    (.xml, .rss, .atom, .json) unless given; otherwise it is HTML."""
    key = page_key(url)
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    media = content_type or _TYPES.get(ending, "text/html; charset=utf-8")
    value = {"url": url, "html": html, "content_type": media}
    world.put(_NETWORK, _KIND, key, {**value, "published": world.now().isoformat()})
    return key


def unpublish(world: DurableWorld, url: str | None) -> int:
    """Take one page down, or all; how many there were."""
    return world.shelf.drop(_NETWORK, _KIND, None if url is None else page_key(url))


def build(world: DurableWorld) -> Starlette:
    """The published pages, by host."""

    async def page(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        host, _, path = request.path_params["where"].partition("/")
        found = world.get(_NETWORK, _KIND, f"{host.lower()}/{path}{query}") or world.get(
            _NETWORK, _KIND, f"{host.lower()}/{path}"
        )
        if found is None:
            return Response("<h1>404 Not Found</h1>", 404, media_type="text/html")
        body = found["html"].encode()
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return Response(body, headers={"ETag": etag, "Content-Type": found["content_type"]})

    return Starlette(routes=[Route("/{where:path}", page, methods=["GET"])])
