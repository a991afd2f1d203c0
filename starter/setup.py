"""One-time set-up of servers that are not ours to start: schema, default team, schedules.

``python -m starter.setup`` with ``DATABASE_URL`` of the schema's owner and ``TEMPORAL_ADDRESS``.
"""

import asyncio
import sys

from temporalio.service import RPCError

from migrations.apply import upgrade
from models.database import Database
from models.settings import Settings
from starter import environment
from starter.connections import look_after_all
from starter.schedules import set_up_schedules
from starter.team import set_up
from starter.temporal import TemporalUnreachable, connect, leave


async def _team(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        await set_up(database, settings)
    finally:
        await database.close()


async def _schedules(settings: Settings) -> str | None:
    try:
        client = await connect(settings)
        await set_up_schedules(client, settings)
        await look_after_all(client, settings)
    except (TemporalUnreachable, RPCError) as error:
        return f"schema and team are ready, the daily digest is not scheduled: {error}"
    return None


def main() -> None:
    """Migrate, make the default team ready, schedule its digest; all may be repeated."""
    settings = environment.load()
    upgrade(settings.database_url)
    asyncio.run(_team(settings))
    problem = asyncio.run(_schedules(settings))
    if problem is not None:
        print(problem, file=sys.stderr)
    leave(0 if problem is None else 1)


if __name__ == "__main__":
    main()
