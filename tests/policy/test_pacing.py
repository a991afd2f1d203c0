"""One bounded step, never above what was agreed, and no step on figures that cannot be trusted."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from models.contract.money import minor_unit_micros
from policy.pacing import DEAD_BAND, STEP, PacingInputs, decide

NOON = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Kiritimati")
BASE = PacingInputs(
    now=NOON,
    timezone="UTC",
    currency="USD",
    agreed=20_000_000,
    live=16_000_000,
    minimum=5_000_000,
    spent_today=9_000_000,
    as_of=NOON - timedelta(hours=1),
    delivering_since=NOON - timedelta(days=5),
    spent_total=90_000_000,
)
OVER = replace(BASE, spent_today=19_000_000)
UNDER = replace(BASE, spent_today=4_000_000)

money = st.one_of(st.integers(-10, 10**12), st.integers(1, 40).map(lambda n: n * 1_000_000))
inputs = st.builds(
    PacingInputs,
    now=st.integers(-60 * 86_400, 300 * 86_400).map(lambda s: NOON + timedelta(seconds=s)),
    timezone=st.sampled_from(ZONES),
    currency=st.sampled_from(("USD", "JPY", "KWD", "XYZ")),
    agreed=money,
    live=money,
    minimum=money,
    spent_today=st.none() | money,
    as_of=st.none(),
    delivering_since=st.none(),
    edits_left=st.none() | st.integers(-1, 4),
    spent_total=st.integers(-5_000_000, 200_000_000),
    hours=st.none() | st.sets(st.integers(0, 23), max_size=24).map(lambda s: tuple(sorted(s))),
)


@st.composite
def cases(draw: st.DrawFn) -> PacingInputs:
    case = draw(inputs)
    age = draw(st.integers(-30, 5 * 60))
    since = draw(st.integers(-60, 4 * 24 * 60))
    return replace(
        case,
        as_of=draw(st.sampled_from([None, case.now - timedelta(minutes=age)])),
        delivering_since=case.now - timedelta(minutes=since),
    )


@given(cases())
def test_every_move_is_one_bounded_step_inside_what_was_agreed(case: PacingInputs) -> None:
    answer = decide(case)
    unit = minor_unit_micros(case.currency)
    assert answer.reason
    match answer.action:
        case "hold":
            assert answer.budget == case.live
        case "raise":
            assert case.live < answer.budget <= case.agreed
            assert answer.budget >= case.minimum
            assert answer.budget - case.live <= STEP * case.live + 1
            assert case.edits_left is None or case.edits_left > 1
        case "lower":
            assert case.minimum <= answer.budget < case.live
            # To the whole unit below: lowering may go up to one unit further, never less far.
            assert case.live - answer.budget <= STEP * case.live + unit
    if answer.action != "hold":
        assert answer.budget % unit == 0 or answer.budget in (case.agreed, case.minimum)


@given(cases(), st.integers(0, 10**12))
def test_more_spend_never_means_a_higher_budget(case: PacingInputs, more: int) -> None:
    assume(case.spent_today is not None)
    assert case.spent_today is not None
    spent = max(case.spent_today, 0)
    less, greater = (
        decide(replace(case, spent_today=spent)),
        decide(replace(case, spent_today=spent + more)),
    )
    assert greater.budget <= less.budget


@given(cases())
def test_a_recorded_decision_taken_again_is_the_same(case: PacingInputs) -> None:
    record = json.loads(json.dumps(to_jsonable_python(asdict(case))))
    assert decide(TypeAdapter(PacingInputs).validate_python(record)) == decide(case)


@given(st.lists(st.floats(0, 4), min_size=1, max_size=60), st.sampled_from(("USD", "JPY")))
def test_whatever_the_network_spends_the_budget_stays_within_bounds(
    spends: list[float], currency: str
) -> None:
    live, agreed, minimum = 20_000_000, 20_000_000, 5_000_000
    for spend in spends:
        case = replace(BASE, currency=currency, live=live, spent_today=int(spend * agreed))
        live = decide(case).budget
        assert minimum <= live <= agreed


def test_a_day_ahead_of_plan_is_slowed_and_a_day_behind_is_let_go_again() -> None:
    slower, faster = decide(OVER), decide(UNDER)
    assert (slower.action, slower.budget) == ("lower", 14_400_000)
    assert (faster.action, faster.budget) == ("raise", 17_600_000)
    assert decide(replace(UNDER, live=19_900_000)).budget == 20_000_000
    assert decide(replace(UNDER, live=20_000_000)).action == "hold"
    assert decide(replace(OVER, live=5_200_000)).budget == 5_000_000
    assert decide(replace(OVER, live=5_000_000)).action == "hold"


def test_small_errors_are_left_to_the_dead_band() -> None:
    # At 14:00 UTC the plan is about 60 % of the day; find the planned amount from both edges.
    actions = [
        decide(replace(BASE, spent_today=spent)).action for spent in range(0, 20_000_001, 50_000)
    ]
    first, last = actions.index("hold"), len(actions) - 1 - actions[::-1].index("hold")
    assert actions[:first] == ["raise"] * first
    assert set(actions[first : last + 1]) == {"hold"}
    assert set(actions[last + 1 :]) == {"lower"}
    assert last / first == pytest.approx((1 + DEAD_BAND) / (1 - DEAD_BAND), rel=0.02)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"spent_today": None}, "no figures"),
        ({"as_of": None}, "no figures"),
        ({"as_of": NOON + timedelta(seconds=1)}, "future"),
        ({"as_of": NOON - timedelta(hours=3, seconds=1)}, "3.0 h old"),
        ({"now": NOON + timedelta(days=40)}, "h old"),
        ({"now": NOON + timedelta(hours=10), "as_of": NOON + timedelta(hours=8)}, "another day"),
        ({"spent_today": -1}, "no sense"),
        ({"agreed": 0}, "no sense"),
        ({"live": 0}, "no sense"),
        ({"live": -5_000_000}, "no sense"),
        ({"delivering_since": NOON - timedelta(hours=1)}, "before delivery"),
        ({"delivering_since": NOON - timedelta(hours=1, minutes=20)}, "too little"),
        ({"hours": ()}, "too little"),
        ({"hours": (22, 23)}, "too little"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tempting", [OVER, UNDER], ids=["over", "under"])
def test_figures_that_cannot_be_trusted_hold(
    tempting: PacingInputs, changed: dict[str, object], why: str
) -> None:
    assert decide(tempting).action != "hold"
    answer = decide(replace(tempting, **changed))  # type: ignore[arg-type]
    assert answer.action == "hold"
    assert why in answer.reason


@pytest.mark.parametrize("left", [-1, 0, 1])
def test_the_last_edit_is_kept_for_lowering(left: int) -> None:
    assert decide(replace(UNDER, edits_left=left)).action == "hold"
    assert decide(replace(OVER, edits_left=left)).action == "lower"
    assert decide(replace(UNDER, edits_left=2)).action == "raise"


def test_a_raise_that_would_stay_below_the_networks_minimum_waits() -> None:
    assert decide(replace(UNDER, live=4_000_000, minimum=5_000_000)).action == "hold"


def test_yen_move_in_whole_yen() -> None:
    yen = replace(
        OVER, currency="JPY", agreed=3_000_000_000, live=2_505_000_000, spent_today=2_900_000_000
    )
    assert decide(yen).budget == 2_254_000_000
    assert decide(replace(yen, spent_today=100_000_000)).budget == 2_755_000_000


@pytest.mark.parametrize(
    "young", [{"spent_total": 49_990_000}, {"delivering_since": NOON - timedelta(hours=71)}]
)
def test_while_a_network_learns_nothing_is_raised_but_lowering_goes_on(
    young: dict[str, object],
) -> None:
    held = decide(replace(UNDER, live=5_000_000, **young))
    assert (held.action, held.confidence) == ("hold", 0.5)
    assert "learning" in held.reason
    assert decide(replace(UNDER, live=5_000_000)).action == "raise"
    assert decide(replace(OVER, **young)).action == "lower"
