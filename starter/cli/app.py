"""The root of the command line: commands, manners and exit codes.

A command's own module is loaded when the command is meant: `adflight kill` does not wait for what
`adflight creatives make` needs.
"""

import importlib
import sys
from functools import cache

import typer
from temporalio.service import RPCError

from starter.cli import rights
from starter.cli.output import FAILED, OK, USAGE, CommandFailed, notes
from starter.environment import SettingsRefused
from starter.stack.errors import StackFailed
from starter.temporal import leave

MODULES = {
    "stack": ("up", "down", "status", "doctor", "demo"),
    "campaigns": ("campaigns", "show", "approvals"),
    "messages": (
        *("approve", "reject", "modify", "pause", "resume", "kill", "budget"),
        *("optimise", "freeze"),
    ),
    "new": ("new",),
    "events": ("event", "feed"),
    "audit": ("events",),
    "decisions": ("decisions",),
    "recommendations": ("recommendations",),
    "alerts": ("alerts",),
    "incidents": ("incidents", "incident"),
    "recovery": ("recover",),
    "chaos": ("chaos",),
    "rehearse": ("rehearse",),
    "quarantine": ("quarantine",),
    "drift": ("drift",),
    "backup": ("backup", "restore", "reconcile"),
    "limits": ("limits",),
    "rates": ("rates",),
    "accounts": ("accounts",),
    "connect": ("accounts",),
    "account_settings": ("accounts",),
    "keys": ("keys",),
    "people": ("people",),
    "teams": ("teams",),
    "tokens": ("tokens",),
    "networks": ("networks",),
    "assets": ("assets",),
    "creatives": ("creatives",),
    "brand": ("brand",),
}
"""Where each command lives, in the order in which help shows them."""


def application(word: str = "") -> typer.Typer:
    """The commands that begin with ``word``; all of them where none does."""
    words = [word] if any(word in known for known in MODULES.values()) else _words()
    homes = dict.fromkeys(
        tuple(name for name, known in MODULES.items() if one in known) for one in words
    )
    root = typer.Typer(
        name="adflight",
        help="A durable ads orchestrator: approve, watch, stop, and see why.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    root.callback()(lambda: None)  # one command alone is still named by its word
    for part in map(_part, homes):
        root.registered_commands += part.registered_commands
        root.registered_groups += part.registered_groups
    return root


def _words() -> list[str]:
    return [word for known in MODULES.values() for word in known]


@cache
def _part(modules: tuple[str, ...]) -> typer.Typer:
    """The commands of some modules, each asking first whether its person may."""
    part = typer.Typer()
    for name in modules:
        importlib.import_module(f"starter.cli.{name}").register(part)
    rights.guard(part)
    return part


def main() -> None:
    """Run the command and leave with its exit code, never with a traceback."""
    code = run_command(sys.argv[1:])
    leave(code)


def run_command(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    try:
        application(*arguments[:1])(args=arguments, prog_name="adflight")
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else FAILED
    except CommandFailed as failure:
        notes.print(str(failure), markup=False)
        return failure.code
    except SettingsRefused as refused:
        notes.print(f"{refused}.", markup=False)
        return USAGE
    except StackFailed as failure:
        notes.print(str(failure), markup=False)
        return FAILED
    except RPCError as error:
        notes.print(f"Temporal refused the call: {error.message}", markup=False)
        return FAILED
    return OK
