"""What the Monte-Carlo twin tells: a JSON document for programs, tables and charts for people."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from models.contract.money import Money
from starter.rehearsal.charts import Line, spark, svg
from starter.rehearsal.order import RehearsalOrder
from starter.rehearsal.scenarios import STORIES, orders
from starter.rehearsal.trial_decisions import ADS_EVERY, PACING_EVERY, RULES_EVERY
from starter.rehearsal.trial_flight import Outcomes, Progress, fly
from starter.rehearsal.trial_guard import LOOK_EVERY
from starter.rehearsal.trials import LABEL, Counted, Spread, TrialForecast, spreads, summary

_HOUR: Final = 3600.0
_CURRENCY: Final = "USD"
"""Of the rehearsal's accounts, whose zone is UTC."""
HOW: Final[tuple[str, ...]] = (
    "Each trial draws its own market: price level, click and conversion rates, the network's days.",
    "The product's policies and safety rules decide, without workflows, database or networks: a "
    "campaign is live from the first instant, and every call to a network succeeds.",
    f"Pacing decides every {PACING_EVERY.total_seconds() / _HOUR:g} hours and the rules on budget "
    f"and bid every {RULES_EVERY.total_seconds() / _HOUR:g}, as in production; ads are looked at "
    f"every {ADS_EVERY.total_seconds() / _HOUR:g} hours, where production looks every 6.",
    f"Guards looked every {LOOK_EVERY.total_seconds() / _HOUR:g} hours instead of every 30 "
    "seconds: in production a guardrail fires sooner and costs less.",
    "Nobody resumed what was paused, and nobody agreed to a higher budget. Fresh creatives that "
    "were wanted did not come.",
    "Conversions of all clicks of the flight are counted, those reported after it included.",
)
"""What differs from production, and what to keep in mind."""
_MONEY: Final = ("spend", "revenue", "cpa")
_ROWS: Final = ("spend", "impressions", "clicks", "conversions", "revenue", "cpa", "roas")
_COLOURS: Final = ("#8a8f98", "#1f5fbf", "#8a8f98")


@dataclass(frozen=True, slots=True)
class TrialsRecord:
    """The trials of a campaign file: by platform, and together (trial by trial)."""

    order: RehearsalOrder
    trials: int
    campaigns: tuple[TrialForecast, ...]
    together: dict[str, Any]


def rehearse(order: RehearsalOrder, trials: int, progress: Progress | None = None) -> TrialsRecord:
    """Fly the campaign of every platform of the file in as many markets.

    Raises:
        CampaignFileRefused: a plan makes no sense.
        Refused: a platform has no adapter.
    """
    file = order.file
    told = [one for each in order.scenarios for one in orders(each, order.start, file.platforms)]
    forecasts: list[TrialForecast] = []
    results: list[Outcomes] = []
    for platform in file.platforms:
        flown, outcomes = fly(
            file.plan(platform, _CURRENCY),
            platform,
            order.start,
            days=order.days,
            trials=trials,
            seed=order.seed,
            told=told,
            progress=progress,
        )
        forecasts.append(summary(flown, outcomes, order.seed, order.days))
        results.append(outcomes)
    return TrialsRecord(order, trials, tuple(forecasts), spreads(_sum(results)))


def _sum(results: Sequence[Outcomes]) -> Outcomes:
    """Trial by trial, over platforms; single days are told by platform only."""
    whole = results[0]
    for one in results[1:]:
        whole = Outcomes(
            whole.spend + one.spend,
            whole.impressions + one.impressions,
            whole.clicks + one.clicks,
            whole.conversions + one.conversions,
            whole.revenue + one.revenue,
            whole.daily,
        )
    return whole


