"""The real time as stand-ins and adapters are told it: it stands until a test moves it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MORNING = datetime(2026, 3, 3, 9, tzinfo=UTC)
"""Mid-morning of an ordinary Tuesday: no test begins near midnight by chance."""


@dataclass
class Clock:
    """A clock to call; ``forward`` lets reviews and days pass at once."""

    at: datetime = MORNING

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **passed: float) -> None:
        """Move by ``days``, ``hours``, ``minutes`` and ``seconds``."""
        self.at += timedelta(**passed)
