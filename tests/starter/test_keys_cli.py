"""Keys from the command line, and sealing everything anew (N3, BUG-71)."""

import base64
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import col

from activities.connections import ConnectionSecrets, opened
from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from models.database import Database, driver_url
from models.sealing import Keyring, Place, Sealed, Unreadable
from models.settings import Settings
from models.tables import ConnectAttempt, Connection
from models.tables.columns import now_utc
from platforms.errors import AccessDenied
from starter.cli import session as cli_session
from starter.keys import rotate, rows_by_key
from starter.stack.local import LocalStack
from tests.starter.test_limits_cli import Desk

OLD, NEW = bytes([7] * 32), bytes([9] * 32)
B64 = {name: base64.b64encode(key).decode() for name, key in (("old", OLD), ("new", NEW))}
SECRET = {"access_token": "EAAB-very-secret"}
BOTH = Keyring({"old": OLD, "new": NEW}, "new")


@pytest.fixture
def desk(
    stack: LocalStack, settings: Settings, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:  # fmt: skip
    made = Desk(settings, capsys)
    monkeypatch.setattr(cli_session.environment, "load", lambda: made.settings)
    return made


def sealed_under(ring: Keyring, team: UUID, table: type[Any], name: str) -> Any:
    number = uuid4()
    sealed = ring.seal_document(SECRET, Place(name, team, number, "sealed"))
    same = {"id": number, "team_id": team, "platform": "meta", "sealed": sealed.text,
            "key_id": sealed.key_id}  # fmt: skip
    if table is Connection:
        return Connection(name=f"c {number}", **same)
    return ConnectAttempt(
        person="ana", redirect_uri="http://x", state_hash=number.hex, expires_at=now_utc(), **same
    )


def fill(desk: Desk, ring: Keyring, rows: int) -> None:
    for _ in range(rows):
        desk.add(sealed_under(ring, desk.team, Connection, "connections"))
    desk.add(sealed_under(ring, desk.team, ConnectAttempt, "connect_attempts"))


def keys_of(desk: Desk) -> dict[str, int]:
    return desk.do(lambda database: rows_by_key(database, [desk.team]))


def test_a_new_key_is_printed_and_stored_nowhere(desk: Desk) -> None:
    said = desk("keys", "new")
    key = said.splitlines()[0]
    assert len(base64.b64decode(key)) == 32
    assert "Set ENCRYPTION_KEY to it" in said
    made = desk.json("keys", "new")
    assert made["id"].startswith("k")
    assert made["key"] != key


def with_keys(desk: Desk, active: str, *names: str) -> None:
    desk.settings = desk.settings.model_copy(
        update=Settings(keys={one: B64[one] for one in names}, key=active).model_dump(  # type: ignore[arg-type]
            include={"keys", "key", "encryption_key"}
        )
    )


def test_a_rotation_seals_every_row_anew_and_may_be_repeated(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENCRYPTION_KEY", raising=False)
    fill(desk, Keyring({"old": OLD}, "old"), 3)
    with_keys(desk, "new", "old", "new")
    listed = {one["id"]: one for one in desk.json("keys", "list")["keys"]}
    assert listed["old"] == {"id": "old", "active": False, "set": True,
                             "rows": listed["old"]["rows"]}  # fmt: skip
    assert listed["old"]["rows"] >= 4
    first = json.loads(desk("keys", "rotate", "--json", "--team"))
    assert (first["active"], first["resealed"], first["shut"]) == ("new", 4, {})
    assert keys_of(desk) == {"new": 4}
    second = json.loads(desk("keys", "rotate", "--json", "--team"))
    assert (second["resealed"], second["left"]) == (0, 4)
    for row in desk.rows(Connection):
        place = Place("connections", desk.team, row.id, "sealed")
        alone = Keyring({"new": NEW}, "new")
        assert alone.open_document(Sealed(row.key_id, row.sealed), place) == SECRET


def test_a_rotation_that_is_broken_off_leaves_every_row_readable(desk: Desk) -> None:
    fill(desk, Keyring({"old": OLD}, "old"), 6)
    done = 0

    class Killed(Exception):
        pass

    def each() -> None:
        nonlocal done
        done += 1
        if done == 3:
            raise Killed

    with pytest.raises(Killed):
        desk.do(lambda database: rotate(database, BOTH, [desk.team], each))
    assert keys_of(desk) == {"old": 4, "new": 3}
    for row in desk.rows(Connection):
        place = Place("connections", desk.team, row.id, "sealed")
        assert BOTH.open_document(Sealed(row.key_id, row.sealed), place) == SECRET
    rest = desk.do(lambda database: rotate(database, BOTH, [desk.team]))
    assert (rest.resealed, rest.left) == (4, 3)
    assert keys_of(desk) == {"new": 7}


def test_rows_that_stay_shut_are_named_and_the_others_go_on(desk: Desk) -> None:
    fill(desk, Keyring({"lost": bytes([1] * 32)}, "lost"), 1)
    fill(desk, Keyring({"old": OLD}, "old"), 1)
    done = desk.do(lambda database: rotate(database, BOTH, [desk.team]))
    assert (done.resealed, len(done.shut)) == (2, 2)
    assert all("encryption key 'lost', which is not set here" in why for why in done.shut.values())
    assert "EAAB" not in str(done)


def test_without_keys_the_commands_say_how_to_make_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENCRYPTION_KEY", raising=False)
    with_keys(desk, "")
    assert "adflight keys new" in desk("keys", "rotate", code=4)


def test_a_row_moved_to_another_team_does_not_open(
    desk: Desk, settings: Settings, do_as_owner: Callable[[str, dict[str, Any]], None]
) -> None:
    """Even somebody who may write anywhere in the database gains nothing by copying."""
    mine = sealed_under(BOTH, desk.team, Connection, "connections")
    desk.add(mine)
    other = Desk(settings, desk._capsys)  # pyright: ignore[reportPrivateUsage]
    moved = uuid4()
    do_as_owner(
        "INSERT INTO connections (id, team_id, platform, name, sandbox, subject, sealed, key_id, "
        "scopes, status, status_reason, generation, connected_by, renewed_at, created_at) SELECT "
        ":new, :team, platform, name, sandbox, subject, sealed, key_id, scopes, status, "
        "status_reason, generation, connected_by, renewed_at, created_at FROM connections "
        "WHERE id = :old",
        {"new": moved, "team": other.team, "old": mine.id},
    )
    (stolen,) = other.rows(Connection, col(Connection.id) == moved)
    assert stolen.sealed == mine.sealed
    with pytest.raises(Unreadable):
        opened(stolen, BOTH)
    account = AdAccount(
        id=uuid4(), team_id=other.team, platform=Platform.META, name="thief", external_id="1",
        credentials_ref=f"connection:{moved}",
    )  # fmt: skip

    async def look(database: Database) -> None:
        source = ConnectionSecrets(database, lambda: BOTH)
        with pytest.raises(AccessDenied, match="stay shut: it was changed, or it was sealed for"):
            await source.of(account, [])
        # Nor is another team's connection found at all.
        theirs = account.model_copy(update={"credentials_ref": f"connection:{mine.id}"})
        with pytest.raises(AccessDenied, match="no connection of this team"):
            await source.of(theirs, [])

    other.do(look)


@pytest.fixture
def do_as_owner(settings: Settings) -> Callable[[str, dict[str, Any]], None]:
    def do(statement: str, values: dict[str, Any]) -> None:
        engine = create_engine(driver_url(settings.database_url))
        with engine.begin() as connection:
            connection.execute(text(statement), values)
        engine.dispose()

    return do
