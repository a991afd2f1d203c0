"""Guarded fetching: a stranger's address never leads inside, and never fills the memory."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.addresses import is_public
from activities.web import WebReader, WebRefused, WebUnavailable

Answer = Callable[[str, dict[str, str]], bytes]

CUT = gzip.compress(b"abc" * 99, mtime=0)[:-9]
"""A packed body that ends early, the same in every process."""


class Site:
    """A loopback web server that answers raw bytes and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, bytes] = {}
        self.slow: set[str] = set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            target = head[0].split(" ")[1]
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            self.asked.append((target, headers))
            if target in self.slow:
                await asyncio.sleep(30)
            writer.write(self.answers.get(target, response(b"", status="404 Not Found")))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def response(body: bytes, *headers: str, status: str = "200 OK", length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", "connection: close", *headers]
    if length:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()


def mapped(site: Site, **settings: object) -> WebReader:
    base = f"http://127.0.0.1:{site.port}/site"
    return WebReader(hosts_map={"*.example": base}, **settings)  # type: ignore[arg-type]


def answering(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


# -- what is fetched ---------------------------------------------------------------------------


async def test_mapped_host_is_fetched_and_keeps_its_public_address(site: Site) -> None:
    site.answers["/site/shop.example/tea?x=1"] = response(
        b"<p>hi</p>", "content-type: text/html", 'etag: "a"', "last-modified: Mon"
    )
    async with mapped(site) as web:
        page = await web.fetch("https://shop.example/tea?x=1#top", accept="text/html")
    assert (page.status, page.body, page.content_type) == (200, b"<p>hi</p>", "text/html")
    assert page.url == page.final_url == "https://shop.example/tea?x=1#top"
    assert (page.etag, page.last_modified) == ('"a"', "Mon")
    asked = site.asked[0][1]
    assert asked["accept"] == "text/html"
    assert "cookie" not in asked
    assert asked["accept-encoding"] == "gzip"


async def test_not_modified(site: Site) -> None:
    site.answers["/site/shop.example/feed"] = response(b"", status="304 Not Modified")
    async with mapped(site) as web:
        page = await web.fetch("https://shop.example/feed", etag='"a"', last_modified="Mon")
    assert (page.status, page.body) == (304, b"")
    assert site.asked[0][1]["if-none-match"] == '"a"'
    assert site.asked[0][1]["if-modified-since"] == "mon"


async def test_redirects_are_followed_and_remapped(site: Site) -> None:
    here = f"http://127.0.0.1:{site.port}/site"
    for path, location in (
        ("/site/a.example/1", "https://b.example/2"),
        ("/site/b.example/2", "/3"),
        ("/site/b.example/3", f"{here}/b.example/4"),
        ("/site/b.example/4", "/site/b.example/5"),
    ):
        site.answers[path] = response(b"", f"location: {location}", status="302 Found")
    site.answers["/site/b.example/5"] = response(b"end")
    async with mapped(site) as web:
        page = await web.fetch("https://a.example/1")
    assert (page.body, page.final_url) == (b"end", "https://b.example/5")
    assert page.url == "https://a.example/1"


async def test_redirects_have_an_end(site: Site) -> None:
    site.answers["/site/a.example/"] = response(b"", "location: /", status="302 Found")
    async with mapped(site) as web:
        with pytest.raises(WebRefused, match="more than 5 times"):
            await web.fetch("https://a.example/")
    assert len(site.asked) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://plain.example/",
        "https://127.0.0.1/admin",
        "https://10.0.0.1/",
        "https://me:pw@a.example/",
        "file:///etc/passwd",
        "https://a.example:22/",
        "//[::1]/",
        "https://[bad/",
        "",
    ],
)
async def test_each_redirect_is_checked(site: Site, location: str) -> None:
    site.answers["/site/a.example/"] = response(b"", f"location: {location}", status="302 Found")
    async with mapped(site) as web:
        with pytest.raises(WebRefused) as caught:
            await web.fetch("https://a.example/")
    assert "pw" not in str(caught.value)
    assert len(site.asked) == 1


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://a.test/", "not https"),
        ("ftp://a.test/", "not https"),
        ("file:///etc/passwd", "not https"),
        ("https:///x", "names no host"),
        ("no address", "not https"),
        ("https://a.test:99999/", "no valid address"),
        ("https://me:pw@a.test/", "user name or password"),
        ("https://a.test:8080/", "port 8080"),
        ("https://a.test:0/", "port 0"),
        ("https://a.test/" + "a" * 70_000, "no valid address"),
        ("https://a.test/\x00", "no valid address"),
    ],
)
async def test_bad_addresses(url: str, problem: str) -> None:
    async with WebReader(resolver=answering("93.184.216.34")) as web:
        with pytest.raises(WebRefused, match=problem) as caught:
            await web.fetch(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:1::1",
        "2001:db8::1",
        "3fff::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "no address",
    ],
)
async def test_private_and_special_addresses(address: str, site: Site) -> None:
    assert not is_public(address)
    for answers in ((address,), ("93.184.216.34", address), (address, "2606:4700::1111")):
        async with WebReader(resolver=answering(*answers)) as web:
            with pytest.raises(WebRefused, match="private or reserved"):
                await web.fetch("https://rebound.test/")


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"],
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]"])
async def test_other_spellings_of_loopback(host: str) -> None:
    async with WebReader() as web:
        with pytest.raises((WebRefused, WebUnavailable)):
            await web.fetch(f"https://{host}/")


async def test_unknown_name_is_unavailable() -> None:
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async with WebReader(resolver=nobody) as web:
        with pytest.raises(WebUnavailable, match="could not be resolved"):
            await web.fetch("https://nowhere.test/")
    async with WebReader(resolver=answering()) as web:
        with pytest.raises(WebUnavailable, match="no address"):
            await web.fetch("https://nowhere.test/")


