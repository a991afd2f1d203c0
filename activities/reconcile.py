"""After a restore: make the networks and what we know agree again, before anything is raised.

What runs on a network and is not known to be live is paused; budgets and ends above what we know
are set back; what is lower, off or gone is told to its campaign. Only then may the standing order
be lifted that holds every raise.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import update
from sqlmodel import col, select
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities import expectations
from activities.expectations import Scope
from activities.inspection import Listing, Look, compare, listing
from activities.records import RecordActivities
from activities.teams import ad_account
from activities.undoing import Undoing
from models.contract.account import AdAccount
from models.contract.campaign import Pause
from models.contract.clock import CampaignClock
from models.contract.decision import Decision
from models.contract.effects import effect_key, is_effect_key
from models.contract.ids import campaign_workflow_id
from models.contract.network import NetworkObject, ObjectKind
from models.contract.vocabulary import RECONCILE, CampaignStatus, DecisionType
from models.database import Database
from models.tables import Account, Campaign, StandingStop
from platforms.errors import NetworkError
from platforms.registry import Networks
from policy import drift
from policy.drift import DriftFinding

_LIVE = (CampaignStatus.PENDING_REVIEW.value, CampaignStatus.ACTIVE.value)
_PREFIX = campaign_workflow_id(UUID(int=0)).removesuffix(str(UUID(int=0)))


@dataclass(slots=True)
class AccountReport:
    """One account: what differed (sentences), and what could not be confirmed."""

    team_id: UUID
    account: str
    platform: str
    objects: int = 0
    findings: list[str] = field(default_factory=list[str])
    told: list[str] = field(default_factory=list[str])
    unconfirmed: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The whole: account by account, and whether raises are allowed again."""

    accounts: tuple[AccountReport, ...]
    lifted: int
    dry_run: bool = False

    @property
    def confirmed(self) -> bool:
        """Whether nothing was left in doubt."""
        return not any(one.unconfirmed for one in self.accounts)


@dataclass(frozen=True, slots=True)
class _Led:
    """Who leads campaigns: rows that claim to be live without a workflow, and workflows that run
    without a row."""

    leaderless: frozenset[UUID]
    unknown: frozenset[UUID]


