"""A team sees its own rows alone, and the schema is what the models say."""

import json
from collections.abc import Generator
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Float,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import migrations
from migrations.apply import pending, upgrade
from models.database import APP_ROLE, driver_url
from models.settings import Settings
from models.tables import TEAM_TABLES, Team

A, B = UUID(int=0xA), UUID(int=0xB)
_BOOKKEEPING = {"alembic_version"}
_FORBIDDEN = ("42501",)  # insufficient_privilege: a missing grant, or row-level security


@pytest.fixture(scope="module")
def scratch(settings: Settings) -> Generator[str]:
    """A database of our own in the stack's cluster, brought up by the migrations."""
    name = f"rows_{uuid4().hex[:8]}"
    owner = create_engine(driver_url(settings.database_url), isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = driver_url(settings.database_url).set(database=name)
    shown = url.render_as_string(hide_password=False)
    assert pending(shown)
    upgrade(shown)
    yield shown
    with owner.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    owner.dispose()


@pytest.fixture(scope="module")
def owner(scratch: str) -> Generator[Engine]:
    """The schema's owner, whom row-level security does not bind here: a superuser."""
    engine = create_engine(driver_url(scratch))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def application(scratch: str) -> Generator[Engine]:
    """Connections as the product makes them."""
    engine = create_engine(driver_url(scratch), connect_args={"options": f"-c role={APP_ROLE}"})
    yield engine
    engine.dispose()


_NUMBERS = count(1)


def value(column: "Column[Any]") -> object:
    """Some value of a column's type."""
    match column.type:
        case Uuid():
            return uuid4()
        case Boolean():
            return False
        case DateTime():
            return datetime(2026, 1, 1, tzinfo=UTC)
        case Date():
            return date(2026, 1, 1)
        case JSONB():
            return {}
        case Integer():
            return next(_NUMBERS)
        case Float() | Numeric():
            return 1
        case String():
            return uuid4().hex[: column.type.length or 32]
        case other:
            raise AssertionError(f"no value for {column}: {other!r}")


def owned_by(table: Table) -> "Column[Any]":
    """The column that says whose a row is."""
    return table.c.id if table.name == "teams" else table.c.team_id


def row_for(
    table: Table, team: UUID, known: dict[str, dict[UUID, dict[str, Any]]]
) -> dict[str, Any]:
    """A new row of a team, pointing to the team's own rows in other tables."""
    row: dict[str, Any] = {}
    for column in table.columns:
        parents = {key.column.table.name: key.column.name for key in column.foreign_keys}
        if column is owned_by(table):
            row[column.name] = team
        elif parents:
            (parent, name), *_ = parents.items()
            row[column.name] = known[parent][team][name]
        elif not column.nullable and not column.identity and not _numbered(column):
            row[column.name] = value(column)
    return row


def _numbered(column: "Column[Any]") -> bool:
    return column.server_default is not None


class Rows:
    """Every table of the catalogue, with one row of team A and one of team B in each."""

    def __init__(self, owner: Engine) -> None:
        metadata = MetaData()
        metadata.reflect(owner)
        self.tables = [one for one in metadata.sorted_tables if one.name not in _BOOKKEEPING]
        self.known: dict[str, dict[UUID, dict[str, Any]]] = {}
        with owner.begin() as connection:
            for table in self.tables:
                self.known[table.name] = {}
                for team in (A, B):
                    row = row_for(table, team, self.known)
                    connection.execute(insert(table).values(row))
                    self.known[table.name][team] = row

    def new(self, table: Table, team: UUID) -> dict[str, Any]:
        return row_for(table, team, self.known)


@pytest.fixture(scope="module")
def rows(owner: Engine) -> Rows:
    """Two teams with a row in every table."""
    return Rows(owner)


def as_team(connection: Connection, team: UUID | None) -> None:
    if team is not None:
        connection.execute(
            text("SELECT set_config('adflight.team_id', :team, true)"), {"team": str(team)}
        )


def touched(engine: Engine, team: UUID | None, statement: Any) -> int | str:
    """How many rows a statement reached as a team, or the refusal's SQLSTATE; undone after."""
    with engine.connect() as connection, connection.begin() as transaction:
        as_team(connection, team)
        try:
            done: int | str = connection.execute(
                statement, execution_options={"preserve_rowcount": True}
            ).rowcount
        except DBAPIError as error:
            done = str(getattr(error.orig, "sqlstate", error))
        transaction.rollback()
    return done


def seen(engine: Engine, team: UUID | None, table: Table) -> set[UUID]:
    with engine.connect() as connection, connection.begin():
        as_team(connection, team)
        return set(connection.scalars(select(owned_by(table))))


def test_every_table_belongs_to_a_team_and_is_known(rows: Rows) -> None:
    names = {table.name for table in rows.tables}
    assert names == {str(one.__tablename__) for one in (*TEAM_TABLES, Team)}
    for table in rows.tables:
        column = owned_by(table)
        assert not column.nullable, table.name
        if table.name != "teams":
            assert [key.column.table.name for key in column.foreign_keys] == ["teams"], table.name


def test_a_team_reaches_its_own_rows_and_no_others(rows: Rows, application: Engine) -> None:
    for table in rows.tables:
        column = owned_by(table)
        assert seen(application, A, table) == {A}, table.name
        assert seen(application, B, table) == {B}, table.name
        for other, mine in ((A, B), (B, A)):
            change = update(table).values({column.name: column}).where(column == other)
            assert touched(application, mine, change) in (0, *_FORBIDDEN), table.name
            removal = delete(table).where(column == other)
            assert touched(application, mine, removal) in (0, *_FORBIDDEN), table.name


def test_a_statement_without_a_condition_stays_within_the_team(
    rows: Rows, application: Engine, owner: Engine
) -> None:
    for table in rows.tables:
        column = owned_by(table)
        changed = touched(application, A, update(table).values({column.name: column}))
        assert changed in (1, *_FORBIDDEN), table.name
        with owner.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(table)) == 2, table.name


