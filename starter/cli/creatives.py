"""Ads: made without a campaign, or shown as a campaign has them."""

import asyncio
import gc
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlmodel import col, func, select

from models.contract.campaign import Offer
from models.contract.content import Article
from models.contract.creative import GivenCreative
from models.contract.roles import Right
from models.settings import Settings
from models.tables import CreativeRow
from starter.cli import ad_changes, rights
from starter.cli.flags import Json
from starter.cli.output import (
    FAILED,
    INTERRUPTED,
    OK,
    PARTLY,
    USAGE,
    CommandFailed,
    emit,
    fail,
    notes,
    screen,
    table,
)
from starter.cli.session import Session, run

creatives = typer.Typer(help="Ads: make them for an article, look at a campaign's, change one.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    creatives.command("make")(make)
    creatives.command("show")(show)
    creatives.command("change")(ad_changes.change)
    app.add_typer(creatives, name="creatives")


def make(
    source: Annotated[str, typer.Argument(help="An article: a file (.html, .md, .json) or https.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for what is made.")],
    platforms: Annotated[str, typer.Option(help="all, or some by commas.")] = "all",
    variants: Annotated[int, typer.Option(help="Different ads a network.", min=1, max=8)] = 2,
    image: Annotated[
        list[Path] | None, typer.Option(help="A picture of your own (may be given again).")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="A video of your own.")] = None,
    offer: Annotated[str, typer.Option(help="What readers get besides, as a fact.")] = "",
    badge: Annotated[str, typer.Option(help="The offer's short form on a picture.")] = "",
    as_json: Json = False,
) -> None:
    """Make every ad an article could have: copy, pictures, videos, checked and signed.

    Nothing is launched and no ad network is called. Uses the stack that runs here; without one,
    a throwaway stack of its own.
    """
    from starter.creatives.folder import FolderRefused, prepare
    from starter.demo.every_network import chosen

    began = time.monotonic()
    try:
        wanted = chosen(platforms)
        offered = Offer(text=offer, badge=badge) if offer else None
        if badge and not offered:
            fail("badge: give the whole offer too, with --offer TEXT.", USAGE)
        prepare(out)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        fail(f"offer {first['loc'][0]}: {first['msg']}.", USAGE)
    except (ValueError, FolderRefused) as refused:
        fail(f"{refused}.", USAGE)
    own = [*(image or []), *([video] if video else [])]
    if missing := [one for one in own if not one.is_file()]:
        fail(f"file {str(missing[0])!r} is not there; check its name.", USAGE)

    async def work() -> int:
        async with _stage(as_json) as (settings, label):
            article = await _article(source, settings)
            return await _make(
                settings,
                article,
                out=out,
                wanted=wanted,
                variants=variants,
                offered=offered,
                image=image or [],
                video=video,
                label=label,
                began=began,
                as_json=as_json,
            )

    try:
        code = asyncio.run(work())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise CommandFailed("Interrupted; what it had started is gone.", INTERRUPTED) from None
    finally:
        gc.collect()
    if code != OK:
        raise SystemExit(code)


async def _make(
    settings: Settings,
    article: Article,
    *,
    out: Path,
    wanted: tuple[Any, ...],
    variants: int,
    offered: Offer | None,
    image: list[Path],
    video: Path | None,
    label: str,
    began: float,
    as_json: bool,
) -> int:
    from creative.library import UploadRefused
    from models.database import Database
    from starter.assets import asset_library
    from starter.creatives.folder import Folder
    from starter.creatives.make import Wish
    from starter.creatives.make import make as make_all
    from starter.temporal import connect

    database = Database(settings.database_url, pool_size=4)
    try:
        library = asset_library(settings, database)
        client = await connect(settings)

        async def kept(file: Path) -> str:
            try:
                asset = await library.add(
                    settings.team_id,
                    await asyncio.to_thread(file.read_bytes),
                    source="admin",
                    label=file.name,
                    name=file.name,
                    added_by=settings.person,
                )
            except UploadRefused as refused:
                fail(f"{refused}.", USAGE)
            return asset.sha256

        film = await kept(video) if video else None
        given = tuple([GivenCreative(image=await kept(one), video=film) for one in image])
        if film and not given:
            given = (GivenCreative(video=film),)
        wish = Wish(article, wanted, variants, offered, given)
        with _progress(as_json, len(wanted)) as step:
            made = await make_all(client, settings.team_id, wish, lambda _: step())
        folder = Folder(out, library, settings.team_id)
        manifest = await folder.write(article, made, label=label, began=began)
    finally:
        await database.close()
    some = any(one.result and one.result.creatives for one in made)
    code = FAILED if not some else PARTLY if folder.problems else OK
    if as_json:
        emit(manifest)
    else:
        _show(manifest, out)
    return code


async def _article(source: str, settings: Settings) -> Article:
    """The article in a file or behind an address.

    Raises:
        CommandFailed: there is none.
    """
    from activities.article_file import article_from_file
    from activities.page import PageRefused, read_article
    from activities.web import WebError, WebReader

    try:
        if not source.startswith(("https://", "http://")):
            return await asyncio.to_thread(article_from_file, Path(source))
        async with WebReader(
            hosts_map=settings.web_hosts, allow_private=settings.web_allow_private
        ) as web:
            return await asyncio.to_thread(read_article, await web.fetch(source))
    except (PageRefused, WebError) as refused:
        fail(f"{refused}.", USAGE)


