"""A local stand-in for Meta's Marketing API: Graph v26.0 over the simulated market.

It speaks the wire as the official SDK does: credentials in the query, form bodies with JSON in
their fields, batches. Objects live on the world's shelf; one ad account is open:
``act_1001`` (USD, UTC) with page ``7001`` and pixel ``8001``.
"""

import hmac
import json
import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.grants import granted
from sandbox.meta import edges as meta_edges
from sandbox.meta import objects as meta_objects
from sandbox.meta.delivery import lines
from sandbox.meta.graph import GraphError, Node, Parameters, invalid
from sandbox.meta.shelf import ACCOUNT, NETWORK, MetaShelf
from sandbox.meta.usage import READ, WRITE, Usage
from sandbox.world import World

TOKEN = "sandbox-meta-token"
APP_SECRET = "sandbox-app-secret"
VERSION = (26, 0)
_OLDEST = (24, 0)
_BATCH = 50
_CREATABLE = ("campaigns", "adsets", "ads", "adcreatives", "adlabels")
_EDITABLE = ("campaign", "adset", "ad", "adcreative")


def build(world: World) -> Starlette:
    """The ASGI application, to be mounted under any prefix."""
    shelf = MetaShelf(world)
    world.observe(NETWORK, lambda: lines(shelf))
    graph = Graph(shelf)

    async def answer(request: Request) -> Response:
        return graph.serve(request, await request.body())

    return Starlette(
        routes=[Route("/{path:path}", answer, methods=["GET", "POST", "DELETE", "PUT", "PATCH"])]
    )


