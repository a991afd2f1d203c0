"""A clock that stands still until somebody steps it: what a rehearsal has instead of the wall's."""

from datetime import datetime
from pathlib import Path


class SteppedClock:
    """One instant in a file, so that every process of a rehearsal reads the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """The instant it was stepped to (aware).

        Raises:
            OSError: nobody has set it yet.
        """
        return datetime.fromisoformat(self._path.read_text())

    def step(self, instant: datetime) -> None:
        """Set it. A reader sees the old instant or the new one, never half of either."""
        beside = self._path.with_suffix(".new")
        beside.write_text(instant.isoformat())
        beside.replace(self._path)
