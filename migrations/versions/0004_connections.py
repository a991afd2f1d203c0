"""Connections: team-owned credentials, sealed, and the attempts to get them"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLE = "adflight_app"
TEAM_TABLES = ("connections", "connect_attempts")


def _secure_rows() -> None:
    """The application's role sees one team; FORCE binds even a table's owner."""
    mine = "team_id = NULLIF(current_setting('adflight.team_id', true), '')::uuid"
    for table in TEAM_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_team ON {table} USING ({mine}) WITH CHECK ({mine})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "connections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("connected_by", sa.String(length=100), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_connections_key_id"), "connections", ["key_id"], unique=False)
    op.create_index(op.f("ix_connections_team_id"), "connections", ["team_id"], unique=False)
    op.create_index(
        "one_connection_a_subject",
        "connections",
        ["team_id", "platform", "sandbox", "subject"],
        unique=True,
        postgresql_where=sa.text("subject <> ''"),
    )
    op.create_table(
        "connect_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("wanted", sa.String(length=255), nullable=False),
        sa.Column("redirect_uri", sa.String(), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("state_hash"),
    )
    op.create_index(
        op.f("ix_connect_attempts_key_id"), "connect_attempts", ["key_id"], unique=False
    )
    op.create_index(
        op.f("ix_connect_attempts_team_id"), "connect_attempts", ["team_id"], unique=False
    )
    op.create_index(
        op.f("ix_connect_attempts_token_hash"), "connect_attempts", ["token_hash"], unique=False
    )
    _secure_rows()


def downgrade() -> None:
    """Undo. Accounts that refer to a connection need another reference."""
    op.drop_table("connect_attempts")
    op.drop_table("connections")
