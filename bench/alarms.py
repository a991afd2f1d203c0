"""False alarms and detection delay of the safety rules, on healthy and on broken markets.

    python -m bench.alarms [--campaign-months N] [--seed S] [--json]

Healthy campaigns of Meta and X, from 20 to 500 dollars a day, are watched by the product's own
book and rules on figures that arrive as late and as estimated as the networks' do. Then accounts
are broken in nine ways. Exits with 1 when false automatic stops are not shown (95 %) to be at
most 0.01 per campaign-month, or a trouble is not noticed.
"""

import argparse
import json
import math
import os
import sys
import time
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from statistics import median
from typing import Any
from uuid import UUID

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.alarms_runs import TROUBLES, Detection, Healthy, broken, healthy
from models.contract.safety import Rule
from policy import safety
from policy.account_view import HOURS, AccountView

TARGET = 0.01
"""False automatic stops per campaign-month, all rules together."""
CAMPAIGNS, DAYS, CASES = 40, 30, 20
NETWORKS = ("meta", "x")
_NOTICED = 0.9
"""Share of the broken accounts on which a trouble must be noticed."""
_JUDGING_MILLISECONDS = 50.0


def upper_bound(events: int, exposure: float, confidence: float = 0.95) -> float:
    """Upper confidence bound of a Poisson rate, exact (Garwood): events per unit of exposure."""
    low, high = 0.0, events + 10.0 * math.sqrt(events + 1.0) + 10.0
    for _ in range(80):
        middle = (low + high) / 2
        tail = sum(
            math.exp(-middle + k * math.log(max(middle, 1e-300)) - math.lgamma(k + 1))
            for k in range(events + 1)
        )
        low, high = (middle, high) if tail > 1 - confidence else (low, middle)
    return high / exposure


def judging_time(campaigns: int = 1000) -> float:
    """Milliseconds of processor time to judge that many campaigns, the best of several."""
    rng = np.random.default_rng(0)
    spend = rng.lognormal(15, 0.4, (campaigns, HOURS))
    now = datetime(2026, 6, 9, 12, 30, tzinfo=UTC)
    per_day = spend[:, -24:].sum(axis=1)
    nothing = np.full(campaigns, np.nan)
    view = AccountView(
        now=now,
        as_of=now - timedelta(minutes=3),
        campaigns=tuple(UUID(int=n) for n in range(campaigns)),
        names=tuple(f"campaign {n}" for n in range(campaigns)),
        currency="USD",
        platform_name="meta",
        last_hour_share=0.5,
        hour_of_day=(np.arange(HOURS) + 13) % 24,
        on=np.ones(campaigns, dtype=np.bool_),
        converts=np.arange(campaigns) % 2 == 0,
        hours_on=np.full(campaigns, 300.0),
        daily_budget=per_day,
        day_cap=per_day * 1.75,
        lifetime=nothing,
        target_cpa=np.full(campaigns, 50e6),
        max_cpa=np.full(campaigns, 60e6),
        min_roas=np.full(campaigns, 0.5),
        spent_today=per_day / 2,
        spent_total=per_day * 10,
        unreported=per_day / 24,
        day_share=0.5,
        over_delivery=1.75,
        spend=spend,
        impressions=spend / 10_000,
        clicks=rng.poisson(spend / 1e6).astype(np.float64),
        conversions=rng.poisson(spend / 4e7).astype(np.float64),
        revenue=spend,
        seen_clicks=np.zeros((campaigns, HOURS)),
        seen_conversions=np.zeros((campaigns, HOURS)),
    )
    times: list[float] = []
    for _ in range(15):
        started = time.process_time()
        safety.judge(view)
        times.append((time.process_time() - started) * 1000)
    return min(times)


def run(
    months: float, seed: int, *, cases: int = CASES, quiet: bool = False
) -> tuple[list[Healthy], list[Detection]]:
    """All accounts, healthy and broken, on two processes."""
    # One process a core: their matrix products need no threads of their own.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    accounts = math.ceil(months * 30 / (CAMPAIGNS * (DAYS - 0.4)))
    calm: list[Healthy] = []
    noticed: list[Detection] = []
    with (
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
        Progress(console=Console(stderr=True), disable=quiet) as progress,
    ):
        bar = progress.add_task("accounts", total=accounts + cases)
        jobs: list[Future[Any]] = [
            pool.submit(healthy, 1000 * seed + n, NETWORKS[n % 2], CAMPAIGNS, DAYS)
            for n in range(accounts)
        ]
        jobs += [pool.submit(broken, 1000 * seed + 500 + n, NETWORKS[n % 2]) for n in range(cases)]
        for job in as_completed(jobs):
            match job.result():
                case Healthy() as account:
                    calm.append(account)
                case found:
                    noticed += found
            progress.advance(bar)
    return calm, noticed


