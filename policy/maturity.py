"""Maturity: which share of a click's conversions has been reported by a given age of the click.

Conversions arrive late: a young click that has not converted is no failure yet. Dividing by the
share that should have arrived (Chapelle, KDD'14) lets young and old clicks be counted together.
The delay is a mixture of exponentials, truncated at the attribution window; mixtures of
exponentials with means spread over the time scales come close to any falling delay density, so an
account's own curve is a matter of the weights alone.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

NAME = "maturity-exponential-mixture"
VERSION = "1"

Floats = NDArray[np.float64]

DAY: Final = 86_400.0
PRIOR_CONVERSIONS = 50.0
"""Observed conversions after which an account's own curve counts as much as the usual one: about
what a network itself calls enough to have learned."""
_MEANS: Final = (1_200.0, 7_200.0, 28_800.0, DAY, 2.0 * DAY, 5.0 * DAY, 10.0 * DAY)
"""Seconds; the time scales that a fitted curve may mix, each two to six times the one before."""
_ELSEWHERE = 0.05
"""Share of the prior spread over time scales that the usual curve does not use."""
_ROUNDS = 1_000
_LONGEST = 1e15
"""Seconds; ages and widths beyond are taken as this."""


@dataclass(frozen=True, slots=True)
class DelayCurve:
    """Delays from click to conversion: ``weights`` (parts, any scale) of exponentials with
    ``means`` seconds, counted up to ``window`` seconds after the click."""

    weights: tuple[float, ...] = (0.35, 0.15, 0.50)
    means: tuple[float, ...] = (1_200.0, 28_800.0, 432_000.0)
    window: float = 7.0 * DAY


USUAL: Final = DelayCurve()
"""A third within the hour, half within the day, the rest over days, attributed within seven."""


def arrived(age_seconds: ArrayLike, curve: DelayCurve = USUAL) -> Floats:
    """Share (0..1) of attributed conversions reported by each age; NaN and negative ages give 0.

    An unusable curve (nothing positive and finite in it) is taken as the usual one.
    """
    weights, means, window = _parts(curve)
    age = np.nan_to_num(np.asarray(age_seconds, np.float64), nan=0.0, posinf=window, neginf=0.0)
    age = np.clip(age, 0.0, window)
    return np.minimum(_raw(age, weights, means) / float(_raw(np.array(window), weights, means)), 1)


def arrived_over(age_seconds: ArrayLike, width_seconds: float, curve: DelayCurve = USUAL) -> Floats:
    """The mean of ``arrived`` over buckets: ages ``a - width / 2`` to ``a + width / 2``.

    Exact for clicks spread evenly over the bucket. A bucket that still runs has its middle perhaps
    in the future, its clicks not: its mean is over the part that has passed, 0 where none has.
    """
    weights, means, window = _parts(curve)
    middle = np.nan_to_num(np.asarray(age_seconds, np.float64), nan=0.0)
    middle = np.clip(middle, -_LONGEST, _LONGEST)
    if not 0.0 < width_seconds <= _LONGEST:
        return arrived(middle, curve)
    whole = float(_raw(np.array(window), weights, means))

    def area(age: Floats) -> Floats:
        """The integral of ``arrived`` from 0 to ``age``."""
        inside = np.clip(age, 0.0, window)
        total = np.maximum(age - window, 0.0)
        for weight, mean in zip(weights, means, strict=True):
            total = total + weight / whole * (inside + mean * np.expm1(-inside / mean))
        return total

    youngest = np.maximum(middle - width_seconds / 2, 0.0)
    # Far beyond the window the difference of two large areas would lose its digits.
    old = youngest >= window
    youngest = np.where(old, 0.0, youngest)
    oldest = np.where(old, 1.0, np.maximum(middle + width_seconds / 2, 0.0))
    passed = oldest - youngest
    # In less than a second nothing arrives, and the quotient would be noise.
    mean_share = (area(oldest) - area(youngest)) / np.maximum(passed, 1.0)
    return np.where(old, 1.0, np.clip(mean_share, 0.0, 1.0))


def effective_clicks(
    clicks: ArrayLike, age_seconds: ArrayLike, width_seconds: float = 0.0, curve: DelayCurve = USUAL
) -> Floats:
    """Clicks weighted by the share of their conversions that should have arrived.

    Args:
        clicks: Clicks of each bucket (any shape that broadcasts with the ages, usually
            (arms, buckets)); NaN and negative counts are taken as 0.
        age_seconds: Age of each bucket's middle, seconds.
        width_seconds: Length of a bucket, seconds; 0 takes the age as exact.
        curve: The delays.
    """
    counts = np.nan_to_num(np.asarray(clicks, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    return np.maximum(counts, 0.0) * arrived_over(age_seconds, width_seconds, curve)


def mature_age(share: float = 0.9, curve: DelayCurve = USUAL) -> float:
    """Seconds by which ``share`` (clipped to 0..1) of the attributed conversions is reported."""
    wanted = min(max(share, 0.0), 1.0) if math.isfinite(share) else 1.0
    low, high = 0.0, _parts(curve)[2]
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(arrived(middle, curve)) < wanted else (low, middle)
    return high


def fit(age_seconds: ArrayLike, arrivals: ArrayLike, usual: DelayCurve = USUAL) -> DelayCurve:
    """An account's own curve, shrunken towards ``usual``.

    Maximum a posteriori of the weights by expectation-maximisation for interval-censored,
    right-truncated delays; the prior is worth ``PRIOR_CONVERSIONS`` conversions that arrived as
    usual. Figures that make no sense (unordered ages, nothing observed) give ``usual``.

    Args:
        age_seconds: (n,) ages at which conversions were counted, rising, seconds.
        arrivals: (n,) or (cohorts, n) conversions of a cohort of clicks reported by each age, NaN
            where the cohort is not that old yet. A count restated downwards keeps its highest.
        usual: What the account is taken to be like before it has shown.
    """
    ages = np.asarray(age_seconds, np.float64)
    counted = np.atleast_2d(np.asarray(arrivals, np.float64))
    if ages.ndim != 1 or not ages.size or counted.shape[-1] != ages.size:
        return usual
    if not np.all(np.isfinite(ages)) or ages[0] < 0 or np.any(np.diff(ages) <= 0):
        return usual
    weights, means, window = _parts(usual)
    means = (*means, *(mean for mean in _MEANS if mean not in means))
    edges = np.concatenate(([0.0], np.minimum(ages, window)))
    # One column a component: its share of attributed conversions by each edge.
    reached = -np.expm1(-edges[:, None] / np.array(means))
    reached /= -np.expm1(-window / np.array(means))
    within = np.diff(reached, axis=0)
    known = np.isfinite(counted) & (np.nan_to_num(counted) >= 0)
    highest = np.maximum.accumulate(np.where(known, counted, 0.0), axis=1)
    fresh = np.diff(highest, axis=1, prepend=0.0)
    last = np.where(known, np.arange(ages.size), -1).max(axis=1)
    total = float(fresh.sum())
    if total <= 0:
        return usual
    prior = np.zeros(len(means))
    prior[: len(weights)] = np.array(weights) * -np.expm1(-window / np.array(means[: len(weights)]))
    prior = (1 - _ELSEWHERE) * prior / prior.sum() + _ELSEWHERE / len(means)
    per_age = fresh.sum(axis=0)
    per_cohort = fresh.sum(axis=1)
    horizon = reached[np.maximum(last, -1) + 1]
    share = prior
    for _ in range(_ROUNDS):
        seen = within * share
        whole = np.maximum(seen.sum(axis=1, keepdims=True), 1e-300)
        here = (per_age[:, None] * seen / whole).sum(axis=0)
        # What younger cohorts have still to come, for their share as it stands.
        so_far = np.maximum((horizon * share).sum(axis=1, keepdims=True), 1e-3)
        to_come = (per_cohort[:, None] * (1.0 - horizon) * share / so_far).sum(axis=0)
        mixed = PRIOR_CONVERSIONS * prior + here + to_come
        before, share = share, mixed / mixed.sum()
        if np.abs(share - before).max() < 1e-9:
            break
    # From shares of attributed conversions back to weights before the truncation.
    whole_weights = share / -np.expm1(-window / np.array(means))
    whole_weights /= whole_weights.sum()
    return DelayCurve(tuple(float(one) for one in whole_weights), means, window)


def _raw(age: Floats, weights: tuple[float, ...], means: tuple[float, ...]) -> Floats:
    total = np.zeros_like(age)
    for weight, mean in zip(weights, means, strict=True):
        total = total - weight * np.expm1(-age / mean)
    return total


def _parts(curve: DelayCurve) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    usable = (
        0 < len(curve.weights) == len(curve.means)
        and all(math.isfinite(weight) and weight >= 0 for weight in curve.weights)
        and all(60.0 <= mean <= 1e9 for mean in curve.means)
        and 0 < sum(curve.weights) < 1e9
        and max(curve.weights) > 1e-9
        and 60.0 <= curve.window <= 1e9
    )
    return (curve.weights, curve.means, curve.window) if usable else _USUAL_PARTS


_USUAL_PARTS: Final = (USUAL.weights, USUAL.means, USUAL.window)
