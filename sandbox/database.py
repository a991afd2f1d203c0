"""The one SQLite file in which a sandbox remembers everything."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS object (
    number INTEGER PRIMARY KEY, network TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    value TEXT NOT NULL, UNIQUE (network, kind, id));
CREATE TABLE IF NOT EXISTS counter (network TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settled (network TEXT PRIMARY KEY, until TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    network TEXT NOT NULL, account TEXT NOT NULL, campaign TEXT NOT NULL, line TEXT NOT NULL,
    ad TEXT NOT NULL, slot INTEGER NOT NULL, day TEXT NOT NULL, hour INTEGER NOT NULL,
    audience INTEGER NOT NULL, impressions INTEGER NOT NULL, clicks INTEGER NOT NULL,
    conversions INTEGER NOT NULL, spend INTEGER NOT NULL, estimate REAL NOT NULL,
    reported INTEGER NOT NULL, final INTEGER NOT NULL,
    PRIMARY KEY (network, line, slot, ad)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_by_day ON delivery (network, account, day);
CREATE TABLE IF NOT EXISTS conversion (
    number INTEGER PRIMARY KEY, network TEXT NOT NULL, account TEXT NOT NULL,
    campaign TEXT NOT NULL, line TEXT NOT NULL, ad TEXT NOT NULL, day TEXT NOT NULL,
    hour INTEGER NOT NULL, clicked INTEGER NOT NULL, reported INTEGER NOT NULL,
    revenue INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS conversion_by_day ON conversion (network, account, day);
CREATE TABLE IF NOT EXISTS budget (
    network TEXT NOT NULL, line TEXT NOT NULL, micros INTEGER NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (network, line)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fault (
    number INTEGER PRIMARY KEY, network TEXT NOT NULL, kind TEXT NOT NULL, method TEXT,
    path TEXT, armed INTEGER, chance REAL, seconds REAL NOT NULL, asked INTEGER NOT NULL,
    fired INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS note (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, network TEXT NOT NULL, kind TEXT NOT NULL,
    detail TEXT NOT NULL);
"""


class Database:
    """One connection behind one lock: network modules call from several threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            RuntimeError: another sandbox process holds this directory.
        """
        self.lock = RLock()
        self._depth = 0
        self.connection = sqlite3.connect(
            path, check_same_thread=False, isolation_level=None, timeout=2.0
        )
        try:
            # Exclusive: two sandboxes on one file would both spend the same campaign's money.
            self.connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            self.connection.execute("PRAGMA journal_mode=WAL")
            # A killed process loses nothing with NORMAL; only a power cut could.
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            self.connection.close()
            raise RuntimeError(
                f"the sandbox directory {path.parent} is in use by another sandbox; "
                "stop that one or choose another --dir"
            ) from error

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection, None, None]:
        """All or nothing, under the lock; may be nested (the outermost one commits)."""
        with self.lock:
            if self._depth == 0:
                self.connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self.connection
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self.connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self.connection.execute("COMMIT")

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        with self.lock:
            self.connection.close()