def test_no_row_can_be_made_for_or_given_to_another_team(rows: Rows, application: Engine) -> None:
    for table in rows.tables:
        stranger = uuid4() if table.name == "teams" else B
        theirs = insert(table).values(rows.new(table, B) | {owned_by(table).name: stranger})
        assert touched(application, A, theirs) in _FORBIDDEN, table.name
        gift = update(table).values({owned_by(table).name: stranger})
        assert touched(application, A, gift) in _FORBIDDEN, table.name
        if table.name != "teams":
            own = insert(table).values(rows.new(table, A))
            assert touched(application, A, own) == 1, table.name


def test_without_a_team_nothing_is_visible(rows: Rows, application: Engine) -> None:
    for table in rows.tables:
        assert seen(application, None, table) == set(), table.name
        column = owned_by(table)
        assert touched(application, None, delete(table)) in (0, *_FORBIDDEN), table.name
        change = update(table).values({column.name: column})
        assert touched(application, None, change) in (0, *_FORBIDDEN), table.name
        made = insert(table).values(rows.new(table, A))
        assert touched(application, None, made) in _FORBIDDEN, table.name


def test_a_pooled_connection_forgets_its_team(rows: Rows, application: Engine) -> None:
    with application.connect() as connection:
        with connection.begin():
            as_team(connection, A)
            assert connection.scalar(text("SELECT count(*) FROM teams")) == 1
        with connection.begin():
            assert connection.scalar(text("SELECT count(*) FROM teams")) == 0


def test_row_security_is_forced_on_every_table(rows: Rows, owner: Engine) -> None:
    with owner.connect() as connection:
        for table in rows.tables:
            flags = connection.execute(
                text(
                    "SELECT relrowsecurity, relforcerowsecurity FROM pg_class "
                    "WHERE oid = :t ::regclass"
                ),
                {"t": table.name},
            ).one()
            assert tuple(flags) == (True, True), table.name
            policies = connection.execute(
                text(
                    "SELECT polcmd, polpermissive, polroles, polqual IS NOT NULL, "
                    "polwithcheck IS NOT NULL FROM pg_policy WHERE polrelid = :t ::regclass"
                ),
                {"t": table.name},
            ).all()
            assert len(policies) == 1, table.name
            command_, _, roles, reads, writes = policies[0]
            assert (command_, roles, reads, writes) == ("*", [0], True, True), table.name


