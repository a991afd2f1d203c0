"""Why it did everything: decisions and inbound events."""

from typing import Annotated

import typer
from sqlmodel import col, select

from models.contract.money import Money
from models.tables import DecisionRow, InboundEvent
from starter.cli.flags import Json
from starter.cli.output import emit, table
from starter.cli.session import Session, run

_Limit = Annotated[int, typer.Option("--limit", "-n", help="How many, newest first.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("decisions")(decisions)
    app.command("events")(list_events)


def decisions(
    campaign: Annotated[str, typer.Option(help="Only this campaign.")] = "",
    kind: Annotated[str, typer.Option("--type", help="Only this type.")] = "",
    limit: _Limit = 30,
    as_json: Json = False,
) -> None:
    """List decisions with who took them and why."""
    run(_decisions(campaign, kind, limit, as_json))


async def _decisions(campaign: str, kind: str, limit: int, as_json: bool) -> None:
    session = Session()
    query = select(DecisionRow).order_by(col(DecisionRow.recorded_at).desc()).limit(limit)
    if campaign:
        query = query.where(col(DecisionRow.campaign_id) == (await session.campaign(campaign)).id)
    if kind:
        query = query.where(col(DecisionRow.decision_type) == kind)
    rows = await session.rows(query)
    if as_json:
        emit([row.model_dump(mode="json") for row in rows])
        return
    table(
        "Decisions (campaign time)",
        ("at", "decision", "by", "campaign", "policy", "why", "a day"),
        (
            (
                f"{row.at:%m-%d %H:%M}",
                f"{row.decision_type} ({row.outcome})",
                row.decided_by,
                str(row.campaign_id)[:8] if row.campaign_id else None,
                row.policy,
                row.reasoning,
                None
                if row.budget_impact_micros is None
                else Money(micros=row.budget_impact_micros),
            )
            for row in rows
        ),
        "No decisions yet.",
    )


def list_events(limit: _Limit = 30, as_json: Json = False) -> None:
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
