"""The REST API: what the dashboard and programs of the team's own use.

Every route names the right it needs; ``door`` finds out who asks and in which team.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from temporalio.client import Client

from models.contract.roles import Right
from models.database import Database
from models.settings import Settings
from models.tables.columns import now_utc
from starter import documents, network_table, tokens
from starter.api.accounts import AccountDesk, account_routes
from starter.api.answers import add_refusals, answer
from starter.api.assets import AssetDesk, asset_routes
from starter.api.campaigns import CampaignDesk, campaign_routes
from starter.api.door import COOKIE, Caller, Door
from starter.api.sessions import session_routes
from starter.assets import asset_library
from starter.people import everybody

__all__ = ["COOKIE", "Caller", "Door", "add_api"]


def add_api(
    app: FastAPI,
    database: Database,
    settings: Settings,
    temporal: Callable[[], Awaitable[Client]],
    wall: Callable[[], datetime] = now_utc,
) -> Door:
    """Give an application the API's routes; the door, for pages that need one as well.

    ``wall`` tells real time, by which tokens and sessions end.
    """
    door = Door(database, settings, wall)
    add_refusals(app)
    app.include_router(session_routes(door, database, settings, wall))
    app.include_router(account_routes(door, AccountDesk(database, settings)))
    app.include_router(campaign_routes(door, CampaignDesk(database, temporal)))
    library = asset_library(settings, database, wall)
    app.include_router(asset_routes(door, AssetDesk(library)))
    app.include_router(_team_routes(door, database))
    return door


def _team_routes(door: Door, database: Database) -> APIRouter:
    router = APIRouter()
    may_see, may_govern = (Depends(door.needs(one)) for one in (Right.SEE, Right.GOVERN))

    @router.get("/people", tags=["people"])
    async def people(caller: Annotated[Caller, may_see]) -> Response:
        """The team's people and what they may do."""
        async with database.team(caller.team_id) as session:
            return answer([documents.person(row) for row in await everybody(session)])

    @router.get("/tokens", tags=["people"])
    async def listed_tokens(caller: Annotated[Caller, may_govern]) -> Response:
        """API tokens: whose, what they may do, when last used. Never the tokens."""
        async with database.team(caller.team_id) as session:
            return answer([documents.token(*pair) for pair in await tokens.every(session)])

    @router.get("/networks", tags=["networks"])
    async def networks(_: Annotated[Caller, may_see]) -> Response:
        """What Adflight can do on each network."""
        return answer([network_table.document(one) for one in network_table.adapters()])

    @router.get("/openapi.json", include_in_schema=False)
    async def description(request: Request, _: Annotated[Caller, may_see]) -> Response:
        """These routes as OpenAPI, for whoever is logged in."""
        return answer(request.app.openapi())

    return router
