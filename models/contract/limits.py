"""Spend limits and what the spend authority answers."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from models.contract.base import Frozen
from models.contract.money import Money
from models.contract.vocabulary import Author, Autonomy, Platform

HARD_CEILING_MONTHLY = {
    # Changing a ceiling is a change of code, reviewed and released; nothing lifts it at run time.
    "starter": Money.of(3000),
    "sandbox": Money.of(1_000_000),
}


CAMPAIGN_LIFETIME = "campaign lifetime limit"
"""The limit that ends a campaign instead of pausing it."""

NEEDS_PERSON = "needs a person"
"""The limit that a person's agreement lifts, and nothing else does."""


class SpendLimits(Frozen):
    """A team's limits, all per day or calendar month in the team's reporting currency.

    Approval thresholds: a campaign above ``approval_threshold`` a day needs a person in
    semi_auto; above ``always_ask_above`` a day it needs one even in full_auto. Nor does the
    machine by itself raise the team's daily total or a campaign's budget by more than a share, or
    activate an account for the first time. ``rate_max_age`` (real days): older rates convert
    nothing.
    """

    profile: Literal["starter", "sandbox"] = "starter"
    campaign_daily: Money = Money.of(20)
    campaign_lifetime: Money = Money.of(200)
    platform_daily: Money = Money.of(25)
    platform_monthly: Money = Money.of(750)
    team_daily: Money = Money.of(50)
    team_monthly: Money = Money.of(1500)
    account_daily: Money | None = None
    account_monthly: Money | None = None
    autonomy: Autonomy = Autonomy.MANUAL
    approval_threshold: Money = Money.of(25)
    always_ask_above: Money = Money.of(100)
    ask_team_daily_rise: float = Field(default=0.30, ge=0)
    ask_campaign_rise: float = Field(default=0.50, ge=0)
    ask_first_activation: bool = True
    rate_max_age: timedelta = Field(default=timedelta(days=4), ge=timedelta(0))

    @model_validator(mode="after")
    def _one_currency(self) -> "SpendLimits":
        amounts = [value for _, value in self if isinstance(value, Money)]
        if len(currencies := sorted({amount.currency for amount in amounts})) > 1:
            raise ValueError(f"limits must be in one currency, not in {' and '.join(currencies)}")
        return self

    @property
    def hard_ceiling_monthly(self) -> Money:
        """The ceiling of the deployment profile; no setting can raise it."""
        return HARD_CEILING_MONTHLY[self.profile]


STARTER_LIMITS = SpendLimits()
SANDBOX_LIMITS = SpendLimits(
    profile="sandbox",
    campaign_daily=Money.of(500),
    campaign_lifetime=Money.of(20_000),
    platform_daily=Money.of(5_000),
    platform_monthly=Money.of(150_000),
    team_daily=Money.of(10_000),
    team_monthly=Money.of(300_000),
)


class SpendRequest(Frozen):
    """Ask to be allowed to spend up to ``daily`` a day on one campaign until ``until``.

    ``daily`` is the whole new daily budget, not the difference. ``spent_total`` is what the
    campaign has already cost. ``key`` makes a repeated request one request. ``balanced``: the
    network makes up within the week for what it over-delivers on a day. ``agreed``: a person has
    agreed to this very amount, so that no rise of it needs to be asked again; ``last_agreed`` is
    what was last agreed to, against which the machine's own rises are counted together.
    """

    key: str
    team_id: UUID
    account_id: UUID
    campaign_id: UUID
    platform: Platform
    daily: Money
    over_delivery: float = 1.0
    balanced: bool = True
    until: datetime | None
    now: datetime
    lifetime: Money | None = None
    author: Author = Author.AI
    agreed: bool = True
    last_agreed: Money | None = None


class SpendGrant(Frozen):
    """The authority's answer. A refusal names the limit, its value and what was asked.

    ``confirmed``: this very budget was granted and read back before, nothing need be confirmed.
    """

    granted: bool
    reason: str
    limit: str | None = None
    commitment_id: UUID | None = None
    confirmed: bool = False


class Stop(Frozen):
    """A standing stop over a scope; while it stands nothing in scope may be raised."""

    level: str
    scope: str
    by: str
    reason: str
    since: datetime
