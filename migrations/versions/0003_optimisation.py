"""Optimisation: figures of single ads, decisions that are scored, recommendations"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLE = "adflight_app"
TEAM_TABLES = ("ad_creative_snapshots", "ad_recommendations")
APPENDED = ("ad_creative_snapshots",)


def _secure_rows() -> None:
    """The application's role sees one team; FORCE binds even a table's owner."""
    mine = "team_id = NULLIF(current_setting('adflight.team_id', true), '')::uuid"
    for table in TEAM_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_team ON {table} USING ({mine}) WITH CHECK ({mine})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
    for table in APPENDED:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {ROLE}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "ad_creative_snapshots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("platform_ad_id", sa.String(length=255), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("impressions", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("conversions", sa.Integer(), nullable=False),
        sa.Column("reach", sa.Integer(), nullable=False),
        sa.Column("reach_so_far", sa.Integer(), nullable=False),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("revenue_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign_id", "platform_ad_id", "day", "as_of"),
    )
    op.create_index(
        op.f("ix_ad_creative_snapshots_account_id"),
        "ad_creative_snapshots",
        ["account_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ad_creative_snapshots_team_id"),
        "ad_creative_snapshots",
        ["team_id"],
        unique=False,
    )
    op.create_index(
        "creative_snapshots_by_time",
        "ad_creative_snapshots",
        ["as_of"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "ad_recommendations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("change", postgresql.JSONB(), nullable=False),
        sa.Column("expected", postgresql.JSONB(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("settled_by", sa.String(length=100), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "key"),
    )
    op.create_index(
        op.f("ix_ad_recommendations_campaign_id"),
        "ad_recommendations",
        ["campaign_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ad_recommendations_team_id"), "ad_recommendations", ["team_id"], unique=False
    )
    op.add_column(
        "ai_ads_decisions",
        sa.Column("expected", postgresql.JSONB(), server_default="{}", nullable=False),
    )
    op.add_column(
        "ai_ads_decisions", sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("ai_ads_decisions", sa.Column("score", sa.String(length=20), nullable=True))
    op.add_column(
        "ai_ads_decisions",
        sa.Column("score_details", postgresql.JSONB(), server_default="{}", nullable=False),
    )
    _secure_rows()


def downgrade() -> None:
    """Undo."""
    for column in ("score_details", "score", "executed_at", "expected"):
        op.drop_column("ai_ads_decisions", column)
    op.drop_table("ad_recommendations")
    op.drop_index(
        "creative_snapshots_by_time",
        table_name="ad_creative_snapshots",
        postgresql_using="brin",
    )
    op.drop_index(op.f("ix_ad_creative_snapshots_team_id"), table_name="ad_creative_snapshots")
    op.drop_index(op.f("ix_ad_creative_snapshots_account_id"), table_name="ad_creative_snapshots")
    op.drop_table("ad_creative_snapshots")
