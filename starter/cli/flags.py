"""Options that mean the same on every command."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask; refuse instead.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]
By = Annotated[
    str, typer.Option("--by", help="Who does it.", envvar="ADFLIGHT_PERSON", show_default=False)
]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for confirmation.", min=0)]
Limit = Annotated[int, typer.Option("--limit", "-n", help="How many, newest first.", min=1)]
