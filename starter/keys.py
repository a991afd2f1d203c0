"""Keys that secrets are sealed with: what each still holds, and sealing anew under the active one.

Every row is opened and sealed in a transaction of its own, so that a rotation may be broken off
at any point and run again: a row is either under its old key or under the new one, and both are
set meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select

from models.database import Database
from models.sealing import Keyring, Place, Sealed, SealingFailed
from models.tables import ConnectAttempt, Connection

_SEALED: dict[str, type[Connection] | type[ConnectAttempt]] = {
    "connections": Connection,
    "connect_attempts": ConnectAttempt,
}


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many rows were sealed anew, how many were under the active key already, and those that
    stay shut, by table and id, with the reason."""

    resealed: int = 0
    left: int = 0
    shut: dict[str, str] = field(default_factory=dict[str, str])


async def rows_by_key(database: Database, teams: Sequence[UUID]) -> dict[str, int]:
    """How many rows each key holds, of the teams given."""
    found: Counter[str] = Counter()
    for team in teams:
        async with database.team(team) as session:
            for table in _SEALED.values():
                keys = await session.scalars(select(table.key_id).where(col(table.key_id) != ""))
                found.update(keys.all())
    return dict(found)


async def rotate(
    database: Database,
    ring: Keyring,
    teams: Sequence[UUID],
    each: Callable[[], None] = lambda: None,
) -> Rotated:
    """Seal every row of the teams under the active key. May be broken off and run again.

    ``each`` is called after every row that was sealed anew.
    """
    resealed = left = 0
    shut: dict[str, str] = {}
    for team in teams:
        for name, table in _SEALED.items():
            async with database.team(team) as session:
                ids = (await session.scalars(select(table.id).where(col(table.key_id) != ""))).all()
            for number in ids:
                async with database.team(team) as session:
                    row = await session.get(table, number, with_for_update=True)
                    if row is None or not row.key_id:
                        continue
                    if row.key_id == ring.active:
                        left += 1
                        continue
                    place = Place(name, team, number, "sealed")
                    try:
                        plain = ring.open_document(Sealed(row.key_id, row.sealed), place)
                    except SealingFailed as error:
                        shut[f"{name}/{number}"] = str(error)
                        continue
                    sealed = ring.seal_document(plain, place)
                    row.sealed, row.key_id = sealed.text, sealed.key_id
                resealed += 1
                each()
    return Rotated(resealed, left, shut)
