"""Child processes of the local stack: started, watched, ended; never anybody else's."""

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(slots=True)
class Program:
    """A program the stack runs. ``environment`` is added to ours."""

    name: str
    arguments: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])
    process: "subprocess.Popen[bytes] | None" = None
    restarts: int = 0
    not_before: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def restart_if_dead(self) -> bool:
        """Start it again when it died, waiting longer after each death; whether it was."""
        if self.alive() or time.monotonic() < self.not_before:
            return False
        self.restarts += 1
        self.not_before = time.monotonic() + min(2.0 ** min(self.restarts, 5), 30.0)
        self.start()
        return True

    def stop(self, patience: float = 12.0) -> None:
        """End it: politely, then not."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def tail(self, lines: int = 5) -> str:
        """The last lines of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def stamp(pid: int) -> float | None:
    """When a process began, to recognise it later; None when it is gone."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def is_same(pid: int, began: float) -> bool:
    """Whether the process is still the one that began then (pids are reused)."""
    now = stamp(pid)
    return now is not None and abs(now - began) < 1.0


def end(pid: int, began: float, patience: float = 12.0) -> bool:
    """End a process of an earlier supervisor; whether it is gone."""
    if not is_same(pid, began):
        return True
    process = psutil.Process(pid)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(patience)
        except psutil.TimeoutExpired:
            process.kill()
    return not is_same(pid, began)
