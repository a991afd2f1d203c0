"""A small store that speaks S3 as far as we do, and lets nobody in without a good signature.

``moto`` would do as well, but it needs botocore, which holds python-dateutil back, and thirty more
packages; what is asked here is only whether requests and links are signed as Amazon describes it
(AWS Signature Version 4, "Authenticating requests").
"""

import hashlib
import hmac
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

ACCESS, SECRET, REGION = "AKIASTANDIN", "stand-in/secret+key", "eu-central-1"
BUCKET = "ad-creatives"


class S3StandIn:
    """``objects`` by path below the bucket; ``down`` makes it answer 503; ``asked`` counts."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.down = False
        self.asked: list[tuple[str, str]] = []
        self.now = lambda: datetime.now(UTC)
        store = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status, content = store.answer(self.command, self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("ETag", '"' + hashlib.md5(content).hexdigest() + '"')  # noqa: S324
                self.send_header("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        parts = urlsplit(target)
        self.asked.append((method, parts.path))
        if self.down:
            return 503, b"<Error><Code>SlowDown</Code></Error>"
        if not self._signed(method, parts.path, parts.query, headers, body):
            return 403, b"<Error><Code>AccessDenied</Code></Error>"
        path = unquote(parts.path).removeprefix(f"/{BUCKET}/")
        if method == "PUT":
            self.objects[path] = body
            return 200, b""
        if method == "DELETE":
            self.objects.pop(path, None)
            return 204, b""
        if path not in self.objects:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>"
        return 200, self.objects[path]

    def _signed(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> bool:
        lower = {name.lower(): value.strip() for name, value in headers.items()}
        given = dict(parse_qsl(query, keep_blank_values=True))
        if "X-Amz-Signature" in given:
            signature = given.pop("X-Amz-Signature")
            names, payload = given["X-Amz-SignedHeaders"], "UNSIGNED-PAYLOAD"
            at, credential = given["X-Amz-Date"], given["X-Amz-Credential"]
            made = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if self.now() > made + timedelta(seconds=int(given["X-Amz-Expires"])):
                return False
        elif lower.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
            told = dict(
                part.strip().split("=", 1)
                for part in lower["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(",")
            )
            signature, names = told["Signature"], told["SignedHeaders"]
            credential, at = told["Credential"], lower["x-amz-date"]
            payload = lower["x-amz-content-sha256"]
            if payload not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
                return False
        else:
            return False
        access, *scope = credential.split("/")
        if access != ACCESS or scope[1:] != [REGION, "s3", "aws4_request"]:
            return False
        pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~"))
                       for name, value in given.items())  # fmt: skip
        canonical = "\n".join(
            (
                method, path, "&".join(f"{name}={value}" for name, value in pairs),
                *(f"{name}:{lower.get(name, '')}" for name in names.split(";")), "", names, payload,
            )
        )  # fmt: skip
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", at, "/".join(scope), digest))
        key = ("AWS4" + SECRET).encode()
        for part in scope:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, signature)