def summary(
    calm: list[Healthy], noticed: list[Detection], cases: int, milliseconds: float
) -> dict[str, Any]:
    """The figures as one document. Rates are per campaign-month of 30 days."""
    months = sum(one.campaign_days for one in calm) / 30
    alarms = sum((one.alarms for one in calm), Counter[str]())
    stops = sum(one.stops for one in calm)
    found: dict[tuple[str, Rule], list[Detection]] = {}
    for one in noticed:
        found.setdefault((one.trouble, one.rule), []).append(one)
    troubles = [
        {
            "trouble": trouble.name,
            "rule": rule.value,
            "noticed": len(hits) / cases,
            "minutes_median": median([one.minutes for one in hits]) if hits else None,
            "minutes_worst": max((one.minutes for one in hits), default=None),
            "seconds_after_arrival_median": median([one.seconds for one in hits]) if hits else None,
            "seconds_after_arrival_worst": max((one.seconds for one in hits), default=None),
        }
        for trouble in TROUBLES
        for rule in trouble.rules
        for hits in (found.get((trouble.name, rule), []),)
    ]
    missed = [
        trouble.name
        for trouble in TROUBLES
        if trouble.certain
        and max(len(found.get((trouble.name, rule), [])) for rule in trouble.rules)
        < _NOTICED * cases
    ]
    bound = upper_bound(stops, months)
    return {
        "campaign_months": round(months, 1),
        "looks": sum(one.judged for one in calm),
        "false_stops": stops,
        "false_stops_per_campaign_month": stops / months,
        "false_stops_upper_95": bound,
        "target": TARGET,
        "agreed_stops_at_a_persons_cap": sum(one.justified for one in calm),
        "false_alarms": {
            rule.value: {
                "alarms": alarms[rule.value],
                "per_campaign_month": alarms[rule.value] / months,
                "upper_95": upper_bound(alarms[rule.value], months),
            }
            for rule in Rule
        },
        "examples": [text for one in calm for text in one.examples][:40],
        "broken_accounts": cases,
        "detections": troubles,
        "not_noticed": missed,
        "judging_1000_campaigns_ms": round(milliseconds, 2),
        "ok": bound <= TARGET and not missed and milliseconds <= _JUDGING_MILLISECONDS,
    }


def show(figures: dict[str, Any]) -> None:
    """The summary as tables."""
    console = Console()
    table = Table(title=f"False alarms in {figures['campaign_months']} healthy campaign-months")
    for name in ("rule", "alarms", "per campaign-month", "at most (95 %)"):
        table.add_column(name, justify="left" if name == "rule" else "right")
    for rule, row in figures["false_alarms"].items():
        rates = (f"{row['per_campaign_month']:.4f}", f"{row['upper_95']:.4f}")
        table.add_row(rule, str(row["alarms"]), *rates)
    console.print(table)
    table = Table(title=f"Troubles on {figures['broken_accounts']} accounts")
    names = ("trouble", "rule", "noticed", "minutes", "worst", "seconds after arrival", "worst")
    for name in names:
        table.add_column(name, justify="left" if name in ("trouble", "rule") else "right")
    for row in figures["detections"]:
        numbers = ("minutes_median", "minutes_worst", "seconds_after_arrival_median")
        table.add_row(
            row["trouble"],
            row["rule"],
            f"{row['noticed']:.0%}",
            *(
                "-" if row[name] is None else f"{row[name]:,.0f}"
                for name in (*numbers, "seconds_after_arrival_worst")
            ),
        )
    console.print(table)
    console.print(
        f"False automatic stops: {figures['false_stops']}, "
        f"{figures['false_stops_per_campaign_month']:.4f} per campaign-month, at most "
        f"{figures['false_stops_upper_95']:.4f} (95 %), target {figures['target']}; "
        f"1,000 campaigns judged in {figures['judging_1000_campaigns_ms']} ms of processor time. "
        + ("Met." if figures["ok"] else f"Missed; not noticed: {figures['not_noticed'] or 'none'}.")
    )


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.alarms", description=__doc__)
    parser.add_argument("--campaign-months", type=float, default=314)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    calm, noticed = run(options.campaign_months, options.seed)
    figures = summary(calm, noticed, CASES, judging_time())
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
