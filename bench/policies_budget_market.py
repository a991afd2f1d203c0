"""A team of channels whose responses no policy knows: drawn per seed from several families.

Money in units (not micros). Days are drawn with counting noise, noise of their own and a common
demand that resembles itself from day to day; conversions arrive late.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Family = Literal["hill", "exponential", "reach"]

_DELAYS: Final = ((0.35, 20 / 60), (0.15, 8.0), (0.50, 120.0))
_WINDOW: Final = 168.0
_WEEKDAYS: Final = np.array((1.01, 1.03, 1.04, 1.03, 1.00, 0.93, 0.96))
FLOOR: Final = 10.0


def arrived(age_days: Floats) -> Floats:
    """Share of conversions that came by ``age_days`` after the middle of a day."""
    hours = np.clip(age_days * 24 + 12, 0, _WINDOW)

    def raw(at: Floats) -> Floats:
        return sum((s * -np.expm1(-at / mean) for s, mean in _DELAYS), np.zeros_like(at))

    return raw(hours) / raw(np.array([_WINDOW]))


@dataclass(frozen=True, slots=True)
class Response:
    """Expected daily value of a daily spend: concave, ``scale`` the size of its bend."""

    family: Family
    top: float
    scale: float
    slope: float

    def value(self, spend: Floats) -> Floats:
        """Units of value a day."""
        x = np.maximum(spend, 0.0) / self.scale
        if self.family == "exponential":
            return self.top * -np.expm1(-x)
        if self.family == "reach":
            return self.top * np.log1p(x)
        return self.top * x**self.slope / (1 + x**self.slope)

    def marginal(self, spend: float) -> float:
        """Value per further unit of spend."""
        step = 1e-4 * spend
        two = self.value(np.array([spend - step, spend + step]))
        return float(two[1] - two[0]) / (2 * step)


def response(rng: np.random.Generator, usual: float) -> Response:
    """A channel that returns about 2 for 1 at ``usual``; its top and its bend are independent.

    So a high average return is as often a sign of a channel that is nearly used up as of a good
    one, as brand search is beside prospecting.
    """
    family: Family = ("hill", "hill", "exponential", "reach")[int(rng.integers(4))]
    bend = math.exp(rng.normal(0.2, 0.7))
    slope = float(rng.uniform(0.7, 1.0)) if family == "hill" else 1.0
    top = 4.0 * usual * math.exp(rng.normal(0, 0.4)) * (0.6 if family == "reach" else 1.0)
    return Response(family, top, usual * bend, slope)


@dataclass(slots=True)
class Team:
    """Channels and the days so far: spends, conversions (final) and their values, (days, n)."""

    responses: tuple[Response, ...]
    order_values: Floats
    noise: float
    rng: np.random.Generator
    spends: list[Floats]
    conversions: list[NDArray[np.int64]]
    values: list[Floats]
    demand: float = 0.0

    def live(self, budgets: Floats, days: int) -> None:
        """Let days pass on daily ``budgets`` (n,)."""
        for _ in range(days):
            today = len(self.spends)
            self.demand = 0.7 * self.demand + float(self.rng.normal(0, 0.06))
            n = len(budgets)
            spend = budgets * np.clip(np.exp(self.rng.normal(-0.01, 0.08, n)), 0.8, 1.25)
            own = np.exp(self.rng.normal(-(self.noise**2) / 2, self.noise, n))
            common = math.exp(self.demand) * _WEEKDAYS[today % 7]
            expected = np.array(
                [
                    float(r.value(np.array([s]))[0])
                    for r, s in zip(self.responses, spend, strict=True)
                ]
            )
            mean = expected / self.order_values * own * common
            count = np.asarray(self.rng.poisson(mean), dtype=np.int64)
            # Order values scatter by half; their sum over a day's orders by less.
            each = np.exp(self.rng.normal(0, 0.45, n) / np.sqrt(np.maximum(count, 1)))
            self.spends.append(spend)
            self.conversions.append(count)
            self.values.append(count * self.order_values * each)

    def seen(self) -> tuple[Floats, Floats, Floats, Floats]:
        """As reported now: spends, conversions, values (days, n) and maturities (days,)."""
        ages = np.arange(len(self.spends), dtype=np.float64)[::-1]
        share = arrived(ages)
        final = np.array(self.conversions)
        # The same order stays arrived: thinning by a uniform that depends on day and channel.
        fixed = np.random.default_rng(len(self.order_values))
        luck = fixed.normal(0, 1, (1000, final.shape[1]))[: len(final)]
        spread = np.sqrt(final * share[:, None] * (1 - share[:, None]))
        came = np.clip(np.round(final * share[:, None] + luck * spread), 0, final)
        values = np.array(self.values) * came / np.maximum(final, 1)
        return np.array(self.spends), came, values, share

    def worth(self, budgets: Floats) -> float:
        """Expected value of a day with these budgets."""
        return sum(
            float(r.value(np.array([b]))[0]) for r, b in zip(self.responses, budgets, strict=True)
        )

    def optimum(self, total: float) -> Floats:
        """Budgets with equal true marginal return, floors kept: what nobody can beat."""
        grid = np.geomspace(FLOOR, total, 4000)
        falling = [np.gradient(r.value(grid), grid) for r in self.responses]
        low, high = 0.0, max(float(one[0]) for one in falling)
        for _ in range(80):
            price = (low + high) / 2
            spent = sum(float(np.interp(-price, -one, grid)) for one in falling)
            low, high = (price, high) if spent > total else (low, price)
        budgets = np.array([float(np.interp(-high, -one, grid)) for one in falling])
        return budgets * total / budgets.sum()


def team(seed: int, per_channel: float = 500.0) -> tuple[Team, float]:
    """A team of four to six channels and its total daily budget, about ``per_channel`` each.

    A conversion costs some 17, so 500 buys about thirty a day.
    """
    rng = np.random.default_rng((seed, 41))
    n = int(rng.integers(4, 7))
    total = n * math.exp(rng.normal(math.log(per_channel), 0.4))
    responses = tuple(response(rng, total / n) for _ in range(n))
    order_values = np.exp(rng.normal(math.log(35), 0.4, n))
    noise = float(rng.uniform(0.1, 0.3))
    return Team(responses, order_values, noise, rng, [], [], []), total
