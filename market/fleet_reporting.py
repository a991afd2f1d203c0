"""What the networks of many trials show of what they delivered: late, estimated, corrected.

The rules are those of ``market.reporting``: figures are computed every quarter of an hour and
appear some minutes later, conversions count for the day of their click, and networks that
estimate spend credit the excess back when a slot is final. A slot is an hour here, so of the last
hour only those quarters show that were computed and had appeared.
"""

from collections import defaultdict
from typing import Final

import numpy as np

from market import reporting
from market.fleet import FleetConversions, FleetHour, Floats, Ints
from market.fleet_calendar import Calendar
from market.noise import stream

SPEND, IMPRESSIONS, CLICKS, CONVERSIONS, REVENUE = range(5)
"""First axis of the arrays of figures."""
MEASURES: Final = 5
_QUARTERS: Final = 4


class FleetReports:
    """Figures as shown so far.

    ``days`` (5, trials, ads, days) are sums by account day; ``hours`` (5, trials, hours) is what
    became visible in each hour (a correction lowers it, never below zero). Money in micros.
    """

    def __init__(self, seed: int, network: str, calendar: Calendar, trials: int, ads: int) -> None:
        self._calendar = calendar
        hours = len(calendar)
        self.days: Ints = np.zeros((MEASURES, trials, ads, len(calendar.dates)), dtype=np.int64)
        self.hours: Floats = np.zeros((MEASURES, trials, hours))
        rules = reporting.rules(network)
        self._rules = rules
        rng = stream(seed, "fleet reports", network)
        lag = rng.uniform(rules.shortest, rules.longest, (_QUARTERS, trials, hours))
        ends = 900.0 * np.arange(1, _QUARTERS + 1)[:, None, None]
        self._visible: Floats = (ends + lag <= 3600.0).mean(axis=0)
        self._excess: Floats = rules.overestimate * rng.random((trials, hours))
        self._lags = rng
        self._rest: Ints = np.zeros((3, trials, ads), dtype=np.int64)
        self._corrections: defaultdict[int, list[tuple[int, Ints]]] = defaultdict(list)
        self._pending = np.zeros((0, 5), dtype=np.int64)

    def add(self, number: int, hour: FleetHour) -> None:
        """Take in what hour ``number`` delivered and show what is visible at its end."""
        if number:
            self._show(number, int(self._calendar.day[number - 1]), self._rest)
        day = int(self._calendar.day[number])
        excess = (hour.spend * self._excess[:, number, None]).astype(np.int64)
        whole = np.stack([hour.spend + excess, hour.impressions, hour.clicks])
        now = np.floor(whole * self._visible[:, number, None]).astype(np.int64)
        self._show(number, day, now)
        self._rest = whole - now
        if self._rules.final_after:
            due = number + 1 + self._rules.final_after // 3600
            self._corrections[due].append((day, excess))
        for of, too_much in self._corrections.pop(number, ()):
            self.days[SPEND, :, :, of] -= too_much
            column = self.hours[SPEND, :, number]
            column[:] = np.maximum(column - too_much.sum(axis=1), 0.0)
        self._arrive(number, day, hour.conversions)

    def _show(self, number: int, day: int, figures: Ints) -> None:
        self.days[:3, :, :, day] += figures
        self.hours[:3, :, number] += figures.sum(axis=2)

    def _arrive(self, number: int, day: int, fresh: FleetConversions) -> None:
        """Conversions show after their tick and lag, never before their click does."""
        begin = int(self._calendar.begins[0])
        tick = np.ceil((fresh.clicked + fresh.delay) / reporting.TICK) * reporting.TICK
        lag = self._lags.uniform(self._rules.shortest, self._rules.longest, len(tick))
        seen = np.ceil((tick + lag - begin) / 3600.0).astype(np.int64) - 1
        new = np.stack(
            [seen, fresh.trial, fresh.ad, np.full(len(seen), day), fresh.revenue], axis=1
        )
        pending = np.concatenate([self._pending, new]) if len(new) else self._pending
        ripe = pending[:, 0] <= number
        shown, self._pending = pending[ripe], pending[~ripe]
        if not len(shown):
            return
        _, trial, ad, of, revenue = shown.T
        np.add.at(self.days[CONVERSIONS], (trial, ad, of), 1)
        np.add.at(self.days[REVENUE], (trial, ad, of), revenue)
        np.add.at(self.hours[CONVERSIONS], (trial, number), 1.0)
        np.add.at(self.hours[REVENUE], (trial, number), revenue.astype(np.float64))
