"""Inbound events and what they started."""

import typer
from sqlmodel import col, select

from models.tables import InboundEvent
from starter.cli.flags import Json, Limit
from starter.cli.output import emit, table
from starter.cli.session import Session, run


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("events")(list_events)


def list_events(limit: Limit = 30, as_json: Json = False) -> None:
    """List inbound events and what they started."""
    run(_events(limit, as_json))


async def _events(limit: int, as_json: bool) -> None:
    session = Session()
    query = select(InboundEvent).order_by(col(InboundEvent.received_at).desc()).limit(limit)
    rows = await session.rows(query)
    if as_json:
        emit([row.model_dump(mode="json") for row in rows])
        return
    table(
        "Events",
        ("received", "type", "source", "url", "promotion", "status"),
        (
            (f"{row.received_at:%m-%d %H:%M}", row.type, row.source, row.url, row.promotion_id,
             row.status)
            for row in rows
        ),
        "No events yet. Send one with `adflight event post-published FILE-OR-URL`.",
    )  # fmt: skip
