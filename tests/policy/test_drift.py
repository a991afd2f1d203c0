"""What differs on the network: what lowers is adopted, what raises is undone, never otherwise."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from models.contract.safety import Severity
from policy.drift import DriftAction, DriftField, DriftFinding, Expected, compare, orphan

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CAMPAIGN, AD_GROUP = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP
LEASE = NOW + timedelta(hours=6)
USD = Money.of


def left(number: int = 1, kind: ObjectKind = AD_GROUP, **changes: object) -> Expected:
    given_values: dict[str, object] = {
        "campaign_id": UUID(int=number),
        "kind": kind,
        "object_id": f"{kind.value}-{number}",
        "on": True,
        "daily_budget": USD(20) if kind is AD_GROUP else None,
        "ends_limit": LEASE if kind is AD_GROUP else None,
    }
    return Expected(**{**given_values, **changes})  # type: ignore[arg-type]


def shown(one: Expected, **changes: object) -> NetworkObject:
    return NetworkObject.model_validate(
        {
            "kind": one.kind,
            "id": one.object_id,
            "switched_on": bool(one.on),
            "delivery": Delivery.ACTIVE if one.on else Delivery.PAUSED,
            "daily_budget": one.daily_budget,
            "end_time": one.ends or one.ends_limit,
            "as_of": NOW,
            **changes,
        }
    )


def judge(one: Expected, seen: NetworkObject | None) -> list[DriftFinding]:
    return compare([one], {one.object_id: seen} if seen else {}, NOW)


CASES = [
    ({}, {"daily_budget": USD(12)}, DriftField.BUDGET, "adopt", Severity.MEDIUM, USD(12)),
    ({}, {"daily_budget": USD(21)}, DriftField.BUDGET, "undo", Severity.HIGH, USD(20)),
    ({}, {"daily_budget": USD(5, "EUR")}, DriftField.BUDGET, "note", Severity.CRITICAL, None),
    ({}, {"switched_on": False}, DriftField.STATUS, "adopt", Severity.MEDIUM, None),
    (
        {"kind": CAMPAIGN, "on": False},
        {"switched_on": True},
        DriftField.STATUS,
        "undo",
        Severity.CRITICAL,
        None,
    ),
    ({}, None, DriftField.EXISTENCE, "adopt", Severity.HIGH, None),
    ({}, {"delivery": "removed"}, DriftField.EXISTENCE, "adopt", Severity.HIGH, None),
    ({}, {"delivery": "rejected"}, DriftField.REVIEW, "note", Severity.HIGH, None),
    ({}, {"automatic": ("advantage audience",)}, DriftField.AUTOMATIC, "note", "medium", None),
    ({}, {"end_time": None}, DriftField.END, "undo", Severity.HIGH, LEASE),
    ({}, {"end_time": LEASE + timedelta(hours=1)}, DriftField.END, "undo", "high", LEASE),
    (
        {"ends": LEASE},
        {"end_time": NOW + timedelta(hours=1)},
        DriftField.END,
        "adopt",
        Severity.LOW,
        NOW + timedelta(hours=1),
    ),
]


@pytest.mark.parametrize(("expected", "found", "field", "action", "severity", "set_to"), CASES)
def test_each_difference_has_its_rule(
    expected: dict[str, object],
    found: dict[str, object] | None,
    field: DriftField,
    action: str,
    severity: str,
    set_to: object,
) -> None:
    one = left(**expected)  # type: ignore[arg-type]
    (finding,) = judge(one, None if found is None else shown(one, **found))
    assert (finding.field, finding.action.value, finding.severity) == (field, action, severity)
    assert finding.set_to == set_to
    assert finding.object_id == one.object_id
    assert finding.text


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({}, {}),
        # A raise of ours that is under way was granted before it is seen.
        ({"budget_limit": USD(30)}, {"daily_budget": USD(30)}),
        ({"on": None}, {"switched_on": True}),
        ({"on": None}, {"switched_on": False}),
        # Below a campaign that is off nothing delivers, whatever its ad group says.
        ({"on": False}, {"switched_on": True}),
        ({"on": False}, {"end_time": None}),
        ({"on": False}, None),
        ({"under_review": True}, {"delivery": "rejected"}),
        ({}, {"end_time": LEASE + timedelta(seconds=50)}),
        ({}, {"end_time": LEASE - timedelta(hours=3)}),
        ({"ends_limit": None}, {"end_time": None}),
    ],
)
def test_what_is_as_we_left_it_or_harmless_is_no_drift(
    expected: dict[str, object], found: dict[str, object] | None
) -> None:
    one = left(**expected)  # type: ignore[arg-type]
    assert judge(one, None if found is None else shown(one, **found)) == []


def test_a_deleted_campaign_is_told_once_and_not_for_each_of_its_parts() -> None:
    campaign, group = left(1, CAMPAIGN), left(1)
    other = left(2)
    findings = compare([campaign, group, other], {other.object_id: shown(other)}, NOW)
    assert [one.object_id for one in findings] == [campaign.object_id]


def test_what_belongs_to_nobody_and_is_on_is_undone() -> None:
    finding = orphan(None, shown(left(3, CAMPAIGN)))
    assert (finding.action, finding.severity) == (DriftAction.UNDO, Severity.CRITICAL)
    assert "paused" in finding.text


budgets = st.one_of(st.none(), st.integers(1, 10**9).map(lambda micros: Money(micros=micros)))
ends = st.one_of(
    st.none(), st.integers(-1000, 1000).map(lambda hours: NOW + timedelta(hours=hours))
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Expected], dict[str, NetworkObject]]:
    expected: list[Expected] = []
    found: dict[str, NetworkObject] = {}
    for number in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([CAMPAIGN, AD_GROUP]))
        one = left(
            number,
            kind,
            on=draw(st.sampled_from([True, False, None])),
            daily_budget=draw(budgets),
            budget_limit=draw(budgets),
            ends=draw(ends),
            ends_limit=draw(ends),
            under_review=draw(st.booleans()),
        )
        expected.append(one)
        if draw(st.booleans()):
            found[one.object_id] = shown(
                one,
                switched_on=draw(st.booleans()),
                delivery=draw(st.sampled_from(Delivery)),
                daily_budget=draw(budgets),
                end_time=draw(ends),
                automatic=draw(st.sampled_from([(), ("audience",)])),
            )
    return expected, found


@given(worlds())
def test_adopting_never_raises_and_undoing_never_does(
    world: tuple[list[Expected], dict[str, NetworkObject]],
) -> None:
    """Whatever is shown: after the findings are carried out nothing is above how we left it."""
    expected, found = world
    by_id = {one.object_id: one for one in expected}
    findings = compare(expected, found, NOW)
    undone = {one.object_id for one in findings if one.action is DriftAction.UNDO}
    for finding in findings:
        one, seen = by_id[finding.object_id], found.get(finding.object_id)
        if finding.field is DriftField.BUDGET:
            assert isinstance(finding.set_to, Money)
            assert one.daily_budget is not None
            assert finding.set_to.micros <= one.daily_budget.micros
        if finding.field is DriftField.STATUS and finding.action is DriftAction.ADOPT:
            assert seen is not None
            assert not seen.switched_on
        if finding.field is DriftField.EXISTENCE:
            assert seen is None or seen.delivery is Delivery.REMOVED
    for one in expected:
        seen = found.get(one.object_id)
        if seen is None or seen.delivery is Delivery.REMOVED:
            continue
        ours, most = one.daily_budget, one.budget_limit or one.daily_budget
        if ours and most and seen.daily_budget:
            above = seen.daily_budget.micros > max(ours.micros, most.micros)
            assert not above or one.object_id in undone
        if one.on is False and one.kind is CAMPAIGN and seen.switched_on:
            assert one.object_id in undone


@given(worlds())
def test_a_finding_depends_on_its_own_campaign_alone(
    world: tuple[list[Expected], dict[str, NetworkObject]],
) -> None:
    """Order and company change nothing; what was just found is found again."""
    expected, found = world
    whole = compare(expected, found, NOW)
    alone = [finding for one in expected for finding in compare([one], found, NOW)]
    assert whole == alone
    assert compare(expected, found, NOW) == whole
    assert sorted(compare(expected[::-1], found, NOW), key=lambda one: one.key) == sorted(
        whole, key=lambda one: one.key
    )
