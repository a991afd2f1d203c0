"""What the guard of an ad account is told."""

from datetime import datetime, timedelta
from uuid import UUID

from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.clock import CampaignClock
from models.contract.vocabulary import Author, StopLevel


class Watched(Frozen):
    """A campaign under the guard's eyes. ``live`` False: only its late figures matter still."""

    campaign_id: UUID
    workflow_id: str
    network_id: str
    author: Author
    live: bool = True
    until: datetime | None = None


class StopOrder(Frozen):
    """Stop everything of an account (soft: what the AI made)."""

    by: str
    level: StopLevel = StopLevel.EMERGENCY
    reason: str = ""


class StopReport(Frozen):
    """A stop that was carried out: what was paused and what could not be confirmed."""

    order: StopOrder
    at: datetime
    paused: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()


class GuardInput(Frozen):
    """Start of an account's guard; the last four fields are carried across continue-as-new."""

    account: AdAccount
    clock: CampaignClock = CampaignClock()
    cadence: timedelta = timedelta(hours=1)
    watched: tuple[Watched, ...] = ()
    standing: StopOrder | None = None
    reports: tuple[StopReport, ...] = ()
    next_reading: datetime | None = None


class GuardView(Frozen):
    """What a query shows."""

    account: AdAccount
    watched: tuple[Watched, ...]
    standing: StopOrder | None
    reports: tuple[StopReport, ...]
    figures_as_of: datetime | None = None


class WatchRequest(Frozen):
    """Have an account's guard watch a campaign; the guard is started when there is none."""

    guard: GuardInput
    entry: Watched


class BatchPause(Frozen):
    """Pause campaigns of one account in the network's batch form and read them back."""

    account: AdAccount
    network_ids: tuple[str, ...]


class BatchPaused(Frozen):
    """What the read-back shows."""

    paused: tuple[str, ...]
    unconfirmed: tuple[str, ...]


def guard_id(account: AdAccount) -> str:
    """The workflow id of an account's guard."""
    return f"guard-{account.platform.value}-{account.id}"
