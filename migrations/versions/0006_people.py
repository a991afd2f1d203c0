"""People: roles, passwords, API tokens, sessions; one default account; the first real launch"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLE = "adflight_app"
TEAM_TABLES = ("api_tokens", "login_sessions", "login_attempts")


def _secure_rows() -> None:
    """The application's role sees one team; FORCE binds even a table's owner."""
    mine = "team_id = NULLIF(current_setting('adflight.team_id', true), '')::uuid"
    for table in TEAM_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_team ON {table} USING ({mine}) WITH CHECK ({mine})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")


def _set_right() -> None:
    """Rows as the new rules want them: the schema's owner must see them all for a moment."""
    for table in ("people", "ad_platform_accounts"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE people SET role = 'operator' "
        "WHERE role NOT IN ('viewer', 'approver', 'operator', 'owner')"
    )
    # Of several defaults the one stays that was used most likely: active, real, the oldest.
    op.execute(
        """
        UPDATE ad_platform_accounts SET is_default = false
        WHERE is_default AND id NOT IN (
            SELECT DISTINCT ON (team_id, platform) id FROM ad_platform_accounts
            WHERE is_default
            ORDER BY team_id, platform, status = 'active' DESC, sandbox, created_at, id
        )
        """
    )
    for table in ("people", "ad_platform_accounts"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def upgrade() -> None:
    """Apply."""
    op.add_column("people", sa.Column("password_hash", sa.String(length=200), nullable=True))
    for name, kind in (
        ("confirmed_at", sa.DateTime(timezone=True)),
        ("confirmed_by", sa.String(length=100)),
        ("confirmed_cap_micros", sa.BigInteger()),
    ):
        op.add_column("ad_platform_accounts", sa.Column(name, kind, nullable=True))
    _set_right()
    op.create_index(
        "one_default_a_platform",
        "ad_platform_accounts",
        ["team_id", "platform"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("prefix", sa.String(length=60), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_table(
        "login_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "subject"),
    )
    for table, column in (
        ("api_tokens", "person_id"),
        ("api_tokens", "team_id"),
        ("login_attempts", "team_id"),
        ("login_sessions", "person_id"),
        ("login_sessions", "team_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    _secure_rows()


def downgrade() -> None:
    """Undo. Who logs in by password, and what was confirmed, is forgotten."""
    for table in reversed(TEAM_TABLES):
        op.drop_table(table)
    op.drop_index("one_default_a_platform", table_name="ad_platform_accounts")
    for name in ("confirmed_cap_micros", "confirmed_by", "confirmed_at"):
        op.drop_column("ad_platform_accounts", name)
    op.drop_column("people", "password_hash")
