"""A copy of the local stack in one file, taken while it runs, and the way back.

The copy holds the database, Temporal's histories, the images and the stack's memory. It does not
hold the sandbox networks: they stand for the world outside, which no restore turns back.

Temporal's histories are copied first and the database after them, so that the database is never
the older of the two: what it knows more than the histories is as after a crash, where an effect
asked for twice is looked up; the other way round a history would rely on grants that are gone.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from migrations.apply import head, knows
from models.database import APP_ROLE
from starter.stack import local
from starter.stack.errors import StackFailed
from starter.stack.postgres import EmbeddedPostgres
from starter.stack.teams import hold_all_raises

FORMAT = 1
_MANIFEST, _DUMP, _TEMPORAL, _MEMORY = (
    "manifest.json",
    "postgres.dump",
    "temporal.db",
    "memory.json",
)
_BLOCK = 1 << 20
_SECRETIVE = 0o600
Say = Callable[[str], None]


def back_up(
    directory: Path, environment: Mapping[str, str], target: Path, say: Say
) -> dict[str, Any]:
    """Copy a running stack into ``target`` (readable by its owner alone); the manifest.

    Args:
        directory: The stack's directory.
        environment: The stack's variables (``DATABASE_URL``).
        target: A file that does not exist yet; it becomes a gzipped tar archive.
        say: Told which part is being copied.

    Raises:
        StackFailed: a part cannot be copied; nothing is left behind.
    """
    if target.exists():
        raise StackFailed(f"{target} exists already; give another file name")
    if not target.parent.is_dir():
        raise StackFailed(f"{target.parent} is no directory; create it first")
    with tempfile.TemporaryDirectory(prefix="backup-", dir=directory) as place:
        stage = Path(place)
        temporal = directory / _TEMPORAL
        if temporal.exists():
            say("Temporal's histories")
            _copy_sqlite(temporal, stage / _TEMPORAL)
        say("database")
        server = _dump_database(directory, environment["DATABASE_URL"], stage / _DUMP)
        shutil.copy2(directory / _MEMORY, stage / _MEMORY)
        if (assets := directory / "assets").is_dir():
            say("images")
            shutil.copytree(assets, stage / "assets")
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(),
            "adflight": version("adflight"),
            "schema": head(),
            "postgresql": server,
            "temporal": _temporal_version() if temporal.exists() else "a server of its own",
            "files": {name: _fingerprint(stage / name) for name in _names(stage)},
        }
        say("archive")
        _pack(stage, manifest, target)
    return manifest


def read_manifest(source: Path) -> dict[str, Any]:
    """The manifest of a backup.

    Raises:
        StackFailed: the file is no backup of ours, or of another format or a newer release.
    """
    try:
        with tarfile.open(source, "r:gz") as archive:
            member = archive.extractfile(_MANIFEST)
            manifest: dict[str, Any] = json.load(member) if member else {}
    except (OSError, tarfile.TarError, KeyError, ValueError, EOFError):
        raise StackFailed(f"{source} is no backup made by `adflight backup`") from None
    if manifest.get("format") != FORMAT:
        raise StackFailed(
            f"{source} has backup format {manifest.get('format')}, this release reads {FORMAT}; "
            "restore it with the release that made it"
        )
    if not knows(str(manifest["schema"])):
        raise StackFailed(
            f"{source} was made by a newer release (schema {manifest['schema']}); install that "
            "release first"
        )
    return manifest


def restore(directory: Path, source: Path, say: Say) -> Path | None:
    """Put a backup in the place of a stack that is down; where the old directory is kept.

    Every team gets a standing order that nothing is raised until its networks are reconciled.

    Raises:
        StackFailed: the stack runs, the file is damaged or too new, or the database refuses it.
            The old directory is then in its place again.
    """
    if local.running(directory) is not None:
        raise StackFailed(
            f"a stack runs in {str(directory)!r}, or was killed there; end it with `adflight down`"
        )
    manifest = read_manifest(source)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    fresh = directory.with_name(f"{directory.name}.restoring-{stamp}")
    aside = directory.with_name(f"{directory.name}.before-{stamp}")
    say("checking the archive")
    try:
        _unpack(source, manifest, fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    had = directory.exists()
    fresh.chmod(directory.stat().st_mode & 0o777 if had else 0o755)
    if had:
        directory.rename(aside)
        if (aside / "sandbox").exists():
            (aside / "sandbox").rename(fresh / "sandbox")
    fresh.rename(directory)
    try:
        say("database")
        _load_database(directory)
    except BaseException:
        _put_back(directory, aside if had else None)
        raise
    return aside if had else None


def _put_back(directory: Path, aside: Path | None) -> None:
    if aside is not None:
        if (directory / "sandbox").exists():
            (directory / "sandbox").rename(aside / "sandbox")
        shutil.rmtree(directory)
        aside.rename(directory)
    else:
        shutil.rmtree(directory)


def _load_database(directory: Path) -> None:
    postgres = EmbeddedPostgres(directory)
    postgres.start()
    try:
        postgres.load(directory / _DUMP, APP_ROLE)
        hold_all_raises(postgres.url)
    finally:
        postgres.stop()
    (directory / _DUMP).unlink()


def _copy_sqlite(source: Path, target: Path) -> None:
    """In one step: a copy in several begins anew with each write of the server."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
    if verdict != "ok":
        raise StackFailed(f"the copy of {source.name} is damaged ({verdict}); try again")


