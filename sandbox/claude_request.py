"""Reading and checking a Messages API request, with the API's own kinds of error."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from starlette.responses import JSONResponse, Response

_CHARACTERS_PER_TOKEN: Final = 4
_CHOICES: Final = frozenset({"auto", "any", "tool", "none"})


class ApiError(Exception):
    """An error in the API's documented shape: HTTP status, type, message."""

    def __init__(
        self, status: int, kind: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.headers = headers or {}

    @classmethod
    def invalid(cls, message: str) -> "ApiError":
        """A request that must be changed before it is sent again."""
        return cls(400, "invalid_request_error", message)

    def response(self, request_id: str) -> Response:
        """The answer to send."""
        error = {"type": self.kind, "message": self.message, "details": None}
        body = {"type": "error", "error": error, "request_id": request_id}
        return JSONResponse(body, self.status, headers=self.headers)


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """What is needed of a request. ``tools`` are input schemas by name; ``prompt`` is the
    joined text of all user messages."""

    model: str
    max_tokens: int
    prompt: str
    input_tokens: int
    tools: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    tool_choice: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def tool_names(self) -> tuple[str, ...]:
        return tuple(self.tools)


def tokens(value: object) -> int:
    """An estimate: a token is about four characters of text or JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def authenticate(headers: Mapping[str, str]) -> None:
    """Accept any non-blank key, as a bearer token or in ``X-Api-Key``.

    Raises:
        ApiError: no key (401), or no ``anthropic-version`` header (400).
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    bearer = bearer if scheme.lower() == "bearer" else ""
    if not (bearer.strip() or headers.get("x-api-key", "").strip()):
        raise ApiError(401, "authentication_error", "invalid x-api-key")
    if not headers.get("anthropic-version"):
        raise ApiError.invalid("anthropic-version: header is required")


def parse(body: Mapping[str, Any], *, counting: bool = False) -> MessageRequest:
    """Check a request as far as the sandbox relies on it.

    Raises:
        ApiError: ``invalid_request_error`` naming the field.
    """
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise ApiError.invalid("model: Field required")
    if body.get("stream"):
        raise ApiError.invalid("stream: the sandbox answers whole messages only")
    limit = body.get("max_tokens", 0 if counting else None)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise ApiError.invalid("max_tokens: a whole number of 0 or more is required")
    tools = _tools(body.get("tools") or [])
    choice = body.get("tool_choice") or {"type": "auto"}
    if not isinstance(choice, dict):
        raise ApiError.invalid("tool_choice: must be an object")
    chosen = cast("dict[str, Any]", choice)
    if chosen.get("type") not in _CHOICES:
        raise ApiError.invalid("tool_choice.type: must be one of auto, any, tool, none")
    if chosen["type"] == "tool" and chosen.get("name") not in tools:
        raise ApiError.invalid(f"tool_choice.name: tool {chosen.get('name')!r} is not in tools")
    counted = {name: body[name] for name in ("system", "messages", "tools") if body.get(name)}
    return MessageRequest(
        model=model,
        max_tokens=limit,
        prompt=_prompt(body.get("messages")),
        input_tokens=tokens(counted),
        tools=tools,
        tool_choice=chosen,
    )


def _prompt(messages: object) -> str:
    if not isinstance(messages, list) or not messages:
        raise ApiError.invalid("messages: at least one message is required")
    texts: list[str] = []
    uses: set[str] = set()
    role = ""
    for index, message in enumerate(cast("list[object]", messages)):
        if not isinstance(message, dict):
            raise ApiError.invalid(f"messages.{index}: must be an object")
        one = cast("dict[str, Any]", message)
        role = str(one.get("role"))
        if role not in ("user", "assistant"):
            raise ApiError.invalid(f"messages.{index}.role: must be user or assistant")
        content = one.get("content")
        if isinstance(content, str):
            blocks: list[Any] = [{"type": "text", "text": content}]
        elif isinstance(content, list):
            blocks = cast("list[Any]", content)
        else:
            raise ApiError.invalid(f"messages.{index}.content: must be text or blocks")
        for block in blocks:
            if not isinstance(block, dict) or "type" not in block:
                raise ApiError.invalid(f"messages.{index}.content: every block needs a type")
            part = cast("dict[str, Any]", block)
            if part["type"] == "tool_use":
                uses.add(str(part.get("id")))
            if part["type"] == "tool_result" and part.get("tool_use_id") not in uses:
                raise ApiError.invalid(
                    f"messages.{index}: tool_result {part.get('tool_use_id')!r} has no "
                    "tool_use block before it"
                )
            if role == "user" and part["type"] == "text":
                texts.append(str(part.get("text", "")))
            if part["type"] == "tool_result" and isinstance(part.get("content"), str):
                texts.append(part["content"])
    if role != "user":
        raise ApiError.invalid("messages: the conversation must end with a user message")
    return "\n".join(texts)


def _tools(tools: object) -> dict[str, dict[str, Any]]:
    if not isinstance(tools, list):
        raise ApiError.invalid("tools: must be a list")
    schemas: dict[str, dict[str, Any]] = {}
    for index, tool in enumerate(cast("list[object]", tools)):
        one = cast("dict[str, Any]", tool) if isinstance(tool, dict) else {}
        name, schema = one.get("name"), one.get("input_schema")
        if not isinstance(name, str) or not isinstance(schema, dict):
            raise ApiError.invalid(f"tools.{index}: name and input_schema are required")
        closed = cast("dict[str, Any]", schema)
        if one.get("strict") and (where := _open_object(closed, "input_schema")):
            raise ApiError.invalid(
                f"tools.{index}.{where}: a strict schema needs 'additionalProperties': false"
            )
        schemas[name] = closed
    return schemas


def _open_object(schema: object, where: str) -> str | None:
    """Where a schema leaves an object open, if anywhere."""
    if isinstance(schema, list):
        parts = enumerate(cast("list[object]", schema))
        return next((w for i, s in parts if (w := _open_object(s, f"{where}.{i}"))), None)
    if not isinstance(schema, dict):
        return None
    node = cast("dict[str, object]", schema)
    if node.get("type") == "object" and node.get("additionalProperties") is not False:
        return where
    return next((w for k, s in node.items() if (w := _open_object(s, f"{where}.{k}"))), None)
