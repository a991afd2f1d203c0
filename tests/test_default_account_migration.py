"""What stood in a database before there was one default account a network, and before there were
roles, is set right by the migration, whoever owns the schema (C34, N10)."""

from collections.abc import Generator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text

import migrations
from migrations.apply import upgrade
from models.database import driver_url
from models.settings import Settings

_ACCOUNT = text(
    "INSERT INTO ad_platform_accounts (id, team_id, platform, account_name, platform_account_id, "
    "currency, timezone, status, status_reason, credentials_ref, sandbox, is_default, options, "
    "notes, created_at) VALUES (:id, :team, :platform, :name, :name, 'USD', 'UTC', :status, '', '',"
    " :sandbox, :default, '{}', '', now())"
)
_TEAM = text(
    "INSERT INTO teams (id, name, reporting_currency, enabled, limits, promotion_rules, created_at)"
    " VALUES (:id, :name, 'USD', true, '{}', '{}', now())"
)
_PERSON = text(
    "INSERT INTO people (id, team_id, name, role, created_at) "
    "VALUES (:id, :team, :name, :role, now())"
)


@pytest.fixture
def older(settings: Settings) -> Generator[tuple[str, Engine]]:
    """A database before the migration, whose tables belong to somebody who is no superuser; the
    URL to migrate it with, and a way to look past row-level security."""
    name = f"older_{uuid4().hex[:8]}"
    cluster = create_engine(driver_url(settings.database_url), isolation_level="AUTOCOMMIT")
    with cluster.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        connection.execute(text(f"CREATE ROLE {name} NOLOGIN"))
    url = driver_url(settings.database_url).set(database=name)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["url"] = url.render_as_string(hide_password=False)
    command.upgrade(config, "0005")
    with engine.connect() as connection:
        connection.execute(text(f"GRANT CREATE, USAGE ON SCHEMA public TO {name}"))
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        for table in tables.all():
            connection.execute(text(f"ALTER TABLE {table} OWNER TO {name}"))
    plain = url.update_query_dict({"options": f"-c role={name}"})
    yield plain.render_as_string(hide_password=False), engine
    engine.dispose()
    with cluster.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        connection.execute(text(f"DROP ROLE {name}"))
    cluster.dispose()


def test_several_defaults_become_one_and_words_become_roles(older: tuple[str, Engine]) -> None:
    url, engine = older
    team, other = UUID(int=1), UUID(int=2)
    accounts = [
        # team, platform, name, status, sandbox, default before, default after
        (team, "meta", "old sandbox", "disabled", True, True, False),
        (team, "meta", "real", "active", False, True, True),
        (team, "meta", "real too, younger", "active", False, True, False),
        (team, "meta", "never one", "active", False, False, False),
        (team, "x", "only one", "suspended", True, True, True),
        (other, "meta", "theirs", "active", True, True, True),
    ]
    people = {"ana": ("owner", "owner"), "ben": ("boss", "operator"), "cy": ("viewer", "viewer")}
    with engine.connect() as connection:
        for number, one in enumerate((team, other)):
            connection.execute(_TEAM, {"id": one, "name": f"team {number}"})
        for row in accounts:
            names = ("team", "platform", "name", "status", "sandbox", "default")
            connection.execute(_ACCOUNT, {"id": uuid4(), **dict(zip(names, row, strict=False))})
        for name, (role, _) in people.items():
            person = {"id": uuid4(), "team": team, "name": name, "role": role}
            connection.execute(_PERSON, person)
    upgrade(url)
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT account_name, is_default FROM ad_platform_accounts")
        )
        assert {row[0]: row[1] for row in found} == {row[2]: row[6] for row in accounts}
        roles = connection.execute(text("SELECT name, role FROM people"))
        assert {row[0]: row[1] for row in roles} == {name: to for name, (_, to) in people.items()}
        forced = connection.scalars(
            text("SELECT relforcerowsecurity FROM pg_class WHERE relname IN ('people', "
                 "'ad_platform_accounts', 'api_tokens', 'login_sessions', 'login_attempts')")
        )  # fmt: skip
        assert list(forced) == [True] * 5
