"""The ad networks: what each can do, in what unit, with what minimum, and what not."""

from typing import Annotated

import typer

from starter.cli.flags import Json
from starter.cli.output import emit, table
from starter.network_table import adapters, document, lease, markdown, minimum, shown


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("networks")(networks)


def networks(
    as_json: Json = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="The whole page, as in docs/networks.md.")
    ] = False,
) -> None:
    """Show what every ad network can do, and what Adflight does where one cannot."""
    if as_json:
        emit([document(one) for one in adapters()])
        return
    if as_markdown:
        typer.echo(markdown(), nl=False)
        return
    table(
        "Ad networks",
        (
            "network",
            "interface",
            "minimum a day",
            "most a day",
            "lease",
            "batch",
            "shows",
            "cannot",
        ),
        (
            (
                f"{able.label} ({able.platform.value})",
                able.api,
                minimum(able),
                f"{able.over_delivery:g}x",
                lease(able),
                able.batch_size,
                shown(able),
                "\n".join(f"{what}: {then}" for what, then in able.instead.items()),
            )
            for able in (one.capabilities for one in adapters())
        ),
        "No adapters.",
    )
