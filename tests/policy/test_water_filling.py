"""Floors first, nothing lost, nobody above a ceiling (F14, F30, BUG-36)."""

import math

from hypothesis import given
from hypothesis import strategies as st

from policy.water_filling import Claim, fill
from tests.policy.recorded import senseless, taken_again

weights = st.one_of(st.floats(0, 1e6), senseless)
small = st.integers(-5, 200).map(lambda n: n * 500_000)
claims = st.lists(
    st.builds(
        Claim,
        id=st.sampled_from("abcdef"),
        weight=weights,
        floor=small,
        ceiling=st.none() | small,
        priority=st.sampled_from((0.0, 1.0, 2.0, math.nan)),
    ),
    max_size=7,
)
totals = st.one_of(st.integers(-10, 10**15), st.integers(0, 300).map(lambda n: n * 1_000_000))


@given(totals, claims, st.sampled_from((1, 10_000, 1_000_000)))
def test_every_micro_is_accounted_for(total: int, given_: list[Claim], unit: int) -> None:
    filled = fill(total, given_, unit)
    assert sum(one.amount for one in filled.shares) + filled.left == max(0, total)
    assert filled.left >= 0
    for claim, share in zip(given_, filled.shares, strict=True):
        assert share.amount % unit == 0
        if share.why is not None:
            assert share.amount == 0
            continue
        assert share.amount >= max(0, claim.floor)
        assert claim.ceiling is None or share.amount <= max(0, claim.ceiling)
    assert fill(total, [taken_again(one) for one in given_], unit) == filled


@given(st.integers(10**6, 10**12), st.lists(st.floats(0.01, 100), min_size=1, max_size=6))
def test_without_bounds_shares_follow_the_weights(total: int, given_: list[float]) -> None:
    filled = fill(total, [Claim(str(n), weight) for n, weight in enumerate(given_)])
    assert filled.left == 0
    for weight, share in zip(given_, filled.shares, strict=True):
        assert abs(share.amount - total * weight / sum(given_)) <= len(given_) + 1


def test_floors_are_reserved_before_anything_is_shared() -> None:
    ten = 10_000_000
    # The old rule gave 10 + 10 + 97 of 100.
    filled = fill(10 * ten, [Claim("a", 0.1, ten), Claim("b", 0.1, ten), Claim("c", 5.0, ten)])
    assert [one.amount for one in filled.shares] == [ten, ten, 8 * ten]


def test_who_cannot_be_funded_is_dropped_lowest_priority_first_and_said() -> None:
    five, ten, fifty = (n * 1_000_000 for n in (5, 10, 50))
    filled = fill(
        15_000_000,
        [Claim("big", 1, fifty, priority=9), Claim("a", 1, ten, priority=2),
         Claim("b", 1, ten, priority=1), Claim("c", 1, five, priority=0)],
    )  # fmt: skip
    assert [one.amount for one in filled.shares] == [0, ten, 0, five]
    assert "more than it may get" in (filled.shares[0].why or "")
    assert "cannot be funded" in (filled.shares[2].why or "")
    assert fill(3_000_000, [Claim("a", 1, five)]).left == 3_000_000


def test_missing_is_not_zero() -> None:
    filled = fill(90, [Claim("known", 2.0), Claim("missing", None), Claim("zero", 0.0, 10)])
    assert [one.amount for one in filled.shares] == [54, 26, 10]
    assert sum(one.amount for one in fill(7, [Claim("a", None), Claim("b", None)]).shares) == 7
