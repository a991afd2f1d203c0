"""A month of a campaign in seconds, before a cent is spent."""

import asyncio
import gc
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from starter.cli.flags import Json
from starter.cli.output import INTERRUPTED, USAGE, CommandFailed, emit, fail, notes, screen


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rehearse")(rehearse)


def rehearse(
    file: Annotated[Path, typer.Argument(help="Campaign in YAML; see examples/article.yaml.")],
    days: Annotated[int, typer.Option(help="How many days.", min=1, max=90)] = 30,
    seed: Annotated[int, typer.Option(help="The market's seed; the same gives the same.")] = 1,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            help="Something that goes wrong (may be given again): cpc-doubles, tracking-outage, "
            "fatigue, disapproval, runaway-bid."
        ),
    ] = None,
    guard_every: Annotated[
        int, typer.Option(help="Hours between two looks of a guard.", min=1, max=12)
    ] = 4,
    trials: Annotated[
        int | None,
        typer.Option(help="Instead, so many trials of its Monte-Carlo twin.", min=1, max=10_000),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write charts (SVG) into this folder.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep the directory with its logs.")] = False,
    as_json: Json = False,
) -> None:
    """Rehearse a campaign: the real workflows and policies, a simulated market, no real network.

    Nothing of yours is touched: it has its own directory, ports, database and sandbox networks.
    """
    if trials is not None:
        _try(file, trials, days, seed, scenario or [], out, as_json=as_json)
        return
    from starter.campaign_file import CampaignFileRefused, read
    from starter.rehearsal import charts, report
    from starter.rehearsal.order import RehearsalOrder
    from starter.rehearsal.run import rehearse as run

    try:
        order = RehearsalOrder(
            file=read(file),
            days=days,
            seed=seed,
            scenarios=_scenarios(scenario or []),
            guard_every=guard_every,
        )
        began = time.monotonic()
        with _progress(as_json) as watch:
            record = asyncio.run(run(order, watch, keep=keep))
    except CampaignFileRefused as refused:
        fail(f"{refused}.", USAGE)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise CommandFailed("Interrupted; what it had started is gone.", INTERRUPTED) from None
    finally:
        gc.collect()
    if as_json:
        emit(report.document(order, record))
    else:
        report.show(order, record, screen)
    for chart in charts.draw(record, out) if out else ():
        notes.print(f"{chart}", markup=False)
    notes.print(f"{days} days in {time.monotonic() - began:.0f} s.", style="dim")


def _try(
    file: Path,
    trials: int,
    days: int,
    seed: int,
    scenario: list[str],
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Many trials on a simulated market, without workflows."""
    # Matrices are small: threads of the linear algebra would wait for each other most of the time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from platforms.errors import Refused
    from starter.campaign_file import CampaignFileRefused, read
    from starter.rehearsal import trial_report
    from starter.rehearsal.order import RehearsalOrder

    began = time.monotonic()
    try:
        order = RehearsalOrder(read(file), days, seed, _scenarios(scenario))
        with _progress(as_json) as watch:
            record = trial_report.rehearse(order, trials, watch)
    except (CampaignFileRefused, Refused) as refused:
        fail(f"{refused}.", USAGE)
    except KeyboardInterrupt:
        raise CommandFailed("Interrupted.", INTERRUPTED) from None
    if as_json:
        emit(trial_report.document(record))
    else:
        trial_report.show(record, screen)
    for chart in trial_report.draw(record, out) if out else ():
        notes.print(f"{chart}", markup=False)
    notes.print(f"{trials} trials of {days} days in {time.monotonic() - began:.0f} s.", style="dim")


def _scenarios(names: list[str]) -> "tuple[Any, ...]":
    from starter.rehearsal.scenarios import Scenario

    known = {one.value: one for one in Scenario}
    for name in names:
        if name not in known:
            fail(f"--scenario {name!r} is unknown; choose of {', '.join(known)}.", USAGE)
    return tuple(one for one in Scenario if one.value in names)


@contextmanager
def _progress(as_json: bool) -> Generator[Any]:
    """A bar of days; on stderr when stdout is for a program."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar = bars.add_task("starting", total=None)

    def watch(what: str, done: int, total: int) -> None:
        bars.update(bar, description=what, completed=done, total=total)

    with bars:
        yield watch
