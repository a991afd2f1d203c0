"""Everything of ours is killed at once: the networks must stop the spend by themselves.

Each live campaign holds a lease, an end time on the network that only a living controller moves
forward. Here every controller dies, PostgreSQL and the Temporal server included, and the networks'
true spend is watched until one lease length is over.
"""

import asyncio
import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from models.database import Database
from starter.chaos.people import CADENCE, People
from starter.chaos.plan import NETWORKS, Plan, Victim
from starter.chaos.report import NOTE
from starter.chaos.run import Watch
from starter.chaos.throwaway import ThrowawayStack, throwaway
from starter.temporal import connect

TEMPO = 1200.0
"""Campaign seconds per real second: a lease of six hours is 18 real seconds."""

_ARTICLES = 3
_EVERY = 0.1
_BEYOND = timedelta(hours=1)


@dataclass(slots=True)
class Orphans:
    """What became of campaigns whose controllers died. Money in micros of USD.

    ``flat_after``: from the deaths to the last sample at which anything still spent.
    ``bound``: what the networks could spend at most in one lease: each campaign's daily budget
    times the over-delivery its network allows itself, on every account day the lease touches.
    """

    seed: int
    tempo: float
    lease: timedelta = CADENCE.lease
    campaigns: int = 0
    died_at: datetime | None = None
    flat_after: timedelta | None = None
    spent_before: int = 0
    spent_after: int = 0
    bound: int = 0
    still_spending: list[str] = field(default_factory=list[str])
    samples: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether spend went flat within one lease, and within its bound."""
        return (
            self.campaigns > 0
            and self.flat_after is not None
            and self.flat_after <= self.lease
            and not self.still_spending
            and 0 < self.spent_after <= self.bound
        )

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ok": self.ok,
            "seed": self.seed,
            "tempo": self.tempo,
            "campaigns": self.campaigns,
            "killed": [victim.value for victim in Victim],
            "died_at": self.died_at.isoformat() if self.died_at else None,
            "lease_hours": _hours(self.lease),
            "flat_after_hours": None if self.flat_after is None else _hours(self.flat_after),
            "spent_before_death_micros": self.spent_before,
            "spent_after_death_micros_max": self.spent_after,
            "bound_micros": self.bound,
            "still_spending": self.still_spending,
            "samples": self.samples,
            "seconds": round(self.seconds, 1),
            "note": NOTE,
        }


async def orphan(
    *,
    seed: int,
    tempo: float = TEMPO,
    keep: bool = False,
    watch: Watch = lambda what, done, total: None,
    patience: float = 90.0,
) -> Orphans:
    """Let campaigns spend, kill everything but the networks, and watch the spend go flat.

    Raises:
        StackFailed: a part did not come up.
        TimeoutError: the campaigns did not come to spend within ``patience`` real seconds.
    """
    report, began = Orphans(seed, tempo), time.monotonic()
    async with throwaway(tempo=tempo, seed=seed, keep=keep) as ground:
        async with asyncio.timeout(patience):
            await _until_they_spend(ground, seed, report, watch)
        for victim in Victim:
            ground.kill(victim)
        await _watch_them(ground, report, watch)
    report.seconds = time.monotonic() - began
    return report


async def _until_they_spend(
    ground: ThrowawayStack, seed: int, report: Orphans, watch: Watch
) -> None:
    plan = Plan(
        seed=seed,
        promotions=_ARTICLES,
        crashes=(),
        interventions=(),
        faults=(),
        patience={(article, network): 0.0 for article in range(_ARTICLES) for network in NETWORKS},
        asked_again=frozenset(),
    )
    client = await connect(ground.settings)
    database = Database(ground.settings.database_url, pool_size=2)
    try:
        people = People(ground, client, database, plan)
        await people.publish()
        await people.await_proposals()
        approving = asyncio.create_task(people.approve_all())
        try:
            report.campaigns = len(people.campaigns)
            while (spending := _spending(await ground.read("/truth"))) < report.campaigns:
                watch("campaigns that spend", spending, report.campaigns)
                await asyncio.sleep(_EVERY)
        finally:
            approving.cancel()
            await asyncio.gather(approving, return_exceptions=True)
    finally:
        await database.close()


async def _watch_them(ground: ThrowawayStack, report: Orphans, watch: Watch) -> None:
    """Sample the true spend until one lease, and a little more, is over."""
    truth = await ground.read("/truth")
    died = report.died_at = _at(truth)
    before = {_name(row): int(row["spend_micros"]) for row in truth["campaigns"]}
    report.spent_before = sum(before.values())
    report.bound = _bound(truth["lines"], died, died + report.lease)
    report.flat_after = timedelta(0)
    end = died + report.lease + _BEYOND
    while True:
        truth = await ground.read("/truth")
        now, rows = _at(truth), truth["campaigns"]
        report.samples += 1
        going = [row for row in rows if row["rate_micros_per_hour"] > 0]
        if going:
            report.flat_after = now - died
        watch("campaigns that still spend", len(going), report.campaigns)
        if now >= end:
            break
        await asyncio.sleep(_EVERY)
    report.still_spending = [_name(row) for row in going]
    report.spent_after = sum(int(row["spend_micros"]) for row in rows) - report.spent_before


def _spending(truth: dict[str, Any]) -> int:
    return sum(
        row["spend_micros"] > 0 and row["rate_micros_per_hour"] > 0 for row in truth["campaigns"]
    )


def _bound(lines: list[dict[str, Any]], start: datetime, end: datetime) -> int:
    """Accounts of the sandbox keep their days in UTC."""
    days = (end.astimezone(UTC).date() - start.astimezone(UTC).date()).days + 1
    return sum(
        math.ceil(line["daily_budget_micros"] * line["over_delivery"]) * days
        for line in lines
        if line["active"]
    )


def _name(row: dict[str, Any]) -> str:
    return f"{row['network']} campaign {row['campaign_id']}"


def _at(truth: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(str(truth["at"]))


def _hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 2)
