"""What the guard of an ad account is told, what it does, and what it answers."""

from datetime import datetime, timedelta
from uuid import UUID

from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.campaign import Cadence
from models.contract.clock import CampaignClock
from models.contract.safety import Finding
from models.contract.vocabulary import Author, StopLevel


class Watched(Frozen):
    """A campaign under the guard's eyes: what a stop needs to know of it.

    ``live``: it may be switched on. Otherwise only its late figures matter, ``until`` then.
    """

    campaign_id: UUID
    workflow_id: str
    network_id: str
    author: Author
    live: bool = True
    until: datetime | None = None


class StopOrder(Frozen):
    """Stop everything of an account (soft: what the AI made).

    ``scope`` is what the stop was pressed for (``all``, ``team``, a platform, ``account:ID``) and
    ``pressed_at`` when, in real time. ``incident`` is the key of the incident it belongs to.
    """

    by: str
    level: StopLevel = StopLevel.EMERGENCY
    reason: str = ""
    scope: str = ""
    pressed_at: datetime | None = None
    incident: str | None = None


class StandingOrder(Frozen):
    """A stop that stands over an account since an instant (campaign time), to be remembered."""

    account: AdAccount
    order: StopOrder
    since: datetime


class Lift(Frozen):
    """Let a scope be raised again. A person does it, and says why."""

    by: str
    reason: str
    scope: str


class StopReport(Frozen):
    """A stop that was carried out. Instants are real time, except ``at`` (campaign time)."""

    order: StopOrder
    at: datetime
    received_at: datetime | None = None
    first_call_at: datetime | None = None
    confirmed_at: datetime | None = None
    told_at: datetime | None = None
    paused: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()


class GuardInput(Frozen):
    """Start of an account's guard; the fields from ``watched`` are carried to its next run.

    ``fired`` remembers which finding is under its cool-down until when; ``spenders`` the network
    ids of campaigns by present spend, biggest first; ``paused`` what a rule has switched off and
    nobody has resumed, so that the same trouble is told once however long it takes.
    """

    account: AdAccount
    clock: CampaignClock = CampaignClock()
    cadence: Cadence = Cadence()
    watched: tuple[Watched, ...] = ()
    standing: StopOrder | None = None
    credentials_off: bool = False
    reports: tuple[StopReport, ...] = ()
    fired: dict[str, datetime] = {}
    spenders: tuple[str, ...] = ()
    paused: tuple[UUID, ...] = ()
    next_round: datetime | None = None
    next_creatives: datetime | None = None
    next_look: datetime | None = None


class GuardView(Frozen):
    """What a query shows."""

    account: AdAccount
    watched: tuple[Watched, ...]
    standing: StopOrder | None
    credentials_off: bool
    orders: int
    reports: tuple[StopReport, ...]
    figures_as_of: datetime | None = None


class WatchRequest(Frozen):
    """Have an account's guard watch a campaign; the guard is started when there is none."""

    guard: GuardInput
    entry: Watched


class WatchAnswer(Frozen):
    """The guard's answer before a campaign is switched on: what stands in the way, or None."""

    stop: StopOrder | None = None


class Watch(Frozen):
    """Watch an account for ``span`` (real time): read, append, and judge every safety rule.

    Campaigns come from the database, so that the same order serves while they come and go.
    ``fired`` are findings under their cool-down (campaign time).
    """

    account: AdAccount
    clock: CampaignClock
    cadence: Cadence
    span: timedelta
    fired: dict[str, datetime] = {}


class WatchReport(Frozen):
    """What a watch found, or that its time is over.

    ``as_of``: age of the newest figures. ``spenders``: network ids by spend of the last hour.
    ``fired``: findings under their cool-down, these included, and until when (campaign time).
    """

    findings: tuple[Finding, ...] = ()
    as_of: datetime | None = None
    spenders: tuple[str, ...] = ()
    spend_rate_micros: int = 0
    fired: dict[str, datetime] = {}


class BatchPause(Frozen):
    """Pause campaigns of one account in the network's batch form and read them back.

    ``network_ids`` in the order in which they are to be paused: the biggest spender first.
    """

    account: AdAccount
    network_ids: tuple[str, ...]
    look_first: bool = False


class BatchPaused(Frozen):
    """What the read-back shows. Instants are real time. ``refused``: what the network said of one
    that it did not accept to pause."""

    paused: tuple[str, ...]
    unconfirmed: tuple[str, ...]
    refused: str | None = None
    first_call_at: datetime | None = None
    confirmed_at: datetime | None = None


class CredentialsOff(Frozen):
    """After a hard stop was confirmed: let nobody write with this account's credentials."""

    account: AdAccount
    by: str
    reason: str


class SpreadStop(Frozen):
    """Tell every other guard of the team to stop as well."""

    team_id: UUID
    order: StopOrder


def guard_id(account: AdAccount) -> str:
    """The workflow id of an account's guard."""
    return f"guard-{account.platform.value}-{account.id}"
