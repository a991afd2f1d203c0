"""What a rehearsal tells: one JSON document for programs, tables and sparklines for people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from models.contract.campaign import Cadence
from models.contract.money import Money
from starter.rehearsal.charts import spark
from starter.rehearsal.order import RehearsalOrder
from starter.rehearsal.record import CampaignStory, DayFigures, Figures, Record
from starter.rehearsal.scenarios import STORIES
from starter.rehearsal.stepping import GRAIN

LABEL = "simulated market, rule-based planner, sandbox networks"
_MOST = 40
"""Decisions shown on a terminal; all of them are in the JSON."""


def how(order: RehearsalOrder) -> tuple[str, ...]:
    """What differs from production, and what to keep in mind."""
    cadence, usual = order.cadence, Cadence()
    return (
        "The production workflows, activities and policies ran unchanged on a time-skipping "
        "server.",
        f"Guards looked every {_hours(cadence.watch)} hours instead of every "
        f"{usual.watch.total_seconds():g} seconds, and inspected and read single ads with every "
        "second look: in production a guardrail fires sooner and costs less.",
        f"Leases lasted {cadence.lease.days} days instead of {_hours(usual.lease)} hours.",
        f"Time moved in steps of {GRAIN.total_seconds() / 60:g} minutes or more.",
        "The rehearsal's person approved at once, and resumed nothing that a guardrail had paused.",
        "Figures are as reported shortly after the end; conversions still to come are not in them.",
    )


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g}"


def document(order: RehearsalOrder, record: Record) -> dict[str, Any]:
    """The JSON document: nothing in it depends on the wall clock. Amounts are micros."""
    return {
        "label": LABEL,
        "how": list(how(order)),
        "seed": order.seed,
        "start": order.start.isoformat(),
        "days": order.days,
        "scenarios": {one.value: STORIES[one] for one in order.scenarios},
        "campaign": {
            "name": order.file.name,
            "url": order.file.url,
            "platforms": [one.value for one in order.file.platforms],
            "objective": order.file.objective.value,
        },
        "guard": {
            "looks_every_hours": order.guard_every,
            "inspects_every_hours": 2 * order.guard_every,
        },
        "record": record.model_dump(mode="json"),
    }


def show(order: RehearsalOrder, record: Record, out: Console) -> None:
    """The same for people."""
    tell = _Teller(order, record, out)
    tell.header()
    tell.campaigns()
    tell.curves()
    tell.days()
    tell.decisions()
    tell.guardrails()
    tell.totals()


class _Teller:
    def __init__(self, order: RehearsalOrder, record: Record, out: Console) -> None:
        self._order, self._record, self._out = order, record, out

    def header(self) -> None:
        """What this is, before anything else."""
        order = self._order
        lines = [f"[bold]{LABEL.upper()}[/]"]
        lines.append(f"{order.days} days from {order.start:%Y-%m-%d}, seed {order.seed}")
        lines += [f"Scenario {one.value}: {STORIES[one]}" for one in order.scenarios]
        lines += [f"[dim]{line}[/]" for line in how(order)]
        self._out.print(Panel("\n".join(lines), title="Rehearsal", title_align="left"))

    def campaigns(self) -> None:
        """Each campaign: its way, and what was told against what happened."""
        for story in self._record.campaigns:
            self._out.print(f"\n[bold]{story.platform}[/] {story.name}: {story.status}")
            way = " → ".join(f"{one.status.value} ({one.at:%b %d %H:%M})" for one in story.visits)
            self._out.print(f"  {way}", markup=False, soft_wrap=True)
            if story.problem:
                self._out.print(f"  {story.problem}", markup=False, soft_wrap=True)
            self._told(story)

    def _told(self, story: CampaignStory) -> None:
        told, happened = story.forecast, story.forecast.happened
        self._out.print(
            f"  told when asked: {told.told or 'no forecast'}; at worst "
            f"{self._money(told.worst_case)}",
            markup=False,
        )
        for one in told.recorded:
            self._out.print(f"    {one['reason']}", markup=False, soft_wrap=True)
        self._out.print(f"  happened: {self._in_words(happened)}", markup=False)

    def curves(self) -> None:
        """The month in a few lines."""
        days = self._record.days
        self._out.print()
        curves: tuple[tuple[str, Sequence[float | None]], ...] = (
            ("plan", [day.planned for day in days]),
            ("spend", [day.spent for day in days]),
            ("clicks", [day.clicks for day in days]),
            ("conversions", [day.conversions for day in days]),
            ("CPA", [day.cpa for day in days]),
            ("ROAS", [day.roas for day in days]),
        )
        for name, values in curves:
            known = [value for value in values if value is not None]
            most = max(known, default=0.0)
            top = self._money(int(most)) if name in ("plan", "spend", "CPA") else f"{most:,.4g}"
            self._out.print(f"  {name:<12}{spark(values)}  up to {top}", markup=False)

    def days(self) -> None:
        """Day by day."""
        table = _table("Day by day", ("day", *_COLUMNS))
        for day in self._record.days:
            table.add_row(f"{day.day:%a %b %d}", *self._cells(day))
        self._out.print(table)

    def decisions(self) -> None:
        """What was moved, by whom and why; then how often nothing was."""
        taken, held = self._record.decisions, self._record.held
        table = _table("Decisions", ("when", "where", "what", "from", "to", "why", "by"))
        for one in taken[:_MOST]:
            by = one.policy or one.by
            table.add_row(
                f"{one.at:%b %d %H:%M}",
                one.platform or "",
                one.lever,
                one.before or "",
                one.after or "",
                one.reason,
                by,
            )
        self._out.print(table)
        if len(taken) > _MOST:
            self._out.print(f"  and {len(taken) - _MOST} more: --json has them all")
        for one in held:
            self._out.print(
                f"  {one.platform}: {one.policy} held {one.times} times; last: {one.last_reason}",
                markup=False,
                soft_wrap=True,
            )

    def guardrails(self) -> None:
        """What fired."""
        record = self._record
        if not (record.guardrails or record.incidents or record.drifts):
            self._out.print("\n  No guardrail fired.")
            return
        self._out.print("\n[bold]Guardrails that fired[/]")
        for one in record.guardrails:
            self._tell(f"{one.at:%b %d %H:%M} {one.platform} {one.rule}: {one.text}")
        for one in record.incidents:
            self._tell(f"{one.at:%b %d %H:%M} incident ({one.severity}) {one.title}")
        for one in record.drifts:
            self._tell(
                f"{one.at:%b %d %H:%M} drift: {one.object_kind} {one.field} was {one.expected}, "
                f"found {one.found}; {one.action}"
            )

    def totals(self) -> None:
        """The bottom line."""
        record = self._record
        self._out.print(f"\n[bold]In all[/] {self._in_words(record.totals)}")
        late = record.true_spent - record.totals.spent
        self._out.print(
            f"  The market knows {self._money(record.true_spent)} spent (the networks had yet to "
            f"report {self._money(late)}) and {record.true_conversions} conversions, late ones "
            "included.",
            markup=False,
        )

    # -- words ------------------------------------------------------------------------------------

    def _tell(self, line: str) -> None:
        self._out.print(f"  {line}", markup=False, soft_wrap=True)

    def _money(self, micros: int) -> str:
        return Money(micros=micros, currency=self._record.currency).rounded()

    def _in_words(self, sums: Figures) -> str:
        share = f" ({sums.spent / sums.planned:.1%} of plan)" if sums.planned else ""
        cpa = "no conversion yet" if sums.cpa is None else f"CPA {self._money(sums.cpa)}"
        roas = "" if sums.roas is None else f", ROAS {sums.roas:.2f}"
        return (
            f"{self._money(sums.spent)} spent{share}, {sums.impressions:,} impressions, "
            f"{sums.clicks:,} clicks, {sums.conversions:,} conversions, {cpa}{roas}"
        )

    def _cells(self, day: DayFigures) -> tuple[str, ...]:
        return (
            self._money(day.planned),
            self._money(day.spent),
            self._money(day.planned_so_far),
            self._money(day.spent_so_far),
            f"{day.impressions:,}",
            f"{day.clicks:,}",
            f"{day.conversions:,}",
            "–" if day.cpa is None else self._money(day.cpa),
            "–" if day.roas is None else f"{day.roas:.2f}",
        )


_COLUMNS = (
    "planned", "spent", "planned so far", "spent so far", "impressions", "clicks", "conversions",
    "CPA", "ROAS",
)  # fmt: skip


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
