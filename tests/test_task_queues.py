"""Every activity that a workflow calls is served where the call goes (P1, P2).

One that nobody serves is no error anywhere: the workflow waits for ever.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from temporalio.client import Client

from models.contract import queues
from models.settings import Settings
from worker import WORKFLOWS, Collaborators, methods
from workflows import timeouts

SOURCES = Path(timeouts.__file__).parent
_DEFINITION = "__temporal_activity_definition"


class Call(NamedTuple):
    """An activity named in a workflow's source, and the row of the timeouts table beside it."""

    where: str
    activity: str
    row: str  # "" where none stands beside it
    homes: frozenset[str]  # task queues of the workflows that run this code


def queue_of(row: str) -> str | None:
    """The task queue that a row names; None for the workflow's own."""
    found: Any = getattr(timeouts, row)
    if callable(found):
        found = found(timeouts.WEB["start_to_close_timeout"])
    return found.get("task_queue")


def calls(path: Path) -> Iterator[Call]:
    """All mentions of activities in a module."""
    module = import_module(f"workflows.{path.stem}")
    for family in ast.parse(path.read_text()).body:
        served = getattr(module, family.name) if isinstance(family, ast.ClassDef) else None
        homes = frozenset(
            queue
            for queue, kinds in WORKFLOWS.items()
            for kind in kinds
            if served is not None and issubclass(kind, served)
        )
        rows: dict[ast.expr, str] = {}
        for node in ast.walk(family):
            if isinstance(node, ast.Call):
                (row,) = [*filter(None, map(_row, node.args)), ""][:1]
                rows |= dict.fromkeys(node.args, row)
        for node in ast.walk(family):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
                continue
            method = getattr(getattr(module, node.value.id, None), node.attr, None)
            if hasattr(method, _DEFINITION):
                name = getattr(method, _DEFINITION).name
                yield Call(f"{path.stem}:{node.lineno}", name, rows.get(node, ""), homes)


def _row(argument: ast.expr) -> str:
    told = argument.func if isinstance(argument, ast.Call) else argument
    text = ast.unparse(told)
    return text.removeprefix("timeouts.") if text.startswith("timeouts.") else ""


ALL = [call for path in sorted(SOURCES.glob("*.py")) for call in calls(path)]


@pytest.fixture(scope="module")
def served() -> dict[str, set[str]]:
    """Names of the activities that a worker of each task queue serves."""
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    opened = Collaborators(settings, cast("Client", object()))
    return {
        queue: {getattr(one, _DEFINITION).name for one in methods(families)}
        for queue, families in opened.activities.items()
    }


def test_every_call_goes_where_its_activity_is_served(served: dict[str, set[str]]) -> None:
    astray = [
        f"{call.where}: {call.activity} is not served on {queue}"
        for call in ALL
        for queue in ([queue_of(call.row)] if queue_of(call.row) else sorted(call.homes))
        if call.activity not in served[cast("str", queue)]
    ]
    assert astray == []


def test_every_call_is_read() -> None:
    """With its row and the workflows that make it: what is not read is not checked either."""
    assert [call for call in ALL if not call.row or not (queue_of(call.row) or call.homes)] == []
    assert len(ALL) > 50
    assert {queue_of(call.row) for call in ALL} > {queues.CREATIVE, queues.GUARD, queues.WATCH}
    assert all(call.homes <= set(queues.ALL) for call in ALL)
