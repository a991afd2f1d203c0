"""Chaos on a throwaway stack: crash everything, then prove that every promise held."""

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from starter.cli.flags import DryRun, Json
from starter.cli.output import FAILED, INTERRUPTED, USAGE, CommandFailed, emit, fail, screen

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("chaos")(chaos)


def chaos(
    promotions: Annotated[
        int, typer.Option(help="Articles, each promoted on Meta and on X.", min=1, max=500)
    ] = 40,
    crashes: Annotated[
        int, typer.Option(help="How often a part is killed with kill -9.", min=0, max=500)
    ] = 15,
    seed: Annotated[int, typer.Option(help="Decides instants, victims and faults.")] = 7,
    tempo: Annotated[
        float, typer.Option(help="Campaign seconds per real second.", show_default="300, or 1200")
    ] = 0.0,
    orphan: Annotated[
        bool, typer.Option("--orphan", help="Kill everything of ours; the leases end the spend.")
    ] = False,
    keep: Annotated[bool, typer.Option(help="Keep the stack's directory with its logs.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Crash a throwaway stack at random instants and check every promise; exit 0 if all held.

    Nothing of yours is touched: the stack has its own directory, ports and sandbox networks.
    """
    from starter.chaos import report
    from starter.chaos.orphan import TEMPO as ORPHAN_TEMPO

    if tempo < 0 or tempo > 10_000:
        fail(f"--tempo {tempo:g} must be above 0 and at most 10000.", USAGE)
    if orphan:
        _orphan(seed, tempo or ORPHAN_TEMPO, keep, as_json)
    elif dry_run:
        _show_plan(seed, promotions, crashes, as_json)
    else:
        _chaos(seed, promotions, crashes, tempo or report.TEMPO, keep, as_json)


def _chaos(
    seed: int, promotions: int, crashes: int, tempo: float, keep: bool, as_json: bool
) -> None:
    from starter.chaos.run import run

    with _progress(as_json) as watch:
        report = _play(
            run(
                promotions=promotions,
                crashes=crashes,
                seed=seed,
                tempo=tempo,
                keep=keep,
                watch=watch,
            )
        )
    if as_json:
        emit({**report.document(), **({"directory": report.directory} if keep else {})})
    else:
        report.show(screen)
        if keep:
            screen.print(f"Logs are in {report.directory}/logs", markup=False)
    if not report.ok:
        raise typer.Exit(FAILED)


def _orphan(seed: int, tempo: float, keep: bool, as_json: bool) -> None:
    from starter.chaos.orphan import orphan

    with _progress(as_json) as watch:
        try:
            report = _play(orphan(seed=seed, tempo=tempo, keep=keep, watch=watch))
        except TimeoutError:
            fail("The campaigns did not come to spend in time; look with `adflight demo --keep`.")
    document = report.document()
    if as_json:
        emit(document)
    else:
        flat, lease = document["flat_after_hours"], document["lease_hours"]
        screen.print(
            f"Workers, guard, Temporal and PostgreSQL were killed under {report.campaigns} live "
            f"campaigns. Spend was flat after {flat} of {lease} campaign hours; "
            f"${report.spent_after / 1e6:,.2f} were still spent, at most "
            f"${report.bound / 1e6:,.2f} could have been."
        )
        for name in report.still_spending:
            screen.print(f"  still spending: {name}", markup=False)
    if not report.ok:
        raise typer.Exit(FAILED)


def _show_plan(seed: int, promotions: int, crashes: int, as_json: bool) -> None:
    """What would be done, instant by instant."""
    from starter.chaos.plan import draw

    plan = draw(seed, promotions, crashes)
    lines = [
        f"{crash.stage} + {crash.at:5.1f} s: kill -9 {crash.victim.value}, back after "
        f"{crash.down:.1f} s"
        for crash in plan.crashes
    ]
    lines += [
        f"{one.platform} campaign of article {one.article}: {one.wish.value} "
        f"after {one.after:.1f} s"
        for one in plan.interventions
    ]
    lines += [
        f"{fault.network} {fault.kind}: {fault.chance:.1%} of requests, at most {fault.count}"
        for fault in plan.faults
    ]
    if as_json:
        emit({"dry_run": True, "seed": seed, "plan": lines})
        return
    for line in lines:
        screen.print(line, markup=False)


def _play(work: Coroutine[Any, Any, T]) -> T:
    # A server that is killed on purpose is no news: the client's own warnings stay out of sight.
    quiet = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    Runtime.set_default(
        Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=quiet))),
        error_if_already_set=False,
    )
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise CommandFailed("Interrupted; the throwaway stack is gone.", INTERRUPTED) from None


@contextmanager
def _progress(as_json: bool) -> Generator[Any]:
    """Bars by what is counted; on stderr when stdout is for a program."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=as_json),
        transient=True,
    )
    known: dict[str, Any] = {}

    def watch(what: str, done: int, total: int) -> None:
        if what not in known:
            known[what] = bars.add_task(what, total=total)
        bars.update(known[what], completed=done, total=total)

    with bars:
        yield watch
