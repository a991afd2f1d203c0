"""Workflow ids: derived from what they stand for, so that nothing is started twice."""

from uuid import UUID, uuid5

from models.contract.account import AdAccount
from models.contract.urls import content_id

_NAMESPACE = UUID("3d6f7d1c-5a35-4a6e-9a4e-adf119680001")


def promotion_id(team_id: UUID, url: str) -> str:
    """One promotion per team and canonical URL."""
    return f"promotion-post-{content_id(str(team_id), url)}"


def campaign_uuid(promotion: str, account: AdAccount) -> UUID:
    """One campaign per promotion and ad account."""
    return uuid5(_NAMESPACE, f"{promotion}/{account.id}")


def campaign_workflow_id(campaign_id: UUID) -> str:
    """The workflow that lives a campaign."""
    return f"campaign-{campaign_id}"
