"""Every policy against something named, in one run: ``python -m bench.policies [--json]``.

Each line has its figure with a 95 % interval where there is one, its target, and what stands
beside it. Seeds are those that nothing was tuned on. The false alarms of the guards take most of
the time (about seven minutes of processor time for 314 campaign-months, which is what it takes to
show one per cent a month); ``--campaign-months`` makes that part shorter, and then its target
counts as not shown.
"""

import argparse
import json
import os
import platform as machine
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import (
    alarms,
    policies_budget,
    policies_experiments,
    policies_forecast,
    policies_pacing,
    policies_speed,
    policies_system,
    policies_winners,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. ``met`` is None for what is stated without a target."""

    name: str
    value: float
    target: str = ""
    met: bool | None = None
    interval: tuple[float, float] | None = None
    beside: dict[str, float] = field(default_factory=dict[str, float])
    of: str = ""


def pacing() -> list[Line]:
    """Value bought within the budget, against the clairvoyant optimum; bids beside it."""
    found = policies_pacing.measure()
    own = found.value["policy"]
    lines = [
        Line(
            "pacing: value of clairvoyant",
            own.mean,
            f">= {found.target}",
            own.mean >= found.target,
            (own.low, own.high),
            {name: one.mean for name, one in found.value.items() if name != "policy"},
            f"{found.seeds} flights",
        ),
        Line(
            "pacing: day's spend off its budget",
            found.day_error["policy"].mean,
            beside={name: one.mean for name, one in found.day_error.items() if name != "policy"},
            of=f"{found.seeds} flights",
        ),
    ]
    score = found.bids.score["policy"]
    lines.append(
        Line(
            "bids: score of the best fixed bid",
            score.mean,
            f">= {found.bids.target}",
            score.mean >= found.bids.target,
            (score.low, score.high),
            {name: one.mean for name, one in found.bids.score.items() if name != "policy"},
            f"{found.bids.seeds} campaigns",
        )
    )
    return lines


def tests() -> list[Line]:
    """A/A tests, power, regret, fatigue."""
    false, power = policies_winners.false_winners(), policies_winners.power()
    lines = [
        Line(
            "A/A: false winners over a whole test",
            false.ours.share,
            f"<= {false.target}",
            false.met,
            (false.ours.low, false.ours.high),
            {
                "P(best) > .95 with our floors": false.naive.share,
                "P(best) > .95": false.naive_without_floors.share,
                "five creatives": false.ours_five_creatives.share,
                "days that scatter by 20 % of their own": false.ours_wild_days.share,
            },
            f"{false.ours.of} tests, {false.looks} looks each",
        ),
        Line(
            f"A/B: lifts of {power.lift:.0%} found in 14 days",
            power.ours.share,
            interval=(power.ours.low, power.ours.high),
            beside={"one look at the end": power.once_at_the_end.share, "wrong": power.wrong.share},
            of=f"{power.ours.of} tests",
        ),
    ]
    regret = policies_experiments.regret()
    for learner in regret.learners:
        ours = learner.name.startswith("ours")
        lines.append(
            Line(
                f"regret of {learner.name}, of an even split's",
                learner.ratio,
                f"<= {regret.target}" if ours else "",
                learner.ratio <= regret.target if ours else None,
                (learner.low, learner.high),
                {"Lai-Robbins bound, conversions": regret.lai_robbins} if ours else {},
                f"{regret.seeds} campaigns of {regret.days} days",
            )
        )
    tired = policies_experiments.fatigue_quality()
    for one in (tired.ours, tired.frequency):
        lines.append(
            Line(
                f"fatigue by {one.rule}: precision",
                one.precision.share,
                interval=(one.precision.low, one.precision.high),
                beside={
                    "recall": one.recall.share,
                    "days late": -1.0 if one.days_late is None else one.days_late,
                },
                of=f"{tired.creatives} creatives, {tired.wore_out} wore out",
            )
        )
    return lines


def forecasts() -> list[Line]:
    """How often 80 % intervals hold what happened."""
    found = policies_forecast.coverage()
    return [
        Line(
            f"forecast, 80 % interval holds: {name}",
            one.inside.mean,
            f"{found.low} to {found.high}",
            found.low <= one.inside.mean <= found.high,
            (one.inside.low, one.inside.high),
            {} if one.poisson is None else {"Poisson": one.poisson.mean},
            f"{found.seeds} markets",
        )
        for name, one in found.coverage.items()
    ]


def budgets() -> list[Line]:
    """Reallocation, saturation, scoring."""

    def words(bounds: tuple[float | None, float | None]) -> str:
        low, high = bounds
        if low is not None and high is not None:
            return f"{low} to {high}"
        return f">= {low}" if low is not None else (f"<= {high}" if high is not None else "")

    return [
        Line(
            one.name,
            one.value,
            words(one.target),
            None if one.target == (None, None) else one.met,
            (one.low, one.high),
            one.beside,
            f"{one.seeds} seeds",
        )
        for one in policies_budget.measure()
    ]


def system() -> list[Line]:
    """All policies together against a plan left alone, under the same safety rules."""
    found = policies_system.measure()
    return [
        Line(
            "system: ROAS of all campaigns, less a static plan's",
            found.roas.mean,
            "> 0 with 95 % confidence",
            found.roas.low > 0,
            (found.roas.low, found.roas.high),
            {"ours": found.roas_ours, "static plan": found.roas_static, "spend": found.spend},
            f"{found.pairs} paired markets of {found.days} days",
        ),
        Line(
            "system: revenue less spend, more than a static plan's, a campaign",
            found.value.mean,
            interval=(found.value.low, found.value.high),
            of=f"{found.pairs} paired markets",
        ),
    ]


def speed() -> list[Line]:
    """Probabilities to be best a second, against draws."""
    found = policies_speed.probability_best_speed()
    return [
        Line(
            "P(best): campaigns of 8 creatives a core-second",
            found.per_second,
            f">= {found.target:g}",
            found.met,
            beside={
                "slowest kind of posteriors": found.slowest_per_second,
                "largest error": found.error,
                **{f"{one.name}, times slower": one.ratio for one in found.rivals},
                **{f"{one.name}, error": one.error for one in found.rivals},
            },
        ),
        *(
            Line(f"microseconds a decision: {name}", one)
            for name, one in policies_speed.decide_microseconds().items()
        ),
    ]


def anomalies(months: float) -> list[Line]:
    """False automatic stops of healthy campaigns, all safety rules together."""
    calm, _ = alarms.run(months, 1, cases=0, quiet=True)
    watched = sum(one.campaign_days for one in calm) / 30
    stops = sum(one.stops for one in calm)
    bound = alarms.upper_bound(stops, watched)
    shown = bound <= alarms.TARGET
    return [
        Line(
            "guards: false stops a campaign-month",
            stops / watched,
            f"<= {alarms.TARGET} with 95 % confidence" + ("" if shown else ": not shown"),
            shown,
            (0.0, bound),
            {"false alarms of any rule": sum(sum(one.alarms.values()) for one in calm) / watched},
            f"{watched:.1f} campaign-months",
        )
    ]


def measure(months: float, told: Callable[[str], None]) -> list[Line]:
    """All lines."""
    parts: list[tuple[str, Callable[[], list[Line]]]] = [
        ("pacing and bids", pacing),
        ("tests and fatigue", tests),
        ("forecasts", forecasts),
        ("budgets", budgets),
        ("the whole system", system),
        ("speed", speed),
        ("false alarms", lambda: anomalies(months)),
    ]
    found: list[Line] = []
    for name, part in parts:
        told(name)
        found += part()
    return found


def show(lines: list[Line]) -> None:
    """The lines as a table."""
    table = Table(title="Policies on simulated markets")
    for name in ("figure", "value", "95 %", "target", "beside", "of"):
        table.add_column(name, justify="right" if name in ("value", "95 %") else "left")
    for one in lines:
        mark = {None: "", True: "met", False: "MISSED"}[one.met]
        table.add_row(
            one.name,
            f"{one.value:,.4g}",
            "" if one.interval is None else f"{one.interval[0]:.4g} to {one.interval[1]:.4g}",
            f"{one.target} {mark}".strip(),
            ", ".join(f"{name} {value:,.4g}" for name, value in one.beside.items()),
            one.of,
        )
    Console().print(table)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.policies", description=__doc__)
    parser.add_argument("--campaign-months", type=float, default=314)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("policies", total=None)
        lines = measure(given.campaign_months, lambda what: progress.update(bar, description=what))
    missed = [one.name for one in lines if one.met is False]
    if given.as_json:
        document: dict[str, Any] = {
            "lines": [asdict(one) for one in lines],
            "missed": missed,
            "ok": not missed,
            "note": "simulated markets whose parameters the policies do not know",
            "machine": {
                "cores": os.cpu_count(),
                "python": machine.python_version(),
                "numpy": version("numpy"),
                "mabwiser": version("mabwiser"),
            },
        }
        print(json.dumps(document, indent=2))
    else:
        show(lines)
        print(f"Missed: {', '.join(missed)}." if missed else "All targets met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
