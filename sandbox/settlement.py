"""Advances the market lazily: from the instant last settled to now, slot by slot.

A network's lines are asked for *as of* the instant being simulated (``World.now()`` answers
that instant meanwhile), so a review that ended or a flight that began long ago counts from
when it did, however late someone looks.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from threading import get_ident
from typing import Any, Final
from zoneinfo import ZoneInfo

from market.delivery import AdFigures, LineTerms, SoFar, deliver, slot_start
from market.traffic import SLOT
from sandbox.conditions import ConditionBook
from sandbox.database import Database
from sandbox.ledger import Ledger
from sandbox.tally import Tally
from sandbox.world import Line

_FINEST: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_LONG_ABSENCE: Final = timedelta(days=40)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Settlement:
    """The market of all registered networks."""

    def __init__(
        self, database: Database, ledger: Ledger, seed: int, conditions: ConditionBook
    ) -> None:
        self._database = database
        self._conditions = conditions
        self._ledger = ledger
        self._seed = seed
        self._views: dict[str, Callable[[], Sequence[Line]]] = {}
        self._instant: datetime | None = None
        self._thread = 0
        with database.lock:
            self._until = {
                network: datetime.fromisoformat(until)
                for network, until in database.connection.execute("SELECT * FROM settled")
            }

    @property
    def instant(self) -> datetime | None:
        """The instant being simulated, for the simulating thread; else None."""
        return self._instant if self._thread == get_ident() else None

    def observe(self, network: str, lines: Callable[[], Sequence[Line]], now: datetime) -> None:
        """Register a network. What it left active when the sandbox stopped went on."""
        with self._database.lock:
            self._views[network] = lines
            self._until.setdefault(network, now)

    def settle(self, now: datetime) -> None:
        """Simulate every registered network up to ``now``."""
        with self._database.lock:
            if self._instant is not None:
                return  # a network's view of its lines asked for figures
            self._thread = get_ident()
            try:
                for network in self._views:
                    self._advance(network, now)
            finally:
                self._instant = None

    def lines(self, network: str, at: datetime) -> list[Line]:
        """The network's lines as of an instant not before the last one settled."""
        with self._database.lock:
            before, self._instant, self._thread = self._instant, at, get_ident()
            try:
                return list(self._views[network]())
            finally:
                self._instant = before

    @property
    def networks(self) -> list[str]:
        """Registered networks."""
        return list(self._views)

    def rates(self, now: datetime) -> dict[tuple[str, str], int]:
        """True spend rate by network and campaign: micros per campaign hour, zero when
        nothing of the campaign is active (settle first)."""
        rates: dict[tuple[str, str], int] = {}
        with self._database.lock:
            for network in self._views:
                lines = self.lines(network, now)
                for line in lines:
                    key = (network, line.campaign_id)
                    rates[key] = rates.get(key, 0) + self._rate(line, lines, now)
        return rates

    # ---------------------------------------------------------------------------------------

    def _advance(self, network: str, now: datetime) -> None:
        start = self._until[network]
        if now <= start:
            return
        lines = self.lines(network, start)
        coarse = now - start > _LONG_ABSENCE
        leap = SLOT
        with self._database.transaction() as connection:
            while start < now:
                busy = any(line.active for line in lines)
                if coarse:
                    step = _border(start, _DAY) - start
                else:
                    step = _border(start, SLOT) - start if busy else leap
                end, later = self._uniform(network, lines, start, min(start + step, now))
                if busy:
                    self._run(lines, start, end)
                # Nothing active: look ahead in ever longer steps, up to a day.
                leap = SLOT if busy or later != lines else min(leap * 2, _DAY)
                start, lines = end, later
            self._until[network] = now
            connection.execute(
                "INSERT OR REPLACE INTO settled VALUES (?, ?)", (network, now.isoformat())
            )

    def _uniform(
        self, network: str, lines: list[Line], start: datetime, end: datetime
    ) -> tuple[datetime, list[Line]]:
        """The longest piece from ``start``, at most to ``end``, in which the lines stay as
        they are (to a minute, starts and ends of lines exactly), and the lines after it."""
        while True:
            inside = [
                edge
                for line in lines
                for edge in (line.start, line.end)
                if edge is not None and start < edge < end
            ]
            if inside:
                end = min(inside)
            later = self.lines(network, end)
            settled = later == lines or end - start <= _FINEST
            if settled or (inside and end - start <= SLOT):
                return end, later
            end = start + (end - start) / 2

    def _run(self, lines: Sequence[Line], start: datetime, end: datetime) -> None:
        for line in lines:
            if not (line.active and line.ads):
                continue
            low = start if line.start is None else max(start, line.start)
            high = end if line.end is None else min(end, line.end)
            zone = ZoneInfo(line.timezone)
            while low < high:
                local = low.astimezone(zone)
                midnight = _next_midnight(local)
                upto = min(high, midnight)
                # A fixed offset: wall-clock arithmetic would go wrong where clocks change.
                offset = timezone(local.utcoffset() or timedelta())
                self._deliver(line, lines, low.astimezone(offset), upto.astimezone(offset))
                low = upto

    def _deliver(self, line: Line, lines: Sequence[Line], start: datetime, end: datetime) -> None:
        slot = slot_start(start)
        line = self._under_conditions(line, slot)
        tally, pieces = self._pieces(line, lines, start, end)
        over = max(slot + SLOT, end)
        self._ledger.record(line, tally, slot, int(over.timestamp()), pieces)

    def _pieces(
        self, line: Line, lines: Sequence[Line], start: datetime, end: datetime
    ) -> tuple[Tally, list[AdFigures]]:
        slot = slot_start(start)
        second = int(slot.timestamp())
        conditions = self._conditions.at(line.network, slot)
        tally = self._ledger.tally(line, second // 900, start.date().isoformat())
        terms = LineTerms(
            network=line.network,
            line=line.id,
            ads=line.ads,
            daily_budget=_share_of_campaign(line, lines),
            bid=line.bid_micros,
            over_delivery=line.over_delivery,
            audience=line.audience,
            conditions=conditions,
        )
        so_far = SoFar(
            spent_today=tally.day_spend,
            spent_this_week=tally.week_spend,
            impressions=tuple(tally.impressions.get(ad, 0) for ad in line.ads),
            conversions_in_week=tally.conversions_in_week(second),
            room=self._ledger.room(line, tally),
        )
        pieces = deliver(self._seed, terms, so_far, start, end)
        if not conditions.measured:
            pieces = [replace(piece, conversions=()) for piece in pieces]
        return tally, pieces

    def _under_conditions(self, line: Line, slot: datetime) -> Line:
        """The line as the network treats it now: a pacer out of hand minds no cap of a day."""
        conditions = self._conditions.at(line.network, slot)
        if conditions.pace == 1.0 and conditions.audience is None:
            return line
        people = line.audience if conditions.audience is None else conditions.audience
        return line.model_copy(
            update={
                "over_delivery": line.over_delivery * conditions.pace,
                "audience": min(line.audience, people),
            }
        )

    def _rate(self, line: Line, lines: Sequence[Line], now: datetime) -> int:
        inside = (line.start is None or line.start <= now) and (line.end is None or now < line.end)
        if not (line.active and line.ads and inside):
            return 0
        slot = slot_start(now.astimezone(ZoneInfo(line.timezone)))
        _, pieces = self._pieces(self._under_conditions(line, slot), lines, slot, slot + SLOT)
        return 4 * sum(piece.spend for piece in pieces)

    def describe(self, now: datetime) -> list[dict[str, Any]]:
        """Every line as its network sees it now (settle first)."""
        return [
            line.model_dump(mode="json")
            for network in self._views
            for line in self.lines(network, now)
        ]


def _border(moment: datetime, unit: timedelta) -> datetime:
    """The next multiple of ``unit`` after ``moment``, counted from the epoch."""
    return moment + unit - (moment - _EPOCH) % unit


def _next_midnight(local: datetime) -> datetime:
    tomorrow = (local + _DAY).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=local.tzinfo)


def _share_of_campaign(line: Line, lines: Sequence[Line]) -> int:
    """The line's daily budget, scaled down where the campaign's is less than its lines'."""
    whole = line.campaign_daily_micros
    if whole is None:
        return line.daily_budget_micros
    together = sum(
        each.daily_budget_micros
        for each in lines
        if each.active and each.campaign_id == line.campaign_id
    )
    if together <= whole:
        return line.daily_budget_micros
    return line.daily_budget_micros * whole // together
