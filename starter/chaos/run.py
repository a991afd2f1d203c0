"""One chaos from beginning to end: bring up, crash, wait for the dust to settle, check."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from temporalio.client import Client

from models.contract.limits import SANDBOX_LIMITS, SpendLimits
from models.contract.money import Money
from models.database import Database
from models.tables import Account, Effect, Team
from starter.chaos.on_call import OnCall
from starter.chaos.people import People
from starter.chaos.plan import NETWORKS, Victim, draw
from starter.chaos.promises import Inspection, wishes_heard
from starter.chaos.report import TEMPO, Report
from starter.chaos.sampler import Caps, Sampler
from starter.chaos.standing import Standing, count, standings
from starter.chaos.throwaway import ThrowawayStack, throwaway
from starter.temporal import connect

_EACH = 25
"""What the sandbox's planner gives an untested article a day, in whole units of currency."""
_LATE_WRITES = 4.5
"""Real seconds in which every write that was under way has landed and was settled."""
_LOOKS = 4
_EVERY = 1.0

Watch = Callable[[str, int, int], None]
"""Told how far something is: what, so many, of so many."""


async def run(
    *,
    promotions: int,
    crashes: int,
    seed: int,
    tempo: float = TEMPO,
    keep: bool = False,
    watch: Watch = lambda what, done, total: None,
    patience: float = 240.0,
) -> Report:
    """Run one chaos on a stack of its own.

    Args:
        promotions: Articles, each promoted on Meta and on X.
        crashes: How often a part is killed.
        seed: Decides instants, victims, campaigns and faults.
        tempo: Campaign seconds per real second.
        keep: Leave the stack's directory, for its logs.
        watch: Told of the progress.
        patience: Real seconds the stack is given to come to rest after the last crash.

    Raises:
        StackFailed: a part did not come up or did not come back.
    """
    report, began = Report(draw(seed, promotions, crashes), tempo), time.monotonic()
    async with throwaway(tempo=tempo, seed=seed, keep=keep) as ground:
        report.directory = str(ground.directory)
        client = await connect(ground.settings)
        database = Database(ground.settings.database_url, pool_size=4)
        try:
            await _Chaos(ground, client, database, report, watch, patience).play()
        finally:
            await database.close()
    report.seconds = time.monotonic() - began
    return report


