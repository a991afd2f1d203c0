"""The guard over all trials: every safety rule on one account view, a row a trial.

Each trial stands for an account of its own. A rule that judges an account's campaigns together
(a tracking failure) would hear the other trials, so it is read from the trial's own silence.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from market.fleet import Floats
from market.fleet_calendar import HOUR
from models.contract.safety import Finding, Rule, SafetyAction, Severity
from policy import safety
from policy.account_view import HOURS, AccountView
from policy.safety_thresholds import DEFAULT
from policy.traffic import cumulative_share
from starter.rehearsal.trial_state import Trials

LOOK_EVERY: Final = timedelta(hours=2)
_LAG = 0.5
"""Hours by which a network's figures may trail (``activities.account_book``)."""
_MEMORY = timedelta(hours=4)
_NO_RAISE = timedelta(hours=24)
_LEAST_BID = 10_000
_OFF = (SafetyAction.EMERGENCY_PAUSE, SafetyAction.PAUSE_CAMPAIGN, SafetyAction.COMPLETE)


class Guard:
    """Looks at the beginning of an hour, on what the networks show then."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._fired: dict[str, datetime] = {}
        self._row = {one: row for row, one in enumerate(trials.ids)}
        zone = trials.setting.start.tzinfo
        first = trials.setting.start.astimezone(UTC)
        before = [(first - n * HOUR).astimezone(zone).hour for n in range(HOURS - 1, 0, -1)]
        self._hour_of_day = np.array([*before, *trials.calendar.of_day.tolist()], dtype=np.int64)
        self._nothing = np.zeros((len(trials.seeds), HOURS))

    def look(self, number: int) -> None:
        """Judge, and do what is to be done now."""
        trials = self._trials
        if not trials.alive.any():
            return
        view = self.view(number)
        found = _alone(safety.judge(view))
        now_due = safety.fresh(found, self._fired, view.now)
        self._fired = safety.cooling(now_due, self._fired, view.now)
        for one in now_due:
            if one.campaign_id is None:
                continue
            trial = self._row[one.campaign_id]
            trials.count_rule(one.rule.value, trial)
            if trials.alive[trial]:
                self._heed(one, trial, number, view.now)

    def _heed(self, finding: Finding, trial: int, number: int, now: datetime) -> None:
        """As a campaign heeds its guard (``workflows.campaign_duties``)."""
        trials = self._trials
        if finding.action in _OFF:
            trials.end(trial, number, finding.rule.value)
            return
        if finding.action not in (SafetyAction.REDUCE_BUDGET, SafetyAction.REDUCE_BID):
            return
        kept = 1.0 - (finding.reduce_by or 0.0)
        bid, live = int(trials.bids[trial]), int(trials.live[trial])
        if finding.action is SafetyAction.REDUCE_BID and bid:
            trials.set_bid(trial, max(round(bid * kept), _LEAST_BID))
        else:
            lower = max(round(live * kept), trials.setting.minimum.micros)
            trials.set_live(trial, now, min(lower, live))
        trials.no_raise[trial] = now + _NO_RAISE

    def view(self, number: int) -> AccountView:
        """What ``activities.account_book`` shows the rules, for every trial."""
        trials, setting = self._trials, self._trials.setting
        now = trials.calendar.starts[number]
        many, over = len(trials.seeds), setting.able.over_delivery
        rails, currency = setting.plan.guardrails, setting.currency
        hours = np.zeros((5, many, HOURS))
        first = max(0, number - HOURS + 1)
        # Hour `number` is the running one, of which nothing is seen yet.
        hours[:, :, HOURS - 1 - (number - first) : HOURS - 1] = trials.reports.hours[
            :, :, first:number
        ]
        spent = trials.reports.days[0].sum(axis=1)
        today = int(trials.calendar.day[number])
        live = trials.live.astype(np.float64)
        highest = np.maximum(live, self._highest(number, now))
        last_full = hours[0, :, -2]
        rate = np.maximum(np.where(live < highest, 0.0, last_full), live * over / 24)

        def each(value: float | None) -> Floats:
            return np.full(many, np.nan if value is None else value)

        most = rails.max_daily_spend
        # A limit in another currency is the spend authority's to judge, with a dated rate.
        ever = (setting.plan.lifetime_budget, setting.limits.campaign_lifetime)
        ends = [float(one.micros) for one in ever if one is not None and one.currency == currency]
        return AccountView(
            now=now,
            as_of=now,
            campaigns=trials.ids,
            names=(setting.plan.name,) * many,
            currency=currency,
            platform_name=setting.platform.value,
            last_hour_share=1 / 3600,
            hour_of_day=self._hour_of_day[number : number + HOURS],
            on=trials.alive.copy(),
            converts=np.full(many, setting.converts, dtype=np.bool_),
            hours_on=np.full(many, (now - setting.start) / HOUR),
            daily_budget=highest,
            day_cap=highest * over if most is None else each(float(most.micros)),
            lifetime=each(min(ends) if ends else None),
            target_cpa=each(rails.target_cpa.micros if rails.target_cpa else None),
            max_cpa=each(rails.max_cpa.micros if rails.max_cpa else None),
            min_roas=each(rails.min_roas),
            spent_today=spent[:, today].astype(np.float64),
            spent_total=spent.sum(axis=1).astype(np.float64),
            unreported=rate * _LAG,
            day_share=cumulative_share(now),
            over_delivery=over,
            spend=hours[0],
            impressions=hours[1],
            clicks=hours[2],
            conversions=hours[3],
            revenue=hours[4],
            seen_clicks=self._nothing,
            seen_conversions=self._nothing,
        )

    def _highest(self, number: int, now: datetime) -> Floats:
        """Highest live budget of the account's day and of the last hours (trials,)."""
        calendar = self._trials.calendar
        day = int(np.searchsorted(calendar.day, int(calendar.day[number])))
        since = max(0, min(day, number - int(_MEMORY / HOUR)))
        past = self._trials.live_hours[:, since:number]
        return past.max(axis=1, initial=0).astype(np.float64)


def _alone(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings as if each trial were the only campaign of its account: all of one converting
    campaign is silent when it is, and that tells of tracking once it has history enough."""
    kept = [one for one in found if one.rule is not Rule.TRACKING_OUTAGE]
    silent = [
        one.model_copy(
            update={
                "rule": Rule.TRACKING_OUTAGE,
                "severity": Severity.CRITICAL,
                "action": SafetyAction.EMERGENCY_PAUSE,
            }
        )
        for one in kept
        if one.rule is Rule.ZERO_CONVERSIONS
        and one.numbers["conversions_before"] >= DEFAULT.outage_history
    ]
    return (*silent, *kept)
