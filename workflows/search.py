"""Typed search attributes: the columns and filters of the Temporal Web UI. No personal data."""

from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from models.contract.account import AdAccount
from models.contract.campaign import CampaignInput

STATUS = SearchAttributeKey.for_keyword("CampaignStatus")
PLATFORM = SearchAttributeKey.for_keyword("Platform")
ACCOUNT = SearchAttributeKey.for_keyword("Account")
TEAM = SearchAttributeKey.for_keyword("Team")
CAMPAIGN_TYPE = SearchAttributeKey.for_keyword("CampaignType")
DAILY_BUDGET = SearchAttributeKey.for_float("DailyBudget")

ALL_KEYS = (STATUS, PLATFORM, ACCOUNT, TEAM, CAMPAIGN_TYPE, DAILY_BUDGET)
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


def of_account(account: AdAccount) -> list[SearchAttributeUpdate[Any]]:
    """By what a guard is found."""
    return [
        TEAM.value_set(str(account.team_id)),
        PLATFORM.value_set(account.platform.value),
        ACCOUNT.value_set(account.external_id),
    ]


def updates(status: str, daily_budget: float) -> list[SearchAttributeUpdate[Any]]:
    """What changes while a campaign lives."""
    return [STATUS.value_set(status), DAILY_BUDGET.value_set(daily_budget)]