class _Chaos:
    """One run on a stack that is up."""

    def __init__(
        self,
        ground: ThrowawayStack,
        client: Client,
        database: Database,
        report: Report,
        watch: Watch,
        patience: float,
    ) -> None:
        self._ground = ground
        self._client = client
        self._database = database
        self._report = report
        self._plan = report.plan
        self._watch = watch
        self._patience = patience
        self._people = People(ground, client, database, report.plan)
        self._on_call = OnCall(ground, client, database, self._people)
        self._not_off: list[str] = []

    async def play(self) -> None:
        """Everything, in order."""
        self._sampler = Sampler(self._ground, await self._set_limits())
        for fault in self._plan.faults:
            (await self._ground.control.post("/faults", json=fault.order())).raise_for_status()
        async with _beside(self._sampler.run()):
            async with self._phase("proposals"):
                await self._propose()
            async with _beside(self._people.approve_all()), _beside(self._on_call.run()):
                async with self._phase("launches"):
                    await self._launch()
                    await self._note_faults()
                async with self._phase("settling"):
                    await self._settle()
                async with self._phase("account stop"):
                    await self._stop_and_recover()
                    found = await self._settle()
                    await asyncio.sleep(_LATE_WRITES)
            async with self._phase("inspection"):
                await self._inspect(found)

    @contextlib.asynccontextmanager
    async def _phase(self, name: str):
        began = time.monotonic()
        yield
        self._report.phases[name] = round(time.monotonic() - began, 1)

    async def _set_limits(self) -> Caps:
        """Limits that bind: room for three quarters of what will be promoted."""
        articles = self._plan.promotions
        limits: SpendLimits = SANDBOX_LIMITS.model_copy(
            update={
                "team_daily": Money.of(_EACH * max(2, int(articles * 2 * 0.75))),
                "platform_daily": Money.of(_EACH * max(2, int(articles * 0.85))),
            }
        )
        account_cap = Money.of(_EACH * max(2, int(articles * 0.8))).micros
        team_id = self._ground.settings.team_id
        async with self._database.team(team_id) as session:
            team = await session.get(Team, team_id)
            assert team is not None
            team.limits = limits.model_dump(mode="json")
            meta = await session.scalar(select(Account).where(col(Account.platform) == "meta"))
            assert meta is not None
            meta.daily_limit_micros = account_cap
            name = meta.platform_account_id
        return Caps.of(limits, {name: account_cap})

    async def _propose(self) -> None:
        async def answers() -> None:
            await self._people.publish()
            await self._people.await_proposals()

        with contextlib.suppress(TimeoutError):  # what has no answer by then is reported as stuck
            async with asyncio.timeout(self._patience):
                await asyncio.gather(self._crash("proposals"), answers())
        self._watch("promotions answered", len(self._people.outcomes), self._plan.promotions)

    async def _launch(self) -> None:
        with contextlib.suppress(TimeoutError):  # a wish for what never came is given up
            async with asyncio.timeout(1.25 * self._patience):
                await asyncio.gather(self._crash("launches"), self._people.intervene())

    async def _crash(self, stage: str) -> None:
        """Play a stage's crashes, each at its instant; several parts may be away at once."""
        began = time.monotonic()

        async def one(at: float, victim: Victim, down: float) -> None:
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            await self._ground.crash(victim, down)
            self._report.crashes[victim.value] += 1
            total = self._report.crashes.total()
            self._watch("crashes survived", total, len(self._plan.crashes))

        mine = [crash for crash in self._plan.crashes if crash.stage == stage]
        await asyncio.gather(*(one(crash.at, crash.victim, crash.down) for crash in mine))

    async def _note_faults(self) -> None:
        """The networks behave from here on; what is under way may still land late."""
        counts: dict[str, dict[str, Any]] = (await self._ground.read("/faults"))["counts"]
        self._report.faults = {
            network: {kind: int(one["fired"]) for kind, one in kinds.items()}
            for network, kinds in counts.items()
        }
        await self._ground.control.delete("/faults")

    async def _stop_and_recover(self) -> None:
        """One account is stopped and recovered while nothing else is wrong."""
        first = self._plan.stopped
        for network in (first, *(one for one in NETWORKS if one != first)):
            self._report.stopped = network
            stopped = await self._on_call.stop_account(network)
            self._report.stop_seconds, self._not_off = stopped
            if stopped != (None, []):
                return

    async def _settle(self) -> list[Standing]:
        """Wait until nothing is under way any more, or patience ends."""
        deadline = time.monotonic() + self._patience
        while True:
            found = await standings(self._people, self._client)
            settled = sum(one.settled for one in found)
            self._watch("campaigns settled", settled, len(found))
            if settled == len(found) or time.monotonic() > deadline:
                break
            await asyncio.sleep(_EVERY)
        return found

    async def _inspect(self, found: list[Standing]) -> None:
        """Look; what is broken is looked at again, for live campaigns change while one looks."""
        report = self._report
        for _ in range(_LOOKS):
            report.broken = await Inspection(self._people, self._sampler, found).look(self._client)
            report.broken["unconfirmed_stops"] += self._not_off
            if report.ok:
                break
            await asyncio.sleep(2 * _EVERY)
            found = await standings(self._people, self._client)
        report.states = count(found)
        report.wishes = wishes_heard(self._people)
        report.fullest, report.samples = self._sampler.fullest, self._sampler.samples
        report.refusals = dict(
            Counter(
                one.why.split(" and this")[0] for one in found if one.state == "refused_by_limit"
            )
        )
        report.stops_lifted = self._on_call.lifted
        report.twins_removed = await self._twins_removed()

    async def _twins_removed(self) -> int:
        async with self._database.team(self._ground.settings.team_id) as session:
            return int(await session.scalar(select(func.sum(col(Effect.twins_removed)))) or 0)


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]):
    """Run something for as long as the block runs; its failure is the block's failure."""
    task = asyncio.create_task(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
