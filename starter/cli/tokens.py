"""API tokens: what lets programs in."""

from datetime import timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import String, cast
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.tables import ApiToken
from models.tables.columns import now_utc
from starter import documents, tokens
from starter import people as desk
from starter.cli.administration import change_of, role_named, said, within
from starter.cli.flags import By, Json
from starter.cli.output import ago, emit, notes, table
from starter.cli.session import Session, run
from starter.people import PeopleRefused

token = typer.Typer(help="API tokens for programs.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(token, name="tokens")


@token.callback(invoke_without_command=True)
def show_tokens(context: typer.Context, as_json: Json = False) -> None:
    """List API tokens."""
    if context.invoked_subcommand is None:
        run(_tokens(as_json))


@token.command("list")
def list_tokens(as_json: Json = False) -> None:
    """List API tokens: whose, what they may do, when last used."""
    run(_tokens(as_json))


async def _tokens(as_json: bool) -> None:
    session = Session()
    rows = await within(session, tokens.every)
    if as_json:
        emit([documents.token(*pair) for pair in rows])
        return
    now = now_utc()
    table(
        "API tokens",
        ("id", "name", "begins", "of", "role", "used", "until"),
        (
            (
                str(row.id)[:8],
                row.name,
                row.prefix,
                owner.name,
                row.role,
                ago(row.last_used_at, now),
                _until(row),
            )
            for row, owner in rows
        ),
        "No tokens. Make one with `adflight tokens create NAME`.",
    )


@token.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What will use it, for example `reporting`.")],
    role: Annotated[str, typer.Option(help="The most it may do.")] = "viewer",
    person: Annotated[str, typer.Option("--for", help="Whose it is; yours, if left out.")] = "",
    days: Annotated[int, typer.Option(help="Days it is good for; 0 until revoked.", min=0)] = 0,
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Make an API token and show it this once. It may never do more than its person may."""
    wanted = role_named(role)

    async def work() -> None:
        session = Session()
        change = change_of(session, by)
        until = now_utc() + timedelta(days=days) if days else None

        async def make(rows: AsyncSession) -> tuple[dict[str, Any], str]:
            owner = await desk.person(rows, person or session.settings.person)
            row, secret = await tokens.create(rows, change, owner, name, wanted, until)
            return documents.token(row, owner), secret

        made, secret = await within(session, make)
        if as_json:
            emit({**made, "token": secret})
            return
        typer.echo(secret)
        notes.print("It is shown this once. Send it as `Authorization: Bearer TOKEN`.")

    run(work())


@token.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the first characters.")],
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Let nobody in by a token any more."""

    async def work() -> None:
        session = Session()

        async def end(rows: AsyncSession) -> ApiToken:
            found = await rows.scalars(
                select(ApiToken)
                .where(
                    cast(col(ApiToken.id), String).startswith(name.lower(), autoescape=True),
                    col(ApiToken.revoked_at).is_(None),
                )
                .limit(2)
            )
            fitting = found.all()
            if len(fitting) != 1:
                many = "several tokens" if fitting else "no token"
                raise PeopleRefused(f"{many} begin with {name!r}; see `adflight tokens list`")
            await tokens.revoke(rows, change_of(session, by), fitting[0], now_utc())
            return fitting[0]

        row = await within(session, end)
        said(as_json, {"id": str(row.id), "revoked": True}, f"{row.name} is revoked.")

    run(work())


def _until(row: ApiToken) -> str | None:
    if row.expires_at is None:
        return None
    over = " (over)" if row.expires_at <= now_utc() else ""
    return f"{row.expires_at:%Y-%m-%d %H:%M}{over}"
