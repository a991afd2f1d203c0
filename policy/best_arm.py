"""Which of several Beta posteriors is the largest: exact integrals instead of draws.

P(k is best) is the integral of f_k(y) times the product of the others' F_j(y). All arms are put on
one grid of Gauss-Legendre panels in log-odds y, where a Beta density is log-concave with mode
log(a / b) and scale sqrt(1 / a + 1 / b), and each F_j is the integral of its own f_j over the same
panels. Panels are as short as the narrowest posterior near them needs and grow with the distance
from every mode, so that a posterior of a million trials beside an untouched one costs a few panels
more. Below every arm's reach up to the best arm's lower end nothing can be the largest: the grid
starts there. No draws, so no seed and no noise.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_NODES: Final = 5
_STEP: Final = 1.6
"""Longest panel, in posterior scales; with five nodes the error stays below 1e-5."""
_GROWTH: Final = 0.3
"""Longest panel as a share of the distance to a mode."""
_TAIL: Final = 16.0
"""The grid ends where a density has fallen by exp(-16), about 1e-7 of its mode."""
_LEAST, _MOST = 1e-2, 1e9
"""Posterior parameters are taken within these; a mean is kept where both are too large."""
_CHUNK: Final = 256
"""Campaigns at a time: their arrays stay in the processor's cache."""
_PANELS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Best:
    """``probability`` (campaigns, arms) of having the highest rate, rows sum to 1; ``highest``
    (campaigns,) the expected rate of whichever arm is the best."""

    probability: Floats
    highest: Floats


def probability_best(alpha: ArrayLike, beta: ArrayLike) -> Floats:
    """Probability that each arm has the highest rate, for posteriors Beta(alpha, beta).

    Args:
        alpha: (..., arms) successes including the prior's, > 0.
        beta: The same shape, failures including the prior's, > 0.

    Returns:
        The same shape; sums to 1 over the last axis, off by less than 1e-4 each. A campaign with
        parameters that are not positive and finite has equal probabilities.
    """
    return best(alpha, beta).probability


def best(alpha: ArrayLike, beta: ArrayLike) -> Best:
    """``probability_best``, and the expected rate of the best arm, from one pass."""
    a, b = np.broadcast_arrays(np.asarray(alpha, np.float64), np.asarray(beta, np.float64))
    shape = a.shape
    if not shape or not a.size:
        return Best(np.ones(shape), np.zeros(shape[:-1]))
    arms = shape[-1]
    a, b = a.reshape(-1, arms), b.reshape(-1, arms)
    usable = np.isfinite(a) & np.isfinite(b) & (a > 0) & (b > 0)
    unknown = np.flatnonzero(~usable.all(axis=1))
    a, b = a.copy(), b.copy()
    a[unknown] = b[unknown] = 1.0
    shrink = np.minimum(1.0, _MOST / (a + b))
    a, b = np.maximum(a * shrink, _LEAST), np.maximum(b * shrink, _LEAST)
    probability, highest = np.empty_like(a), np.empty(len(a))
    # Campaigns that need equally many panels go together; a chunk costs what its longest costs.
    edges, count = _panels(a, b)
    order = np.argsort(count, kind="stable")
    for start in range(0, len(order), _CHUNK):
        chosen = order[start : start + _CHUNK]
        grid = edges[: int(count[chosen].max()) + 1, chosen]
        probability[chosen], highest[chosen] = _integrals(a[chosen].T, b[chosen].T, grid)
    probability[unknown] = 1.0 / arms
    highest[unknown] = np.nan
    return Best(probability.reshape(shape), highest.reshape(shape[:-1]))


