"""Asking Claude with strict tools: recorded, found again by hash, repaired once."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import anthropic
from anthropic.types import Message
from pydantic import BaseModel
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, func, select
from temporalio.exceptions import ApplicationError

from activities.outcomes import ACCESS_DENIED, CLAUDE_REFUSED
from models.contract.money import MICROS
from models.database import Database
from models.settings import Settings
from models.tables import ClaudeCall
from models.tables.columns import now_utc

MAX_TOKENS = 8_000


class ToolCall(BaseModel):
    """One tool call of an answer."""

    id: str
    name: str
    input: dict[str, Any]


class Answer(BaseModel):
    """What Claude answered. ``problems`` is what stayed wrong after the repair turn."""

    model: str
    calls: list[ToolCall]
    input_tokens: int
    output_tokens: int
    problems: list[str] = []


class Claude:
    """One conversation per question: the question, and at most one repair turn."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        sandbox = settings.claude_is_sandbox
        self.label = "rule-based sandbox planner" if sandbox else settings.model
        key = settings.anthropic_api_key.get_secret_value()
        base_url = f"{settings.sandbox_url}/claude" if sandbox else settings.anthropic_base_url
        # Without a key, only the sandbox or a gateway of the operator's own is ever contacted.
        self._reachable = bool(key or base_url)
        self._client = anthropic.AsyncAnthropic(
            api_key=key or ("sandbox-claude-key" if sandbox else "missing"),
            base_url=base_url or None,
            timeout=settings.model_timeout_seconds,
            max_retries=0,  # Temporal retries, and keeps count
        )

    async def ask(
        self,
        team_id: UUID,
        *,
        purpose: str,
        system: str,
        question: str,
        tools: list[dict[str, Any]],
        check: Callable[[Sequence[ToolCall]], dict[str, str]],
    ) -> Answer:
        """Ask, check the tool calls, and let Claude repair them once.

        Args:
            team_id: Whose call it is; calls are recorded per team.
            purpose: What for, for the record ("evaluate", "copy").
            system: The system prompt.
            question: The user's turn; untrusted text in it must already be fenced.
            tools: Strict tool definitions; one of them must be called.
            check: What is wrong with the calls, by call id (``""`` for the answer as a whole).

        Raises:
            ApplicationError: no usable credential, a refusal, or a passing fault to retry.
        """
        messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
        first = await self._send(team_id, purpose, system, messages, tools)
        calls = _calls(first)
        problems = check(calls)
        answer = _answer(first, calls, problems, self.label)
        if not problems:
            return answer
        messages.append({"role": "assistant", "content": _content(first)})
        messages.append({"role": "user", "content": _complaint(calls, problems)})
        second = await self._send(team_id, purpose, system, messages, tools)
        calls = _calls(second)
        repaired = _answer(second, calls, check(calls), self.label)
        repaired.input_tokens += answer.input_tokens
        repaired.output_tokens += answer.output_tokens
        return repaired

    async def _send(
        self,
        team_id: UUID,
        purpose: str,
        system: str,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]],
    ) -> Message:
        request = {
            "model": self._settings.model,
            "max_tokens": MAX_TOKENS,
            "system": system,
            "messages": messages,
            "tools": tools,
            "tool_choice": {"type": "any"},
        }
        digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        # The same question is not paid for twice: a repeated attempt finds the first answer.
        known = await self._find(team_id, digest)
        if known is not None:
            return known
        if not self._reachable:
            raise ApplicationError(
                "no Claude is configured; set ANTHROPIC_API_KEY or start the sandbox with "
                "`adflight up`",
                type=ACCESS_DENIED,
                non_retryable=True,
            )
        try:
            message = cast("Message", await self._client.messages.create(**cast("Any", request)))
        except anthropic.APIError as error:
            raise _as_failure(error) from None
        if message.stop_reason in ("refusal", "max_tokens"):
            raise ApplicationError(
                f"Claude stopped with {message.stop_reason!r} while asked to {purpose}",
                type=CLAUDE_REFUSED,
                non_retryable=True,
            )
        await self._record(team_id, digest, purpose, request, message)
        return message

    async def _find(self, team_id: UUID, digest: str) -> Message | None:
        async with self._database.team(team_id) as session:
            call = await session.scalar(
                select(ClaudeCall).where(col(ClaudeCall.request_hash) == digest)
            )
        return Message.model_validate(call.response) if call else None

    async def _record(
        self, team_id: UUID, digest: str, purpose: str, request: dict[str, Any], message: Message
    ) -> None:
        usage = message.usage
        async with self._database.team(team_id) as session:
            await session.execute(
                insert(ClaudeCall)
                .values(
                    id=func.gen_random_uuid(),
                    team_id=team_id,
                    request_hash=digest,
                    purpose=purpose,
                    model=self.label,
                    request=request,
                    response=message.model_dump(mode="json"),
                    input_tokens=usage.input_tokens,
                    output_tokens=usage.output_tokens,
                    cost_micros=self._cost(usage.input_tokens, usage.output_tokens),
                    created_at=now_utc(),
                )
                .on_conflict_do_nothing(index_elements=["team_id", "request_hash"])
            )

    def _cost(self, input_tokens: int, output_tokens: int) -> int | None:
        """Micro-dollars, or None when no price is configured. The sandbox costs nothing."""
        if self._settings.claude_is_sandbox:
            return 0
        inward = self._settings.model_input_price_per_million
        outward = self._settings.model_output_price_per_million
        if inward is None or outward is None:
            return None
        return int((inward * input_tokens + outward * output_tokens) * MICROS / 1_000_000)

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.close()


