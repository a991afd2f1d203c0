"""Setting back what raised spend behind our back, and keeping what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import structlog
from sqlalchemy.dialects.postgresql import insert

from activities import twins
from activities.records import RecordActivities
from activities.writes import seen_through
from models.contract.account import AdAccount
from models.contract.decision import Decision
from models.contract.drift import DriftNote
from models.contract.money import Money
from models.contract.network import Delivery, ObjectKind
from models.contract.vocabulary import DecisionType
from models.database import Database
from models.tables import Drift
from models.tables.columns import now_utc
from platforms.errors import NetworkError, RateLimited, Refused
from platforms.network import AdNetwork
from policy import drift
from policy.drift import DriftAction, DriftField, DriftFinding

_log = structlog.get_logger("activities.undoing")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the findings: what campaigns must be told, and what could not be confirmed
    (sentences)."""

    notes: tuple[DriftNote, ...]
    unconfirmed: tuple[str, ...] = ()


class Undoing:
    """Carries out findings on one account's network."""

    def __init__(
        self, database: Database, network: AdNetwork, account: AdAccount, now: datetime
    ) -> None:
        self._database = database
        self._network = network
        self._account = account
        self._now = now

    async def carry_out(
        self, findings: Sequence[DriftFinding], campaign_ids: dict[UUID, str]
    ) -> Done:
        """Undo what the rule says, read it back, and keep every finding.

        What is on although it should be off is paused before anything is written down.

        Args:
            findings: What was found.
            campaign_ids: Network ids of campaigns, to be paused where setting back is refused.
        """
        unconfirmed: list[str] = []
        notes: list[DriftNote] = []
        for finding in sorted(findings, key=lambda one: one.field is not DriftField.STATUS):
            at_once = finding.field is DriftField.STATUS
            if not at_once:
                await self._keep(finding)
            if finding.action is DriftAction.UNDO:
                problem = await self._undo(finding, campaign_ids, notes)
                if problem is not None:
                    unconfirmed.append(problem)
            if at_once:
                await self._keep(finding)
            told = _told(finding)
            if told is not None:
                notes.append(told)
        return Done(tuple(notes), tuple(unconfirmed))

    async def _undo(
        self, finding: DriftFinding, campaign_ids: dict[UUID, str], notes: list[DriftNote]
    ) -> str | None:
        """None once a reading shows it undone, else what is in the way."""
        try:
            if finding.field is DriftField.STATUS:
                return await self._pause(finding.kind, finding.object_id)
            if finding.field is DriftField.BUDGET and isinstance(finding.set_to, Money):
                await seen_through(
                    self._network.set_daily_budget(finding.object_id, finding.set_to)
                )
            elif isinstance(finding.set_to, datetime):
                await seen_through(self._network.set_end_time(finding.object_id, finding.set_to))
            return await self._still(finding)
        except (Refused, RateLimited) as error:
            # No room to set it back, but there is always room to stop.
            return await self._pause_instead(finding, campaign_ids, notes, error)
        except NetworkError as error:
            return f"{finding.text}: {error}"

    async def _still(self, finding: DriftFinding) -> str | None:
        """Whether a reading still shows what was to be undone."""
        for seen in await self._network.read(finding.kind, [finding.object_id]):
            if finding.field is DriftField.BUDGET and isinstance(finding.set_to, Money):
                if seen.daily_budget is None or seen.daily_budget.micros > finding.set_to.micros:
                    return f"{finding.object_id} still reads {seen.daily_budget} a day"
            elif isinstance(finding.set_to, datetime):
                tolerance = self._network.capabilities.end_time_granularity
                if seen.end_time is None or seen.end_time > finding.set_to + tolerance:
                    return f"{finding.object_id} still ends at {seen.end_time}"
        return None

    async def _pause(self, kind: ObjectKind, object_id: str) -> str | None:
        shown = await self._network.read(kind, [object_id])
        for one in await twins.switch_off(self._network, shown):
            if one.switched_on and one.delivery is not Delivery.REMOVED:
                return f"{kind.value} {object_id} still reads as on"
        return None

    async def _pause_instead(
        self,
        finding: DriftFinding,
        campaign_ids: dict[UUID, str],
        notes: list[DriftNote],
        refusal: NetworkError,
    ) -> str | None:
        network_id = campaign_ids.get(finding.campaign_id) if finding.campaign_id else None
        if network_id is None or finding.campaign_id is None:
            return f"{finding.text}: {refusal}"
        _log.warning("cannot be set back, paused", object=finding.object_id, why=str(refusal))
        detail = f"{finding.text}, but the network refused ({refusal.message}), so it is paused"
        notes.append(DriftNote(campaign_id=finding.campaign_id, kind="paused", detail=detail))
        try:
            return await self._pause(ObjectKind.CAMPAIGN, network_id)
        except NetworkError as error:
            return f"{finding.text}: {error}"

    async def _keep(self, finding: DriftFinding) -> None:
        """One row per object, field and value found, and the decision to undo it."""
        team_id = self._account.team_id
        async with self._database.team(team_id) as session:
            await session.execute(
                insert(Drift)
                .values(
                    id=uuid5(team_id, f"drift/{finding.key}"),
                    team_id=team_id,
                    key=finding.key,
                    account_id=self._account.id,
                    campaign_id=finding.campaign_id,
                    object_kind=finding.kind.value,
                    object_id=finding.object_id,
                    field=finding.field.value,
                    expected=finding.expected,
                    found=finding.found,
                    action=finding.action.value,
                    note=finding.text,
                    at=self._now,
                    recorded_at=now_utc(),
                )
                .on_conflict_do_nothing()
            )
        if finding.action is not DriftAction.UNDO:
            return  # a campaign records itself what it adopts
        await RecordActivities(self._database).record_decision(
            Decision(
                id=uuid5(team_id, f"drift/{finding.key}/{self._now:%Y%m%dT%H%M}"),
                team_id=team_id,
                type=DecisionType.DRIFT,
                decided_by="adflight",
                reason=finding.text,
                at=self._now,
                campaign_id=finding.campaign_id,
                platform=self._account.platform.value,
                policy=f"{drift.NAME}@{drift.VERSION}",
                inputs={"expected": finding.expected, "found": finding.found},
                action={"undo": finding.field.value, "object": finding.object_id},
            )
        )


def _told(finding: DriftFinding) -> DriftNote | None:
    """What the campaign must hear; what was undone it need not."""
    if finding.campaign_id is None or finding.action is DriftAction.UNDO:
        return None
    campaign_id, text = finding.campaign_id, finding.text
    match finding.field:
        case DriftField.EXISTENCE:
            return DriftNote(campaign_id=campaign_id, kind="deleted", detail=text)
        case DriftField.STATUS:
            return DriftNote(campaign_id=campaign_id, kind="paused", detail=text)
        case DriftField.REVIEW:
            return DriftNote(campaign_id=campaign_id, kind="rejected", detail=text)
        case DriftField.BUDGET if isinstance(finding.set_to, Money):
            budget = finding.set_to
            return DriftNote(campaign_id=campaign_id, kind="budget", detail=text, budget=budget)
        case _:
            return None
