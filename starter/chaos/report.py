"""What a chaos did and what it found, for people and for programs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from starter.chaos.plan import Plan, Victim
from starter.chaos.promises import PROMISES

NOTE = "sandbox networks, simulated market, rule-based planner"
TEMPO = 300.0
"""Campaign seconds per real second. A lease of six hours is 72 real seconds, renewed at half."""

_SHOWN = 10


@dataclass(slots=True)
class Report:
    """What a chaos did and what it found. ``broken`` holds evidence by promise."""

    plan: Plan
    tempo: float
    crashes: Counter[str] = field(default_factory=Counter[str])
    faults: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    broken: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    states: dict[str, int] = field(default_factory=dict[str, int])
    wishes: dict[str, int] = field(default_factory=dict[str, int])
    fullest: dict[str, float] = field(default_factory=dict[str, float])
    refusals: dict[str, int] = field(default_factory=dict[str, int])
    twins_removed: int = 0
    stopped: str = ""
    stop_seconds: float | None = None
    stops_lifted: int = 0
    phases: dict[str, float] = field(default_factory=dict[str, float])
    samples: int = 0
    seconds: float = 0.0
    directory: str = ""

    @property
    def ok(self) -> bool:
        """Whether every promise held."""
        return set(self.broken) == set(PROMISES) and not any(self.broken.values())

    @property
    def did_not_fire(self) -> list[str]:
        """Faults that were never played and parts that were never killed: untested, then."""
        silent = [
            f"{network} {kind}"
            for network, kinds in self.faults.items()
            for kind, fired in kinds.items()
            if not fired
        ]
        unhurt = [f"kill of {victim.value}" for victim in Victim if not self.crashes[victim.value]]
        return silent + unhurt

    @property
    def repeat(self) -> str:
        """The command that draws the same chaos again."""
        plan = self.plan
        return (
            f"adflight chaos --promotions {plan.promotions} --crashes {len(plan.crashes)} "
            f"--seed {plan.seed} --tempo {self.tempo:g}"
        )

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ok": self.ok,
            "seed": self.plan.seed,
            "promotions": self.plan.promotions,
            "campaigns": sum(self.states.values()),
            "crashes": {victim.value: self.crashes[victim.value] for victim in Victim},
            "faults": self.faults,
            "did_not_fire": self.did_not_fire,
            **{name: len(self.broken.get(name, ())) for name in PROMISES},
            "refused_by_limit": self.states.get("refused_by_limit", 0),
            "states": self.states,
            "wishes": self.wishes,
            "twins_removed": self.twins_removed,
            "account_stop": {
                "network": self.stopped,
                "seconds_to_off": self.stop_seconds,
                "stops_lifted": self.stops_lifted,
            },
            "fullest": {scope: round(share, 3) for scope, share in self.fullest.items()},
            "samples": self.samples,
            "evidence": {name: found for name, found in self.broken.items() if found},
            "tempo": self.tempo,
            "phases": self.phases,
            "seconds": round(self.seconds, 1),
            "repeat": self.repeat,
            "note": NOTE,
        }

    def show(self, screen: Console) -> None:
        """For people."""
        table = Table(title="Promises", title_justify="left", header_style="bold")
        for column in ("", "promise", "broken"):
            table.add_column(column, overflow="fold")
        for name, meaning in PROMISES.items():
            cases = self.broken.get(name)
            mark = "[red]?[/]" if cases is None else "[red]✗[/]" if cases else "[green]✓[/]"
            table.add_row(mark, meaning, "not checked" if cases is None else str(len(cases)))
        screen.print(table)
        for line in self._facts():
            screen.print(f"  {line}", markup=False)
        for name, cases in self.broken.items():
            for case in cases[:_SHOWN]:
                screen.print(f"  {name}: {case}", markup=False, soft_wrap=True)
            if len(cases) > _SHOWN:
                screen.print(f"  {name}: and {len(cases) - _SHOWN} more; see --json", markup=False)
        if self.ok:
            screen.print(
                f"[bold]Every promise held[/] in {self.seconds:.0f} s (seed {self.plan.seed})."
            )
        else:
            screen.print(f"[bold red]A promise was broken[/] (seed {self.plan.seed}).")
            screen.print(f"Repeat it with: {self.repeat}", markup=False)

    def _facts(self) -> list[str]:
        crashes = ", ".join(f"{kind} {n}" for kind, n in sorted(self.crashes.items()))
        states = ", ".join(f"{state} {n}" for state, n in self.states.items())
        fullest = ", ".join(f"{scope} {share:.0%}" for scope, share in self.fullest.items())
        fired = sum(sum(kinds.values()) for kinds in self.faults.values())
        lines = [
            f"killed: {crashes or 'nothing'}",
            f"faults played: {fired}; late twins settled: {self.twins_removed}",
            f"the {self.stopped} account was stopped in "
            f"{'?' if self.stop_seconds is None else f'{self.stop_seconds:.1f}'} s; "
            f"{self.stops_lifted} stop(s) lifted, those of safety rules included",
            f"campaigns: {states}",
            f"caps at their fullest, over {self.samples} samples: {fullest}",
        ]
        lines += [f"refused {n}: {reason}" for reason, n in self.refusals.items()]
        lines += [f"did not fire: {name}" for name in self.did_not_fire]
        return lines