class Reconciliation:
    """Every account of some teams, which may share ad accounts."""

    def __init__(
        self,
        database: Database,
        networks: Networks,
        client: Client,
        clock: CampaignClock,
        lease: timedelta,
    ) -> None:
        self._database = database
        self._networks = networks
        self._client = client
        self._clock = clock
        self._lease = lease

    async def run(
        self, teams: Sequence[UUID], by: str, reason: str, *, dry_run: bool = False
    ) -> Reconciled:
        """Reconcile every account; lift the order that holds raises when all is confirmed."""
        accounts = [one for team_id in teams for one in await self._accounts(team_id)]
        led = await self._who_leads(teams)
        known = await self._known_ids(accounts, led)
        reports = [await self._account(one, led, known, dry_run=dry_run) for one in accounts]
        lifted = 0
        if not dry_run and not any(one.unconfirmed for one in reports):
            for team_id in teams:
                lifted += await self._lift(team_id, by, reason)
        return Reconciled(tuple(reports), lifted, dry_run)

    # -- what is known ------------------------------------------------------------------------

    async def _accounts(self, team_id: UUID) -> list[AdAccount]:
        async with self._database.team(team_id) as session:
            rows = await session.scalars(select(Account).order_by(col(Account.platform)))
            return [ad_account(row) for row in rows]

    async def _who_leads(self, teams: Sequence[UUID]) -> _Led:
        """A campaign without its workflow has nobody who renews or ends it."""
        rows: dict[UUID, tuple[str, str]] = {}
        for team_id in teams:
            async with self._database.team(team_id) as session:
                for found in await session.execute(
                    select(Campaign.id, Campaign.status, Campaign.workflow_id)
                ):
                    rows[found[0]] = (found[1], found[2])
        live = [one for one, (status, _) in rows.items() if status in _LIVE]
        gone = [one for one in live if not await self._runs(rows[one][1])]
        unknown: set[UUID] = set()
        query = "WorkflowType = 'campaign' AND ExecutionStatus = 'Running'"
        async for one in self._client.list_workflows(query):
            campaign_id = UUID(one.id.removeprefix(_PREFIX))
            if campaign_id not in rows:
                unknown.add(campaign_id)
        return _Led(frozenset(gone), frozenset(unknown))

    async def _runs(self, workflow_id: str) -> bool:
        try:
            shown = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return shown.status is WorkflowExecutionStatus.RUNNING

    async def _known_ids(
        self, accounts: Sequence[AdAccount], led: _Led
    ) -> dict[tuple[str, str], set[str]]:
        """Ids that some team's campaigns stand for, by network and ad account."""
        known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for account in accounts:
            async with self._database.team(account.team_id) as session:
                loaded = await expectations.load(session, self._scope(account, led))
            known[_place(account)] |= loaded.known_ids
        return known

    def _scope(self, account: AdAccount, led: _Led) -> Scope:
        return Scope(
            account,
            self._now(),
            timedelta(minutes=1),
            self._lease,
            strict=True,
            leaderless=led.leaderless,
        )

    # -- one account --------------------------------------------------------------------------

    async def _account(
        self,
        account: AdAccount,
        led: _Led,
        known: dict[tuple[str, str], set[str]],
        *,
        dry_run: bool,
    ) -> AccountReport:
        report = AccountReport(account.team_id, account.name, account.platform.value)
        try:
            network = await self._networks.of(account)
            listed = await listing(network)
            report.objects = len(listed.objects)
            async with self._database.team(account.team_id) as session:
                loaded = await expectations.load(session, self._scope(account, led))
            look = await compare(network, loaded, listed, self._now())
            strangers = _strangers(listed, known[_place(account)], led)
            findings = _without_twice([*look.findings, *strangers])
            report.findings = [one.text for one in findings]
            if dry_run:
                return report
            undoing = Undoing(self._database, network, account, self._now())
            done = await undoing.carry_out(findings, look.campaigns)
        except NetworkError as error:
            report.unconfirmed.append(f"{account.name} was not read to the end: {error}")
            return report
        report.unconfirmed += done.unconfirmed
        for note in done.notes:
            await self._tell(report, look, note.campaign_id, "drifted", note)
        for finding in findings:
            unled = finding.campaign_id in led.unknown
            if finding.campaign_id is not None and unled:
                wish = Pause(by="reconcile", reason="the restored database does not know it")
                await self._tell(report, look, finding.campaign_id, "pause", wish)
        return report

    async def _tell(
        self, report: AccountReport, look: Look, campaign_id: UUID, name: str, message: object
    ) -> None:
        workflow_id = look.expected.workflows.get(campaign_id, campaign_workflow_id(campaign_id))
        try:
            await self._client.get_workflow_handle(workflow_id).signal(name, message)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                report.unconfirmed.append(f"{workflow_id} was not told: {error.message}")
            return  # one that has ended has nothing to learn
        report.told.append(workflow_id)

    async def _lift(self, team_id: UUID, by: str, reason: str) -> int:
        at = self._now()
        await RecordActivities(self._database).record_decision(
            Decision(
                id=uuid5(team_id, f"reconcile/{at.isoformat()}"),
                team_id=team_id,
                type=DecisionType.RECOVER,
                decided_by=by,
                reason=reason,
                at=at,
                action={"lift": RECONCILE},
            )
        )
        async with self._database.team(team_id) as session:
            done = await session.execute(
                update(StandingStop)
                .where(col(StandingStop.level) == RECONCILE, col(StandingStop.lifted_at).is_(None))
                .values(lifted_at=datetime.now(UTC), lifted_by=by, lift_reason=reason)
                .returning(col(StandingStop.id))
            )
            return len(done.all())

    def _now(self) -> datetime:
        return self._clock.campaign_time(datetime.now(UTC))


def _strangers(listed: Listing, known: set[str], led: _Led) -> list[DriftFinding]:
    """What is on under a key of our form that nobody knows: made after the backup."""
    names = {effect_key(one, "campaign"): one for one in led.unknown}

    def is_stranger(one: NetworkObject) -> bool:
        return (
            one.kind is ObjectKind.CAMPAIGN
            and one.switched_on
            and one.id not in known
            and is_effect_key(one.key)
        )

    return [
        drift.orphan(names.get(one.key), one) for one in listed.objects.values() if is_stranger(one)
    ]


def _without_twice(findings: Sequence[DriftFinding]) -> list[DriftFinding]:
    return list({one.key: one for one in findings}.values())


def _place(account: AdAccount) -> tuple[str, str]:
    return account.platform.value, account.external_id.removeprefix("act_")