def _dump_database(directory: Path, url: str, into: Path) -> str:
    if f"host={directory}" in url:
        return EmbeddedPostgres(directory).dump(into)
    program = shutil.which("pg_dump")
    if program is None:
        raise StackFailed(
            "the database is a server of its own and `pg_dump` is not installed here; install "
            "PostgreSQL's client programs, or copy it with its own tools (docs/recovery.md)"
        )
    address = make_url(url)
    names = {
        "PGHOST": address.host or address.query.get("host"),
        "PGPORT": address.port,
        "PGUSER": address.username,
        "PGPASSWORD": address.password,  # not an argument: those can be seen by everybody
        "PGDATABASE": address.database,
    }
    variables = {name: str(value) for name, value in names.items() if value}
    done = subprocess.run(
        [program, "-Fc", "-f", str(into)],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackFailed(f"pg_dump failed: {done.stderr.strip()[-300:]}")
    return f"{program} of {address.host or 'a local server'}"


def _temporal_version() -> str:
    program = shutil.which("temporal", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        return "unknown"
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _names(stage: Path) -> list[str]:
    return sorted(str(path.relative_to(stage)) for path in stage.rglob("*") if path.is_file())


def _fingerprint(path: Path) -> dict[str, object]:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}


def _pack(stage: Path, manifest: dict[str, Any], target: Path) -> None:
    (stage / _MANIFEST).write_text(json.dumps(manifest, indent=1))
    part = target.with_name(f".{target.name}.part")
    try:
        number = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _SECRETIVE)
        with (
            os.fdopen(number, "wb") as out,
            tarfile.open(fileobj=out, mode="w:gz", compresslevel=3) as archive,
        ):
            for name in (_MANIFEST, *manifest["files"]):
                archive.add(stage / name, name)
            archive.close()
            out.flush()
            os.fsync(out.fileno())
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def _unpack(source: Path, manifest: dict[str, Any], fresh: Path) -> None:
    """Exactly the files of the manifest, each as it was."""
    files: dict[str, dict[str, Any]] = manifest["files"]
    needed = {_DUMP, _TEMPORAL, _MEMORY} - files.keys()
    if needed:
        raise StackFailed(
            f"{source} lacks {', '.join(sorted(needed))}: it was taken of a stack with servers of "
            "its own; see docs/recovery.md for restoring those"
        )
    fresh.mkdir(mode=0o700)
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                if member.name in files and member.isfile():
                    archive.extract(member, fresh, filter="data")
    except (OSError, tarfile.TarError, EOFError) as error:
        raise StackFailed(f"{source} is damaged ({error}); use another backup") from None
    for name, print_ in files.items():
        path = fresh / name
        if not path.is_file() or _fingerprint(path) != print_:
            raise StackFailed(f"{source} is damaged: {name} is not what was saved; use another")
    (fresh / _MEMORY).chmod(_SECRETIVE)
