"""Which right each command needs, and the check before it runs.

Who acts is ``settings.person`` (ADFLIGHT_PERSON, else the user of this computer). ``--by`` is the
name that is recorded; where it names somebody of the team, that role must do as well. Whoever has
the stack's database and Temporal addresses could go around this: it holds people to what they
agreed on, row-level security and the REST API's tokens hold strangers.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import typer

from models.contract.roles import Right, Role, may, refusal
from starter.cli.output import CREDENTIALS, DECLINED, fail
from starter.cli.session import Session, run
from starter.people import role_of

Path = tuple[str, ...]
Needed = Right | None | Callable[[Mapping[str, Any]], Right]

SEE, STOP, DECIDE, OPERATE, GOVERN = Right


def _if(option: str) -> Callable[[Mapping[str, Any]], Right]:
    """Looking, unless an option makes it a change."""
    return lambda given: OPERATE if given.get(option) else SEE


NEEDS: dict[Path, Needed] = {
    # This computer's own affairs: whoever may start the stack may.
    **dict.fromkeys(
        [("up",), ("down",), ("status",), ("doctor",), ("demo",), ("chaos",), ("rehearse",)]
    ),
    **dict.fromkeys([("backup",), ("restore",), ("networks",), ("keys", "new")]),
    # Asks for itself where it uses a team's stack.
    ("creatives", "make"): None,
    # A stop asks nobody, and no database: it is never refused.
    **dict.fromkeys([("kill",), ("pause",), ("freeze",)], STOP),
    **dict.fromkeys([("campaigns",), ("show",), ("approvals",), ("events",), ("incidents",)], SEE),
    **dict.fromkeys([("drift",), ("feed", "list"), ("decisions",), ("decisions", "replay")], SEE),
    **dict.fromkeys([("recommendations",), ("alerts",), ("limits",), ("limits", "history")], SEE),
    **dict.fromkeys([("rates",), ("accounts",), ("accounts", "list"), ("people",)], SEE),
    **dict.fromkeys([("people", "list"), ("teams",), ("teams", "list")], SEE),
    **dict.fromkeys([("approve",), ("reject",), ("modify",)], DECIDE),
    **dict.fromkeys([("resume",), ("budget",), ("optimise",), ("new",), ("recover",)], OPERATE),
    **dict.fromkeys([("reconcile",), ("feed", "add"), ("feed", "remove")], OPERATE),
    **dict.fromkeys(
        [
            ("event", kind)
            for kind in ("post-published", "product-activated", "post-changed", "post-unpublished")
        ],
        OPERATE,
    ),
    **dict.fromkeys([("recommendations", "accept"), ("recommendations", "dismiss")], OPERATE),
    **dict.fromkeys([("alerts", "test"), ("limits", "set"), ("rates", "set")], OPERATE),
    **dict.fromkeys([("rates", "load"), ("accounts", "test"), ("accounts", "default")], OPERATE),
    **dict.fromkeys([("accounts", "limit"), ("accounts", "confirm")], OPERATE),
    **dict.fromkeys([("assets",), ("assets", "list"), ("assets", "show")], SEE),
    **dict.fromkeys([("assets", name) for name in ("upload", "link", "retire", "delete")], OPERATE),
    ("brand",): SEE,
    ("creatives", "show"): SEE,
    ("creatives", "change"): OPERATE,
    ("brand", "set"): OPERATE,
    ("incident",): _if("resolve"),
    ("quarantine",): _if("key"),
    **dict.fromkeys(
        [("accounts", name) for name in ("add", "connect", "connected", "use", "set")], GOVERN
    ),
    **dict.fromkeys([("keys", "list"), ("keys", "rotate"), ("teams", "add")], GOVERN),
    **dict.fromkeys([("people", name) for name in ("add", "role", "remove", "password")], GOVERN),
    **dict.fromkeys(
        [("tokens",), *(("tokens", name) for name in ("create", "list", "revoke"))], GOVERN
    ),
}
"""Every command; None: it concerns no team."""


def commands(app: typer.Typer, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every command of an application with what Typer keeps of it; a group's own too."""
    if above and app.registered_callback is not None and app.registered_callback.callback:
        yield above, app.registered_callback
    for one in app.registered_commands:
        if one.callback is not None:
            yield (*above, one.name or one.callback.__name__), one
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, (*above, group.name or ""))


def guard(app: typer.Typer) -> None:
    """Have every command of an application ask first whether its person may; one that is missing
    in ``NEEDS`` is an owner's."""
    for path, kept in commands(app):
        needed = NEEDS.get(path, GOVERN)
        if needed is not None and needed is not STOP:
            kept.callback = _asking(kept.callback, needed)


def _asking(
    command: Callable[..., Any], needed: Right | Callable[[Mapping[str, Any]], Right]
) -> Any:
    @functools.wraps(command)
    def asked(*args: Any, **given: Any) -> Any:
        context = given.get("context")
        if not isinstance(context, typer.Context) or context.invoked_subcommand is None:
            right = needed if isinstance(needed, Right) else needed(given)
            run(must(right, str(given.get("by") or "")))
        return command(*args, **given)

    return asked


async def must(right: Right, by: str) -> None:
    """Return when whoever acts may.

    Raises:
        CommandFailed: they may not: exit 4 for somebody unknown, 3 for too small a role.
    """
    session = Session()
    if not session.settings.database_url:
        return  # the command itself says what is missing
    actor = session.settings.person
    async with session.database.team(session.team_id) as database:
        role = await role_of(database, actor)
        other: Role | None = await role_of(database, by) if by and by != actor else None
    await session.aclose()
    if not may(role, right):
        fail(f"{refusal(actor, role, right)}.", CREDENTIALS if role is None else DECLINED)
    if other is not None and not may(other, right):
        fail(f"{refusal(by, other, right)}.", DECLINED)
