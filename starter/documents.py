"""Rows as JSON documents, the same on the command line and over the REST API."""

from typing import Any

from models.contract.campaign import CampaignView
from models.tables import Account, ApiToken, Asset, Campaign, Connection, Person


def account(
    row: Account, connection: Connection | None, failure: str | None = None
) -> dict[str, Any]:
    """An ad account as remembered; ``failure``: why its network could not be asked just now."""
    return {
        "id": str(row.id),
        "name": row.account_name,
        "platform": row.platform,
        "platform_account_id": row.platform_account_id,
        "sandbox": row.sandbox,
        "default": row.is_default,
        "currency": row.currency,
        "timezone": row.timezone,
        "status": row.status,
        "status_reason": row.status_reason,
        "status_at": row.status_at,
        "credentials": row.credentials_ref,
        "connection": None
        if connection is None
        else {
            "id": str(connection.id),
            "status": connection.status,
            "reason": connection.status_reason,
            "scopes": connection.scopes,
            "expires_at": connection.expires_at,
            "checked_at": connection.checked_at,
            "connected_by": connection.connected_by,
        },
        "options": row.options,
        "credentials_off_at": row.credentials_off_at,
        "credentials_off_by": row.credentials_off_by,
        "daily_limit_micros": row.daily_limit_micros,
        "monthly_limit_micros": row.monthly_limit_micros,
        "first_activated_at": row.first_activated_at,
        "confirmed_at": row.confirmed_at,
        "confirmed_by": row.confirmed_by,
        "confirmed_cap_micros": row.confirmed_cap_micros,
        "not_checked": failure,
    }


def asset(row: Asset) -> dict[str, Any]:
    """A picture or video of the library."""
    return {
        "sha256": row.sha256,
        "kind": row.kind,
        "media_type": row.media_type,
        "width": row.width,
        "height": row.height,
        "seconds": row.seconds,
        "bytes": row.bytes,
        "source": row.source,
        "details": row.details,
        "ai_made": row.ai_made,
        "provenance": row.provenance,
        "label": row.label,
        "folder": row.folder,
        "added_by": row.added_by,
        "created_at": row.created_at,
        "retired_at": row.retired_at,
        "retired_by": row.retired_by,
    }


def campaign(row: Campaign) -> dict[str, Any]:
    """A campaign as it was last recorded."""
    return {
        "id": str(row.id),
        "name": row.name,
        "platform": row.platform,
        "account_id": str(row.account_id),
        "status": row.status,
        "objective": row.objective,
        "workflow_id": row.workflow_id,
        "platform_campaign_id": row.platform_campaign_id,
        "daily_budget_micros": row.daily_budget_micros,
        "live_budget_micros": row.live_budget_micros,
        "spend_micros": row.spend_micros,
        "currency": row.currency,
        "figures_as_of": row.figures_as_of.isoformat() if row.figures_as_of else None,
        "version": row.version,
        "created_by": row.created_by,
        "pause_reason": row.pause_reason,
        "error": row.error_message,
        "visits": row.visits,
        "tree": row.tree,
    }


def campaign_now(row: Campaign, view: CampaignView | None) -> dict[str, Any]:
    """A campaign as its workflow sees it, or the last record when none answers."""
    document = view.model_dump(mode="json") if view is not None else campaign(row)
    document["source"] = "workflow" if view else "database (no worker answers)"
    return document


def person(row: Person) -> dict[str, Any]:
    """A person; of a password only whether there is one."""
    return {
        "id": str(row.id),
        "name": row.name,
        "email": row.email,
        "role": row.role,
        "logs_in": row.password_hash is not None,
        "created_at": row.created_at,
    }


def token(row: ApiToken, owner: Person) -> dict[str, Any]:
    """A token's record: never the token."""
    return {
        "id": str(row.id),
        "name": row.name,
        "prefix": row.prefix,
        "person": owner.name,
        "role": row.role,
        "made_by": row.made_by,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
    }
