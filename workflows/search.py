"""Typed search attributes: the columns and filters of the Temporal Web UI. No personal data."""

from datetime import datetime
from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from models.contract.campaign import CampaignInput

STATUS = SearchAttributeKey.for_keyword("CampaignStatus")
PLATFORM = SearchAttributeKey.for_keyword("Platform")
ACCOUNT = SearchAttributeKey.for_keyword("Account")
TEAM = SearchAttributeKey.for_keyword("Team")
CAMPAIGN_TYPE = SearchAttributeKey.for_keyword("CampaignType")
DAILY_BUDGET = SearchAttributeKey.for_float("DailyBudget")
NEXT_CHECK = SearchAttributeKey.for_datetime("NextCheckAt")

ALL_KEYS = (STATUS, PLATFORM, ACCOUNT, TEAM, CAMPAIGN_TYPE, DAILY_BUDGET, NEXT_CHECK)
"""Registered when the namespace is set up; a missing one fails every workflow task."""


def of_campaign(campaign: CampaignInput) -> TypedSearchAttributes:
    """What is known of a campaign when it starts."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(STATUS, "draft"),
            SearchAttributePair(PLATFORM, campaign.account.platform.value),
            SearchAttributePair(ACCOUNT, campaign.account.external_id),
            SearchAttributePair(TEAM, str(campaign.team_id)),
            SearchAttributePair(CAMPAIGN_TYPE, campaign.plan.campaign_type.value),
            SearchAttributePair(DAILY_BUDGET, float(campaign.plan.daily_budget.amount)),
        ]
    )


def updates(
    status: str, daily_budget: float, next_check: datetime | None
) -> list[SearchAttributeUpdate[Any]]:
    """What changes while it lives. ``next_check`` is real time, as the Web UI shows it."""
    return [
        STATUS.value_set(status),
        DAILY_BUDGET.value_set(daily_budget),
        NEXT_CHECK.value_set(next_check) if next_check else NEXT_CHECK.value_unset(),
    ]
