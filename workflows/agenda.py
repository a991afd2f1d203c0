"""What a live campaign must look after next, and when. Pure; instants are campaign time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.contract.campaign import CampaignState, Dayparting
from models.contract.vocabulary import CampaignStatus

_A_MOMENT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to do at one instant."""

    what: str
    at: datetime


def next_due(state: CampaignState, *, lease: timedelta, timezone: str, now: datetime) -> Due:
    """The earliest duty. Ties go to the one that protects money (end, lease, then the rest)."""
    return _duties(state, lease, timezone, now)[0]


def due_together(
    state: CampaignState, *, lease: timedelta, timezone: str, now: datetime
) -> list[Due]:
    """What to do at this wake-up: all that is due, and what would be due in a moment anyway."""
    duties = _duties(state, lease, timezone, now)
    if duties[0].at > now:
        return []
    return [due for due in duties if due.at <= now or _may_come_early(due, now)]


def _may_come_early(due: Due, now: datetime) -> bool:
    return due.what in ("lease", "pacing", "creatives") and due.at <= now + _A_MOMENT


def _duties(state: CampaignState, lease: timedelta, timezone: str, now: datetime) -> list[Due]:
    duties: list[Due] = []

    def add(what: str, at: datetime | None) -> None:
        if at is not None:
            duties.append(Due(what, at))

    add("end", state.ends_at)
    if state.lease_until is not None and state.lease_until != state.ends_at:
        add("lease", state.lease_until - lease / 2)
    if state.plan.dayparting is not None:
        add("dayparting", next_edge(state.plan.dayparting, timezone, state.resting, now))
    if state.status is CampaignStatus.PENDING_REVIEW:
        add("review", state.next_review)
    elif not state.resting:
        add("pacing", state.next_pacing)
        add("creatives", state.next_fatigue)
    return sorted(duties, key=lambda due: due.at)


def in_hours(dayparting: Dayparting | None, timezone: str, now: datetime) -> bool:
    """Whether the campaign may deliver at ``now``."""
    return dayparting is None or now.astimezone(ZoneInfo(timezone)).hour in dayparting.hours


def next_edge(dayparting: Dayparting, timezone: str, resting: bool, now: datetime) -> datetime:
    """The next instant at which delivery must be switched; ``now`` when it already should be."""
    if in_hours(dayparting, timezone, now) == resting:
        return now
    local = now.astimezone(ZoneInfo(timezone)).replace(minute=0, second=0, microsecond=0)
    for ahead in range(1, 25):
        edge = (local.astimezone(ZoneInfo("UTC")) + timedelta(hours=ahead)).astimezone(local.tzinfo)
        if (edge.hour in dayparting.hours) == resting:
            return edge
    return now + timedelta(days=1)  # all hours allowed: nothing ever switches
