"""Many policies propose, at most one move per lever and cycle happens.

Order of precedence: safety, then lowering before raising, then severity, then the more cautious
size. A pause silences the rest of its cycle; other safety moves only end raising. Everything that
does not happen is listed with its reason.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from policy.actions import RANK, Proposal, Severity, kind
from policy.estimate import finite
from policy.modes import COOL_DOWN, DAILY_CAP, RAISE_MOST, Lever, Mode, cap, down_to_unit

NAME = "arbitration"
VERSION = "1"

DAY = timedelta(hours=24)
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that was made: its lever, when, and its relative change (None without amount)."""

    lever: Lever
    at: datetime
    change: float | None = None
    raised_by: int = 0


@dataclass(frozen=True, slots=True)
class Toggles:
    """What the team lets the optimiser do in this campaign."""

    enabled: bool = True
    bid: bool = True
    budget: bool = True
    pause_underperforming: bool = True
    scale_performing: bool = True


@dataclass(frozen=True, slots=True)
class ArbitrationInputs:
    """One campaign's cycle.

    Attributes:
        status: The campaign's state; only "active" is optimised.
        moved: Moves made before, at least of the last two days; ``raised_by`` in micros.
        learning: The network still learns: nothing is raised.
        frozen: Decisions are suspended: optimisation stops, safety goes on.
        admin_override: A person runs this campaign: the same.
        no_raise_before: Nothing is raised before this instant.
        raise_most: RAISE_MOST in the campaign's currency.
    """

    now: datetime
    status: str
    mode: Mode
    currency: str
    proposals: tuple[Proposal, ...]
    moved: tuple[Moved, ...] = ()
    learning: bool = False
    frozen: bool = False
    admin_override: bool = False
    no_raise_before: datetime | None = None
    toggles: Toggles = Toggles()
    raise_most: int = RAISE_MOST


@dataclass(frozen=True, slots=True)
class Accepted:
    """A move to make: the proposal with ``proposed`` within every cap, and what was shortened."""

    proposal: Proposal
    lever: Lever
    severity: Severity
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A move not to make, and why."""

    proposal: Proposal
    why: str


@dataclass(frozen=True, slots=True)
class ArbitrationAnswer:
    """Moves in the order to make them, at most one per lever, and all that was dropped."""

    accepted: tuple[Accepted, ...]
    dropped: tuple[Dropped, ...]
    reason: str
    confidence: float = 1.0


def decide(inputs: ArbitrationInputs) -> ArbitrationAnswer:
    """Choose among the proposals; the same proposals in any order give the same moves."""
    accepted: list[Accepted] = []
    dropped: list[Dropped] = []
    for proposal in sorted(inputs.proposals, key=_precedence):
        why = _barred(proposal, inputs) or _contradicts(proposal, accepted)
        shortened = proposal
        if why is None:
            shortened, why = _shortened(proposal, inputs)
        if why is not None:
            dropped.append(Dropped(proposal, why))
            continue
        note = ""
        if shortened.proposed != proposal.proposed:
            note = f"shortened from {(proposal.proposed or 0) / 1e6:.2f} by the caps"
        what = kind(proposal.action)
        accepted.append(Accepted(shortened, what.lever, what.severity, note))
    return ArbitrationAnswer(tuple(accepted), tuple(dropped), _sentence(accepted, dropped))


def _precedence(proposal: Proposal) -> tuple[object, ...]:
    what = kind(proposal.action)
    change = proposal.change
    # A pause goes before every other lever; of equals, the one that leaves the least spend.
    return (
        not proposal.protects,
        what.lever != "status",
        proposal.direction,
        -RANK[what.severity],
        0.0 if change is None else change,
        proposal.source,
        proposal.action,
        proposal.subject or "",
        proposal.reason,
        proposal.current or 0,
        proposal.proposed or 0,
    )


def _barred(proposal: Proposal, inputs: ArbitrationInputs) -> str | None:
    """Why the campaign's state, a person or the calendar forbids it."""
    what, change = kind(proposal.action), proposal.change
    # What may be about to deliver can still be stopped; all else has nothing to act on.
    stops = what.lever == "status" and proposal.protects and inputs.status in _MAY_DELIVER
    if inputs.status != "active" and not stops:
        return f"the campaign is {inputs.status}, not active"
    raises_a_creative = what.lever == "creative" and what.direction > 0
    if (what.lever in ("bid", "budget") or raises_a_creative) and (
        change is None or (proposal.proposed or 0) < 0
    ):
        return "the amounts make no sense"
    if change is not None and what.direction * change < 0:
        return f"{proposal.action} with amounts that go the other way"
    if change == 0:
        return "changes nothing"
    if proposal.protects:
        return None
    return _person(proposal, inputs) or _calendar(proposal, inputs)


