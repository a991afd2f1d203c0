"""Asking Claude: recorded, found again, repaired once, paid for as configured; no key leaks."""

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities.claude import Answer, Claude, ToolCall
from activities.evaluation import fenced
from creative import copywriting
from models.database import Database
from models.settings import Settings
from models.tables import ClaudeCall
from platforms.network import CopyLimits
from starter.team import set_up
from tests.sandbox_server import Sandbox

KEY = "sk-ant-api03-never-to-be-seen"
LIMITS = CopyLimits(primary_text=125, headline=40, description=30)
ARTICLE = {
    "url": "https://journal.example/nets",
    "title": "How a harbour town mends its nets",
    "description": "A short visit to the net lofts.",
    "text": "The town mends its nets in winter. Many people learn the knots at school.",
    "tags": ["harbour"],
}
ACTIONS = ["learn_more"]


def question(variants: int = 1) -> str:
    told = copywriting.brief(
        LIMITS, platform="meta", objective="traffic", variants=variants, actions=ACTIONS
    )
    return f"<brief>{fenced(told)}</brief>\n<article>{fenced(ARTICLE)}</article>"


def sound(calls: Sequence[ToolCall]) -> dict[str, str]:
    """The product's own check of a ``write_copy`` call."""
    if len(calls) != 1:
        return {"": "Call write_copy exactly once."}
    problem = copywriting.problems(calls[0].input, LIMITS, ACTIONS)
    return {calls[0].id: problem} if problem else {}


