"""One-time set-up of a database that is not ours to start: schema and default team.

``python -m starter.setup`` with ``DATABASE_URL`` of the schema's owner.
"""

import asyncio

from migrations.apply import upgrade
from models.database import Database
from models.settings import Settings
from starter import environment
from starter.team import set_up


async def _team(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        await set_up(database, settings)
    finally:
        await database.close()


def main() -> None:
    """Migrate, then make the default team ready; both may be repeated."""
    settings = environment.load()
    upgrade(settings.database_url)
    asyncio.run(_team(settings))


if __name__ == "__main__":
    main()
