"""Teams, campaigns, spend and the audit trail"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLE = "adflight_app"
TEAM_TABLES = (
    "people",
    "ad_platform_accounts",
    "promotions",
    "ad_campaigns",
    "ad_creatives",
    "ad_approvals",
    "ai_ads_decisions",
    "network_effects",
    "claude_calls",
    "notifications",
    "inbound_events",
    "feeds",
    "ad_budgets",
    "ad_budget_adjustments",
    "spend_commitments",
    "ad_performance_snapshots",
    "ad_stops",
)


def _secure_rows() -> None:
    """The application's role sees one team; FORCE binds even a table's owner."""
    op.execute(
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') "
        f"THEN CREATE ROLE {ROLE} NOLOGIN; END IF; END $$"
    )
    op.execute(f"GRANT {ROLE} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    for table in ("teams", *TEAM_TABLES):
        owner = "id" if table == "teams" else "team_id"
        mine = f"{owner} = NULLIF(current_setting('adflight.team_id', true), '')::uuid"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_team ON {table} USING ({mine}) WITH CHECK ({mine})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE ON ad_performance_snapshots FROM {ROLE}")  # append only
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("reporting_currency", sa.String(length=3), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("limits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("promotion_rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ad_approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("worst_case_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("if_unanswered", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign_id", "version"),
    )
    op.create_index(
        op.f("ix_ad_approvals_campaign_id"), "ad_approvals", ["campaign_id"], unique=False
    )
    op.create_index(op.f("ix_ad_approvals_status"), "ad_approvals", ["status"], unique=False)
    op.create_index(op.f("ix_ad_approvals_team_id"), "ad_approvals", ["team_id"], unique=False)
    op.create_table(
        "ad_budget_adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("old_micros", sa.BigInteger(), nullable=True),
        sa.Column("new_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_ad_budget_adjustments_campaign_id"),
        "ad_budget_adjustments",
        ["campaign_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ad_budget_adjustments_team_id"), "ad_budget_adjustments", ["team_id"], unique=False
    )
    op.create_table(
        "ad_budgets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("period_type", sa.String(length=20), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("allocated_micros", sa.BigInteger(), nullable=False),
        sa.Column("spent_micros", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "team_id",
            "platform",
            "account_id",
            "period_type",
            "period_start",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_ad_budgets_team_id"), "ad_budgets", ["team_id"], unique=False)
    op.create_table(
        "ad_creatives",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("variant", sa.String(length=20), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("angle", sa.String(), nullable=False),
        sa.Column("headline", sa.String(length=500), nullable=False),
        sa.Column("primary_text", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("call_to_action", sa.String(length=100), nullable=False),
        sa.Column("image_sha256", sa.String(), nullable=False),
        sa.Column("image_path", sa.String(), nullable=False),
        sa.Column("platform_creative_id", sa.String(length=255), nullable=True),
        sa.Column("platform_ad_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign_id", "variant"),
    )
    op.create_index(
        op.f("ix_ad_creatives_campaign_id"), "ad_creatives", ["campaign_id"], unique=False
    )
    op.create_index(op.f("ix_ad_creatives_team_id"), "ad_creatives", ["team_id"], unique=False)
    op.create_table(
        "ad_performance_snapshots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("platform_campaign_id", sa.String(length=255), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("impressions", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("conversions", sa.Integer(), nullable=False),
        sa.Column("reach", sa.Integer(), nullable=False),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("revenue_micros", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign_id", "day", "as_of"),
    )
    op.create_index(
        op.f("ix_ad_performance_snapshots_account_id"),
        "ad_performance_snapshots",
        ["account_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ad_performance_snapshots_team_id"),
        "ad_performance_snapshots",
        ["team_id"],
        unique=False,
    )
    op.create_index(
        "snapshots_by_time",
        "ad_performance_snapshots",
        ["as_of"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "ad_platform_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("account_name", sa.String(length=100), nullable=False),
        sa.Column("platform_account_id", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("timezone", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("credentials_ref", sa.String(length=100), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("daily_limit_micros", sa.BigInteger(), nullable=True),
        sa.Column("monthly_limit_micros", sa.BigInteger(), nullable=True),
        sa.Column("first_activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "platform", "platform_account_id"),
    )
    op.create_index(
        op.f("ix_ad_platform_accounts_platform"), "ad_platform_accounts", ["platform"], unique=False
    )
    op.create_index(
        op.f("ix_ad_platform_accounts_team_id"), "ad_platform_accounts", ["team_id"], unique=False
    )
    op.create_table(
        "ad_stops",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ad_stops_team_id"), "ad_stops", ["team_id"], unique=False)
    op.create_table(
        "ai_ads_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("decision_type", sa.String(length=50), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("promotion_id", sa.String(), nullable=True),
        sa.Column("platform", sa.String(length=20), nullable=True),
        sa.Column("policy", sa.String(length=100), nullable=True),
        sa.Column("input_context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reasoning", sa.String(), nullable=False),
        sa.Column("action_taken", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("outcome_details", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("expected_impact", sa.String(), nullable=False),
        sa.Column("budget_impact_micros", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ai_ads_decisions_at"), "ai_ads_decisions", ["at"], unique=False)
    op.create_index(
        op.f("ix_ai_ads_decisions_campaign_id"), "ai_ads_decisions", ["campaign_id"], unique=False
    )
    op.create_index(
        op.f("ix_ai_ads_decisions_decision_type"),
        "ai_ads_decisions",
        ["decision_type"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ai_ads_decisions_promotion_id"), "ai_ads_decisions", ["promotion_id"], unique=False
    )
    op.create_index(
        op.f("ix_ai_ads_decisions_team_id"), "ai_ads_decisions", ["team_id"], unique=False
    )
    op.create_table(
        "claude_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=50), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("response", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "request_hash"),
    )
    op.create_index(op.f("ix_claude_calls_team_id"), "claude_calls", ["team_id"], unique=False)
    op.create_table(
        "feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("last_polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "url"),
    )
    op.create_index(op.f("ix_feeds_team_id"), "feeds", ["team_id"], unique=False)
    op.create_table(
        "inbound_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("promotion_id", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "source", "event_id"),
    )
    op.create_index(op.f("ix_inbound_events_team_id"), "inbound_events", ["team_id"], unique=False)
    op.create_table(
        "network_effects",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("twins_removed", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        op.f("ix_network_effects_campaign_id"), "network_effects", ["campaign_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_effects_team_id"), "network_effects", ["team_id"], unique=False
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("delivered_to", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "key"),
    )
    op.create_index(op.f("ix_notifications_team_id"), "notifications", ["team_id"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "name"),
    )
    op.create_index(op.f("ix_people_team_id"), "people", ["team_id"], unique=False)
    op.create_table(
        "promotions",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("canonical_url", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(length=30), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("reasoning", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id", "canonical_url"),
    )
    op.create_index(op.f("ix_promotions_team_id"), "promotions", ["team_id"], unique=False)
    op.create_table(
        "spend_commitments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("daily_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("over_delivery", sa.Float(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_spend_commitments_campaign_id"), "spend_commitments", ["campaign_id"], unique=False
    )
    op.create_index(op.f("ix_spend_commitments_key"), "spend_commitments", ["key"], unique=False)
    op.create_index(
        op.f("ix_spend_commitments_state"), "spend_commitments", ["state"], unique=False
    )
    op.create_index(
        op.f("ix_spend_commitments_team_id"), "spend_commitments", ["team_id"], unique=False
    )
    op.create_index(
        "one_live_commitment",
        "spend_commitments",
        ["campaign_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('reserved', 'confirmed')"),
    )
    op.create_table(
        "ad_campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_id", sa.String(length=100), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("workflow_id", sa.String(length=255), nullable=False),
        sa.Column("platform_campaign_id", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("objective", sa.String(length=50), nullable=False),
        sa.Column("campaign_type", sa.String(length=30), nullable=False),
        sa.Column("destination_url", sa.String(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("daily_budget_micros", sa.BigInteger(), nullable=False),
        sa.Column("lifetime_budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("live_budget_micros", sa.BigInteger(), nullable=True),
        sa.Column("spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("month_spend_micros", sa.BigInteger(), nullable=False),
        sa.Column("month_start", sa.Date(), nullable=True),
        sa.Column("figures_as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tree", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("visits", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.String(length=20), nullable=False),
        sa.Column("created_by_name", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("ai_confidence", sa.Float(), nullable=True),
        sa.Column("admin_override", sa.Boolean(), nullable=False),
        sa.Column("scheduled_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scheduled_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ad_platform_accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["team_id"],
            ["teams.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_ad_campaigns_platform"), "ad_campaigns", ["platform"], unique=False)
    op.create_index(
        op.f("ix_ad_campaigns_promotion_id"), "ad_campaigns", ["promotion_id"], unique=False
    )
    op.create_index(op.f("ix_ad_campaigns_status"), "ad_campaigns", ["status"], unique=False)
    op.create_index(op.f("ix_ad_campaigns_team_id"), "ad_campaigns", ["team_id"], unique=False)
    _secure_rows()


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_ad_campaigns_team_id"), table_name="ad_campaigns")
    op.drop_index(op.f("ix_ad_campaigns_status"), table_name="ad_campaigns")
    op.drop_index(op.f("ix_ad_campaigns_promotion_id"), table_name="ad_campaigns")
    op.drop_index(op.f("ix_ad_campaigns_platform"), table_name="ad_campaigns")
    op.drop_table("ad_campaigns")
    op.drop_index(
        "one_live_commitment",
        table_name="spend_commitments",
        postgresql_where=sa.text("state IN ('reserved', 'confirmed')"),
    )
    op.drop_index(op.f("ix_spend_commitments_team_id"), table_name="spend_commitments")
    op.drop_index(op.f("ix_spend_commitments_state"), table_name="spend_commitments")
    op.drop_index(op.f("ix_spend_commitments_key"), table_name="spend_commitments")
    op.drop_index(op.f("ix_spend_commitments_campaign_id"), table_name="spend_commitments")
    op.drop_table("spend_commitments")
    op.drop_index(op.f("ix_promotions_team_id"), table_name="promotions")
    op.drop_table("promotions")
    op.drop_index(op.f("ix_people_team_id"), table_name="people")
    op.drop_table("people")
    op.drop_index(op.f("ix_notifications_team_id"), table_name="notifications")
    op.drop_table("notifications")
    op.drop_index(op.f("ix_network_effects_team_id"), table_name="network_effects")
    op.drop_index(op.f("ix_network_effects_campaign_id"), table_name="network_effects")
    op.drop_table("network_effects")
    op.drop_index(op.f("ix_inbound_events_team_id"), table_name="inbound_events")
    op.drop_table("inbound_events")
    op.drop_index(op.f("ix_feeds_team_id"), table_name="feeds")
    op.drop_table("feeds")
    op.drop_index(op.f("ix_claude_calls_team_id"), table_name="claude_calls")
    op.drop_table("claude_calls")
    op.drop_index(op.f("ix_ai_ads_decisions_team_id"), table_name="ai_ads_decisions")
    op.drop_index(op.f("ix_ai_ads_decisions_promotion_id"), table_name="ai_ads_decisions")
    op.drop_index(op.f("ix_ai_ads_decisions_decision_type"), table_name="ai_ads_decisions")
    op.drop_index(op.f("ix_ai_ads_decisions_campaign_id"), table_name="ai_ads_decisions")
    op.drop_index(op.f("ix_ai_ads_decisions_at"), table_name="ai_ads_decisions")
    op.drop_table("ai_ads_decisions")
    op.drop_index(op.f("ix_ad_stops_team_id"), table_name="ad_stops")
    op.drop_table("ad_stops")
    op.drop_index(op.f("ix_ad_platform_accounts_team_id"), table_name="ad_platform_accounts")
    op.drop_index(op.f("ix_ad_platform_accounts_platform"), table_name="ad_platform_accounts")
    op.drop_table("ad_platform_accounts")
    op.drop_index(
        "snapshots_by_time", table_name="ad_performance_snapshots", postgresql_using="brin"
    )
    op.drop_index(
        op.f("ix_ad_performance_snapshots_team_id"), table_name="ad_performance_snapshots"
    )
    op.drop_index(
        op.f("ix_ad_performance_snapshots_account_id"), table_name="ad_performance_snapshots"
    )
    op.drop_table("ad_performance_snapshots")
    op.drop_index(op.f("ix_ad_creatives_team_id"), table_name="ad_creatives")
    op.drop_index(op.f("ix_ad_creatives_campaign_id"), table_name="ad_creatives")
    op.drop_table("ad_creatives")
    op.drop_index(op.f("ix_ad_budgets_team_id"), table_name="ad_budgets")
    op.drop_table("ad_budgets")
    op.drop_index(op.f("ix_ad_budget_adjustments_team_id"), table_name="ad_budget_adjustments")
    op.drop_index(op.f("ix_ad_budget_adjustments_campaign_id"), table_name="ad_budget_adjustments")
    op.drop_table("ad_budget_adjustments")
    op.drop_index(op.f("ix_ad_approvals_team_id"), table_name="ad_approvals")
    op.drop_index(op.f("ix_ad_approvals_status"), table_name="ad_approvals")
    op.drop_index(op.f("ix_ad_approvals_campaign_id"), table_name="ad_approvals")
    op.drop_table("ad_approvals")
    op.drop_table("teams")