def _calls(message: Message) -> list[ToolCall]:
    return [
        ToolCall(id=block.id, name=block.name, input=cast("dict[str, Any]", block.input))
        for block in message.content
        if block.type == "tool_use"
    ]


def _content(message: Message) -> list[dict[str, Any]]:
    return [block.model_dump(mode="json", exclude_none=True) for block in message.content]


def _complaint(calls: Sequence[ToolCall], problems: dict[str, str]) -> list[dict[str, Any]]:
    """Tool results that say what to mend; the API wants one for every call."""
    whole = problems.get("", "")
    turn: list[dict[str, Any]] = [
        {
            "type": "tool_result",
            "tool_use_id": call.id,
            "is_error": True,
            "content": problems.get(call.id) or whole or "fine, but repeat it with the others",
        }
        for call in calls
    ]
    turn.append({"type": "text", "text": f"{whole} Answer again with all tool calls.".strip()})
    return turn


def _answer(
    message: Message, calls: list[ToolCall], problems: dict[str, str], label: str
) -> Answer:
    return Answer(
        model=label,
        calls=calls,
        input_tokens=message.usage.input_tokens,
        output_tokens=message.usage.output_tokens,
        problems=[text for text in problems.values() if text],
    )


def _as_failure(error: anthropic.APIError) -> ApplicationError:
    """The SDK's error as a retryable or final failure; its text never holds the key."""
    if isinstance(error, anthropic.AuthenticationError | anthropic.PermissionDeniedError):
        return ApplicationError(
            "Claude refused the credential; check ANTHROPIC_API_KEY",
            type=ACCESS_DENIED,
            non_retryable=True,
        )
    if isinstance(error, anthropic.APIStatusError):
        wait = _retry_after(error)
        final = error.status_code in (400, 404, 413, 422)
        return ApplicationError(
            f"Claude answered {error.status_code}",
            type=CLAUDE_REFUSED if final else "ClaudeUnavailable",
            non_retryable=final,
            next_retry_delay=wait,
        )
    return ApplicationError(
        f"Claude could not be reached ({type(error).__name__})", type="ClaudeUnavailable"
    )


def _retry_after(error: anthropic.APIStatusError) -> timedelta | None:
    try:
        return timedelta(seconds=max(0.0, min(float(error.response.headers["retry-after"]), 300)))
    except (KeyError, ValueError):
        return None
