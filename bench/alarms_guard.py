"""A guard's looks at a simulated account, with the book and the rules of the product."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from activities.account_book import AccountBook
from bench.alarms_market import OVER_DELIVERY, Floats, Shown, Truth, shown, zone_of
from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import MetricsReport, MetricsRow
from models.contract.vocabulary import Platform

READING: Final = 300
"""Seconds between two readings of the figures."""
LOOK: Final = 30
"""Seconds between two looks of the guard."""
READ_DAYS: Final = 8
"""Account days a reading asks for: today and the attribution window, in which days are restated."""
_SPACE: Final = UUID("8f4d3c52-16a0-4f0e-9c56-5a0d4c1b7a11")


@dataclass(frozen=True, slots=True)
class Look:
    """An instant (epoch seconds) at which the rules judge.

    ``reading``: when the figures they judge were read; ``arrived``: when the newest of those
    appeared on the network.
    """

    at: float
    reading: float
    arrived: float


def looks(figures: Shown, begin: float, end: float, *, ticks: bool = True) -> Iterator[Look]:
    """Two looks for every reading that brings something new: at once, and the last one before
    the next, when the most is unreported. Between them only the unreported grows and nothing
    that is new is read, so the others could not see more."""
    # A correction of an estimate alone is too small to be worth a look of its own.
    news = (figures.at >= begin) & (figures.at < end) & (figures.more[:, 1:].any(axis=1))
    inside = figures.at[news]
    readings = np.unique(np.ceil(inside / READING) * READING)
    newest = figures.at[np.searchsorted(figures.at, readings, side="right") - 1]
    for place, (reading, arrived) in enumerate(zip(readings, newest, strict=True)):
        yield Look(float(reading), float(reading), float(arrived))
        if ticks and place + 1 < len(readings):
            late = float(readings[place + 1]) - LOOK
            yield Look(late, late // READING * READING, float(arrived))


@dataclass(slots=True)
class Watching:
    """One account's guard. ``cumulative`` (campaigns, days, 5) is what the network shows now."""

    truths: tuple[Truth, ...]
    figures: Shown
    book: AccountBook
    cumulative: Floats = field(repr=False)
    place: int = 0
    read_days: int = READ_DAYS

    @classmethod
    def over(cls, truths: tuple[Truth, ...]) -> "Watching":
        """A guard that has not yet read anything."""
        first = truths[0]
        account = AdAccount(
            id=_SPACE,
            team_id=_SPACE,
            platform=Platform(first.network),
            name="bench",
            external_id="1",
            currency="USD",
            timezone=zone_of(first.seed),
        )
        book = AccountBook(account, OVER_DELIVERY[first.network])
        book.known = {one.entry.network_id: one.entry.id for one in truths}
        days = len(first.spend) // 96
        return cls(truths, shown(truths), book, np.zeros((len(truths), days, 5)))

    def broken(self, truths: tuple[Truth, ...], at: float) -> "Watching":
        """The same guard, which has read all up to ``at``, with another future."""
        figures = shown(truths)
        place = int(np.searchsorted(figures.at, at, side="right"))
        return Watching(
            truths, figures, deepcopy(self.book), self.cumulative.copy(), place, self.read_days
        )

    def read(self, at: float) -> None:
        """Read the figures at an instant; a campaign is known from its launch on."""
        now = datetime.fromtimestamp(at, UTC)
        upto = int(np.searchsorted(self.figures.at, at, side="right"))
        part = slice(self.place, upto)
        who, day = self.figures.campaign[part], self.figures.day[part]
        np.add.at(self.cumulative, (who, day), self.figures.more[part])
        self.place = upto
        start = self.truths[0].start
        names = [one.entry.network_id for one in self.truths]
        changed: list[tuple[int, int]] = sorted(set(zip(who.tolist(), day.tolist(), strict=True)))
        rows = tuple(
            MetricsRow(
                campaign_id=names[c],
                day=(start + timedelta(days=d)).date().isoformat(),
                spend=Money(micros=round(self.cumulative[c, d, 0])),
                impressions=int(self.cumulative[c, d, 1]),
                clicks=int(self.cumulative[c, d, 2]),
                conversions=int(self.cumulative[c, d, 3]),
                revenue=Money(micros=round(self.cumulative[c, d, 4])),
            )
            for c, d in changed
            if d > (now - start) / timedelta(days=1) - self.read_days
        )
        self.book.entries = tuple(one.entry for one in self.truths if one.entry.live_since <= now)
        self.book.note_reading(MetricsReport(as_of=now, rows=rows))
