"""The asset library: pictures and videos that adverts are made from."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from activities.web import WebError, WebReader
from creative.library import AssetInUse, AssetLibrary, AssetRefused, AssetUnknown, UploadRefused
from creative.library.quota import Stored
from creative.storage import StorageFailed
from creative.uploads import most_bytes
from models.contract.creative import Origin
from models.tables import Asset
from models.tables.columns import now_utc
from starter import documents
from starter.assets import asset_library
from starter.cli.administration import said
from starter.cli.flags import By, Json, Limit, NoInput, Yes
from starter.cli.output import (
    BLOCKED,
    FAILED,
    OK,
    PARTLY,
    USAGE,
    ago,
    confirm,
    emit,
    fail,
    notes,
    screen,
    table,
)
from starter.cli.session import Session, run

T = TypeVar("T")
_PICTURES = "image/*, video/mp4, video/quicktime"
Name = Annotated[str, typer.Argument(metavar="ID", help="Its SHA-256, or the first characters.")]
Folder = Annotated[str, typer.Option(help="Such as /game or /game/slots.")]
assets = typer.Typer(help="Pictures and videos that adverts are made from.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(assets, name="assets")


@assets.callback(invoke_without_command=True)
def show_assets(context: typer.Context, as_json: Json = False) -> None:
    """List pictures and videos, the newest first."""
    if context.invoked_subcommand is None:
        _list(as_json)


@assets.command("list")
def list_assets(
    folder: Folder = "",
    label: Annotated[str, typer.Option(help="A part of its label.")] = "",
    kind: Annotated[str, typer.Option(help="image or video.")] = "",
    source: Annotated[str, typer.Option(help="ai, admin, product, game_asset, …")] = "",
    retired: Annotated[bool, typer.Option("--retired", help="Retired ones, too.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List pictures and videos, the newest first."""
    _list(as_json, folder=folder, label=label, kind=kind, source=source, retired=retired,
          limit=limit)  # fmt: skip


def _list(as_json: bool, **filters: Any) -> None:
    async def work(library: AssetLibrary, team: UUID) -> tuple[list[Asset], Stored]:
        return await library.find(team, **filters), await library.stored(team)

    rows, stored = run(_with(work))
    if as_json:
        emit([documents.asset(row) for row in rows])
        return
    now = now_utc()
    table(
        "Assets",
        ("id", "kind", "size", "from", "folder", "label", "added", "state"),
        (
            (
                row.sha256[:12],
                row.media_type.partition("/")[2],
                _size(row),
                f"{row.source} (AI)" if row.ai_made else row.source,
                row.folder or None,
                row.label or None,
                f"{ago(row.created_at, now)} by {row.added_by or 'adflight'}",
                "retired" if row.retired_at else None,
            )
            for row in rows
        ),
        "No assets. Add one with `adflight assets upload FILE`.",
    )
    screen.print(f"Stored: {stored}.", markup=False)


