"""The words of the safety rules: what fired, how bad it is, what is done about it."""

from enum import StrEnum
from uuid import UUID

from models.contract.base import Frozen


class Severity(StrEnum):
    """How bad something is, and so who is told: critical on every channel, at once."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Rule(StrEnum):
    """Every safety rule by its name in incidents, alerts and benchmarks."""

    CAMPAIGN_OVERSPEND = "campaign_overspend"
    CAMPAIGN_OVERSPEND_HARD = "campaign_overspend_hard"
    LIFETIME_USED = "lifetime_used"
    RAPID_ACCELERATION = "rapid_acceleration"
    HOURLY_SPEND_ABNORMAL = "hourly_spend_abnormal"
    AHEAD_OF_PLAN = "ahead_of_plan"
    ZERO_CONVERSIONS = "zero_conversions"
    TRACKING_OUTAGE = "tracking_outage"
    CPC_SPIKE = "cpc_spike"
    CPA_SPIKE = "cpa_spike"
    CPA_ABOVE_LIMIT = "cpa_above_limit"
    ROAS_BELOW_FLOOR = "roas_below_floor"
    CTR_COLLAPSE = "ctr_collapse"
    API_ERRORS = "api_errors"
    FIGURES_STALE = "figures_stale"
    PLATFORM_LIMIT = "platform_limit"
    TEAM_LIMIT = "team_limit"
    TEAM_LIMIT_DOUBLED = "team_limit_doubled"


class SafetyAction(StrEnum):
    """What a finding asks for. Each value has exactly one way of being carried out."""

    NOTIFY = "notify"
    CHECK_CREATIVE = "check_creative"
    REDUCE_BUDGET = "reduce_budget"
    REDUCE_BID = "reduce_bid"
    COMPLETE = "complete_campaign"
    PAUSE_CAMPAIGN = "pause_campaign"
    EMERGENCY_PAUSE = "emergency_pause"
    SOFT_STOP_ACCOUNT = "soft_stop_account"
    SOFT_STOP_TEAM = "soft_stop_team"
    EMERGENCY_STOP_TEAM = "emergency_stop_team"


class Finding(Frozen):
    """One rule that fired on one campaign (or, without one, on the whole account).

    ``numbers`` are those that fired the rule, in plain units (money in whole currency units);
    ``text`` says them in a sentence. ``reduce_by`` is the share to take off budget or bid.
    """

    rule: Rule
    severity: Severity
    action: SafetyAction
    text: str
    numbers: dict[str, float] = {}
    campaign_id: UUID | None = None
    reduce_by: float | None = None

    @property
    def key(self) -> str:
        """What makes two findings the same trouble; one alert per key and cool-down."""
        return f"{self.rule.value}/{self.campaign_id or 'account'}"
