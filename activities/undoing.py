"""Setting back what raised spend behind our back, and keeping what was found."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import structlog

from activities import twins
from activities.records import RecordActivities
from activities.writes import seen_through
from models.contract.account import AdAccount
from models.contract.decision import Decision
from models.contract.drift import DriftNote, DriftRecord
from models.contract.money import Money
from models.contract.network import Delivery, ObjectKind
from models.contract.vocabulary import DecisionType
from models.database import Database
from platforms.errors import NetworkError, RateLimited, Refused
from platforms.network import AdNetwork
from policy import drift
from policy.drift import DriftAction, DriftField, DriftFinding

_log = structlog.get_logger("activities.undoing")


_KINDS: dict[DriftField, Literal["paused", "deleted", "budget", "rejected"]] = {
    DriftField.EXISTENCE: "deleted",
    DriftField.STATUS: "paused",
    DriftField.REVIEW: "rejected",
    DriftField.BUDGET: "budget",
}
_AT_ONCE = 8
"""Objects that are set back at the same time."""


@dataclass(slots=True)
class Done:
    """What became of the findings: what campaigns must be told, and what could not be confirmed
    (sentences)."""

    notes: list[DriftNote] = field(default_factory=list[DriftNote])
    unconfirmed: list[str] = field(default_factory=list[str])


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
        """Undo what the rule says, read it back, and keep it; the rest is for the campaigns.

        What is on although it should be off is paused first of all, and before anything is
        written down. What a campaign is to adopt is kept by the campaign, once it has seen it
        too: it may be a change of its own that is not recorded yet.

        Args:
            findings: What was found.
            campaign_ids: Network ids of campaigns, to be paused where setting back is refused.
        """
        done = Done()
        await asyncio.gather(
            *(self._pause_all(kind, findings, done) for kind in ObjectKind),
        )
        rest = [one for one in findings if not _is_on(one)]
        turns = asyncio.Semaphore(_AT_ONCE)

        async def carry_out(finding: DriftFinding) -> None:
            async with turns:
                await self._carry_out(finding, campaign_ids, done)

        await asyncio.gather(*(carry_out(one) for one in rest))
        return done

    async def _pause_all(
        self, kind: ObjectKind, findings: Sequence[DriftFinding], done: Done
    ) -> None:
        on = [one for one in findings if one.kind is kind and _is_on(one)]
        if not on:
            return
        try:
            left = await self._pause(kind, [one.object_id for one in on])
            done.unconfirmed += [f"{kind.value} {one} still reads as on" for one in left]
        except NetworkError as error:
            done.unconfirmed += [f"{one.text}: {error}" for one in on]
        for one in on:
            await self._keep(one)

    async def _carry_out(
        self, finding: DriftFinding, campaign_ids: dict[UUID, str], done: Done
    ) -> None:
        note = self._note(finding)
        if note is not None:
            done.notes.append(note)
            return
        await self._keep(finding)
        if finding.action is DriftAction.UNDO:
            problem = await self._undo(finding, campaign_ids, done.notes)
            if problem is not None:
                done.unconfirmed.append(problem)

    async def _undo(
        self, finding: DriftFinding, campaign_ids: dict[UUID, str], notes: list[DriftNote]
    ) -> str | None:
        """None once a reading shows it undone, else what is in the way."""
        try:
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

    async def _pause(self, kind: ObjectKind, object_ids: Sequence[str]) -> list[str]:
        """Switch off, read back; what still shows as on."""
        shown = await self._network.read(kind, object_ids)
        return [
            one.id
            for one in await twins.switch_off(self._network, shown)
            if one.switched_on and one.delivery is not Delivery.REMOVED
        ]

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
        notes.append(
            DriftNote(
                campaign_id=finding.campaign_id,
                kind="paused",
                detail=detail,
                record=self._record(finding),
            )
        )
        try:
            left = await self._pause(ObjectKind.CAMPAIGN, [network_id])
        except NetworkError as error:
            return f"{finding.text}: {error}"
        return f"{detail}, but still reads as on" if left else None

    async def _keep(self, finding: DriftFinding) -> None:
        """What was found, and the decision to undo it."""
        records = RecordActivities(self._database)
        await records.record_drift(self._record(finding))
        if finding.action is not DriftAction.UNDO:
            return
        team_id = self._account.team_id
        await records.record_decision(
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

    def _record(self, finding: DriftFinding) -> DriftRecord:
        return DriftRecord(
            team_id=self._account.team_id,
            account_id=self._account.id,
            campaign_id=finding.campaign_id,
            key=finding.key,
            object_kind=finding.kind.value,
            object_id=finding.object_id,
            field=finding.field.value,
            expected=finding.expected,
            found=finding.found,
            action=finding.action.value,
            note=finding.text,
            at=self._now,
        )

    def _note(self, finding: DriftFinding) -> DriftNote | None:
        """What the campaign must hear; what was undone it need not."""
        if finding.campaign_id is None or finding.action is DriftAction.UNDO:
            return None
        kind = _KINDS.get(finding.field)
        if kind is None:
            return None
        if kind == "budget" and not isinstance(finding.set_to, Money):
            return None
        return DriftNote(
            campaign_id=finding.campaign_id,
            kind=kind,
            detail=finding.text,
            budget=finding.set_to if isinstance(finding.set_to, Money) else None,
            record=self._record(finding),
        )


def _is_on(finding: DriftFinding) -> bool:
    """Whether it is on although it should be off."""
    return finding.field is DriftField.STATUS and finding.action is DriftAction.UNDO