# -- pinning -----------------------------------------------------------------------------------


async def test_connection_goes_to_the_checked_address_only(site: Site) -> None:
    """The name is asked once; the connection carries it in Host but goes to the answer."""
    asked = 0

    async def rebinding(host: str, port: int) -> list[str]:
        nonlocal asked
        asked += 1
        return ["127.0.0.1"] if asked == 1 else ["127.0.0.2"]

    site.answers["/"] = response(b"ok")
    url = f"http://rebound.test:{site.port}/"
    async with WebReader(allow_http=True, allow_private=True, resolver=rebinding) as web:
        page = await web.fetch(url)
    assert (page.body, page.final_url, asked) == (b"ok", url, 1)
    assert site.asked[0][1]["host"] == f"rebound.test:{site.port}"


async def test_next_address_is_tried_when_one_does_not_connect(site: Site) -> None:
    site.answers["/"] = response(b"ok")
    resolver = answering("127.0.0.9", "::1", "127.0.0.1")
    async with WebReader(allow_http=True, allow_private=True, resolver=resolver) as web:
        assert (await web.fetch(f"http://a.test:{site.port}/")).body == b"ok"
        with pytest.raises(WebUnavailable, match="cannot be reached"):
            await web.fetch("http://a.test:1/")


async def test_tls_is_verified_against_the_name(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "site.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    seen: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.sni_callback = lambda _socket, sni, _context: seen.append(sni)  # type: ignore[assignment]
    site = Site()
    site.answers["/"] = response(b"secure")
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    trusting = ssl.create_default_context(cafile=str(pem))
    client = httpx.AsyncClient(verify=trusting, trust_env=False)
    web = WebReader(client, allow_private=True, resolver=answering("127.0.0.1"))
    async with client, web:
        assert (await web.fetch(f"https://shop.example:{port}/")).body == b"secure"
        with pytest.raises(WebRefused, match="TLS certificate"):
            await web.fetch(f"https://other.example:{port}/")
    assert seen == ["shop.example", "other.example"]
    assert site.asked[0][1]["host"] == f"shop.example:{port}"
    server.close()


# -- size, time and statuses -------------------------------------------------------------------


async def test_large_page_is_refused_by_its_announced_length(site: Site) -> None:
    site.answers["/site/a.example/"] = response(b"x" * 20_000_000)
    async with mapped(site) as web:
        with pytest.raises(WebRefused, match="limit of 5,000,000 bytes"):
            await web.fetch("https://a.example/")


async def test_large_page_is_refused_while_it_streams(site: Site) -> None:
    site.answers["/site/a.example/"] = response(b"x" * 20_000_000, length=False)
    async with mapped(site) as web:
        with pytest.raises(WebRefused, match="limit of 5,000,000 bytes"):
            await web.fetch("https://a.example/")


async def test_body_of_exactly_the_limit(site: Site) -> None:
    site.answers["/site/a.example/"] = response(b"x" * 1_000)
    packed = gzip.compress(b"y" * 1_000, mtime=0)
    site.answers["/site/a.example/z"] = response(packed, "content-encoding: gzip")
    async with mapped(site, max_bytes=1_000) as web:
        assert len((await web.fetch("https://a.example/")).body) == 1_000
        assert (await web.fetch("https://a.example/z")).body == b"y" * 1_000
    async with mapped(site, max_bytes=999) as web:
        for path in ("", "z"):
            with pytest.raises(WebRefused, match="limit of 999"):
                await web.fetch(f"https://a.example/{path}")


async def test_decompression_bomb(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, compresslevel=9, mtime=0)
    assert len(bomb) < 300_000
    site.answers["/site/a.example/"] = response(bomb, "content-encoding: gzip")
    async with mapped(site) as web:
        with pytest.raises(WebRefused, match="larger than the limit"):
            await web.fetch("https://a.example/")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (response(b"x", "content-encoding: br"), WebRefused),
        (response(b"x", "content-encoding: gzip, gzip"), WebRefused),
        (response(b"not gzip", "content-encoding: gzip"), WebRefused),
        (response(CUT, "content-encoding: gzip"), WebUnavailable),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", WebUnavailable),
        (b"nonsense\r\n\r\n", WebUnavailable),
        (b"", WebUnavailable),
        (response(b"", status="404 Not Found"), WebRefused),
        (response(b"", status="403 Forbidden"), WebRefused),
        (response(b"", status="410 Gone"), WebRefused),
        (response(b"", status="429 Too Many Requests"), WebUnavailable),
        (response(b"", status="500 Oops"), WebUnavailable),
        (response(b"", status="503 Busy"), WebUnavailable),
    ],
)
async def test_bad_answers(site: Site, answer: bytes, kind: type[Exception]) -> None:
    site.answers["/site/a.example/"] = answer
    async with mapped(site) as web:
        with pytest.raises(kind) as caught:
            await web.fetch("https://a.example/")
    assert "https://a.example/" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_status_is_kept_and_query_is_not_shown(site: Site) -> None:
    async with mapped(site) as web:
        with pytest.raises(WebRefused) as caught:
            await web.fetch("https://a.example/?token=hidden")
    assert caught.value.status == 404
    assert "hidden" not in str(caught.value)


async def test_slow_site(site: Site) -> None:
    site.slow.add("/site/a.example/")
    async with mapped(site, timeout=0.2) as web:
        with pytest.raises(WebUnavailable, match=r"longer than 0\.2 seconds"):
            await web.fetch("https://a.example/")


async def test_environment_proxies_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    site.answers["/site/a.example/"] = response(b"direct")
    async with mapped(site) as web:
        assert (await web.fetch("https://a.example/")).body == b"direct"
