"""What the safety rules see: an account view with everything that several of them derive."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from models.contract.money import MICROS, Money
from models.contract.safety import Finding, Rule, SafetyAction, Severity
from policy.account_view import HOURS, AccountView, Bools, Floats
from policy.evidence import due
from policy.safety_thresholds import Thresholds
from policy.traffic import HOURLY_WEIGHTS

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Picture:
    """Arrays are (n,), (HOURS,) or (n, HOURS) as in the view.

    Attributes:
        traffic: Share of a day's traffic that may show in each column (HOURS,). Reports are up to
            an hour late, so it is the busier of the hour and the one before.
        age: Hours since the figures were read; infinite when they never were.
        read: Part of each column's hour that the figures cover (HOURS,).
        converted: Conversions by hour, the network's or our own site's, whichever are more.
        clicks_due, money_due: Clicks and micros whose conversions should have arrived, by hour.
    """

    view: AccountView
    limits: Thresholds
    traffic: Floats
    age: float
    read: Floats
    converted: Floats
    clicks_due: Floats
    money_due: Floats

    def money(self, micros: float) -> str:
        """Micros of the account's currency for people."""
        if not np.isfinite(micros):
            return "no limit"
        return Money(micros=round(float(micros)), currency=self.view.currency).rounded()

    def findings(
        self,
        fired: Bools,
        rule: Rule,
        severity: Severity,
        action: SafetyAction,
        say: Callable[[int], tuple[str, dict[str, float]]],
        reduce_by: Floats | None = None,
    ) -> list[Finding]:
        """A finding for every campaign that is on and for which ``fired``.

        ``say`` gives the sentence and the numbers of one campaign by its row; the sentence follows
        the campaign's name.
        """
        found: list[Finding] = []
        for row in np.flatnonzero(fired & self.view.on).tolist():
            text, numbers = say(row)
            found.append(
                Finding(
                    rule=rule,
                    severity=severity,
                    action=action,
                    text=f"{self.view.names[row]}: {text}",
                    numbers=numbers,
                    campaign_id=self.view.campaigns[row],
                    reduce_by=None if reduce_by is None else float(reduce_by[row]),
                )
            )
        return found


def picture(view: AccountView, limits: Thresholds) -> Picture:
    """Derive once what several rules need. Figures that are no numbers count as nothing."""
    weights = np.array(HOURLY_WEIGHTS) / sum(HOURLY_WEIGHTS)
    hour = view.hour_of_day % 24
    age = np.inf if view.as_of is None else max((view.now - view.as_of) / _HOUR, 0.0)
    # Column -1-k began this many hours ago.
    began = np.arange(HOURS - 1, -1, -1, dtype=np.float64) + np.clip(view.last_hour_share, 0, 1)
    whole = np.append(np.ones(HOURS - 1), np.clip(view.last_hour_share, 0, 1))
    read = np.clip(began - min(age, 1e6), 0.0, whole)
    converted = np.maximum(view.conversions, view.seen_conversions)
    return Picture(
        view=view,
        limits=limits,
        traffic=np.maximum(weights[hour], weights[hour - 1]),
        age=float(age),
        read=read,
        converted=converted,
        clicks_due=due(view.clicks, view.hours_on) * read,
        money_due=due(view.spend, view.hours_on) * read,
    )


def ratio(part: Floats, whole: Floats) -> Floats:
    """``part / whole``, infinite where there is a part of nothing, zero where there is neither."""
    nothing = whole <= 0
    result = part / np.where(nothing, 1.0, whole)
    return np.where(nothing, np.where(part > 0, np.inf, 0.0), result)


def units(micros: float) -> float:
    """Micros as whole currency units, for the numbers of a finding."""
    return float(micros) / MICROS