_MAY_DELIVER: Final = frozenset({"scheduled", "launching", "pending_review"})


def _person(proposal: Proposal, inputs: ArbitrationInputs) -> str | None:
    lever, toggles = kind(proposal.action).lever, inputs.toggles
    if inputs.admin_override:
        return "a person runs this campaign; only safety acts"
    if inputs.frozen:
        return "decisions are frozen; only safety acts"
    off = (
        not toggles.enabled
        or (lever == "bid" and not toggles.bid)
        or (lever == "budget" and not toggles.budget)
        or (lever == "status" and not toggles.pause_underperforming)
        or (proposal.direction > 0 and lever != "bid" and not toggles.scale_performing)
    )
    return "switched off for this campaign" if off else None


def _calendar(proposal: Proposal, inputs: ArbitrationInputs) -> str | None:
    lever = kind(proposal.action).lever
    if proposal.direction > 0:
        if inputs.learning:
            return "nothing is raised while the network learns"
        if inputs.no_raise_before is not None and inputs.now < inputs.no_raise_before:
            return f"nothing is raised before {inputs.no_raise_before:%Y-%m-%d %H:%M}"
    last = max((one.at for one in inputs.moved if one.lever == lever), default=None)
    # A move dated after now (a clock set back) counts as just made.
    if last is not None and inputs.now - last < COOL_DOWN[lever]:
        hours = max(0.0, (inputs.now - last).total_seconds() / 3600)
        return f"the {lever} was moved {hours:.1f} h ago and rests"
    return None


def _contradicts(proposal: Proposal, accepted: list[Accepted]) -> str | None:
    what = kind(proposal.action)
    for one in accepted:
        if one.lever == "status":
            return f"the campaign is being paused ({one.proposal.source})"
        if one.lever == what.lever:
            return f"{one.proposal.action} by {one.proposal.source} has this cycle's {one.lever}"
        if proposal.direction > 0 and one.proposal.protects:
            return f"safety ({one.proposal.source}) lowers in this cycle"
        money = {"bid", "budget"}
        if proposal.direction > 0 > one.proposal.direction and {one.lever, what.lever} <= money:
            return f"{one.proposal.action} by {one.proposal.source} lowers in this cycle"
    return None


def _shortened(proposal: Proposal, inputs: ArbitrationInputs) -> tuple[Proposal, str | None]:
    """The proposal within the mode's cap and what the day has left, or why nothing is left."""
    change, current, wanted = proposal.change, proposal.current, proposal.proposed
    if change is None or current is None or wanted is None:
        return proposal, None
    if proposal.protects:
        return proposal, None
    lever = kind(proposal.action).lever
    today = [
        one
        for one in inputs.moved
        if one.lever == lever and one.at > inputs.now - DAY and finite(one.change) is not None
    ]
    day = DAILY_CAP[lever]
    if change > 0:
        used = math.prod(1 + max(0.0, one.change or 0.0) for one in today)
        room = (1 + day) / used - 1
        most = current * (1 + max(0.0, min(room, cap(inputs.mode))))
        if lever == "budget":
            raised = sum(max(0, one.raised_by) for one in today)
            most = min(most, current + max(0, inputs.raise_most - raised))
        target = min(wanted, down_to_unit(most + _ROUNDING, inputs.currency))
        return _worth(proposal, target, target > current)
    used = math.prod(1 + max(-1.0, min(0.0, one.change or 0.0)) for one in today)
    room = min(1 - (1 - day) / used, cap(inputs.mode)) if used > 1 - day else 0.0
    least = down_to_unit(current * (1 - room) + _ROUNDING, inputs.currency)
    return _worth(proposal, max(wanted, least), room > _ROUNDING)


def _worth(proposal: Proposal, target: int, moves: bool) -> tuple[Proposal, str | None]:
    lever = kind(proposal.action).lever
    if not moves:
        return proposal, f"the {lever} has had its change for today"
    return replace(proposal, proposed=target), None


def _sentence(accepted: list[Accepted], dropped: list[Dropped]) -> str:
    done = "; ".join(f"{one.proposal.action} ({one.proposal.source})" for one in accepted)
    rest = f", {len(dropped)} dropped" if dropped else ""
    if not accepted:
        return f"nothing to do{rest}" + (f": {dropped[0].why}" if dropped else "")
    return f"{done}{rest}"
