"""Who asks: an API token, or a session's cookie; and whether they may.

Everything behind the door happens in the team that the secret itself names, under row-level
security: nothing in a request can choose another one.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Request

from models.contract.roles import Right, Role, may, refusal
from models.database import Database
from models.settings import Settings
from models.tables.columns import now_utc
from starter import login, tokens
from starter.api.answers import DATABASE_DOWN, NO_DATABASE, ApiRefused
from starter.tokens import Found, digest, team_of, unmarked

COOKIE = "adflight_session"
_SAFE = ("GET", "HEAD", "OPTIONS")
_REMEMBERED, _MOST = timedelta(hours=12), 1_000
_NOBODY = (
    "nobody is logged in: log in with POST /session, or send `Authorization: Bearer TOKEN` with a "
    "token that `adflight tokens create` made"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``by`` is the name that is recorded with what they do."""

    team_id: UUID
    person_id: UUID
    name: str
    role: Role
    token: str = ""

    @property
    def by(self) -> str:
        """A person's name, with the token's where a program acts for them."""
        return f"{self.name} (token {self.token})"[:100] if self.token else self.name


class Door:
    """Lets in who may. Collaborators: the database and the settings.

    Callers seen lately are remembered: while PostgreSQL does not answer, they may still stop
    campaigns, and nothing else.
    """

    def __init__(
        self, database: Database, settings: Settings, wall: Callable[[], datetime] = now_utc
    ) -> None:
        self._database = database
        self._settings = settings
        self._wall = wall
        self._seen: OrderedDict[str, tuple[datetime, Caller]] = OrderedDict()

    def needs(self, right: Right) -> Callable[[Request], Awaitable[Caller]]:
        """A dependency of routes: the caller, who has a right.

        It raises ``ApiRefused``: 401 nobody, 403 not allowed or another site's page, 503 the
        database does not answer.
        """

        async def let_in(request: Request) -> Caller:
            caller = await self._caller(request, right)
            if not may(caller.role, right):
                raise ApiRefused(403, refusal(caller.name, caller.role, right))
            return caller

        return let_in

    async def _caller(self, request: Request, right: Right) -> Caller:
        bearer, cookie = _bearer(request), request.cookies.get(COOKIE, "")
        if bearer is None and cookie:
            self.same_site(request)
        secret = cookie if bearer is None else unmarked(bearer)
        team_id = team_of(secret)
        if team_id is None:
            raise ApiRefused(401, _NOBODY, www_authenticate="Bearer")
        find = login.visitor if bearer is None else tokens.holder
        try:
            async with self._database.team(team_id) as session:
                found = await find(session, secret, self._wall())
        except DATABASE_DOWN:
            return self._remembered(secret, right)
        if found is None:
            self._seen.pop(digest(secret), None)
            raise ApiRefused(401, _NOBODY, www_authenticate="Bearer")
        caller = caller_of(team_id, found)
        self._remember(secret, caller)
        return caller

    def same_site(self, request: Request) -> None:
        """A browser sends our cookie with whatever another site's page makes it ask: such a
        request must not change anything.

        Raises:
            ApiRefused: it may come from another site's page.
        """
        if request.method in _SAFE:
            return
        origin = request.headers.get("origin")
        if origin is not None:
            here = {request.headers.get("host", ""), urlsplit(self._settings.public_url).netloc}
            if origin != "null" and urlsplit(origin).netloc in here - {""}:
                return
        elif request.headers.get("sec-fetch-site") == "same-origin":
            return
        raise ApiRefused(
            403,
            "with a session's cookie a change must come from a page of this server (header Origin);"
            " a program uses an API token",
        )

    def _remember(self, secret: str, caller: Caller) -> None:
        self._seen[digest(secret)] = (self._wall(), caller)
        self._seen.move_to_end(digest(secret))
        while len(self._seen) > _MOST:
            self._seen.popitem(last=False)

    def _remembered(self, secret: str, right: Right) -> Caller:
        at, caller = self._seen.get(digest(secret), (None, None))
        fresh = at is not None and at + _REMEMBERED > self._wall()
        if right is Right.STOP and caller is not None and fresh:
            return caller
        raise ApiRefused(
            503, f"{NO_DATABASE}; a campaign is stopped all the same with `adflight kill ID`"
        )


def caller_of(team_id: UUID, found: Found) -> Caller:
    """The caller whose secret was found."""
    return Caller(team_id, found.person.id, found.person.name, found.role, found.label)


def _bearer(request: Request) -> str | None:
    """The bearer token of a request; None where it carries none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None
