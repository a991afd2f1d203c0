"""The root of the command line: commands, manners and exit codes."""

import sys

import typer
from temporalio.service import RPCError

from starter.cli import (
    account_settings,
    accounts,
    alerts,
    assets,
    audit,
    backup,
    brand,
    campaigns,
    chaos,
    connect,
    creatives,
    decisions,
    drift,
    events,
    incidents,
    keys,
    limits,
    messages,
    networks,
    new,
    people,
    quarantine,
    rates,
    recommendations,
    recovery,
    rehearse,
    rights,
    stack,
    teams,
    tokens,
)
from starter.cli.output import FAILED, OK, CommandFailed, notes
from starter.stack.errors import StackFailed
from starter.temporal import leave

app = typer.Typer(
    name="adflight",
    help="A durable ads orchestrator: approve, watch, stop, and see why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for module in (
    stack,
    campaigns,
    messages,
    new,
    events,
    audit,
    decisions,
    recommendations,
    alerts,
    incidents,
    recovery,
    chaos,
    rehearse,
    quarantine,
    drift,
    backup,
    limits,
    rates,
    accounts,
    connect,
    keys,
    account_settings,
    people,
    teams,
    tokens,
    networks,
    assets,
    creatives,
    brand,
):
    module.register(app)
rights.guard(app)


def main() -> None:
    """Run the command and leave with its exit code, never with a traceback."""
    code = run_command(sys.argv[1:])
    leave(code)


def run_command(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    try:
        app(args=arguments, prog_name="adflight")
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else FAILED
    except CommandFailed as failure:
        notes.print(str(failure), markup=False)
        return failure.code
    except StackFailed as failure:
        notes.print(str(failure), markup=False)
        return FAILED
    except RPCError as error:
        notes.print(f"Temporal refused the call: {error.message}", markup=False)
        return FAILED
    return OK
