"""Incidents: what went wrong or was stopped, how fast, what to do next, and who closed it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy import String, cast, or_
from sqlmodel import col, select

from activities.incidents import OPEN, RESOLVED, close
from models.contract.incident import FIRST_CALL, LAST_CONFIRMED, PRESSED, SPEND_FLAT
from models.contract.money import Money
from models.contract.vocabulary import StopLevel
from models.tables import Incident
from starter.cli.flags import Json
from starter.cli.output import FAILED, USAGE, emit, fail, screen, table
from starter.cli.session import Session, run

_LATER = {FIRST_CALL: "to_first_call", LAST_CONFIRMED: "to_last_confirmed", SPEND_FLAT: "to_flat"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("incidents")(incidents)
    app.command("incident")(incident)


def incidents(
    everything: Annotated[bool, typer.Option("--all", help="The resolved ones as well.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many.", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """List open incidents, newest first."""

    async def work() -> None:
        session = Session()
        query = select(Incident).order_by(col(Incident.recorded_at).desc()).limit(limit)
        if not everything:
            query = query.where(col(Incident.state) == OPEN)
        rows = await session.rows(query)
        if as_json:
            emit([_document(row) for row in rows])
            return
        table(
            "Incidents",
            ("id", "since", "severity", "what", "cause", "scope", "at risk", "state"),
            (
                (
                    str(row.id)[:8],
                    f"{row.recorded_at:%m-%d %H:%M}",
                    row.severity,
                    row.title,
                    row.cause,
                    row.scope,
                    _at_risk(row),
                    row.state if row.state == OPEN else f"resolved by {row.resolved_by}",
                )
                for row in rows
            ),
            "No incidents." if everything else "No open incidents.",
        )

    run(work())


def incident(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the first characters.")],
    resolve: Annotated[bool, typer.Option("--resolve", help="Close it.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who closes it.", envvar="ADFLIGHT_PERSON")] = "",
    reason: Annotated[str, typer.Option(help="Why it can be closed.")] = "",
    as_json: Json = False,
) -> None:
    """Show an incident: timeline, numbers, money at risk, what was done, what to do next."""
    if resolve and not (by.strip() and reason.strip()):
        fail(
            f"Incident {name!r} is resolved by a named person with a reason:"
            " give both --by NAME and --reason TEXT.",
            USAGE,
        )
    if reason and not resolve:
        fail("--reason goes with --resolve; add it to close the incident.", USAGE)
    run(_incident(name, by if resolve else None, reason, as_json))


async def _incident(name: str, by: str | None, reason: str, as_json: bool) -> None:
    session = Session()
    async with session.database.team(session.team_id) as database:
        rows = (
            await database.scalars(
                select(Incident)
                .where(
                    or_(
                        cast(col(Incident.id), String).startswith(name.lower(), autoescape=True),
                        col(Incident.key) == name,
                    )
                )
                .limit(5)
            )
        ).all()
        if not rows:
            fail(f"No incident begins with {name!r}; see `adflight incidents --all`.", USAGE)
        if len(rows) > 1:
            ids = ", ".join(str(row.id)[:13] for row in rows)
            fail(f"{name!r} fits several incidents ({ids}…); give more characters.", USAGE)
        row = rows[0]
        if by is not None and not await close(database, row.id, by, reason):
            fail(
                f"Incident {str(row.id)[:8]} was resolved by {row.resolved_by} already:"
                f" {row.resolution}",
                FAILED,
            )
    await session.aclose()
    if as_json:
        emit(_document(row))
    elif by is not None:
        screen.print(f"Incident {str(row.id)[:8]} is resolved by {by}: {reason}", markup=False)
    else:
        _show(row)


def _show(row: Incident) -> None:
    def say(line: str) -> None:
        screen.print(line, markup=False)

    level = f" · {row.level} stop" if row.level else ""
    say(f"{row.title}")
    say(f"Incident {row.id} · {row.state} · {row.severity}{level} · scope {row.scope}")
    say(f"Cause: {row.cause}, at {row.opened_at:%Y-%m-%d %H:%M:%S} campaign time")
    if row.text:
        say(row.text)
    if row.numbers:
        say("Numbers: " + ", ".join(f"{name} {_number(one)}" for name, one in row.numbers.items()))
    say(f"Money at risk: {_at_risk(row) or 'not known'}")
    pressed = _first(row, PRESSED)
    table(
        "Timeline (real time, UTC)",
        ("at", "after", "what"),
        (
            (f"{at:%Y-%m-%d %H:%M:%S.%f}"[:-3], _after(pressed, at), what)
            for at, what in _timeline(row)
        ),
        "No timeline was recorded.",
    )
    _list("Done", row.done, say)
    if row.state == RESOLVED:
        say(f"Resolved by {row.resolved_by}: {row.resolution}")
    _list("Next", next_steps(row), say)


def next_steps(row: Incident) -> list[str]:
    """What a person should do about an incident now."""
    if row.state == RESOLVED:
        return []
    steps: list[str] = []
    target = row.campaign_id or row.scope
    if _first(row, PRESSED) is not None and _first(row, LAST_CONFIRMED) is None:
        steps.append(
            f"not everything is confirmed off: repeat `adflight kill {target} --yes`, and"
            " look at the network's own site"
        )
    if row.campaign_id is not None:
        steps.append(
            f"find the cause; then let it deliver again: `adflight resume {row.campaign_id}`"
        )
    elif row.level in set(StopLevel):
        steps.append(
            "find the cause before anything runs again; then lift the stop:"
            f" `adflight recover {row.scope} --by NAME --reason TEXT`"
        )
    if row.campaign_id is not None:
        steps.append(
            f"look at the campaign: `adflight show {row.campaign_id}`,"
            f" `adflight decisions --campaign {row.campaign_id}`"
        )
    steps.append(
        f"when it is dealt with: `adflight incident {str(row.id)[:8]} --resolve --by NAME"
        " --reason TEXT`"
    )
    return steps


def _document(row: Incident) -> dict[str, Any]:
    pressed = _first(row, PRESSED)
    seconds: dict[str, float] = {}
    for what, name in _LATER.items():
        at = _last(row, what) if what == LAST_CONFIRMED else _first(row, what)
        if pressed is not None and at is not None:
            seconds[name] = round((at - pressed).total_seconds(), 3)
    return {**row.model_dump(mode="json"), "seconds": seconds, "next": next_steps(row)}


def _timeline(row: Incident) -> list[tuple[datetime, str]]:
    return [(datetime.fromisoformat(str(one["at"])), str(one["what"])) for one in row.timeline]


def _first(row: Incident, what: str) -> datetime | None:
    """A stop over several accounts has one such entry an account, which it names."""
    return next((at for at, said in _timeline(row) if said.startswith(what)), None)


def _last(row: Incident, what: str) -> datetime | None:
    return next((at for at, said in reversed(_timeline(row)) if said.startswith(what)), None)


def _after(pressed: datetime | None, at: datetime) -> str | None:
    return None if pressed is None else f"{(at - pressed).total_seconds():+.2f} s"


def _at_risk(row: Incident) -> str | None:
    if row.money_at_risk_micros is None:
        return None
    return Money(micros=row.money_at_risk_micros, currency=row.currency).rounded()


def _number(value: object) -> str:
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def _list(title: str, lines: Sequence[str], say: Any) -> None:
    if lines:
        say(f"{title}:")
        for line in lines:
            say(f"  - {line}")
