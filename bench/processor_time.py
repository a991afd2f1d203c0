"""Processor time of each part of a throwaway stack, which other load does not change."""

import asyncio
import contextlib
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from starter.chaos.throwaway import ThrowawayStack
from starter.stack.postgres import EmbeddedPostgres

_EVERY = 0.25


@dataclass(slots=True)
class ProcessorTime:
    """Samples of processor seconds by part: ``(seconds after the start, {part: seconds})``."""

    samples: list[tuple[float, dict[str, float]]] = field(
        default_factory=list[tuple[float, dict[str, float]]]
    )

    def until(self, seconds: float) -> dict[str, float]:
        """Processor seconds by part from the start to the first sample after ``seconds``."""
        start = self.samples[0][1]
        end = next((one for at, one in self.samples if at >= seconds), self.samples[-1][1])
        return {part: round(end[part] - start[part], 2) for part in start}


@contextmanager
def sampled(ground: ThrowawayStack) -> Generator[ProcessorTime]:
    """Take samples while the block runs."""
    taken = ProcessorTime()
    parts = _parts(ground)
    began = time.perf_counter()

    def sample() -> None:
        now = {part: _seconds(process) for part, process in parts.items()}
        taken.samples.append((time.perf_counter() - began, now))

    async def keep() -> None:
        while True:
            sample()
            await asyncio.sleep(_EVERY)

    sample()
    task = asyncio.create_task(keep())
    try:
        yield taken
    finally:
        task.cancel()
        sample()


def _parts(ground: ThrowawayStack) -> dict[str, psutil.Process]:
    parts = {
        name: psutil.Process(program.process.pid)
        for name, program in ground.stack.programs.items()
        if program.process is not None and program.alive()
    }
    parts["command"] = psutil.Process(os.getpid())
    postgres = EmbeddedPostgres(ground.directory).pid()
    if postgres is not None:
        parts["postgresql"] = psutil.Process(postgres)
    return parts


def _seconds(process: psutil.Process) -> float:
    """Of a process, of its children, and of those of them that have ended."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        used = process.cpu_times()
        total += used.user + used.system
        if process.pid == os.getpid():
            return total  # its children are the other parts
        total += used.children_user + used.children_system
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                own = child.cpu_times()
                total += own.user + own.system
    return total