def document(record: TrialsRecord) -> dict[str, Any]:
    """The JSON document: nothing in it depends on the wall clock. Amounts are micros."""
    order = record.order
    return {
        "label": LABEL,
        "how": list(HOW),
        "seed": order.seed,
        "trials": record.trials,
        "start": order.start.isoformat(),
        "days": order.days,
        "scenarios": {one.value: STORIES[one] for one in order.scenarios},
        "campaign": {
            "name": order.file.name,
            "url": order.file.url,
            "platforms": [one.value for one in order.file.platforms],
            "objective": order.file.objective.value,
        },
        "cadence_hours": {
            "pacing": PACING_EVERY.total_seconds() / _HOUR,
            "rules": RULES_EVERY.total_seconds() / _HOUR,
            "ads": ADS_EVERY.total_seconds() / _HOUR,
            "guard": LOOK_EVERY.total_seconds() / _HOUR,
        },
        "together": {
            name: asdict(one) if isinstance(one, Spread) else one
            for name, one in record.together.items()
        },
        "campaigns": [_plain(asdict(one)) for one in record.campaigns],
    }


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {
        "start": fields["start"].isoformat(),
        "dates": [one.isoformat() for one in fields["dates"]],
    }


def show(record: TrialsRecord, out: Console) -> None:
    """The same for people."""
    order = record.order
    lines = [f"[bold]{LABEL.upper()}[/]"]
    lines.append(
        f"{record.trials} trials of {order.days} days from {order.start:%Y-%m-%d}, "
        f"seed {order.seed}"
    )
    lines += [f"Scenario {one.value}: {STORIES[one]}" for one in order.scenarios]
    lines += [f"[dim]{line}[/]" for line in HOW]
    out.print(Panel("\n".join(lines), title="Rehearsal", title_align="left"))
    for one in record.campaigns:
        _show_campaign(one, out)
    if len(record.campaigns) > 1:
        out.print(_table("All platforms together", record.together))


def _show_campaign(one: TrialForecast, out: Console) -> None:
    planned = Money(micros=one.planned, currency=one.currency).rounded()
    out.print(_table(f"{one.platform}: {planned} planned", asdict(one)))
    for name, values in (
        ("p10", [day.p10 for day in one.daily_spend]),
        ("p50", [day.p50 for day in one.daily_spend]),
        ("p90", [day.p90 for day in one.daily_spend]),
    ):
        most = Money(micros=round(max(values, default=0.0)), currency=one.currency).rounded()
        out.print(f"  spend {name}  {spark(values)}  up to {most}", markup=False)
    if one.without_conversions:
        out.print(f"  {one.without_conversions:.0%} of the trials spent and converted nobody.")
    if one.lifetime_used is not None:
        out.print(f"  {one.lifetime_used:.0%} of the trials used the lifetime budget up.")
    _counts("Guardrails that fired", one.rules, out)
    _counts("Ended before the flight did", one.endings, out)
    _counts("Decisions carried out", one.decisions, out)


def _counts(title: str, counts: Sequence[Counted], out: Console) -> None:
    out.print(f"  [bold]{title}[/]" + ("" if counts else ": none"))
    for one in counts:
        out.print(f"    {one.what}: in {one.share:.0%} of the trials, {one.mean:.2g} a trial")


def _table(title: str, fields: dict[str, Any]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=None)
    for column in ("", "p10", "p50", "p90"):
        table.add_column(column, justify="left" if not column else "right")
    for name in _ROWS:
        found = fields[name]
        spread = asdict(found) if isinstance(found, Spread) else found
        cells = ("–",) * 3 if spread is None else tuple(_cell(name, v) for v in spread.values())
        table.add_row(name.upper() if len(name) < 5 and name != "spend" else name, *cells)
    return table


def _cell(name: str, value: float) -> str:
    if name in _MONEY:
        return Money(micros=round(value), currency=_CURRENCY).rounded()
    return f"{value:.2f}" if name == "roas" else f"{value:,.0f}"


def draw(record: TrialsRecord, directory: Path) -> list[Path]:
    """Write each platform's spend by day (p10, p50, p90) into a directory; the files in order."""
    directory.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for one in record.campaigns:
        file = directory / f"trials-spend-{one.platform}.svg"
        bands = (
            ("p10", tuple(day.p10 / 1e6 for day in one.daily_spend)),
            ("p50", tuple(day.p50 / 1e6 for day in one.daily_spend)),
            ("p90", tuple(day.p90 / 1e6 for day in one.daily_spend)),
        )
        lines = [
            Line(name, values, colour, dashed=name != "p50")
            for (name, values), colour in zip(bands, _COLOURS, strict=True)
        ]
        title = f"Spend by day on {one.platform}, {one.trials} trials ({one.currency})"
        file.write_text(svg(title, [f"{day:%b %d}" for day in one.dates], lines, about=LABEL))
        files.append(file)
    return files