@asynccontextmanager
async def _stage(as_json: bool) -> AsyncGenerator[tuple[Settings, str]]:
    """The stack that runs here, or one for this command alone; with its label."""
    session = Session()
    if session.settings.database_url:
        await rights.must(Right.OPERATE, "")
        yield session.settings, _label(session.settings)
        return
    from starter.stack.local import LocalStack, Options

    notes.print("No stack runs here: starting one for this command alone.", style="dim")
    directory = _own_directory()
    stack = LocalStack(
        Options(directory, temporal_port=0, ui_port=0, sandbox_port=0, events_port=0)
    )
    try:
        await asyncio.to_thread(stack.start)
        settings = stack.settings()
        yield settings, _label(settings)
    finally:
        gc.collect()
        await asyncio.to_thread(stack.stop)
        shutil.rmtree(directory, ignore_errors=True)


def _own_directory() -> Path:
    """A short path that the database's user can enter: its socket lies below."""
    directory = Path(tempfile.mkdtemp(prefix="adflight-creatives-", dir="/tmp"))
    directory.chmod(0o755)
    return directory


def _label(settings: Settings) -> str:
    """What is real and what is not, in words."""
    from activities.generators import generators

    pictures, videos = generators(settings).labels
    parts = [
        "copy by the rule-based sandbox planner"
        if settings.claude_is_sandbox
        else f"copy by {settings.model}",
        f"pictures by {pictures}",
        f"videos by {videos}",
    ]
    return "; ".join(parts)


@contextmanager
def _progress(as_json: bool, total: int) -> Generator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=notes, disable=as_json) as bar:
        task = bar.add_task("networks", total=total)
        yield lambda: bar.advance(task)


def _show(manifest: dict[str, Any], out: Path) -> None:
    rows = [
        (
            name,
            variant["id"],
            variant["angle"],
            variant["copy"]["headline"],
            variant["compliance"]["outcome"],
            len(variant["files"]),
        )
        for name, made in manifest["platforms"].items()
        for variant in made["variants"]
    ]
    columns = ("Network", "Ad", "Angle", "Headline", "Compliance", "Files")
    table("Creatives", columns, rows, "Nothing was made.")
    for problem in manifest["problems"]:
        screen.print(f"Left out: {problem}", markup=False)
    screen.print(f"{manifest['label']}.", markup=False)
    screen.print(
        f"{len(manifest['files'])} files in {out} after {manifest['seconds']} s; look at "
        f"{out}/contact-sheet.png first.",
        markup=False,
    )


def show(
    campaign: Annotated[str, typer.Argument(help="First characters of its id.")],
    out: Annotated[Path | None, typer.Option(help="Write pictures and videos there.")] = None,
    as_json: Json = False,
) -> None:
    """Show a campaign's ads: what they say, and what they show."""

    async def work() -> list[CreativeRow]:
        session = Session()
        try:
            row = await session.campaign(campaign)
            async with session.database.team(session.team_id) as database:
                found = await database.scalars(
                    select(CreativeRow)
                    .where(col(CreativeRow.campaign_id) == row.id)
                    .order_by(func.length(CreativeRow.variant), col(CreativeRow.variant))
                )
                rows = list(found.all())
            if out is not None:
                await _write(session, rows, out)
            return rows
        finally:
            await session.aclose()

    rows = run(work())
    if as_json:
        emit([_ad(row) for row in rows])
        return
    if not rows:
        screen.print("No ads yet: they are being made, or nothing passed; see `adflight show`.")
    for row in rows:
        screen.print(f"{row.variant}  {row.angle} by {row.source}, {row.status}", style="bold")
        for name, value in _ad(row).items():
            if name not in ("variant", "angle", "source", "status") and value:
                screen.print(f"  {name:<15} {value}", markup=False)


def _ad(row: CreativeRow) -> dict[str, Any]:
    return {
        "variant": row.variant,
        "status": row.status,
        "source": row.source,
        "angle": row.angle,
        "headline": row.headline,
        "primary_text": row.primary_text,
        "description": row.description,
        "call_to_action": row.call_to_action,
        "image": row.image_sha256,
        "video": row.video_sha256,
    }


async def _write(session: Session, rows: list[CreativeRow], out: Path) -> None:
    """The files, named by variant.

    Raises:
        CommandFailed: the folder cannot be written to, or a file was deleted.
    """
    from creative.library import AssetUnknown
    from starter.assets import asset_library

    library = asset_library(session.settings, session.database)
    try:
        await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
        for row in rows:
            for digest in filter(None, (row.image_sha256, row.video_sha256)):
                file = await library.local(session.team_id, digest)
                copy = out / f"{row.variant}{file.suffix}"
                await asyncio.to_thread(shutil.copyfile, file, copy)
    except OSError as error:
        fail(f"--out {out}: {error.strerror}; name another folder.", USAGE)
    except AssetUnknown as unknown:
        fail(f"{unknown}.")
