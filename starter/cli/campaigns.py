"""Looking: campaigns, one campaign, and what waits for a person."""

from typing import Annotated

import typer
from rich.panel import Panel
from rich.text import Text
from sqlmodel import col, select
from temporalio.service import RPCError

from models.contract.money import Money
from models.tables import Approval, Campaign
from starter import documents
from starter.cli.flags import Json
from starter.cli.output import ago, emit, screen, table
from starter.cli.session import Session, run


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("campaigns")(list_campaigns)
    app.command("show")(show)
    app.command("approvals")(list_approvals)


def list_campaigns(
    status: Annotated[str, typer.Option(help="Only this status.")] = "",
    platform: Annotated[str, typer.Option(help="Only this platform.")] = "",
    as_json: Json = False,
) -> None:
    """List campaigns, newest first."""
    run(_list_campaigns(status, platform, as_json))


async def _list_campaigns(status: str, platform: str, as_json: bool) -> None:
    session = Session()
    query = select(Campaign).order_by(col(Campaign.created_at).desc())
    if status:
        query = query.where(col(Campaign.status) == status)
    if platform:
        query = query.where(col(Campaign.platform) == platform)
    rows = await session.rows(query)
    if as_json:
        emit([documents.campaign(row) for row in rows])
        return
    now = session.now()
    table(
        "Campaigns",
        ("id", "name", "status", "platform", "a day", "spend", "figures", "why"),
        (
            (
                str(row.id)[:8],
                row.name,
                row.status,
                row.platform,
                _money(row.live_budget_micros or row.daily_budget_micros, row.currency),
                _money(row.spend_micros, row.currency),
                ago(row.figures_as_of, now),
                row.error_message or row.pause_reason,
            )
            for row in rows
        ),
        "No campaigns yet. Start one with `adflight event post-published FILE-OR-URL`.",
    )


def show(
    campaign: Annotated[str, typer.Argument(help="Id, or its first characters.")],
    as_json: Json = False,
) -> None:
    """Show one campaign: its workflow's own view, or the last record when none answers."""
    run(_show(campaign, as_json))


async def _show(name: str, as_json: bool) -> None:
    session = Session()
    row = await session.campaign(name)
    try:
        view = await session.view(await session.handle(str(row.id)))
    except RPCError:
        view = None
    await session.aclose()
    document = documents.campaign_now(row, view)
    if as_json:
        emit(document)
        return
    screen.print(f"[bold]{row.name}[/bold]  {document['status']}  ({document['source']})")
    facts: dict[str, object] = {
        "id": row.id,
        "platform": row.platform,
        "network id": row.platform_campaign_id,
        "a day, agreed": _money(row.daily_budget_micros, row.currency),
        "a day, live": _money(row.live_budget_micros, row.currency),
        "spend": _money(row.spend_micros, row.currency),
        "figures": ago(row.figures_as_of, session.now()),
        "destination": row.destination_url,
        "approved by": row.approved_by,
        "problem": row.error_message,
    }
    if view is not None:
        facts |= {
            "version": view.version,
            "worst case": view.approval.worst_case,
            "lease until": view.lease_until,
            "next check": view.next_check,
            "paused": f"{view.pause.by}: {view.pause.reason}" if view.pause else None,
            "refused": "; ".join(view.refused_messages) or None,
        }
    for label, value in facts.items():
        if value is not None:
            screen.print(f"  {label:<14} {value}", markup=False)
    for visit in row.visits:
        screen.print(f"  {str(visit['at'])[:16]}  {visit['status']}: {visit['why']}", markup=False)


def list_approvals(
    every: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List what waits for a person, with what it can cost and what silence means."""
    run(_list_approvals(every, as_json))


async def _list_approvals(every: bool, as_json: bool) -> None:
    session = Session()
    query = (
        select(Approval, Campaign)
        .join(Campaign, col(Campaign.id) == col(Approval.campaign_id))
        .order_by(col(Approval.asked_at))
    )
    if not every:
        query = query.where(col(Approval.status) == "pending")
    async with session.database.team(session.team_id) as database:
        rows = (await database.execute(query)).all()
    await session.aclose()
    if as_json:
        emit(
            [
                {
                    "campaign_id": campaign.id,
                    "name": campaign.name,
                    "platform": campaign.platform,
                    "version": approval.version,
                    "status": approval.status,
                    "reasons": approval.reasons,
                    "before": approval.before,
                    "after": approval.after,
                    "worst_case_micros": approval.worst_case_micros,
                    "currency": approval.currency,
                    "if_unanswered": approval.if_unanswered,
                    "asked_at": approval.asked_at,
                    "expires_at": approval.expires_at,
                    "decided_by": approval.decided_by,
                }
                for approval, campaign in rows
            ]
        )
        return
    if not rows:
        screen.print("Nothing waits for approval.")
    for approval, campaign in rows:
        _print_question(approval, campaign)


def _print_question(approval: Approval, campaign: Campaign) -> None:
    """One proposal: before → after, the worst case, why it is asked, what silence means."""
    lines = [
        f"{key}: {approval.before[key]} → {value}" if key in approval.before else f"{key}: {value}"
        for key, value in approval.after.items()
    ]
    lines += [
        f"at worst: {_money(approval.worst_case_micros, approval.currency)}",
        *(f"asked because {reason}" for reason in approval.reasons),
        f"if nobody answers by {approval.expires_at:%Y-%m-%d %H:%M} (campaign time): "
        f"{approval.if_unanswered}",
    ]
    if approval.status == "pending":
        lines.append(
            f"answer: adflight approve {str(campaign.id)[:8]} --version {approval.version}"
        )
    else:
        lines.append(f"{approval.status} by {approval.decided_by or 'nobody'}")
    title = f"{str(campaign.id)[:8]} · {campaign.name} · version {approval.version}"
    screen.print(Panel(Text("\n".join(lines)), title=Text(title), title_align="left"))


def _money(micros: int | None, currency: str) -> str:
    return "–" if micros is None else Money(micros=micros, currency=currency).rounded()