async def ask(
    claude: Claude,
    team: UUID,
    *,
    variants: int = 1,
    check: Callable[[Sequence[ToolCall]], dict[str, str]] = sound,
) -> Answer:
    return await claude.ask(
        team,
        purpose="copy",
        system=copywriting.SYSTEM,
        question=question(variants),
        tools=copywriting.TOOLS,
        check=check,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def team_id(settings: Settings, database: Database) -> UUID:
    """A new team."""
    own = settings.model_copy(update={"team_id": uuid4()})
    await set_up(database, own, environ={})
    return own.team_id


@asynccontextmanager
async def asking(
    settings: Settings, database: Database, **changes: object
) -> AsyncGenerator[Claude]:
    claude = Claude(settings.model_copy(update=changes), database)
    try:
        yield claude
    finally:
        await claude.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def claude(
    settings: Settings, database: Database, sandbox: Sandbox
) -> AsyncGenerator[Claude]:
    """Claude's stand-in, served by a sandbox of the test's own."""
    async with asking(settings, database, sandbox_url=sandbox.url) as claude:
        assert claude.label == "rule-based sandbox planner"
        yield claude


def with_key(sandbox: Sandbox, **prices: object) -> dict[str, object]:
    """Settings as with a real key, but the sandbox's Messages API as the base URL."""
    return {
        "anthropic_api_key": SecretStr(KEY),
        "anthropic_base_url": f"{sandbox.url}/claude",
        "sandbox_url": "",
        **prices,
    }


class Requests:
    """How many requests the sandbox's Claude has been sent since the last look."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._world = sandbox.world
        self._last = self._world.next_number("claude.request")

    def new(self) -> int:
        number = self._world.next_number("claude.request")
        passed, self._last = number - self._last - 1, number
        return passed


async def recorded(database: Database, team: UUID) -> list[ClaudeCall]:
    async with database.team(team) as session:
        rows = await session.scalars(select(ClaudeCall).order_by(col(ClaudeCall.created_at)))
        return list(rows)


async def test_the_same_question_is_asked_once(
    claude: Claude, team_id: UUID, database: Database, sandbox: Sandbox
) -> None:
    requests = Requests(sandbox)
    first = await ask(claude, team_id)
    assert (first.problems, requests.new()) == ([], 1)
    assert first.calls[0].name == "write_copy"
    assert await ask(claude, team_id) == first
    assert requests.new() == 0
    [call] = await recorded(database, team_id)
    assert (call.purpose, call.model) == ("copy", "rule-based sandbox planner")
    assert (call.input_tokens, call.output_tokens) == (first.input_tokens, first.output_tokens)
    assert first.input_tokens > 100
    assert call.cost_micros == 0
    assert call.request["tool_choice"] == {"type": "any"}
    # Another question, or another team's same question, is another call.
    await ask(claude, team_id, variants=2)
    assert requests.new() == 1
    assert len(await recorded(database, team_id)) == 2


async def test_another_teams_answer_is_not_found(
    claude: Claude, team_id: UUID, settings: Settings, database: Database, sandbox: Sandbox
) -> None:
    other = settings.model_copy(update={"team_id": uuid4()})
    await set_up(database, other, environ={})
    requests = Requests(sandbox)
    await ask(claude, team_id)
    await ask(claude, other.team_id)
    assert requests.new() == 2


async def test_a_broken_answer_is_repaired_once_and_both_turns_are_recorded(
    claude: Claude, team_id: UUID, database: Database, sandbox: Sandbox
) -> None:
    requests = Requests(sandbox)
    sandbox.arm("claude", "invalid_answer", count=1)
    answer = await ask(claude, team_id)
    assert (answer.problems, requests.new()) == ([], 2)
    turns = await recorded(database, team_id)
    assert answer.input_tokens == sum(turn.input_tokens for turn in turns)
    assert answer.output_tokens == sum(turn.output_tokens for turn in turns)
    assert await ask(claude, team_id) == answer
    assert requests.new() == 0


async def test_what_stays_wrong_is_said(claude: Claude, team_id: UUID, sandbox: Sandbox) -> None:
    requests = Requests(sandbox)
    answer = await ask(claude, team_id, check=lambda calls: {calls[0].id: "too long"})
    assert (answer.problems, requests.new()) == (["too long"], 2)


@pytest.mark.parametrize(
    ("prices", "cents"),
    [
        ({}, None),
        ({"model_input_price_per_million": Decimal(3)}, None),
        ({"model_output_price_per_million": Decimal(15)}, None),
        (
            {
                "model_input_price_per_million": Decimal("3.00"),
                "model_output_price_per_million": Decimal("15.5"),
            },
            (Decimal("3.00"), Decimal("15.5")),
        ),
        (
            {
                "model_input_price_per_million": Decimal(0),
                "model_output_price_per_million": Decimal("0.25"),
            },
            (Decimal(0), Decimal("0.25")),
        ),
    ],
)
async def test_a_call_costs_what_the_operators_prices_say(
    settings: Settings,
    database: Database,
    team_id: UUID,
    sandbox: Sandbox,
    prices: dict[str, object],
    cents: tuple[Decimal, Decimal] | None,
) -> None:
    """A price per million tokens in dollars is a price per token in micro-dollars."""
    async with asking(settings, database, **with_key(sandbox, **prices)) as claude:
        assert claude.label == settings.model
        answer = await ask(claude, team_id)
    [call] = await recorded(database, team_id)
    assert call.model == settings.model
    if cents is None:
        assert call.cost_micros is None
    else:
        exact = cents[0] * answer.input_tokens + cents[1] * answer.output_tokens
        assert call.cost_micros == int(exact) > 0


@pytest.mark.parametrize(
    ("fault", "kind", "final"),
    [
        ("overloaded", "ClaudeUnavailable", False),
        ("rate_limited", "ClaudeUnavailable", False),
        ("server_error", "ClaudeUnavailable", False),
        ("refusal", "ClaudeRefused", True),
    ],
)
async def test_a_failure_is_temporals_to_retry_and_is_asked_again(
    claude: Claude,
    team_id: UUID,
    database: Database,
    sandbox: Sandbox,
    fault: str,
    kind: str,
    final: bool,
) -> None:
    requests = Requests(sandbox)
    sandbox.arm("claude", fault, count=1)
    with pytest.raises(ApplicationError) as failure:
        await ask(claude, team_id)
    assert (failure.value.type, failure.value.non_retryable) == (kind, final)
    assert requests.new() == 1, "the SDK must not retry by itself"
    if fault == "rate_limited":
        assert failure.value.next_retry_delay is not None
        assert failure.value.next_retry_delay.total_seconds() == 1
    assert await recorded(database, team_id) == []
    assert (await ask(claude, team_id)).problems == []
    assert requests.new() == 1


async def test_the_key_is_in_no_error_log_or_record(
    settings: Settings,
    database: Database,
    team_id: UUID,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []
    here = f"{sandbox.url}/claude"
    with caplog.at_level(logging.DEBUG):
        for base_url, fault in ((here, None), (here, "server_error"), ("http://127.0.0.1:1", None)):
            changes = with_key(sandbox) | {"anthropic_base_url": base_url}
            if fault:
                sandbox.arm("claude", fault, count=1)
            async with asking(settings, database, **changes) as claude:
                told.append(repr(claude) + str(vars(claude)["_settings"]))
                try:
                    await ask(claude, team_id, variants=len(told))
                except ApplicationError as error:
                    told += traceback.format_exception(error)
                    told.append(f"{error.details} {error.__cause__!r} {error.__context__!r}")
    assert any("ClaudeUnavailable" in text or "could not be reached" in text for text in told)
    for call in await recorded(database, team_id):
        told.append(repr(call.model_dump()))
    assert len(caplog.text) > 100
    assert KEY not in "\n".join(told) + caplog.text


@asynccontextmanager
async def refusing(status: str, told: str) -> AsyncGenerator[str]:
    """An API that answers every request with one status and words; its base URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"type": "error", "error": {"type": "error", "message": told}}).encode()
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Unauthorized", "AccessDenied"),
        ("403 Forbidden", "AccessDenied"),
        ("400 Bad Request", "ClaudeRefused"),
        ("413 Too Large", "ClaudeRefused"),
    ],
)
async def test_a_final_refusal_is_named_and_never_quotes_the_key(
    settings: Settings,
    database: Database,
    team_id: UUID,
    sandbox: Sandbox,
    status: str,
    kind: str,
) -> None:
    async with refusing(status, f"invalid x-api-key {KEY}") as base_url:
        changes = with_key(sandbox) | {"anthropic_base_url": base_url}
        async with asking(settings, database, **changes) as claude:
            with pytest.raises(ApplicationError) as failure:
                await ask(claude, team_id)
    assert (failure.value.type, failure.value.non_retryable) == (kind, True)
    assert ("check ANTHROPIC_API_KEY" in str(failure.value)) == (kind == "AccessDenied")
    assert KEY not in "".join(traceback.format_exception(failure.value))


async def test_without_key_and_sandbox_nobody_is_contacted(
    settings: Settings,
    database: Database,
    team_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes = {"anthropic_api_key": SecretStr(""), "anthropic_base_url": "", "sandbox_url": ""}
    async with asking(settings, database, **changes) as claude:

        async def contacted(*_: Any, **__: Any) -> None:
            raise AssertionError("the API was contacted")

        monkeypatch.setattr(claude._client.messages, "create", contacted)
        with pytest.raises(ApplicationError, match="set ANTHROPIC_API_KEY") as failure:
            await ask(claude, team_id)
    assert failure.value.non_retryable
