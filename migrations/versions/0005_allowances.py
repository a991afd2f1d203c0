"""Allowances: calls left on a network, shared by all worker processes"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLE = "adflight_app"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "call_allowances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("bucket", sa.String(length=60), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "holder", "bucket"),
    )
    op.create_index(op.f("ix_call_allowances_team_id"), "call_allowances", ["team_id"])
    mine = "team_id = NULLIF(current_setting('adflight.team_id', true), '')::uuid"
    op.execute("ALTER TABLE call_allowances ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE call_allowances FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_team ON call_allowances USING ({mine}) WITH CHECK ({mine})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON call_allowances TO {ROLE}")


def downgrade() -> None:
    """Undo."""
    op.drop_table("call_allowances")
