"""What was changed on the networks behind our back, and what was done about it."""

from typing import Annotated

import typer
from sqlmodel import col, select

from models.tables import Drift
from starter.cli.flags import Json, Limit
from starter.cli.output import emit, table
from starter.cli.session import Session, run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drift")(list_drift)


def list_drift(
    campaign: Annotated[str, typer.Option(help="Only this campaign.")] = "",
    limit: Limit = 30,
    as_json: Json = False,
) -> None:
    """List what the networks showed other than we left it: undone, adopted or noted."""
    run(_drift(campaign, limit, as_json))


async def _drift(campaign: str, limit: int, as_json: bool) -> None:
    session = Session()
    query = select(Drift).order_by(col(Drift.recorded_at).desc()).limit(limit)
    if campaign:
        query = query.where(col(Drift.campaign_id) == (await session.campaign(campaign)).id)
    rows = await session.rows(query)
    if as_json:
        emit([row.model_dump(mode="json") for row in rows])
        return
    table(
        "Changed on the networks (campaign time)",
        ("at", "campaign", "object", "field", "ours", "found", "done", "note"),
        (
            (
                f"{row.at:%m-%d %H:%M}",
                str(row.campaign_id)[:8] if row.campaign_id else None,
                f"{row.object_kind} {row.object_id}",
                row.field,
                row.expected,
                row.found,
                {"undo": "undone", "adopt": "adopted", "note": "noted"}.get(row.action, row.action),
                row.note,
            )
            for row in rows
        ),
        "Everything was found as we left it.",
    )
