"""Golden histories: whole workflows as a real server recorded them, to be replayed for ever."""

import asyncio
import json
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from worker import WORKFLOWS

FOLDER = Path(__file__).parent / "histories"


def names() -> list[str]:
    """What was recorded."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> WorkflowHistory:
    """One recorded history."""
    return WorkflowHistory.from_json(name, (FOLDER / f"{name}.json").read_text())


def save(name: str, history: WorkflowHistory) -> None:
    """Keep a history, one event a line: small, and a diff says which event changed."""
    events = json.loads(history.to_json())["events"]
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    (FOLDER / f"{name}.json").write_text(f'{{"events":[\n{lines}\n]}}\n')


async def replay(history: WorkflowHistory) -> None:
    """Run a history through today's workflow code.

    Raises:
        workflow.NondeterminismError: today's code issues other commands.
    """
    replayer = Replayer(
        workflows=[one for some in WORKFLOWS.values() for one in some],
        data_converter=pydantic_data_converter,
    )
    await asyncio.wait_for(replayer.replay_workflow(history), 30)


async def failures() -> dict[str, str]:
    """Which golden histories do not replay, and why."""
    broken: dict[str, str] = {}
    for name in names():
        try:
            await replay(load(name))
        except Exception as error:
            broken[name] = str(error).splitlines()[0]
    return broken
