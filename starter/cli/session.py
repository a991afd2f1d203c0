"""What a command works with: settings, the database, Temporal. Opened when first needed."""

import asyncio
import gc
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import String, cast
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar
from temporalio.client import Client, WorkflowHandle

from models.contract.campaign import CampaignView
from models.contract.ids import campaign_workflow_id
from models.database import Database
from models.settings import Settings
from models.tables import Campaign
from starter import environment
from starter.cli.output import FAILED, INTERRUPTED, USAGE, CommandFailed, fail
from starter.temporal import TemporalUnreachable, connect

T = TypeVar("T")


class Session:
    """Connections of one command."""

    def __init__(self) -> None:
        self.settings: Settings = environment.load()
        self.team_id: UUID = self.settings.team_id
        self._database: Database | None = None
        self._client: Client | None = None

    @property
    def database(self) -> Database:
        """The database.

        Raises:
            CommandFailed: none is configured and no local stack runs.
        """
        if self._database is None:
            if not self.settings.database_url:
                fail("No stack runs here: start one with `adflight up`, or set DATABASE_URL.")
            self._database = Database(self.settings.database_url, pool_size=2)
        return self._database

    async def client(self) -> Client:
        """Temporal.

        Raises:
            CommandFailed: it does not answer.
        """
        if self._client is None:
            try:
                self._client = await connect(self.settings)
            except TemporalUnreachable as error:
                fail(f"{error}.")
        return self._client

    def now(self) -> datetime:
        """Campaign time."""
        return self.settings.clock.campaign_time(datetime.now(UTC))

    async def campaign(self, name: str) -> Campaign:
        """A campaign by id, by the first characters of its id, or by its workflow id.

        Raises:
            CommandFailed: none or several fit.
        """
        wanted = name.removeprefix("campaign-").lower()
        async with self.database.team(self.team_id) as session:
            rows = (
                await session.scalars(
                    select(Campaign)
                    .where(cast(col(Campaign.id), String).startswith(wanted, autoescape=True))
                    .limit(5)
                )
            ).all()
        if not rows:
            fail(f"No campaign begins with {name!r}; see `adflight campaigns`.", USAGE)
        if len(rows) > 1:
            ids = ", ".join(str(row.id)[:13] for row in rows)
            fail(f"{name!r} fits several campaigns ({ids}…); give more characters.", USAGE)
        return rows[0]

    async def rows(self, query: SelectOfScalar[T]) -> Sequence[T]:
        """The team's rows of a query; the last thing a listing needs of the session."""
        async with self.database.team(self.team_id) as session:
            rows = (await session.scalars(query)).all()
        await self.aclose()
        return rows

    async def handle(self, name: str) -> WorkflowHandle[Any, Any]:
        """The workflow of a campaign; a full id needs no database."""
        try:
            workflow_id = campaign_workflow_id(UUID(name.removeprefix("campaign-")))
        except ValueError:
            workflow_id = (await self.campaign(name)).workflow_id
        return (await self.client()).get_workflow_handle(workflow_id)

    async def view(self, handle: WorkflowHandle[Any, Any]) -> CampaignView:
        """Ask a campaign's workflow how it stands."""
        return await handle.query("campaign", result_type=CampaignView)

    async def aclose(self) -> None:
        """Release connections."""
        if self._database is not None:
            await self._database.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; a lost database becomes a sentence.

    The collection at the end lets the SDK's native objects go before the interpreter does.
    """
    try:
        return asyncio.run(work)
    except OperationalError:
        raise CommandFailed(
            "PostgreSQL does not answer; start it with `adflight up` or check DATABASE_URL.", FAILED
        ) from None
    except KeyboardInterrupt:
        raise CommandFailed("Interrupted.", INTERRUPTED) from None
    finally:
        gc.collect()
