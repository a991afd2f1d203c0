"""What people and programs see: tables for one, a single JSON document for the other."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NoReturn, TextIO

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

OK, FAILED, USAGE, DECLINED, CREDENTIALS, BLOCKED, PENDING, PARTLY, INTERRUPTED = (
    0, 1, 2, 3, 4, 5, 6, 7, 130,
)  # fmt: skip

_PIPED_WIDTH = 200


def _width(stream: TextIO) -> int | None:
    """A terminal tells its own width; lines for a file or a pipe are not folded at 80."""
    return None if stream.isatty() or os.environ.get("COLUMNS") else _PIPED_WIDTH


screen = Console(highlight=False, width=_width(sys.stdout))
notes = Console(stderr=True, highlight=False, width=_width(sys.stderr))


class CommandFailed(Exception):
    """A command ends with one clear sentence and an exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def fail(message: str, code: int = FAILED) -> NoReturn:
    """End the command.

    Raises:
        CommandFailed: always.
    """
    raise CommandFailed(message, code)


def emit(value: Any) -> None:
    """Print one JSON document and nothing else."""
    sys.stdout.write(json.dumps(_plain(value), indent=2, ensure_ascii=False) + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print a table, or what to do when there is nothing to show."""
    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        made.add_row(*("–" if cell is None else str(cell) for cell in row))
        count += 1
    if count:
        screen.print(made)
    else:
        screen.print(empty)


def ago(at: datetime | None, now: datetime) -> str:
    """The age of a figure in words."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return "now" if seconds < 5 else f"{seconds:.0f} s ago"


def confirm(question: str, *, yes: bool, no_input: bool) -> None:
    """Ask before something irreversible.

    Raises:
        CommandFailed: the answer is no, or nobody is there to ask and ``--yes`` was not given.
    """
    if yes:
        return
    if no_input or not sys.stdin.isatty():
        fail(f"{question} Refused: no terminal to ask on; repeat with --yes", USAGE)
    if notes.input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        fail("Not done.", DECLINED)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
