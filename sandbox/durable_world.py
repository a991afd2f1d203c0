"""The world of a sandbox, kept in one SQLite file that survives restarts."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.conditions import ConditionBook
from sandbox.database import Database
from sandbox.ledger import Ledger
from sandbox.settlement import Settlement
from sandbox.shelf import Journal, Shelf
from sandbox.switchboard import Switchboard
from sandbox.world import Figures, Line, WorldSettings
from sandbox.world_clock import HeldInstant, WorldClock, real_now

_READ_INTERVAL: Final = 0.02


class DurableWorld:
    """Fulfils ``sandbox.world.World``; see there for what the methods promise."""

    def __init__(self, settings: WorldSettings, *, real: Callable[[], datetime] = real_now) -> None:
        """Open the directory's file, creating it at the first start.

        Raises:
            ValueError: tempo or origin cannot be used (see ``WorldClock``).
            RuntimeError: another sandbox uses the directory.
        """
        settings.directory.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.database = Database(settings.directory / "sandbox.sqlite3")
        try:
            self.seed = self._stored_seed(settings.seed)
            self.clock = WorldClock(self.database, settings.origin, settings.tempo, real)
        except BaseException:
            self.database.close()
            raise
        self.shelf = Shelf(self.database)
        self.journal = Journal(self.database)
        self.switchboard = Switchboard(self.database, self.seed)
        self.ledger = Ledger(self.database, self.seed)
        self.conditions = ConditionBook(self.shelf)
        self.settlement = Settlement(self.database, self.ledger, self.seed, self.conditions)
        self._held = real if isinstance(real, HeldInstant) else None
        self._last_read = 0.0
        self._renewals: list[Callable[[], None]] = []

    def _stored_seed(self, seed: int) -> int:
        """The first seed stays: another one would change the nature of existing ads."""
        with self.database.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO setting VALUES ('seed', ?)", (str(seed),))
            row = connection.execute("SELECT value FROM setting WHERE name = 'seed'").fetchone()
        return int(row[0])

    def now(self) -> datetime:
        return self.settlement.instant or self.clock.now()

    def put(self, network: str, kind: str, object_id: str, value: dict[str, Any]) -> None:
        self.shelf.put(network, kind, object_id, value)

    def get(self, network: str, kind: str, object_id: str) -> dict[str, Any] | None:
        return self.shelf.get(network, kind, object_id)

    def every(self, network: str, kind: str) -> list[dict[str, Any]]:
        return self.shelf.every(network, kind)

    def next_number(self, network: str) -> int:
        return self.shelf.next_number(network)

    def observe(self, network: str, lines: Callable[[], Sequence[Line]]) -> None:
        self.settlement.observe(network, lines, self.clock.now())

    def settle(self) -> None:
        self.settlement.settle(self.clock.now())

    def figures(
        self,
        network: str,
        account_id: str,
        since: str,
        until: str,
        *,
        hourly: bool = False,
        by_ad: bool = False,
    ) -> list[Figures]:
        # Reports lag by minutes anyway: reading often need not advance the market each time.
        if (moment := time.monotonic()) - self._last_read > _READ_INTERVAL:
            self._last_read = moment
            self.settle()
        return self.ledger.figures(
            network, account_id, since, until, self.now(), hourly=hourly, by_ad=by_ad
        )

    def fault(self, network: str, kind: str) -> bool:
        return self.switchboard.take(network, kind) is not None

    def limit(self, renew: Callable[[], None]) -> None:
        self._renewals.append(renew)

    def renew_limits(self) -> int:
        """Let every rate limit begin anew; how many there are."""
        for renew in self._renewals:
            renew()
        return len(self._renewals)

    def step(self, instant: datetime) -> None:
        """Move a held clock on and simulate up to there; rate limits have had their minutes.

        Raises:
            ValueError: the clock runs by itself, or the instant lies in the past.
        """
        if self._held is None:
            raise ValueError("this sandbox's clock runs by itself; start it with --held")
        with self.database.lock:
            self._held.step(instant)
            self.settle()
        self.renew_limits()

    def note(self, network: str, kind: str, detail: dict[str, Any]) -> None:
        self.journal.note(self.now().astimezone(UTC), network, kind, detail)

    def truth(self) -> dict[str, Any]:
        """True spend and present rate, whatever has been reported.

        Micros of the account's currency; the rate is per campaign hour.
        """
        with self.database.lock:
            now = self.clock.now()
            self.settlement.settle(now)
            rates = self.settlement.rates(now)
            days = {
                network: self.ledger.busiest_days(network) for network in self.settlement.networks
            }
            campaigns = self.ledger.truth()
            for row in campaigns:
                network, campaign = row["network"], row["campaign_id"]
                row["rate_micros_per_hour"] = rates.pop((network, campaign), 0)
                row["busiest_day_micros"] = days.get(network, {}).get(campaign, 0)
            quiet = [
                {"network": n, "campaign_id": c, "spend_micros": 0, "rate_micros_per_hour": rate}
                for (n, c), rate in rates.items()
            ]
            lines = self.settlement.describe(now)
        return {"at": now.isoformat(), "campaigns": [*campaigns, *quiet], "lines": lines}

    def close(self) -> None:
        """Settle up to now and close the file."""
        with self.database.lock:
            self.settle()
            self.database.close()


def open_world(settings: WorldSettings, *, real: Callable[[], datetime] = real_now) -> DurableWorld:
    """Open (or create) the sandbox in ``settings.directory``.

    ``real`` is the wall clock; tests may pass their own.

    Raises:
        ValueError: tempo or origin cannot be used.
        RuntimeError: another sandbox uses the directory.
    """
    return DurableWorld(settings, real=real)
