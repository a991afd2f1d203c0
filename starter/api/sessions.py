"""``/session``: log in, see who one is, log out."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from models.contract.roles import Right, may
from models.database import Database
from models.settings import Settings
from models.tables.columns import now_utc
from starter import login
from starter.api.answers import ApiRefused, answer
from starter.api.door import COOKIE, Caller, Door, caller_of
from starter.login import LASTS, LoginRefused, TooManyAttempts
from starter.passwords import LONGEST
from starter.teams import id_of
from starter.tokens import team_of


class Login(BaseModel):
    """``team``: its name or id; the server's own when left out."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person: str = Field(min_length=1, max_length=100)
    password: SecretStr = Field(min_length=1, max_length=LONGEST)
    team: str = Field(default="", max_length=100)


def session_routes(
    door: Door, database: Database, settings: Settings, wall: Callable[[], datetime] = now_utc
) -> APIRouter:
    """``POST``, ``GET`` and ``DELETE /session``."""
    router = APIRouter(tags=["session"])

    @router.post("/session", status_code=201)
    async def begin(order: Login, request: Request) -> Response:
        """Log in: sets the session's cookie for twelve hours."""
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise ApiRefused(415, "send JSON with the content type application/json")
        if request.headers.get("origin") is not None:
            door.same_site(request)  # nobody is logged in as somebody else by another page
        team_id = id_of(order.team) if order.team.strip() else settings.team_id
        if not order.person.isprintable():
            raise _nobody()
        try:
            begun = await login.log_in(
                database,
                team_id,
                order.person,
                order.password.get_secret_value(),
                request.client.host if request.client else "",
                wall(),
            )
        except LoginRefused:
            raise _nobody() from None
        except TooManyAttempts as many:
            seconds = max(math.ceil(many.wait.total_seconds()), 1)
            raise ApiRefused(
                429,
                f"too many attempts to log in; try again in {math.ceil(seconds / 60)} min",
                retry_after=str(seconds),
            ) from None
        response = answer(_who(caller_of(team_id, begun.found)) | {"until": begun.expires_at}, 201)
        response.set_cookie(
            COOKIE,
            begun.secret,
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=_encrypted(request, settings),
            path="/",
        )
        return response

    @router.get("/session")
    async def show(caller: Annotated[Caller, Depends(door.needs(Right.SEE))]) -> Response:
        """Who asks, and what they may do."""
        return answer(_who(caller))

    @router.delete("/session")
    async def end(request: Request) -> Response:
        """Log out; what is no session is no error."""
        secret = request.cookies.get(COOKIE, "")
        if (team_id := team_of(secret)) is not None:
            door.same_site(request)
            async with database.team(team_id) as session:
                await login.log_out(session, secret)
        response = answer({"logged_in": False})
        response.delete_cookie(
            COOKIE,
            path="/",
            httponly=True,
            samesite="lax",
            secure=_encrypted(request, settings),
        )
        return response

    return router


def _nobody() -> ApiRefused:
    return ApiRefused(
        401,
        "the team, the person or the password is wrong; an owner sets a password with `adflight "
        "people password NAME`",
    )


def _encrypted(request: Request, settings: Settings) -> bool:
    """Whether the browser reaches us by https, so that the cookie never goes another way."""
    return request.url.scheme == "https" or settings.public_url.startswith("https://")


def _who(caller: Caller) -> dict[str, Any]:
    return {
        "team_id": str(caller.team_id),
        "person": caller.name,
        "role": caller.role.value,
        "token": caller.token or None,
        "may": [right.name.lower() for right in Right if may(caller.role, right)],
    }
