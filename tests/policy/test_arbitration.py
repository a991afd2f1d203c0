"""One move per lever, safety wins, the safer of two, everything dropped is said (B14, B15)."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contract.money import minor_unit_micros
from policy.actions import Action, Proposal, UnknownAction, kind
from policy.arbitration import ArbitrationInputs, Moved, Toggles, decide
from policy.modes import DAILY_CAP, STEPS, cap
from tests.policy.recorded import amounts, currencies, taken_again

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DOLLAR = 1_000_000

proposals = st.builds(
    Proposal,
    action=st.sampled_from([one.value for one in Action]),
    source=st.sampled_from(("a@1", "b@1")),
    reason=st.just("because"),
    current=st.none() | amounts,
    proposed=st.none() | amounts,
    subject=st.none() | st.sampled_from(("x", "y")),
    safety=st.booleans(),
)
moved = st.builds(
    Moved,
    lever=st.sampled_from(tuple(DAILY_CAP)),
    at=st.integers(-60, 5).map(lambda hours: NOW + timedelta(hours=hours)),
    change=st.none() | st.floats(-1, 1) | st.floats(),
    raised_by=st.integers(-10, 10**9),
)
cases = st.builds(
    ArbitrationInputs,
    now=st.just(NOW),
    status=st.sampled_from(("active", "active", "active", "paused", "launching", "killed", "?")),
    mode=st.sampled_from(tuple(STEPS)),
    currency=currencies,
    proposals=st.lists(proposals, max_size=6).map(tuple),
    moved=st.lists(moved, max_size=3).map(tuple),
    learning=st.booleans(),
    frozen=st.booleans(),
    admin_override=st.booleans(),
    no_raise_before=st.none() | st.sampled_from((NOW - timedelta(1), NOW + timedelta(1))),
    toggles=st.builds(Toggles, *[st.booleans()] * 5),
)


def bid(to: int, source: str = "bidding@1", safety: bool = False) -> Proposal:
    return Proposal(
        "reduce_bid" if safety else "adjust_bid", source, "", 2_000_000, to, None, safety
    )


def budget(to: int, source: str = "ladder@1") -> Proposal:
    action = "increase_budget" if to > 100 else "reduce_budget"
    return Proposal(action, source, "", 100 * DOLLAR, to * DOLLAR)


PAUSE = Proposal("pause_campaign", "ladder@1")


def act(*asked: Proposal, **more: object) -> dict[str, int | None]:
    case = ArbitrationInputs(NOW, "active", "balanced", "USD", asked, **more)  # type: ignore[arg-type]
    return {one.proposal.action: one.proposal.proposed for one in decide(case).accepted}


@settings(max_examples=200)
@given(cases)
def test_whatever_is_proposed_at_most_one_safe_move_a_lever(case: ArbitrationInputs) -> None:
    answer = decide(case)
    assert answer.reason
    levers = [one.lever for one in answer.accepted]
    assert len(levers) == len(set(levers))
    assert len(answer.accepted) + len(answer.dropped) == len(case.proposals)
    assert all(one.why for one in answer.dropped)
    unit = minor_unit_micros(case.currency)
    for one in answer.accepted:
        move, change = one.proposal, one.proposal.change
        raising = move.direction > 0
        if move.protects:
            continue
        assert case.status == "active"
        assert not case.frozen
        assert not case.admin_override
        assert case.toggles.enabled
        if raising:
            assert not case.learning
            assert case.no_raise_before is None or case.no_raise_before <= NOW
            assert not any(other.proposal.protects for other in answer.accepted)
        if change is not None and move.current is not None:
            assert change <= min(cap(case.mode), DAILY_CAP[one.lever]) + 1e-9
            assert change >= -cap(case.mode) - unit / move.current
        assert all(
            earlier.lever != one.lever or NOW - earlier.at >= timedelta(hours=24)
            for earlier in case.moved
        )
    if levers and levers[0] == "status":
        assert levers == ["status"]
    again = taken_again(case)
    assert decide(again) == answer
    backwards = decide(replace(case, proposals=case.proposals[::-1]))
    assert backwards.accepted == answer.accepted


def test_safety_wins_and_lowering_beats_raising() -> None:
    assert act(budget(110), PAUSE) == {"pause_campaign": None}
    assert act(bid(2_300_000), bid(1_400_000, "safety@1", safety=True)) == {"reduce_bid": 1_400_000}
    assert act(budget(110), budget(90, "relative@1")) == {"reduce_budget": 90 * DOLLAR}
    assert act(budget(80, "a@1"), budget(95, "b@1")) == {"reduce_budget": 80 * DOLLAR}
    assert act(budget(110, "a@1"), budget(105, "b@1")) == {"increase_budget": 105 * DOLLAR}
    # A safety bid cut is not critical: creatives still rotate, only raising ends (BUG-80).
    rotate = Proposal("rotate_creative", "fatigue@2", subject="one")
    cut = bid(1_400_000, "safety@1", safety=True)
    assert set(act(cut, rotate, budget(110))) == {"reduce_bid", "rotate_creative"}
    assert act(bid(1_900_000), budget(110)) == {"adjust_bid": 1_900_000}
    assert set(act(bid(2_100_000), budget(110))) == {"adjust_bid", "increase_budget"}
    emergency = Proposal("emergency_pause", "safety@1")
    assert act(cut, rotate, PAUSE, emergency) == {"emergency_pause": None}


def test_safety_may_exceed_every_cap_downwards_and_only_downwards() -> None:
    deep = bid(200_000, "safety@1", safety=True)
    just = (Moved("bid", NOW - timedelta(minutes=5), -0.3),)
    for state in ({"admin_override": True}, {"frozen": True}, {"learning": True}, {"moved": just}):
        assert act(deep, **state) == {"reduce_bid": 200_000}, state
    up = replace(bid(3_000_000), safety=True)
    assert act(up) == {"adjust_bid": 2_400_000}
    assert act(up, learning=True) == {}
    assert act(up, bid(1_900_000)) == {"adjust_bid": 1_900_000}


@pytest.mark.parametrize(
    ("state", "raises", "lowers"),
    [
        ({"learning": True}, False, True),
        ({"no_raise_before": NOW + timedelta(minutes=1)}, False, True),
        ({"no_raise_before": NOW}, True, True),
        ({"frozen": True}, False, False),
        ({"admin_override": True}, False, False),
        ({"toggles": Toggles(enabled=False)}, False, False),
        ({"toggles": Toggles(budget=False)}, False, False),
        ({"toggles": Toggles(scale_performing=False)}, False, True),
        ({"moved": (Moved("budget", NOW - timedelta(hours=23)),)}, False, False),
        ({"moved": (Moved("budget", NOW + timedelta(hours=1)),)}, False, False),
        ({"moved": (Moved("bid", NOW - timedelta(hours=1)),)}, True, True),
        ({"moved": (Moved("budget", NOW - timedelta(hours=24)),)}, True, True),
    ],
)
def test_what_may_happen_in_which_state(
    state: dict[str, object], raises: bool, lowers: bool
) -> None:
    assert bool(act(budget(110), **state)) == raises
    assert bool(act(budget(90), **state)) == lowers


@pytest.mark.parametrize("status", ["paused", "pending_review", "killed", "completed"])
def test_nothing_is_optimised_while_not_active(status: str) -> None:
    emergency = Proposal("emergency_pause", "safety@1")
    case = ArbitrationInputs(
        NOW, status, "balanced", "USD", (budget(90), bid(1_900_000), PAUSE, emergency)
    )
    answer = decide(case)
    done = [one.proposal.action for one in answer.accepted]
    # What may be about to deliver can still be stopped.
    assert done == (["emergency_pause"] if status == "pending_review" else [])
    assert any("not active" in one.why for one in answer.dropped)


def test_moves_are_shortened_to_the_mode_and_to_what_the_day_has_left() -> None:
    assert act(budget(160)) == {"increase_budget": 120 * DOLLAR}
    case = ArbitrationInputs(NOW, "active", "aggressive", "USD", (budget(160),))
    assert decide(case).accepted[0].proposal.proposed == 120 * DOLLAR
    assert "shortened from 160.00" in decide(case).accepted[0].note
    big = Proposal("increase_budget", "x@1", "", 1_000 * DOLLAR, 1_200 * DOLLAR)
    assert act(big) == {"increase_budget": 1_100 * DOLLAR}
    assert act(big, raise_most=150 * DOLLAR) == {"increase_budget": 1_150 * DOLLAR}
    gentle = replace(case, mode="conservative", proposals=(budget(50),))
    assert decide(gentle).accepted[0].proposal.proposed == 90 * DOLLAR


def test_the_day_has_one_allowance_however_often_it_is_asked() -> None:
    """Even where every cool-down has passed, as a day of 24 h and a clock's hour may allow."""
    moved: tuple[Moved, ...] = ()
    value, now = 100 * DOLLAR, NOW
    for _ in range(40):
        asked = Proposal("increase_budget", "x@1", "", value, value * 13 // 10)
        case = ArbitrationInputs(now, "active", "aggressive", "USD", (asked,), moved)
        for one in decide(case).accepted:
            assert one.proposal.proposed is not None
            moved = (
                *moved,
                Moved("budget", now, one.proposal.change, one.proposal.proposed - value),
            )
            value = one.proposal.proposed
        now += timedelta(hours=1)
    assert [one.at - NOW for one in moved] == [timedelta(0), timedelta(hours=24)]
    assert value == 144 * DOLLAR


def test_every_action_has_a_lever_a_severity_and_unknown_ones_fail_loudly() -> None:
    severities = {one: kind(one).severity for one in Action}
    assert severities == {
        "pause_campaign": "critical", "emergency_pause": "critical", "reduce_bid": "high",
        "adjust_bid": "medium", "increase_budget": "medium", "reduce_budget": "medium",
        "cap_budget": "medium", "pause_creative": "low", "increase_creative_budget": "low",
        "rotate_creative": "low",
    }  # fmt: skip
    for unknown in ("scale_to_the_moon", "", "PAUSE_CAMPAIGN"):
        with pytest.raises(UnknownAction, match="use one of: pause_campaign"):
            Proposal(unknown, "x@1")


@pytest.mark.parametrize(
    ("senseless", "why"),
    [
        (Proposal("increase_budget", "x@1"), "no sense"),
        (Proposal("increase_budget", "x@1", "", 0, 5), "no sense"),
        (Proposal("adjust_bid", "x@1", "", 5, -5), "no sense"),
        (Proposal("increase_creative_budget", "x@1"), "no sense"),
        (Proposal("increase_budget", "x@1", "", 100, 90), "other way"),
        (Proposal("reduce_bid", "x@1", "", 100, 110), "other way"),
        (Proposal("adjust_bid", "x@1", "", 100, 100), "changes nothing"),
    ],
)
def test_senseless_amounts_are_dropped_with_the_reason(senseless: Proposal, why: str) -> None:
    answer = decide(ArbitrationInputs(NOW, "active", "balanced", "USD", (senseless,)))
    assert not answer.accepted
    assert why in answer.dropped[0].why


def test_the_order_of_proposals_does_not_matter() -> None:
    asked = (PAUSE, budget(110), budget(90), bid(1_900_000), bid(2_100_000))
    answers = {
        tuple(one.proposal.action for one in decide(
            ArbitrationInputs(NOW, "active", "balanced", "USD", order)).accepted)
        for order in itertools.permutations(asked)
    }  # fmt: skip
    assert answers == {("pause_campaign",)}
