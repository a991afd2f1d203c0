"""What a live campaign must look after next, and when. Pure; instants are campaign time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.contract.campaign import CampaignState, Dayparting
from models.contract.vocabulary import CampaignStatus


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to do at one instant."""

    what: str
    at: datetime


def next_due(state: CampaignState, *, lease: timedelta, timezone: str, now: datetime) -> Due:
    """The earliest duty. Ties go to the one that protects money (end, lease, then the rest)."""
    candidates: list[Due] = []

    def add(what: str, at: datetime | None) -> None:
        if at is not None:
            candidates.append(Due(what, at))

    add("end", state.ends_at)
    if state.lease_until is not None and state.lease_until != state.ends_at:
        add("lease", state.lease_until - lease / 2)
    if state.plan.dayparting is not None:
        add("dayparting", next_edge(state.plan.dayparting, timezone, state.resting, now))
    add("figures", state.next_figures)
    add("landing_page", state.next_landing_check)
    if state.status is CampaignStatus.PENDING_REVIEW:
        add("review", state.next_review)
    elif not state.resting:
        add("pacing", state.next_pacing)
        add("fatigue", state.next_fatigue)
    return min(candidates, key=lambda due: due.at)


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
