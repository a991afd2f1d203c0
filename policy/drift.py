"""What differs on the network from how we left it, and what to do about it. Pure.

The rule: what lowers spend is adopted, whoever did it; what raises spend is undone, whoever did
it; the rest is noted. A person who wants more asks Adflight, where limits and approvals hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from models.contract.safety import Severity

NAME, VERSION = "drift", 1


class DriftAction(StrEnum):
    """``adopt``: it is so from now on; ``undo``: set it back; ``note``: people should know."""

    ADOPT = "adopt"
    UNDO = "undo"
    NOTE = "note"


class DriftField(StrEnum):
    """What differs."""

    EXISTENCE = "existence"
    STATUS = "status"
    BUDGET = "daily_budget"
    END = "end_time"
    REVIEW = "review"
    AUTOMATIC = "automatic_adjustment"


@dataclass(frozen=True, slots=True)
class Expected:
    """An object as we left it.

    Attributes:
        on: Switched on by us; None when both are right (a change is under way).
        daily_budget: As last set and read back, None when the object carries none or we do not
            know.
        budget_limit: Most that was ever granted to it and still stands; between the two lies a
            change of ours that is under way.
        ends: The end time we set, None when not known.
        ends_limit: Latest end we ever set, None where the network has no end times.
        tolerance: The network's granularity of end times.
        under_review: We are waiting for the network's review already.
    """

    campaign_id: UUID
    kind: ObjectKind
    object_id: str
    on: bool | None
    daily_budget: Money | None = None
    budget_limit: Money | None = None
    ends: datetime | None = None
    ends_limit: datetime | None = None
    tolerance: timedelta = timedelta(minutes=1)
    under_review: bool = False


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """One difference. ``set_to`` is what undoing it sets: a budget or an end. Without
    ``campaign_id`` nobody knows whose it is."""

    campaign_id: UUID | None
    kind: ObjectKind
    object_id: str
    field: DriftField
    expected: str
    found: str
    action: DriftAction
    severity: Severity
    text: str
    set_to: Money | datetime | None = None

    @property
    def key(self) -> str:
        """What makes two findings one: the object, the field and what was found."""
        return f"{self.object_id}/{self.field.value}/{self.found}"[:200]


def compare(
    expected: Sequence[Expected], found: Mapping[str, NetworkObject], now: datetime
) -> list[DriftFinding]:
    """Every difference, in the order of ``expected``, most urgent field first.

    Args:
        expected: Objects as we left them.
        found: Objects as the network shows them, by id; what is missing is gone.
        now: Campaign time.
    """
    gone = {
        one.campaign_id
        for one in expected
        if one.kind is ObjectKind.CAMPAIGN and _is_gone(found.get(one.object_id))
    }
    findings: list[DriftFinding] = []
    for one in expected:
        seen = found.get(one.object_id)
        if seen is None or _is_gone(seen):
            # What hangs below a deleted campaign is gone with it: one finding says it.
            if one.kind is ObjectKind.CAMPAIGN or one.campaign_id not in gone:
                findings += _missing(one)
            continue
        findings += _status(one, seen)
        findings += _budget(one, seen)
        findings += _end(one, seen, now)
        findings += _review(one, seen)
        findings += _automatic(one, seen)
    return findings


def orphan(campaign_id: UUID | None, seen: NetworkObject) -> DriftFinding:
    """An object asked for by us that no campaign counts as its own, and that is on: undone."""
    return DriftFinding(
        campaign_id,
        seen.kind,
        seen.id,
        DriftField.STATUS,
        "unknown",
        "on",
        DriftAction.UNDO,
        Severity.CRITICAL,
        f"{_name(seen.kind)} {seen.id} carries our key, belongs to no campaign that runs, and was "
        "switched on; it is paused",
    )


def _missing(one: Expected) -> list[DriftFinding]:
    if one.on is False:
        return []  # nothing is lost that could have spent
    text = f"{_name(one.kind)} {one.object_id} was deleted on the network"
    return [
        _finding(
            one, DriftField.EXISTENCE, "present", "deleted", DriftAction.ADOPT, Severity.HIGH, text
        )
    ]


def _status(one: Expected, seen: NetworkObject) -> list[DriftFinding]:
    if one.on is None or seen.switched_on == one.on:
        return []
    what = f"{_name(one.kind)} {one.object_id}"
    if seen.switched_on:
        if one.kind is not ObjectKind.CAMPAIGN:
            return []  # below a campaign that is off nothing delivers; the campaign is judged
        text = f"{what} was switched on although it is paused here; it is paused again"
        return [
            _finding(one, DriftField.STATUS, "off", "on", DriftAction.UNDO, Severity.CRITICAL, text)
        ]
    text = f"{what} was paused on the network"
    return [_finding(one, DriftField.STATUS, "on", "off", DriftAction.ADOPT, Severity.MEDIUM, text)]


def _budget(one: Expected, seen: NetworkObject) -> list[DriftFinding]:
    ours, shown = one.daily_budget, seen.daily_budget
    if ours is None or shown is None:
        return []
    most = one.budget_limit if one.budget_limit is not None else ours
    if shown.currency != ours.currency:
        text = f"{one.object_id} reads {shown} a day, but we set {ours}: another currency"
        return [
            _finding(
                one,
                DriftField.BUDGET,
                str(ours),
                str(shown),
                DriftAction.NOTE,
                Severity.CRITICAL,
                text,
            )
        ]
    if shown.micros > max(ours.micros, most.micros):
        text = f"the daily budget was raised on the network from {ours} to {shown}; it is set back"
        return [
            _finding(
                one,
                DriftField.BUDGET,
                str(ours),
                str(shown),
                DriftAction.UNDO,
                Severity.HIGH,
                text,
                ours,
            )
        ]
    if shown.micros < ours.micros:
        text = f"the daily budget was lowered on the network from {ours} to {shown}"
        return [
            _finding(
                one,
                DriftField.BUDGET,
                str(ours),
                str(shown),
                DriftAction.ADOPT,
                Severity.MEDIUM,
                text,
                shown,
            )
        ]
    return []


def _end(one: Expected, seen: NetworkObject, now: datetime) -> list[DriftFinding]:
    if one.on is False:
        return []  # it is set anew before it is switched on again
    latest = one.ends_limit if one.ends_limit is not None else one.ends
    ours, shown = one.ends or latest, seen.end_time
    if latest is None or ours is None:
        return []
    said = f"{ours:%Y-%m-%d %H:%M}"
    if shown is None or shown > latest + one.tolerance:
        to = f"{shown:%Y-%m-%d %H:%M}" if shown else "none"
        text = f"the end was moved on the network beyond {said} (it reads {to}); it is set back"
        # An end in the past would read as ended, not as set back.
        back = max(ours, now + one.tolerance)
        return [
            _finding(one, DriftField.END, said, to, DriftAction.UNDO, Severity.HIGH, text, back)
        ]
    if one.ends is not None and shown < one.ends - one.tolerance:
        to = f"{shown:%Y-%m-%d %H:%M}"
        text = f"the end was moved forward on the network from {said} to {to}"
        return [
            _finding(one, DriftField.END, said, to, DriftAction.ADOPT, Severity.LOW, text, shown)
        ]
    return []


def _review(one: Expected, seen: NetworkObject) -> list[DriftFinding]:
    if not one.on or one.under_review or seen.delivery is not Delivery.REJECTED:
        return []
    text = f"the network rejected it after it had run: {seen.issue or 'no reason given'}"
    return [
        _finding(
            one, DriftField.REVIEW, "approved", "rejected", DriftAction.NOTE, Severity.HIGH, text
        )
    ]


def _automatic(one: Expected, seen: NetworkObject) -> list[DriftFinding]:
    if not one.on or not seen.automatic:
        return []
    which = ", ".join(seen.automatic)
    text = f"the network widens {_name(one.kind)} {one.object_id} by itself: {which}"
    return [
        _finding(one, DriftField.AUTOMATIC, "none", which, DriftAction.NOTE, Severity.MEDIUM, text)
    ]


def _finding(
    one: Expected,
    field: DriftField,
    expected: str,
    found: str,
    action: DriftAction,
    severity: Severity,
    text: str,
    set_to: Money | datetime | None = None,
) -> DriftFinding:
    return DriftFinding(
        one.campaign_id,
        one.kind,
        one.object_id,
        field,
        expected,
        found,
        action,
        severity,
        text,
        set_to,
    )


def _is_gone(seen: NetworkObject | None) -> bool:
    return seen is None or seen.delivery is Delivery.REMOVED


def _name(kind: ObjectKind) -> str:
    return kind.value.replace("_", " ")