@assets.command("upload")
def upload_assets(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Files, or https addresses.")],
    folder: Folder = "",
    label: Annotated[str, typer.Option(help="Words to find it by; its name, if left out.")] = "",
    source: Annotated[str, typer.Option(help="Where it comes from.")] = Origin.ADMIN.value,
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Add pictures (JPEG, PNG, WebP, HEIC, GIF) and videos (MP4, MOV) to the library."""

    async def one(session: Session, library: AssetLibrary, web: WebReader, name: str) -> Asset:
        if name.startswith(("https://", "http://")):

            async def fetch(url: str) -> bytes:
                return (await web.fetch(url, accept=_PICTURES)).body

            return await library.add_from(
                session.team_id, name, fetch, source=source, label=label or _label(name),
                folder=folder, added_by=by,
            )  # fmt: skip
        path = Path(name)
        return await library.add(
            session.team_id, _read(path), source=source, label=label or _label(path.name),
            folder=folder, added_by=by, name=path.name,
        )  # fmt: skip

    async def work() -> list[dict[str, Any]]:
        session = Session()
        library = _library(session)
        settings = session.settings
        done: list[dict[str, Any]] = []
        async with WebReader(
            max_bytes=most_bytes(),
            hosts_map=settings.web_hosts,
            allow_private=settings.web_allow_private,
        ) as web:
            for name in files:
                try:
                    row = await one(session, library, web, name)
                    done.append({"file": name, **documents.asset(row)})
                except (UploadRefused, AssetRefused, WebError, StorageFailed) as refused:
                    done.append({"file": name, "refused": str(refused)})
        await session.aclose()
        return done

    done = run(work())
    if as_json:
        emit(done)
    for row in done:
        if "refused" in row:
            notes.print(f"Not added: {row['refused']}.", markup=False)
        elif not as_json:
            screen.print(
                f"{row['sha256'][:12]}  {row['width']}x{row['height']}  {row['file']}",
                markup=False,
            )
    bad = sum("refused" in row for row in done)
    raise typer.Exit(OK if not bad else FAILED if bad == len(done) else PARTLY)


@assets.command("show")
def show_asset(name: Name, as_json: Json = False) -> None:
    """Show one asset, and which campaigns show it."""

    async def work(library: AssetLibrary, team: UUID) -> tuple[Asset, list[str], str]:
        row = await library.named(team, name)
        using = await library.used_by(team, row.sha256)
        return row, [str(one) for one in using], library.path(row)

    row, using, path = run(_with(work))
    document = documents.asset(row) | {"path": path, "used_by": using}
    if as_json:
        emit(document)
        return
    for key, value in document.items():
        if value not in (None, "", [], {}):
            shown = ", ".join(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            screen.print(f"{key:12} {shown}", markup=False)


@assets.command("link")
def link_asset(
    name: Name,
    minutes: Annotated[int, typer.Option(help="How long it is good for.", min=1, max=10_080)] = 60,
    as_json: Json = False,
) -> None:
    """Print an address that shows it, without metadata, to whoever has it."""

    async def work(library: AssetLibrary, team: UUID) -> tuple[str, str]:
        row = await library.named(team, name)
        return row.sha256, await library.link(team, row.sha256, minutes * 60)

    sha256, link = run(_with(work))
    if as_json:
        emit({"sha256": sha256, "link": link, "minutes": minutes})
        return
    typer.echo(link)
    notes.print(f"Whoever has it sees this file for {minutes} min, and nobody else does.")


@assets.command("retire")
def retire_asset(name: Name, by: By = "operator", as_json: Json = False) -> None:
    """Offer it to no new campaign; what shows it goes on showing it."""

    async def work(library: AssetLibrary, team: UUID) -> Asset:
        return await library.retire(team, (await library.named(team, name)).sha256, by)

    row = run(_with(work))
    said(as_json, documents.asset(row), f"{row.sha256[:12]} is offered to no new campaign.")


@assets.command("delete")
def delete_asset(
    name: Name,
    yes: Yes = False,
    no_input: NoInput = False,
    by: By = "operator",
    as_json: Json = False,
) -> None:
    """Delete it for good; refused while an ad that is not over shows it."""
    row = run(_with(lambda library, team: library.named(team, name)))
    confirm(f"Delete {_told(row)} for good?", yes=yes, no_input=no_input)
    done = run(_with(lambda library, team: library.delete(team, row.sha256, by)))
    kept = f" Its file stays: {done.kept}." if done.kept else ""
    said(
        as_json,
        {"sha256": done.sha256, "deleted": True, "file_kept": done.kept or None},
        f"{row.sha256[:12]} is deleted.{kept}",
    )


async def _with(work: Callable[[AssetLibrary, UUID], Awaitable[T]]) -> T:
    """Do something with the team's library.

    Raises:
        CommandFailed: it is refused.
    """
    session = Session()
    try:
        return await work(_library(session), session.team_id)
    except AssetUnknown as unknown:
        fail(f"{_sentence(unknown)}.", USAGE)
    except AssetInUse as used:
        fail(f"Refused: {used}.", BLOCKED)
    except AssetRefused as refused:
        fail(f"Refused: {refused}.", USAGE)
    except (UploadRefused, StorageFailed) as failed:
        fail(f"{_sentence(failed)}.")
    finally:
        await session.aclose()


def _library(session: Session) -> AssetLibrary:
    try:
        return asset_library(session.settings, session.database)
    except StorageFailed as failed:
        fail(f"{_sentence(failed)}.", USAGE)


def _read(path: Path) -> bytes:
    """A file, if it is none that is refused for its size alone.

    Raises:
        UploadRefused: it cannot be read, or is too large.
    """
    try:
        size = path.stat().st_size
        if size > most_bytes():
            raise UploadRefused(
                f"{path.name!r} has {size:,} bytes, the limit is {most_bytes():,}; make it smaller"
            )
        return path.read_bytes()
    except OSError as error:
        raise UploadRefused(f"{str(path)!r} cannot be read: {error.strerror}") from None


def _label(name: str) -> str:
    return "".join(one for one in name if one.isprintable())[:200]


def _size(row: Asset) -> str:
    length = f", {row.seconds:.1f} s" if row.seconds else ""
    return f"{row.width}x{row.height}{length}, {row.bytes / 1e6:.1f} MB"


def _told(row: Asset) -> str:
    return f"{row.kind} {row.sha256[:12]} ({row.label or _size(row)})"


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