def test_the_application_role_can_do_little(owner: Engine, rows: Rows) -> None:
    with owner.connect() as connection:
        role = connection.execute(
            text(
                "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, "
                "rolcanlogin FROM pg_roles WHERE rolname = :role"
            ),
            {"role": APP_ROLE},
        ).one()
        assert not any(role)
        owns = connection.scalar(
            text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = :role"),
            {"role": APP_ROLE},
        )
        member = connection.scalar(
            text("SELECT count(*) FROM pg_auth_members WHERE pg_get_userbyid(member) = :role"),
            {"role": APP_ROLE},
        )
        assert (owns, member) == (0, 0)

        def may(right: str, table: str) -> bool:
            return bool(
                connection.scalar(
                    text("SELECT has_table_privilege(:role, :table, :right)"),
                    {"role": APP_ROLE, "table": table, "right": right},
                )
            )

        for table in (*(one.name for one in rows.tables), *_BOOKKEEPING):
            for right in ("TRUNCATE", "REFERENCES", "TRIGGER"):
                assert not may(right, table), (table, right)
        for table in _BOOKKEEPING:
            assert not may("SELECT", table)
        assert not connection.scalar(
            text("SELECT has_schema_privilege(:role, 'public', 'CREATE')"), {"role": APP_ROLE}
        )


def test_figures_are_restated_by_appending_only(rows: Rows, application: Engine) -> None:
    table = next(one for one in rows.tables if one.name == "ad_performance_snapshots")
    assert touched(application, A, update(table).values(spend_micros=0)) == "42501"
    assert touched(application, A, delete(table)) == "42501"
    assert touched(application, A, insert(table).values(rows.new(table, A))) == 1


# -- the schema ---------------------------------------------------------------------------------


def differences(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": False}
        )
        return compare_metadata(context, SQLModel.metadata)


def test_the_migrations_make_what_the_models_describe(owner: Engine, scratch: str) -> None:
    assert differences(owner) == []
    assert not pending(scratch)
    # What the comparison does not see: partial and null-blind unique indexes.
    inspector = inspect(owner)
    for table in SQLModel.metadata.sorted_tables:
        found = {
            (
                one["name"],
                one["unique"],
                bool(one.get("dialect_options", {}).get("postgresql_where")),
            )
            for one in inspector.get_indexes(table.name)
            if not one.get("duplicates_constraint")
        }
        wanted = {
            (str(one.name), one.unique, one.dialect_options["postgresql"]["where"] is not None)
            for one in table.indexes
        }
        assert found == wanted, table.name
    with owner.connect() as connection:
        definition = connection.scalar(
            text("SELECT pg_get_constraintdef(oid) FROM pg_constraint "
                 "WHERE conrelid = 'ad_budgets'::regclass AND contype = 'u'")
        )  # fmt: skip
    assert "NULLS NOT DISTINCT" in str(definition)


def test_down_and_up_again(settings: Settings) -> None:
    name = f"down_{uuid4().hex[:8]}"
    cluster = create_engine(driver_url(settings.database_url), isolation_level="AUTOCOMMIT")
    with cluster.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = driver_url(settings.database_url).set(database=name)
    shown = url.render_as_string(hide_password=False)
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["url"] = shown
    try:
        upgrade(shown)
        upgrade(shown)  # nothing to do, no harm
        before = snapshot(engine)
        command.downgrade(config, "base")
        assert set(inspect(engine).get_table_names()) <= _BOOKKEEPING
        assert pending(shown)
        upgrade(shown)
        assert snapshot(engine) == before
        assert differences(engine) == []
    finally:
        engine.dispose()
        with cluster.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        cluster.dispose()


def snapshot(engine: Engine) -> str:
    """Tables, columns, policies and grants, as text."""
    queries = (
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY 1, 2",
        "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee = 'adflight_app' ORDER BY 1, 2",
        "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    )
    with engine.connect() as connection:
        found = [[list(row) for row in connection.execute(text(query))] for query in queries]
    assert all(found)
    return json.dumps(found)
