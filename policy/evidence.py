"""How surprising a count is, and when conversions arrive: the statistics under the safety rules.

Counts are overdispersed: a negative binomial (Poisson with a gamma rate of shape ``a``, so a
squared relative scatter of ``1 / a``) is the limit of the beta-binomial for rare events. The
Chernoff bound of its lower tail has a closed form,

    P(X <= c) <= exp(-D),  D = c log(c / E) - (c + a) log((c + a) / (E + a))  for c < E,

never promises too much, needs no tables, and is as fast as one logarithm. For ``c = 0`` it is
exact: ``D = a log(1 + E / a)``, so that with a known rate D is the expected number itself.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from policy.account_view import HOURS, Floats

_DELAYS: Final = ((0.35, 1 / 3), (0.15, 8.0), (0.50, 120.0))
"""Shares and mean hours from click to conversion: a third within the hour, half within the day,
the rest over days (after Chapelle, KDD'14)."""
_WINDOW: Final = 168.0
"""Hours after a click in which networks attribute a conversion to it."""


def shortfall(observed: Floats, expected: Floats, shape: Floats | float) -> Floats:
    """Evidence (nats, >= 0) that fewer happened than expected; 0 where nothing is missing."""
    c, e = np.maximum(observed, 0.0), np.maximum(expected, 0.0)
    a = np.maximum(shape, 1e-9)
    missing = c < e
    safe_e = np.where(missing, e, 1.0)
    safe_c = np.where(missing & (c > 0), c, 1.0)
    first = np.where(c > 0, c * np.log(safe_c / safe_e), 0.0)
    second = (c + a) * np.log1p((c - safe_e) / (safe_e + a))
    return np.where(missing, np.maximum(first - second, 0.0), 0.0)


def shape_of(counted: Floats, scatter: float) -> Floats:
    """Gamma shape of a rate known from ``counted`` events that also scatters by itself."""
    return 1.0 / (1.0 / np.maximum(counted, 1e-9) + max(scatter, 1e-9))


def arrived(hours: Floats) -> Floats:
    """Share (0..1) of a click's attributed conversions that came within ``hours`` of it."""

    def raw(age: Floats) -> Floats:
        inside = np.clip(age, 0.0, _WINDOW)
        return sum((s * -np.expm1(-inside / mean) for s, mean in _DELAYS), np.zeros_like(inside))

    return raw(hours) / raw(np.array(_WINDOW))


@lru_cache(maxsize=1)
def _kernel() -> Floats:
    """(HOURS, HOURS): share of what column g began that arrives in column h."""
    column = np.arange(HOURS, dtype=np.float64)
    later = column[None, :] - column[:, None]
    share = arrived(later + 0.5) - arrived(later - 0.5)
    return np.where(later >= 0, share, 0.0)


@lru_cache(maxsize=1)
def _carried() -> Floats:
    """(hours, HOURS): conversions in each column from that many hours before the first, for one
    unit an hour."""
    hours = np.arange(_WINDOW + 1)[:, None]
    since = np.arange(HOURS, dtype=np.float64)[None, :] + 0.5
    return arrived(since + hours) - arrived(since)


def due(amounts: Floats, hours_on: Floats) -> Floats:
    """Of hourly ``amounts`` (n, HOURS), clicks or money, what brings its conversions in each hour.

    A sum over columns times conversions per unit is the number that should have arrived. What ran
    before the first column is taken to have been like the first two days of the view.
    """
    before = np.clip(hours_on - HOURS, 0.0, _WINDOW).astype(np.int64)
    usual = amounts[:, :48].mean(axis=1)[:, None]
    return amounts @ _kernel() + usual * _carried()[before]
