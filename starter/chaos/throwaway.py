"""A stack that nobody else uses, workers included, whose parts may be killed."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from models.database import driver_url
from models.settings import Settings
from starter.chaos.plan import Victim
from starter.stack.errors import StackFailed
from starter.stack.local import LocalStack, Options
from starter.stack.postgres import EmbeddedPostgres
from starter.stack.processes import Program

QUEUES = {"worker": "management,creative,analytics", "guard": "guard,watch"}
_OURS = (
    "ADFLIGHT_", "AI_ADS_", "ANTHROPIC_", "DATABASE_URL", "META_", "SANDBOX_", "TEMPORAL_",
    "X_ADS_",
)  # fmt: skip
_PATIENCE = 60.0
_WINDOW = 900.0
"""Seconds of the longest window that campaigns wait for: X's quarter of an hour."""


@contextmanager
def bare_environment() -> Generator[None]:
    """Our environment without another stack's variables and without real credentials.

    Whatever is set inside is forgotten at the end.
    """
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class ThrowawayStack:
    """PostgreSQL, Temporal, sandbox networks and two worker processes in a directory of its own."""

    def __init__(self, stack: LocalStack, directory: Path) -> None:
        self.stack = stack
        self.directory = directory
        self.settings: Settings = stack.settings()
        self.control = httpx.AsyncClient(
            base_url=f"{self.settings.sandbox_url}/control", timeout=30, trust_env=False
        )
        self._postgres = EmbeddedPostgres(directory)
        self._one_at_a_time = {victim: asyncio.Lock() for victim in Victim}

    async def start_workers(self) -> None:
        """Start both worker processes and wait until they serve their queues."""
        for name, queues in QUEUES.items():
            self.stack.programs[name] = Program(
                name,
                [sys.executable, "-m", "worker", "--queues", queues],
                self.directory / "logs" / f"{name}.log",
                self.stack.environment,
            )
        await asyncio.gather(*(self._start_worker(name) for name in QUEUES))

    async def crash(self, victim: Victim, down: float) -> None:
        """Kill a part with ``kill -9`` and start it again after ``down`` real seconds.

        A part that is still away from an earlier crash is awaited first: there must be
        something to kill.
        """
        async with self._one_at_a_time[victim]:
            self.kill(victim)
            await asyncio.sleep(down)
            if victim is Victim.POSTGRESQL:
                await asyncio.to_thread(self._postgres.start)
            elif victim is Victim.TEMPORAL:
                await self._start_temporal()
            else:
                # X lets a token read its catalogue five times in a window, which nobody's workers
                # but these would use up by dying.
                await self.renew_limits()
                await self._start_worker(victim.value)

    async def pass_windows(self, tempo: float) -> None:
        """Let the networks' windows of calls pass as fast as the campaigns' time, for whatever is
        done by the clock is done so much more often."""
        while True:
            await asyncio.sleep(max(_WINDOW / tempo, 1.0))
            await self.renew_limits()

    async def renew_limits(self) -> None:
        """The networks' windows begin anew, and with them what our workers remember of them. While
        one of them is down, the next time does it."""
        with contextlib.suppress(httpx.TransportError):
            await self.control.delete("/limits")
        await asyncio.to_thread(self._forget_windows)

    def _forget_windows(self) -> None:
        engine = create_engine(driver_url(self.settings.database_url))
        with contextlib.suppress(OperationalError), engine.begin() as connection:
            connection.execute(text("DELETE FROM call_allowances"))
        engine.dispose()

    def kill(self, victim: Victim) -> None:
        """``kill -9``: no goodbye to anybody."""
        if victim is Victim.POSTGRESQL:
            self._kill_postgres()
            return
        process = self.stack.programs[victim.value].process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def _kill_postgres(self) -> None:
        """The server with every process of its own, as when the machine loses power."""
        pid = self._postgres.pid()
        assert pid is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            server = psutil.Process(pid)
            family = [server, *server.children(recursive=True)]
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(family, 10)

    async def _start_worker(self, name: str) -> None:
        program = self.stack.programs[name]
        began = program.log.stat().st_size if program.log.exists() else 0
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        program.start()
        while b"worker ready" not in _from(program.log, began):
            if asyncio.get_running_loop().time() > deadline:
                raise StackFailed(f"{name} did not come up; its log ends:\n{program.tail()}")
            if not program.alive():
                # Temporal may be away at the moment: an operator's supervisor tries again.
                await asyncio.sleep(0.3)
                program.start()
            await asyncio.sleep(0.05)

    async def _start_temporal(self) -> None:
        host, port = self.settings.temporal_address.rsplit(":", 1)
        program = self.stack.programs["temporal"]
        program.start()
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while not _answers(host, int(port)):
            if not program.alive() or asyncio.get_running_loop().time() > deadline:
                raise StackFailed(f"Temporal did not come back; its log ends:\n{program.tail()}")
            await asyncio.sleep(0.05)

    async def read(self, path: str) -> Any:
        """What the sandbox's control API answers."""
        answer = await self.control.get(path)
        answer.raise_for_status()
        return answer.json()


@asynccontextmanager
async def throwaway(
    *, tempo: float, seed: int, keep: bool = False, workers: bool = True
) -> AsyncGenerator[ThrowawayStack]:
    """A stack in a temporary directory on free ports, gone afterwards unless ``keep``.

    Raises:
        StackFailed: a part did not come up.
    """
    directory = _directory()
    with bare_environment():
        stack = LocalStack(
            Options(
                directory,
                tempo=tempo,
                seed=seed,
                temporal_port=0,
                ui_port=0,
                sandbox_port=0,
                events_port=0,
                workers=False,
            )
        )
        try:
            await asyncio.to_thread(stack.start)
            ground = ThrowawayStack(stack, directory)
            try:
                if workers:
                    await ground.start_workers()
                passing = asyncio.create_task(ground.pass_windows(tempo))
                try:
                    yield ground
                finally:
                    passing.cancel()
            finally:
                await ground.control.aclose()
        finally:
            await asyncio.to_thread(stack.stop)
            if not keep:
                shutil.rmtree(directory, ignore_errors=True)


def _directory() -> Path:
    # A short path: the database's socket lives below it, and its user must be let in.
    directory = Path(tempfile.mkdtemp(prefix="af-", dir="/tmp"))
    directory.chmod(0o755)
    return directory


def _from(log: Path, position: int) -> bytes:
    with log.open("rb") as file:
        file.seek(position)
        return file.read()


def _answers(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False
