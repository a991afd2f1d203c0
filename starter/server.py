"""The event endpoint, the way back from networks' login pages, and the REST API: on loopback.

``python -m starter.server --port 8710``
"""

import argparse
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from temporalio.client import Client

from activities.attaching import Outcome
from activities.connecting import Connecting
from creative.storage import StorageFailed
from models.contract.content import ContentEvent
from models.database import Database
from models.settings import Settings
from starter import environment, logs
from starter.api import add_api
from starter.connect import connect_routes
from starter.connections import look_after, order_of
from starter.conversions import ConversionIntake
from starter.events import Accepted, Unavailable, event_routes
from starter.intake import Intake
from starter.temporal import TemporalUnreachable, connect


def create_app(settings: Settings) -> FastAPI:
    """The application; it connects to Temporal with the first event, and again when lost."""
    database = Database(settings.database_url)
    intake: Intake | None = None

    client: Client | None = None

    async def temporal() -> Client:
        nonlocal client
        if client is None:
            client = await connect(settings)
        return client

    async def accept(event: ContentEvent) -> Accepted:
        nonlocal intake
        if intake is None:
            try:
                intake = Intake(settings, database, await temporal())
            except TemporalUnreachable as error:
                raise Unavailable(
                    "Temporal", "start it with `adflight up` or set TEMPORAL_ADDRESS"
                ) from error
        return await intake.accept(event)

    async def started(outcome: Outcome) -> None:
        if (order := order_of(outcome)) is not None:
            await look_after(await temporal(), order)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        await database.close()

    app = FastAPI(
        title="Adflight", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    conversions = ConversionIntake(database, settings.team_id, settings.clock)
    app.include_router(
        event_routes(
            secret=settings.event_secret.get_secret_value(),
            accept=accept,
            take=conversions.accept,
        )
    )
    app.include_router(connect_routes(Connecting(database, settings).complete, started))
    add_api(app, database, settings, temporal)
    return app


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="starter.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8710)
    arguments = parser.parse_args()
    try:
        settings = environment.load()
    except environment.SettingsRefused as refused:
        parser.error(str(refused))
    logs.configure(settings)
    try:
        app = create_app(settings)
    except StorageFailed as failed:
        sys.exit(f"{failed}.")
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.port,
        log_config=None,
        access_log=False,
    )


if __name__ == "__main__":
    main()
