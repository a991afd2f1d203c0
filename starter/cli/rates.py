"""Exchange rates: what other currencies count against limits in the reporting currency."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from temporalio.exceptions import ApplicationError

from activities.rates import jumps, present_rates, record_rates, viewed
from models.contract.exchange import DatedRate, Rates
from models.contract.money import Money
from starter.cli.flags import By, DryRun, Json, NoInput, Yes
from starter.cli.output import BLOCKED, FAILED, USAGE, confirm, emit, fail, screen, table
from starter.cli.session import Session, run
from starter.rates_file import UnreadableRates, read_rates

rates = typer.Typer(help="Show and set exchange rates.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rates, name="rates")


@rates.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: Json = False) -> None:
    """List the newest rates with their age; a stale one lets nothing be raised."""
    if context.invoked_subcommand is None:
        run(_show(as_json))


async def _show(as_json: bool) -> None:
    session = Session()
    seen = viewed(await _present(session))
    await session.aclose()
    if as_json:
        emit(seen)
        return
    table(
        f"One unit in {seen.currency} (a rate counts for {seen.max_age_days:g} days)",
        ("currency", "rate", "as of", "age", ""),
        (
            (one.currency, one.rate, one.as_of, f"{one.age_days} d", "STALE" if one.stale else "")
            for one in seen.rates
        ),
        f"No rates: only {seen.currency} can be spent. Set one with `adflight rates set EUR 1.08`.",
    )


@rates.command("set")
def set_rate(
    currency: Annotated[str, typer.Argument(help="For example EUR.")],
    rate: Annotated[str, typer.Argument(help="Units of the reporting currency for one unit.")],
    as_of: Annotated[str, typer.Option(help="Day of the rate, YYYY-MM-DD; today if absent.")] = "",
    source: Annotated[str, typer.Option(help="Where it is from.")] = "set by hand",
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Set the rate of one currency on a day."""

    async def work() -> None:
        session = Session()
        known = await _present(session)
        name = _currency(currency, known)
        new = {name: DatedRate(rate=_rate(rate), as_of=_day(as_of))}
        await _record(session, new, known, source, by, yes, no_input, dry_run)
        await session.aclose()
        _done(as_json, dry_run, new, known, ())

    run(work())


@rates.command()
def load(
    file: Annotated[Path, typer.Argument(help="The ECB's eurofxref file, XML or CSV.")],
    by: By = "operator",
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Load the European Central Bank's daily rates, as cross rates to the reporting currency."""

    async def work() -> None:
        session = Session()
        known = await _present(session)
        try:
            found = read_rates(file.read_bytes(), known.currency)
        except OSError as error:
            fail(f"{file}: {error.strerror}.", USAGE)
        except UnreadableRates as error:
            fail(f"{file} cannot be loaded: {error}.", USAGE)
        if found.as_of > datetime.now(UTC).date():
            fail(f"{file} cannot be loaded: its day {found.as_of} is in the future.", USAGE)
        source = f"ECB {file.name}"
        await _record(session, found.rates, known, source, by, yes, no_input, dry_run)
        await session.aclose()
        _done(as_json, dry_run, found.rates, known, found.skipped)

    run(work())


async def _present(session: Session) -> Rates:
    try:
        return await present_rates(session.database, session.team_id)
    except ApplicationError as error:
        fail(f"{error.message}.", FAILED)


async def _record(
    session: Session,
    new: Mapping[str, DatedRate],
    known: Rates,
    source: str,
    by: str,
    yes: bool,
    no_input: bool,
    dry_run: bool,
) -> None:
    """Keep the rates, after a question where one looks like a slip of the finger."""
    if dry_run:
        return
    if moved := jumps(new, known):
        confirm(f"More than 20% away from the last rate: {', '.join(moved)}. Keep?",
                yes=yes, no_input=no_input)  # fmt: skip
    await record_rates(session.database, session.team_id, new, known, source=source, by=by)


def _currency(text: str, known: Rates) -> str:
    try:
        name = Money(micros=0, currency=text).currency
    except ValueError:
        fail(f"currency {text!r} is not an ISO 4217 code such as EUR.", USAGE)
    if name == known.currency:
        fail(f"currency {name} is the reporting currency; it needs no rate.", BLOCKED)
    return name


def _rate(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or not Decimal("1e-9") < value < Decimal("1e9"):
        fail(f"rate {text!r} is not a number above zero such as 1.08.", USAGE)
    return value


def _day(text: str) -> date:
    today = datetime.now(UTC).date()
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        fail(f"--as-of {text!r} is not a day such as {today}.", USAGE)
    if day > today:
        fail(f"--as-of {day} is in the future; a rate is known on its day, {today} at most.", USAGE)
    return day


def _done(
    as_json: bool,
    dry_run: bool,
    new: Mapping[str, DatedRate],
    known: Rates,
    skipped: tuple[str, ...],
) -> None:
    # Shown beside those that were there: an older day does not replace a newer one.
    seen = viewed(known.model_copy(update={"newest": dict(new)}))
    if as_json:
        emit({"dry_run": dry_run, "skipped": list(skipped), **seen.model_dump(mode="json")})
        return
    verb = "Would keep" if dry_run else "Kept"
    for one in seen.rates:
        stale = f", stale already ({one.age_days} days old)" if one.stale else ""
        screen.print(f"{verb} 1 {one.currency} = {one.rate} {seen.currency} of {one.as_of}{stale}")
    for what in skipped:
        screen.print(f"Skipped {what}", markup=False)
