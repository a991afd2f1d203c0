"""Creative tests as figures, for the tests of allocation and winner."""

import numpy as np
from hypothesis import strategies as st

from policy.maturity import DAY, DelayCurve, arrived_over
from policy.variants import Experiment, Metric, Past, Variant

METRICS: tuple[Metric, ...] = ("conversions_per_click", "clicks_per_impression")


def steady(
    *rates: float,
    days: int = 10,
    clicks: float = 200.0,
    resting: tuple[int, ...] = (),
    metric: Metric = "conversions_per_click",
    history: tuple[Past, ...] = (),
) -> Experiment:
    """Creatives with these rates and no scatter: as many conversions as should have arrived."""
    ages = DAY * (np.arange(days)[::-1] + 0.5)
    ripe = arrived_over(ages, DAY)
    return Experiment(
        metric=metric,
        ages=tuple(ages.tolist()),
        width=DAY,
        variants=tuple(
            Variant(
                id=f"creative {k}",
                impressions=(100 * clicks,) * days,
                clicks=(clicks,) * days
                if metric == "conversions_per_click"
                else (100 * clicks * rate,) * days,
                conversions=tuple((clicks * rate * ripe).tolist()),
                resting=k in resting,
            )
            for k, rate in enumerate(rates)
        ),
        history=history,
    )


counts = st.integers(0, 3_000).map(float) | st.floats(allow_nan=True, allow_infinity=True)
rows = st.lists(counts, min_size=0, max_size=4).map(tuple)


@st.composite
def believable(draw: st.DrawFn) -> Experiment:
    """Figures that could be real: one to five creatives over one to six days."""
    days = draw(st.integers(1, 6))
    variants: list[Variant] = []
    for k in range(draw(st.integers(1, 5))):
        shown = draw(st.lists(st.integers(0, 10**6), min_size=days, max_size=days))
        clicked = [draw(st.integers(0, many)) for many in shown]
        bought = [draw(st.integers(0, many + 2)) for many in clicked]
        variants.append(
            Variant(
                f"creative {k}",
                tuple(map(float, shown)),
                tuple(map(float, clicked)),
                tuple(map(float, bought)),
                draw(st.booleans()),
            )
        )
    ages = tuple(DAY * (day + 0.5) for day in reversed(range(days)))
    metric = draw(st.sampled_from(METRICS))
    past = draw(st.lists(st.builds(Past, counts, counts), max_size=3))
    return Experiment(metric, ages, DAY, tuple(variants), tuple(past))


senseless = st.builds(
    Experiment,
    st.sampled_from(METRICS),
    rows,
    counts,
    st.lists(st.builds(Variant, st.sampled_from("abc"), rows, rows, rows, st.booleans())).map(
        tuple
    ),
    st.lists(st.builds(Past, counts, counts), max_size=2).map(tuple),
    st.builds(DelayCurve, rows, rows, counts),
)
any_experiment = believable() | senseless
