"""The sandbox's clock: campaign time, faster than real time by the tempo."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.database import Database


def real_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


class HeldInstant:
    """A wall clock that stands still until it is stepped forward, for runs without real time."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant

    def __call__(self) -> datetime:
        return self._instant

    def step(self, instant: datetime) -> None:
        """Move on.

        Raises:
            ValueError: the instant has no time zone or lies in the past.
        """
        if instant.tzinfo is None:
            raise ValueError(f"instant {instant.isoformat()} needs a time zone, such as ...Z")
        if instant < self._instant:
            raise ValueError(
                f"instant {instant.isoformat()} lies before {self._instant.isoformat()}; "
                "the sandbox's clock is only stepped forward"
            )
        self._instant = instant


class WorldClock:
    """``campaign = origin + (real - origin) * tempo``, remembered across restarts.

    A restart at the same tempo continues the same line. A restart at another tempo keeps
    campaign time continuous by choosing the origin anew.
    """

    def __init__(
        self,
        database: Database,
        origin: datetime,
        tempo: float,
        real: Callable[[], datetime] = real_now,
    ) -> None:
        """Read the stored line or begin one.

        Raises:
            ValueError: the tempo is not positive, the origin has no time zone, or tempo 1
                would make campaign time jump (at tempo 1 campaign time is real time).
        """
        if not (math.isfinite(tempo) and tempo > 0):
            raise ValueError(f"tempo {tempo!r} must be a positive number such as 60")
        if origin.tzinfo is None:
            raise ValueError(f"origin {origin.isoformat()} needs a time zone, such as ...Z")
        self._real = real
        self.origin = origin.astimezone(UTC)
        self.tempo = tempo
        with database.transaction() as connection:
            stored = dict(
                connection.execute(
                    "SELECT name, value FROM setting WHERE name IN ('origin', 'tempo')"
                ).fetchall()
            )
            if stored:
                self.origin = datetime.fromisoformat(stored["origin"])
                self.tempo = float(stored["tempo"])
                if self.tempo != tempo:
                    self._rebase(tempo)
            connection.executemany(
                "INSERT OR REPLACE INTO setting VALUES (?, ?)",
                [("origin", self.origin.isoformat()), ("tempo", repr(self.tempo))],
            )

    def _rebase(self, tempo: float) -> None:
        real = self._real()
        campaign = self._campaign(real)
        if tempo == 1.0:
            if campaign != real:
                raise ValueError(
                    f"tempo 1 means campaign time is real time, but this sandbox is at "
                    f"{campaign.isoformat()}; keep tempo {self.tempo:g} or use a fresh --dir"
                )
        else:
            # Solves origin + (real - origin) * tempo == campaign for the origin.
            self.origin = real + (campaign - real) / (1.0 - tempo)
        self.tempo = tempo

    def _campaign(self, real: datetime) -> datetime:
        return self.origin + (real - self.origin) * self.tempo

    def now(self) -> datetime:
        """The campaign instant at this moment."""
        return self._campaign(self._real())
