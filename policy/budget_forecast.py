"""What another budget would bring: the trailing week along one response curve.

Conversions and revenue follow (new / current) ** elasticity, and every ratio is derived from the
same numbers, so a lower budget shows a better ROAS and a higher one a worse, never both worse.
A fitted saturation curve can give its own elasticity; the default is what "doubling the budget
keeps 90 % of the ROAS" means.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from policy.forecast_figures import LEVEL, Figures, Interval, derived
from policy.live_forecast import DayFigures, LiveForecastInputs
from policy.live_forecast import decide as live

NAME = "forecast-new-budget"
VERSION = "1"

ROAS_AT_DOUBLE = 0.90
"""Share of its ROAS that a campaign keeps at twice the budget."""
ELASTICITY = 1 + math.log2(ROAS_AT_DOUBLE)
ELASTICITY_SD = 0.15
"""How uncertain an elasticity is that was not measured: it lies between .55 and 1 or so."""
BASE_DAYS, HORIZON_DAYS = 7, 7.0
NEAR, FAR = 1.5, 2.0
"""Up to ``NEAR`` times the current budget the past speaks for the forecast; beyond ``FAR`` the
curve is an extrapolation, and said to be one."""
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


@dataclass(frozen=True, slots=True)
class BudgetForecastInputs:
    """The trailing days (oldest first, the last seven count) and a new daily budget, micros.

    ``elasticity`` (0..1] of results to spend at the current budget, with its standard error,
    where it has been fitted.
    """

    currency: str
    days: tuple[DayFigures, ...]
    current_budget: int
    new_budget: int
    horizon: float = HORIZON_DAYS
    elasticity: float = ELASTICITY
    elasticity_sd: float = ELASTICITY_SD


@dataclass(frozen=True, slots=True)
class BudgetForecastAnswer:
    """Figures of ``horizon`` days at the new budget, and at the current one for comparison."""

    at_new: Figures | None
    at_current: Figures | None
    scale: float | None
    reason: str
    confidence: float


def decide(inputs: BudgetForecastInputs) -> BudgetForecastAnswer:
    """The forecast; without a usable week or a positive budget there is none."""
    if inputs.current_budget <= 0 or not 0 < inputs.new_budget < 10**15:
        return BudgetForecastAnswer(None, None, None, "no budget to compare", 0.1)
    if not 0 < inputs.elasticity <= 1 or not 0 <= inputs.elasticity_sd < 1:
        return BudgetForecastAnswer(None, None, None, "the elasticity makes no sense", 0.1)
    base = live(
        LiveForecastInputs(inputs.currency, inputs.days[-BASE_DAYS:], days_left=inputs.horizon)
    )
    now = base.rest_of_flight
    if now is None:
        return BudgetForecastAnswer(None, None, None, base.reason, 0.1)
    scale = inputs.new_budget / inputs.current_budget
    at_new = _scaled(now, scale, inputs.elasticity, inputs.elasticity_sd)
    return BudgetForecastAnswer(
        at_new,
        now,
        scale,
        _in_words(inputs, now, at_new, scale),
        0.7 if scale < NEAR else 0.5,
    )


def _scaled(now: Figures, scale: float, elasticity: float, error: float) -> Figures:
    """Spend follows the budget, what it buys follows the response curve."""
    factor = scale**elasticity
    swing = math.exp(_Z * error * abs(math.log(scale)))

    def by(one: Interval, factor: float, swing: float = 1.0) -> Interval:
        high = None if one.high is None else one.high * factor * swing
        return Interval(one.expected * factor, one.low * factor / swing, high)

    return derived(
        by(now.spend, scale),
        by(now.impressions, factor, swing),
        by(now.clicks, factor, swing),
        by(now.conversions, factor, swing),
        by(now.revenue, factor, swing),
    )


def _in_words(inputs: BudgetForecastInputs, now: Figures, new: Figures, scale: float) -> str:
    def cost(one: Figures) -> str:
        return "no conversions" if one.cpa is None else f"{one.cpa.expected / 1e6:,.2f} each"

    far = ": beyond twice today's budget this is an extrapolation" if scale > FAR else ""
    return (
        f"{inputs.horizon:g} days at {scale:.2f} times the budget should bring "
        f"{new.conversions.expected:,.0f} conversions ({cost(new)}) instead of "
        f"{now.conversions.expected:,.0f} ({cost(now)}){far}"
    )
