"""The stack: up, down, status, doctor, demo."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from starter import environment
from starter.cli.checks import diagnose, stack_status
from starter.cli.flags import Json
from starter.cli.output import (
    FAILED,
    INTERRUPTED,
    USAGE,
    CommandFailed,
    emit,
    fail,
    notes,
    screen,
    table,
)
from starter.cli.session import run
from starter.stack import local
from starter.stack.local import LocalStack, Options
from starter.team import live_platforms

_Directory = Annotated[
    Path | None, typer.Option("--dir", help="Where the stack keeps its data.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, status, doctor, demo):
        app.command(command.__name__)(command)


def up(
    directory: _Directory = None,
    tempo: Annotated[
        float, typer.Option(help="Campaign seconds per real second (sandbox only).", min=0.001)
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulated market.")] = 1,
    temporal_port: int = 7233,
    ui_port: int = 8233,
    sandbox_port: int = 8700,
    events_port: int = 8710,
    detach: Annotated[bool, typer.Option(help="Return when ready; end with `down`.")] = False,
) -> None:
    """Start everything on this machine and keep it running until Ctrl-C."""
    where = (directory or environment.directory()).absolute()
    options = Options(where, tempo, seed, temporal_port, ui_port, sandbox_port, events_port)
    if detach:
        _start_detached(options)
        return
    stopped = _Stop()
    began = time.monotonic()
    stack = LocalStack(options, say=lambda part: notes.print(f"  {part}", markup=False))
    notes.print("Starting Adflight")
    try:
        stack.start()
    except KeyboardInterrupt:
        raise CommandFailed("Interrupted.", INTERRUPTED) from None
    _print_welcome(stack.environment, time.monotonic() - began)
    try:
        stack.watch(lambda: stopped.asked)
    except KeyboardInterrupt:
        pass  # the usual way to end it
    finally:
        notes.print("Stopping")
        stack.stop()
        notes.print("Stopped; data is kept.")


class _Stop:
    """Turns SIGINT and SIGTERM into a flag, so that everything is taken down in order."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, *_: object) -> None:
        if self.asked:
            return
        self.asked = True
        raise KeyboardInterrupt


def _start_detached(options: Options) -> None:
    arguments = [
        sys.executable, "-c", "from starter.cli import main; main()", "up",
        "--dir", str(options.directory), "--tempo", str(options.tempo),
        "--seed", str(options.seed), "--temporal-port", str(options.temporal_port),
        "--ui-port", str(options.ui_port), "--sandbox-port", str(options.sandbox_port),
        "--events-port", str(options.events_port),
    ]  # fmt: skip
    log = options.directory / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as out:
        child = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    while time.monotonic() - began < 90:
        state = local.running(options.directory)
        if (
            state is not None
            and state["ready"]
            and state["processes"]["supervisor"]["pid"] == child.pid
        ):
            _print_welcome(state["environment"], time.monotonic() - began)
            return
        if child.poll() is not None:
            fail(log.read_text().strip() or "the stack did not start", FAILED)
        time.sleep(0.1)
    fail(f"The stack is not ready after 90 s; see {log}", FAILED)


def _print_welcome(variables: dict[str, str], seconds: float) -> None:
    live = ", ".join(platform.value for platform in live_platforms())
    label = f"real networks ({live})" if live else "sandbox networks and a simulated market"
    claude = (
        "Claude"
        if os.environ.get("ANTHROPIC_API_KEY")
        else ("a rule-based sandbox planner in Claude's place")
    )
    screen.print(f"Ready after {seconds:.1f} s: {label}, {claude}.")
    for name, key in (
        ("Temporal Web UI", "ADFLIGHT_UI_URL"),
        ("Events", "ADFLIGHT_EVENTS_URL"),
        ("Sandbox", "ADFLIGHT_SANDBOX_URL"),
    ):
        if variables.get(key):
            screen.print(f"  {name:<16} {variables[key]}", markup=False)
    screen.print("Next, in another terminal:")
    screen.print("  adflight event post-published starter/demo/article.html", markup=False)
    screen.print("  adflight approvals", markup=False)
    screen.print("  adflight approve ID", markup=False)


def down(directory: _Directory = None) -> None:
    """End the stack; data is kept."""
    where = (directory or environment.directory()).absolute()
    if local.running(where) is None:
        screen.print("No stack runs here.")
        return
    left = local.take_down(where)
    if left:
        fail(f"Still running: {', '.join(left)}; see `adflight status`", FAILED)
    screen.print("Stopped; data is kept.")


def status(as_json: Json = False) -> None:
    """Show what runs, where, and what campaigns do."""
    found = run(stack_status())
    if as_json:
        emit(found)
        return
    table(
        f"Stack in {found['directory']}",
        ("part", "state", "where"),
        ((one["part"], one["state"], one["where"]) for one in found["parts"]),
        "No stack runs here: start one with `adflight up`.",
    )
    screen.print(f"Networks: {found['networks']}. Claude: {found['claude']}. "
                 f"Tempo: {found['tempo']:g}.", markup=False)  # fmt: skip
    screen.print(f"Campaigns: {found['campaigns'] or 'none'}", markup=False)


def doctor(as_json: Json = False) -> None:
    """Check everything; each problem with the way to mend it."""
    checks = run(diagnose())
    problems = [one for one in checks if not one["ok"]]
    if as_json:
        emit({"ok": not problems, "checks": checks})
    else:
        table(
            "Doctor",
            ("", "check", "found", "mend"),
            (("ok" if one["ok"] else "!!", one["check"], one["found"], one["mend"])
             for one in checks),
            "Nothing to check.",
        )  # fmt: skip
    if problems:
        raise typer.Exit(FAILED)


def demo(
    tempo: Annotated[float, typer.Option(help="Campaign seconds per real second.")] = 1800.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulated market.")] = 7,
    keep: Annotated[bool, typer.Option(help="Keep the stack's directory.")] = False,
    platforms: Annotated[
        str, typer.Option(help="One campaign on each instead: all, or names joined by commas.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Play the whole story on a throwaway stack and prove every step."""
    from starter.demo import every_network, story
    from starter.demo.play import play

    told = story.tell
    if platforms:
        try:
            told = partial(every_network.tell, platforms=every_network.chosen(platforms))
        except ValueError as error:
            fail(f"{error}.", USAGE)
    raise typer.Exit(play(told, tempo=tempo, seed=seed, keep=keep, as_json=as_json))
