"""The brand that creatives follow."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import ValidationError

from activities.brands import Brands
from creative.library import AssetUnknown
from models.contract.brand import Brand
from starter.assets import asset_library
from starter.cli.flags import By, DryRun, Json
from starter.cli.output import USAGE, emit, fail, screen
from starter.cli.session import Session, run

_MOST_TEXT = 1_000_000

brand = typer.Typer(help="How this team speaks and looks.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    brand.command("set")(set_brand)
    app.add_typer(brand, name="brand")


@brand.callback(invoke_without_command=True)
def show_brand(context: typer.Context, as_json: Json = False) -> None:
    """Show how this team speaks and looks."""
    if context.invoked_subcommand is not None:
        return

    async def work() -> Brand:
        session = Session()
        try:
            return await Brands(session.database).of(session.team_id)
        finally:
            await session.aclose()

    found = run(work())
    if as_json:
        emit(found)
        return
    for name, value in found.model_dump(mode="json").items():
        screen.print(f"  {name:<16} {value if value else '–'}", markup=False)
    screen.print("Change it with `adflight brand set FILE`.", markup=False)


def set_brand(
    file: Annotated[Path, typer.Argument(help="The brand in YAML; absent fields are the usual.")],
    by: By = "operator",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Replace this team's brand. Ads that exist stay as they are."""
    wanted = _brand(file)

    async def work() -> None:
        session = Session()
        try:
            if wanted.logo is not None:
                library = asset_library(session.settings, session.database)
                try:
                    logo = await library.one(session.team_id, wanted.logo)
                except AssetUnknown as unknown:
                    fail(f"logo: {unknown}.", USAGE)
                if logo.kind != "image":
                    fail(f"logo: {wanted.logo[:12]} is a {logo.kind}; name an image.", USAGE)
            if not dry_run:
                await Brands(session.database).set(session.team_id, wanted, by)
        finally:
            await session.aclose()

    run(work())
    if as_json:
        emit({"dry_run": dry_run, "by": by, "brand": wanted})
        return
    screen.print("Not changed (dry run)." if dry_run else f"Brand set by {by}.", markup=False)


def _brand(file: Path) -> Brand:
    """The brand in a file.

    Raises:
        CommandFailed: it cannot be read or makes no sense.
    """
    try:
        if file.stat().st_size > _MOST_TEXT:
            fail(f"{file} is larger than {_MOST_TEXT:,} bytes.", USAGE)
        content: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read ({error}).", USAGE)
    except (yaml.YAMLError, ValueError, RecursionError):
        fail(f"{file} is no YAML.", USAGE)
    if not isinstance(content, dict):
        fail(f"{file} has no fields; write lines such as 'name: Harbour Baker'.", USAGE)
    known = set(Brand.model_fields)
    given: dict[str, Any] = {str(key): value for key, value in content.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if unknown := sorted(set(given) - known):
        fail(f"{file}: field {unknown[0]!r} is unknown; known: {', '.join(sorted(known))}.", USAGE)
    try:
        return Brand.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        fail(f"{file}: {place}: {first['msg'].removeprefix('Value error, ')}.", USAGE)
