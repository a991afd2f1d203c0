"""A few minutes without PostgreSQL, Temporal's workers or a network end nothing for good."""

from datetime import timedelta

import pytest
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig

from workflows import timeouts

ENOUGH = timedelta(minutes=3)
"""PostgreSQL restarts and recovers in less."""
SHORT = {
    "GUARD_ROUND": "the next round comes soon",
    "PAGES_ROUND": "the next round comes soon",
    "CREATIVES_ROUND": "the next reading brings what was missed",
    "REVIEW": "without an answer a person reads",
    "WEB": "a page that is away is said to be",
}
"""Families that give up sooner, and why nothing is lost by it."""
FAMILIES = {
    name: config
    for name, config in vars(timeouts).items()
    if name.isupper() and isinstance(config, dict)
}


def patience(config: ActivityConfig) -> timedelta:
    """How long an activity is tried that fails at once each time."""
    policy = config.get("retry_policy") or RetryPolicy()
    longest = config.get("schedule_to_close_timeout") or timedelta(days=1)
    waited, wait = timedelta(0), policy.initial_interval
    for _ in range((policy.maximum_attempts or 10_000) - 1):
        waited += wait
        wait = min(wait * policy.backoff_coefficient, policy.maximum_interval or wait * 100)
        if waited >= longest:
            return longest
    return waited


def test_every_family_is_judged() -> None:
    assert set(SHORT) < set(FAMILIES)
    assert {"DATABASE", "NETWORK_WRITE", "STOP", "MEDIA", "RENDERING"} <= set(FAMILIES)


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - set(SHORT)))
def test_an_outage_of_minutes_is_outlasted(name: str) -> None:
    assert patience(FAMILIES[name]) >= ENOUGH