class Graph:
    """One Graph endpoint."""

    def __init__(self, shelf: MetaShelf) -> None:
        self._shelf = shelf
        self._usage = Usage()
        shelf.world.limit(self._usage.renew)

    def serve(self, request: Request, body: bytes) -> Response:
        """Answer one HTTP request, whatever is wrong with it."""
        account_id = ACCOUNT
        try:
            version, _, path = request.path_params["path"].partition("/")
            headers = self._version(version)
            values, files = _fields(request, body)
            self._admit(request, values)
            account_id = _account_in(path)
            self._play_faults(account_id)
            parameters = Parameters(values)
            if not path.strip("/") and request.method == "POST":
                content: Any = self._batch(parameters)
            else:
                link = _Link(str(request.url.replace(query="")), values)
                content = self._operate(request.method, path, parameters, link, files)
            headers |= self._usage.headers(account_id)
            return _response(content, 200, headers)
        except GraphError as error:
            return _response(
                error.body, error.status, self._usage.headers(account_id) | error.headers
            )

    # -- admission --------------------------------------------------------------------------

    def _version(self, text: str) -> dict[str, str]:
        found = re.fullmatch(r"v(\d+)\.(\d+)", text)
        if found is None:
            raise GraphError(2500, f"Unknown path components: /{text}")
        version = (int(found[1]), int(found[2]))
        if version < _OLDEST:
            raise GraphError(
                2635,
                "(#2635) You are calling a deprecated version of the Ads API. Please update to "
                f"the latest version: v{VERSION[0]}.{VERSION[1]}.",
            )
        if version > VERSION:
            raise GraphError(2500, f"Unknown path components: /{text}")
        return {"facebook-api-version": text}

    def _admit(self, request: Request, values: dict[str, str]) -> None:
        scheme, _, credential = request.headers.get("authorization", "").partition(" ")
        token = values.pop("access_token", "")
        if scheme.lower() in ("bearer", "oauth"):
            token = token or credential
        if self._shelf.world.fault(NETWORK, "expired_token"):
            raise _denied("Error validating access token: Session has expired.", 463)
        if token != TOKEN and granted(self._shelf.world, NETWORK, token) is None:
            raise _denied("Invalid OAuth access token - Cannot parse access token")
        proof = values.pop("appsecret_proof", None)
        expected = hmac.new(APP_SECRET.encode(), token.encode(), "sha256").hexdigest()
        if proof is not None and not hmac.compare_digest(proof, expected):
            raise _denied("Invalid appsecret_proof provided in the API argument")

    def _play_faults(self, account_id: str) -> None:
        if self._shelf.world.fault(NETWORK, "rate_limited"):
            raise self._usage.refusal(account_id, seconds=2)
        if self._shelf.world.fault(NETWORK, "server_error"):
            raise GraphError(
                2,
                "An unexpected error has occurred. Please retry your request later.",
                status=500,
                transient=True,
            )

    # -- operations -------------------------------------------------------------------------

    def _operate(
        self,
        method: str,
        path: str,
        parameters: Parameters,
        link: "_Link",
        files: dict[str, bytes] | None = None,
        *,
        settled: bool = False,
    ) -> Node:
        """One operation, alone or out of a batch."""
        parts = [part for part in path.split("/") if part]
        if "ids" in parameters:
            raise invalid("ids", "Reading several objects with ids is no longer supported.")
        self._usage.charge(_account_in(path), READ if method == "GET" else WRITE)
        if method not in ("GET", "POST", "DELETE") or not 1 <= len(parts) <= 2:
            raise GraphError(100, f"Unsupported {method.lower()} request.", subcode=33)
        if method != "GET" and not settled:
            # Time up to now was spent under the old settings.
            self._shelf.world.settle()
        head, edge = parts[0], parts[1] if len(parts) == 2 else ""
        if head.startswith("act_"):
            account = self._shelf.account(head.removeprefix("act_"), method.lower())
            return self._on_account(method, account, edge, parameters, link, files or {})
        if method == "GET" and not edge and head in ("me", "search"):
            if head == "search":
                return meta_edges.search(parameters)
            return {"id": "9001", "name": "Sandbox system user"}
        kind, node = self._shelf.locate(head, method.lower())
        if method == "GET" and edge:
            return meta_edges.node_edge(self._shelf, kind, node, edge, parameters, link)
        if method == "GET":
            return meta_edges.read_node(self._shelf, kind, node, parameters)
        if edge or kind not in _EDITABLE:
            raise GraphError(100, f"Unsupported {method.lower()} request.", subcode=33)
        if method == "DELETE":
            return meta_objects.delete(self._shelf, kind, node)
        return meta_objects.update(self._shelf, kind, node, parameters)

    def _on_account(
        self,
        method: str,
        account: Node,
        edge: str,
        parameters: Parameters,
        link: "_Link",
        files: dict[str, bytes],
    ) -> Node:
        shelf = self._shelf
        if method == "GET" and edge:
            return meta_edges.account_edge(shelf, account, edge, parameters, link)
        if method == "GET":
            return meta_edges.read_node(shelf, "account", account, parameters)
        if method == "POST" and edge == "adimages":
            for name, content in files.items():
                return meta_objects.upload_image(shelf, account, name, content)
            content = meta_objects.decoded_image(parameters)
            return meta_objects.upload_image(shelf, account, "bytes", content)
        if method == "POST" and edge in _CREATABLE:
            return meta_objects.create(shelf, edge, account, parameters)
        raise GraphError(100, f"Unsupported {method.lower()} request.", subcode=33)

    def _batch(self, parameters: Parameters) -> list[Node]:
        """Up to 50 operations, each with an answer of its own; not atomic."""
        entries = cast("Sequence[Node]", parameters.items("batch") or ())
        if not entries:
            raise invalid("batch", "The parameter batch is required.")
        if len(entries) > _BATCH:
            raise invalid("batch", f"Too many requests in batch message. Maximum is {_BATCH}.")
        if any(str(each.get("method", "GET")).upper() != "GET" for each in entries):
            self._shelf.world.settle()
        with_headers = parameters.boolean("include_headers") is not False
        return [self._entry(each, with_headers) for each in entries]

    def _entry(self, entry: Node, with_headers: bool) -> Node:
        url = urlsplit(str(entry.get("relative_url", "")))
        values = dict(parse_qsl(url.query, keep_blank_values=True))
        values |= dict(parse_qsl(str(entry.get("body", "")), keep_blank_values=True))
        path = re.sub(r"^/?v\d+\.\d+/", "", url.path)
        method = str(entry.get("method", "GET")).upper()
        account_id = _account_in(path)
        try:
            link = _Link(f"/{path}", values)
            content = self._operate(method, path, Parameters(values), link, settled=True)
            code, headers = 200, self._usage.headers(account_id)
        except GraphError as error:
            content, code = error.body, error.status
            headers = self._usage.headers(account_id) | error.headers
        answer: Node = {"code": code, "body": json.dumps(content)}
        if with_headers:
            headers["content-type"] = "application/json"
            answer["headers"] = [{"name": n, "value": value} for n, value in headers.items()]
        return answer


class _Link:
    """Builds the ``next`` link of a page: the same call with another cursor."""

    def __init__(self, address: str, values: dict[str, str]) -> None:
        self._address = address
        self._values = values

    def __call__(self, after: str) -> str:
        query = {**self._values, "access_token": TOKEN, "after": after}
        return f"{self._address}?{urlencode(query)}"


def _fields(request: Request, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Query and form fields, and uploaded files by name."""
    values = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    files: dict[str, bytes] = {}
    if kind.startswith("multipart/form-data"):
        message = message_from_bytes(
            b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=policy.HTTP
        )
        for part in message.iter_parts():
            name = str(part.get_param("name", "", header="content-disposition"))
            content = cast("bytes", part.get_payload(decode=True))
            if part.get_filename():
                files[str(part.get_filename())] = content
            else:
                values[name] = content.decode()
    elif body:
        values |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return values, files


def _account_in(path: str) -> str:
    """Whose allowance a call counts against: objects all belong to the one open account."""
    found = re.match(r"/?act_(\d+)", path)
    return found[1] if found else ACCOUNT


def _denied(message: str, subcode: int = 0) -> GraphError:
    return GraphError(190, message, subcode=subcode, status=401)


def _response(content: Any, status: int, headers: dict[str, str]) -> Response:
    return Response(
        json.dumps(content, separators=(",", ":")),
        status_code=status,
        headers=headers,
        media_type="application/json",
    )
