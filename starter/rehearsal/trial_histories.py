"""From the trials' arrays to what the product's policies are given: one campaign's history.

The same reports are looked at by every trial at one instant, so what is alike for all (days, their
ages, what has arrived) is worked out once an instant.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from activities.campaign_history import AdDay, CampaignHistory, Day, at_midnight
from activities.policy_inputs import WINDOW, arrived_shares
from market.fleet import Floats, Ints, reached
from market.fleet_reporting import CLICKS, CONVERSIONS, IMPRESSIONS, REVENUE, SPEND
from policy.pacing import PacingInputs
from policy.pacing_day import DayDelivery, SpendReading
from starter.rehearsal.trial_state import Trials


class Histories:
    """Every trial's figures as reported at ``now``, the beginning of hour ``number``."""

    def __init__(self, trials: Trials, readings: list[tuple[datetime, Ints]], number: int) -> None:
        """``readings``: instants and each trial's spend of that account day so far, oldest first;
        only today's count."""
        calendar = trials.calendar
        self._trials = trials
        self.now = calendar.starts[number]
        zone = self.now.tzinfo
        assert isinstance(zone, ZoneInfo)
        self._zone = zone
        today = self.now.date()
        last = int(calendar.day[number])
        self._days = calendar.dates[: last + 1]
        self._starts = tuple(at_midnight(day, zone) for day in calendar.dates[: last + 2])
        self._figures: Ints = trials.reports.days[:, :, :, : last + 1]
        self._sums: Ints = self._figures.sum(axis=2)
        self._ran = (self._sums[IMPRESSIONS] > 0) | (self._sums[SPEND] > 0)
        self._readings = [(at, spent) for at, spent in readings if at.date() == today]
        self._number = number
        self._budgets = _mean_budgets(trials, number)

    def days(self) -> Ints:
        """(5, trials, days) sums of all days, today last."""
        return self._sums

    def arrived(self) -> Floats:
        """(days,) share of each day's conversions that has arrived by now."""
        days = [
            Day(day, start, 0, 0, 0, 0, None, 0)
            for day, start in zip(self._days, self._starts, strict=False)
        ]
        return np.array(arrived_shares(self.now, days))

    def frequency(self) -> Floats:
        """(trials, ads): views per person, people counted on each day they came."""
        shown = self._figures[IMPRESSIONS][:, :, : self._whole()].astype(np.float64)
        people = self._reach(shown).sum(axis=2)
        return shown.sum(axis=2) / np.maximum(people, 1.0)

    def shown(self) -> Ints:
        """(trials, ads) impressions so far."""
        return self._figures[IMPRESSIONS].sum(axis=2)

    def of(self, trial: int, *, ads: bool = False) -> CampaignHistory:
        """One trial's history, with its single ads where wanted."""
        trials = self._trials
        whole = self._sums[:, trial].tolist()
        days = tuple(
            self._day(place, [row[place] for row in whole], 0)
            for place in np.flatnonzero(self._ran[trial]).tolist()
        )
        return CampaignHistory(
            days=days,
            readings=tuple(
                (at, int(spent[trial])) for at, spent in self._readings if spent[trial] > 0
            ),
            budgets=tuple(trials.budgets[trial]),
            ads=self._ads(trial) if ads else (),
            others=(),
            read_at=self.now,
        )

    def pacing(self, trial: int, out_of_bounds: str | None) -> PacingInputs:
        """What ``activities.policy_inputs.pacing_inputs`` makes of the history, without the rest
        of it: pacing is asked six times a day."""
        trials, setting = self._trials, self._trials.setting
        sums, budgets = self._sums[SPEND, trial], self._budgets[trial]
        whole = self._whole()
        recent = np.flatnonzero(self._ran[trial, :whole]).tolist()[-WINDOW:]
        today = len(self._days) - 1
        plan = trials.plans[trial]
        quota = setting.able.budget_edits_per_hour
        return PacingInputs(
            now=self.now,
            timezone=setting.timezone,
            currency=setting.currency,
            agreed=int(trials.agreed[trial]),
            live=int(trials.live[trial]),
            minimum=setting.minimum.micros,
            spent_today=int(sums[today]) if self._ran[trial, today] else None,
            as_of=self.now,
            delivering_since=setting.start,
            edits_left=None if quota is None else quota - self.edits(trial),
            spent_total=int(sums.sum()),
            hours=plan.dayparting.hours if plan.dayparting else None,
            readings=tuple(
                SpendReading(at, int(spent[trial]))
                for at, spent in self._readings
                if spent[trial] > 0
            ),
            lifetime_budget=plan.lifetime_budget.micros if plan.lifetime_budget else None,
            ends_at=setting.ends_at,
            recent_days=tuple(
                DayDelivery(int(budgets[place]), int(sums[place]))
                for place in recent
                if self._starts[place] >= setting.start
            ),
            last_change_at=trials.budgets[trial][-1][0],
            no_raise_before=trials.no_raise[trial],
            results_out_of_bounds=out_of_bounds,
        )

    def delivered_today(self, trial: int) -> bool:
        """Whether there are figures of the account's running day."""
        return bool(self._ran[trial, -1])

    def edits(self, trial: int) -> int:
        """Budget edits within the last hour."""
        return sum((self.now - at).total_seconds() < 3600 for at in self._trials.edits[trial])

    def _whole(self) -> int:
        """How many of the days are over."""
        return sum(start <= self.now for start in self._starts[1:])

    def _day(self, place: int, figures: list[int], reach: int) -> Day:
        return Day(
            day=self._days[place],
            start=self._starts[place],
            spend=figures[SPEND],
            impressions=figures[IMPRESSIONS],
            clicks=figures[CLICKS],
            conversions=figures[CONVERSIONS],
            revenue=figures[REVENUE],
            reach=reach,
        )

    def _ads(self, trial: int) -> tuple[AdDay, ...]:
        own = self._figures[:, trial]
        people = np.minimum(own[IMPRESSIONS], np.rint(self._reach(own[IMPRESSIONS])))
        reach, figures = people.astype(np.int64).tolist(), own.tolist()
        return tuple(
            AdDay(variant, self._day(place, [row[ad][place] for row in figures], reach[ad][place]))
            for ad, variant in enumerate(self._trials.variants)
            for place in range(len(self._days))
            if figures[IMPRESSIONS][ad][place] or figures[SPEND][ad][place]
        )

    def _reach(self, shown: Ints | Floats) -> Floats:
        """People reached on each day (..., days)."""
        return reached(self._trials.people[: shown.shape[-1]], shown)


def _mean_budgets(trials: Trials, number: int) -> Floats:
    """(trials, days) time-weighted mean of the live budget of each day so far, rounded as
    ``CampaignHistory.mean_budget`` does."""
    day = trials.calendar.day[:number]
    days = int(trials.calendar.day[number]) + 1
    sums = np.zeros((len(trials.seeds), days))
    np.add.at(sums.T, day, trials.live_hours[:, :number].T.astype(np.float64))
    hours = np.maximum(np.bincount(day, minlength=days), 1)
    return np.rint(sums / hours)