def _panels(a: Floats, b: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Panel edges (most panels + 1, campaigns) in log-odds, falling, and how many are used."""
    mode = np.log(a / b)
    scale = np.sqrt(1.0 / a + 1.0 / b)
    start = _tail(a, b, mode, scale, 1.0).max(axis=1)
    # Every arm's lower end lies below this one: what is less is never the largest.
    end = _tail(a, b, mode, scale, -1.0).max(axis=1)
    edges = [start]
    count = np.zeros(len(start), np.int64)
    here = start
    while np.any(here > end) and len(edges) <= _PANELS:
        step = np.maximum(_STEP * scale, _GROWTH * np.abs(here[:, None] - mode)).min(axis=1)
        count += here > end
        here = np.maximum(here - step, end)
        edges.append(here)
    return np.array(edges), count


def _tail(a: Floats, b: Floats, mode: Floats, scale: Floats, side: float) -> Floats:
    """Log-odds beyond which a density is below exp(-_TAIL) of its mode, above (1) or below (-1).

    Newton's method from beyond: the log-density is concave, so each step stays on that side.
    """
    total = a + b
    top = -a * np.log1p(b / a) - b * np.log1p(a / b)
    far = 6.0 * scale + (2.0 * _TAIL) / (b if side > 0 else a)
    y = mode + side * far
    for _ in range(5):
        below = np.log1p(np.exp(-np.abs(y)))
        log_rate = np.minimum(y, 0.0) - below
        value = total * log_rate - b * y - top + _TAIL
        slope = a - total * np.exp(log_rate)
        steep = np.abs(slope) > 1e-12
        y = np.where(steep & (value < 0), y - value / np.where(steep, slope, 1.0), y)
    return y


def _integrals(a: Floats, b: Floats, edges: Floats) -> tuple[Floats, Floats]:
    """(campaigns, arms) probabilities and (campaigns,) expected maximum on falling ``edges``.

    ``a`` and ``b`` are (arms, campaigns). Arrays below are (nodes, panels, campaigns), by arm.
    """
    nodes, weights, below = _rule()
    width = edges[:-1] - edges[1:]
    y = edges[1:] + nodes[:, None, None] * width
    log_rate = np.minimum(y, 0.0) - np.log1p(np.exp(-np.abs(y)))
    constant = _log_constant(a, b)
    density: list[Floats] = []
    reached: list[Floats] = []
    for arm in range(len(a)):
        f = (a[arm] + b[arm]) * log_rate
        f -= b[arm] * y
        f += constant[arm]
        np.exp(f, out=f)
        f *= width
        # From the right: what lies above each node, in its own panel and in the panels before.
        panel = _weighted(weights, f)
        above = np.cumsum(panel, axis=0)
        left = 1.0 - above
        density.append(f)
        reached.append(np.stack([left + _weighted(row, f) for row in below]))
    others = _products_of_others(reached)
    mass = np.stack([_weighted(weights, f * o) for f, o in zip(density, others, strict=True)])
    raw = np.maximum(mass.sum(axis=1), 0.0)
    total = raw.sum(axis=0)
    of_best = np.exp(log_rate) * sum(
        (f * o for f, o in zip(density, others, strict=True)), np.zeros_like(y)
    )
    highest = _weighted(weights, of_best).sum(axis=0) / total
    return (raw / total).T, highest


def _products_of_others(reached: list[Floats]) -> list[Floats]:
    """For each arm the product of all others, without dividing by what may be zero."""
    after: list[Floats] = [np.ones_like(reached[0])]
    for one in reached[:0:-1]:
        after.append(after[-1] * one)
    before = np.ones_like(reached[0])
    products: list[Floats] = []
    for one, rest in zip(reached, reversed(after), strict=True):
        products.append(before * rest)
        before = before * one
    return products


def _weighted(weights: Floats, values: Floats) -> Floats:
    """Sum over the leading axis in a fixed order, so that no library's threads change a digit."""
    total = weights[0] * values[0]
    for weight, value in zip(weights[1:], values[1:], strict=True):
        total += weight * value
    return total


@lru_cache(maxsize=1)
def _rule() -> tuple[Floats, Floats, Floats]:
    """Gauss-Legendre on 0..1: nodes, weights, and for each node the weights that integrate the
    interpolating polynomial from 0 to it."""
    x, w = np.polynomial.legendre.leggauss(_NODES)
    nodes, weights = (x + 1.0) / 2.0, w / 2.0
    powers = np.vander(nodes, _NODES, increasing=True)
    integrals = np.stack([nodes ** (k + 1) / (k + 1) for k in range(_NODES)])
    below = np.linalg.solve(powers.T, integrals).T
    return nodes, weights, np.asarray(below, np.float64)


def _log_constant(a: Floats, b: Floats) -> Floats:
    """Log of the factor that makes ``rate**a * (1 - rate)**b`` a density in log-odds."""
    return log_gamma(a + b) - log_gamma(a) - log_gamma(b)


def log_gamma(x: Floats) -> Floats:
    """Log of the gamma function for ``x`` > 0: Stirling's series from 8 upwards, the recurrence
    below it (Abramowitz & Stegun 6.1.15, 6.1.41); error below 1e-12."""
    small = x < 8.0
    rising = np.where(small, x, 1.0)
    product = rising.copy()
    for k in range(1, 8):
        product *= rising + k
    product = np.where(small, product, 1.0)
    z = np.where(small, x + 8.0, x)
    inverse = 1.0 / z
    square = inverse * inverse
    series = inverse * (
        1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))
    )
    return (z - 0.5) * np.log(z) - z + 0.5 * np.log(2.0 * np.pi) + series - np.log(product)
