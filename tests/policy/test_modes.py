"""The cap of a mode is the last word (F19, CONFLICT-14)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.money import minor_unit_micros
from policy.modes import COOL_DOWN, DAILY_CAP, STEPS, Mode, cap, capped
from tests.policy.recorded import amounts, currencies

modes = st.sampled_from(tuple(STEPS))


@given(amounts, st.floats(-1e12, 1e12) | st.just(math.nan) | st.just(math.inf), modes, currencies)
def test_no_move_goes_further_than_its_mode(
    current: int, proposed: float, mode: Mode, currency: str
) -> None:
    unit = minor_unit_micros(currency)
    answer = capped(current, proposed, mode, currency)
    if current <= 0 or not math.isfinite(proposed) or proposed < 0:
        assert answer == current
        return
    assert answer <= current * (1 + cap(mode))
    assert answer >= current * (1 - cap(mode)) - unit
    assert answer == current or answer % unit == 0
    # Towards what was proposed, never past it and never the other way.
    assert answer <= max(current, proposed)
    assert answer >= min(current, proposed) - unit
    assert not (proposed > current > answer)


def test_the_three_modes_and_what_an_unknown_one_is_worth() -> None:
    assert [cap(mode) for mode in ("conservative", "balanced", "aggressive")] == [0.1, 0.2, 0.3]
    assert cap("reckless") == 0.1
    assert capped(50_000_000, 90_000_000, "balanced", "USD") == 60_000_000
    assert capped(50_000_000, 10_000_000, "conservative", "USD") == 45_000_000
    assert capped(2_500_000_000, 9e9, "conservative", "JPY") == 2_750_000_000
    # A raise smaller than a yen is none.
    assert capped(5_000_000, 5_400_000, "aggressive", "JPY") == 5_000_000
    assert set(COOL_DOWN) == set(DAILY_CAP)


@pytest.mark.parametrize("mode", STEPS)
def test_steps_and_cap_agree(mode: str) -> None:
    low, high = STEPS[mode]
    assert 0 < low < high == cap(mode)
