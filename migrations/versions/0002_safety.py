"""Incidents, drift, rates and first-hand events"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLE = "adflight_app"
TEAM_TABLES = (
    "api_failures",
    "exchange_rates",
    "first_hand_events",
    "incidents",
    "limit_changes",
    "network_drifts",
)


def _secure_rows() -> None:
    """The application's role sees one team; FORCE binds even a table's owner."""
    mine = "team_id = NULLIF(current_setting('adflight.team_id', true), '')::uuid"
    for table in TEAM_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_team ON {table} USING ({mine}) WITH CHECK ({mine})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "api_failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("api_failures_by_account", "api_failures", ["account_id", "at"], unique=False)
    op.create_index(op.f("ix_api_failures_team_id"), "api_failures", ["team_id"], unique=False)
    op.create_table(
        "exchange_rates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("rate", sa.Numeric(precision=24, scale=12), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "currency", "as_of"),
    )
    op.create_index(op.f("ix_exchange_rates_team_id"), "exchange_rates", ["team_id"], unique=False)
    op.create_table(
        "first_hand_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "event_id"),
    )
    op.create_index(
        "first_hand_by_campaign", "first_hand_events", ["campaign_id", "at"], unique=False
    )
    op.create_index(
        op.f("ix_first_hand_events_team_id"), "first_hand_events", ["team_id"], unique=False
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("platform", sa.String(length=20), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("numbers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("timeline", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("done", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("money_at_risk_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(length=100), nullable=True),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "key"),
    )
    op.create_index(op.f("ix_incidents_account_id"), "incidents", ["account_id"], unique=False)
    op.create_index(op.f("ix_incidents_campaign_id"), "incidents", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_incidents_state"), "incidents", ["state"], unique=False)
    op.create_index(op.f("ix_incidents_team_id"), "incidents", ["team_id"], unique=False)
    op.create_table(
        "limit_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("old", sa.String(), nullable=False),
        sa.Column("new", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_limit_changes_team_id"), "limit_changes", ["team_id"], unique=False)
    op.create_table(
        "network_drifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("field", sa.String(length=50), nullable=False),
        sa.Column("expected", sa.String(), nullable=False),
        sa.Column("found", sa.String(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "key"),
    )
    op.create_index(
        op.f("ix_network_drifts_account_id"), "network_drifts", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_drifts_campaign_id"), "network_drifts", ["campaign_id"], unique=False
    )
    op.create_index(op.f("ix_network_drifts_team_id"), "network_drifts", ["team_id"], unique=False)
    op.add_column(
        "ad_campaigns",
        sa.Column("page_fingerprint", sa.String(), server_default="", nullable=False),
    )
    op.add_column(
        "ad_platform_accounts",
        sa.Column("status_reason", sa.String(), server_default="", nullable=False),
    )
    op.add_column(
        "ad_platform_accounts", sa.Column("status_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "ad_platform_accounts",
        sa.Column("credentials_off_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.add_column(
        "ad_platform_accounts",
        sa.Column("credentials_off_by", sa.String(length=100), nullable=True),
    )
    op.add_column(
        "ad_stops", sa.Column("lift_reason", sa.String(), server_default="", nullable=False)
    )
    op.add_column("ad_stops", sa.Column("incident_key", sa.String(length=200), nullable=True))
    op.add_column(
        "network_effects",
        sa.Column("candidates", postgresql.JSONB(), server_default="[]", nullable=False),
    )
    op.add_column(
        "network_effects", sa.Column("lost", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("network_effects", sa.Column("settled_by", sa.String(length=100), nullable=True))
    op.add_column("notifications", sa.Column("incident_key", sa.String(length=200), nullable=True))
    op.add_column(
        "notifications",
        sa.Column("digest", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "spend_commitments",
        sa.Column("balanced", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    op.execute("UPDATE notifications SET severity = 'low' WHERE severity = 'info'")
    _secure_rows()


def downgrade() -> None:
    """Undo."""
    op.drop_column("ad_campaigns", "page_fingerprint")
    op.drop_column("spend_commitments", "balanced")
    op.drop_column("notifications", "digest")
    op.drop_column("notifications", "incident_key")
    op.drop_column("network_effects", "settled_by")
    op.drop_column("network_effects", "lost")
    op.drop_column("network_effects", "candidates")
    op.drop_column("ad_stops", "incident_key")
    op.drop_column("ad_stops", "lift_reason")
    op.drop_column("ad_platform_accounts", "credentials_off_by")
    op.drop_column("ad_platform_accounts", "credentials_off_at")
    op.drop_column("ad_platform_accounts", "status_at")
    op.drop_column("ad_platform_accounts", "status_reason")
    op.drop_index(op.f("ix_network_drifts_team_id"), table_name="network_drifts")
    op.drop_index(op.f("ix_network_drifts_campaign_id"), table_name="network_drifts")
    op.drop_index(op.f("ix_network_drifts_account_id"), table_name="network_drifts")
    op.drop_table("network_drifts")
    op.drop_index(op.f("ix_limit_changes_team_id"), table_name="limit_changes")
    op.drop_table("limit_changes")
    op.drop_index(op.f("ix_incidents_team_id"), table_name="incidents")
    op.drop_index(op.f("ix_incidents_state"), table_name="incidents")
    op.drop_index(op.f("ix_incidents_campaign_id"), table_name="incidents")
    op.drop_index(op.f("ix_incidents_account_id"), table_name="incidents")
    op.drop_table("incidents")
    op.drop_index(op.f("ix_first_hand_events_team_id"), table_name="first_hand_events")
    op.drop_index("first_hand_by_campaign", table_name="first_hand_events")
    op.drop_table("first_hand_events")
    op.drop_index(op.f("ix_exchange_rates_team_id"), table_name="exchange_rates")
    op.drop_table("exchange_rates")
    op.drop_index(op.f("ix_api_failures_team_id"), table_name="api_failures")
    op.drop_index("api_failures_by_account", table_name="api_failures")
    op.drop_table("api_failures")
