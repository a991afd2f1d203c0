"""What a guard does again and again: pause in batches, tell campaigns, write down, tell people."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.guard import GuardActivities
    from activities.incidents import IncidentActivities
    from activities.notify import Notice, NotifyActivities
    from activities.records import RecordActivities
    from models.contract.decision import Decision
    from models.contract.guard import BatchPause, BatchPaused, GuardInput, StopOrder, Watched
    from models.contract.incident import IncidentReport
    from models.contract.notice import incident_notice
    from models.contract.safety import Severity
    from models.contract.vocabulary import Author, DecisionOutcome, DecisionType, StopLevel
    from workflows import timeouts
    from workflows.errands import A, Method, R, carry_out, failure_text
    from workflows.timeouts import ActivityConfig

GUARD = "adflight guard"
_TRY_AGAIN = timedelta(seconds=5)
_PATIENCE = timedelta(minutes=5)  # the history must outlast a network that refuses for weeks
_FRUITLESS = 2
"""Rounds in which nothing at all went off, until a person is called."""
_AT_ONCE = 100
"""External signals under way together; Temporal allows 2,000 pending."""


class GuardSteps:
    """What is watched, and the steps of a stop. The story is in ``workflows.account_guard``."""

    def __init__(self, guard: GuardInput) -> None:
        """Take up what an earlier run watched."""
        self._guard = guard
        self._watched = {entry.campaign_id: entry for entry in guard.watched}
        self._standing: StopOrder | None = guard.standing
        self._credentials_off = guard.credentials_off
        self._spenders = guard.spenders
        self._paused = set(guard.paused)
        self._background: set[asyncio.Task[None]] = set()

    # -- on the network -----------------------------------------------------------------------

    async def _pause_until_confirmed(
        self, entries: Sequence[Watched], summary: str, *, look_first: bool = False
    ) -> BatchPaused:
        """Pause in batches, the biggest spender first, until the network shows all of it off.

        A stop is never given up, not even when the network refuses our credential.
        """
        rank = {network_id: place for place, network_id in enumerate(self._spenders)}
        pending = tuple(
            sorted((one.network_id for one in entries), key=lambda one: rank.get(one, len(rank)))
        )
        paused: tuple[str, ...] = ()
        first_call: datetime | None = None
        confirmed: datetime | None = None
        wait, fruitless = _TRY_AGAIN, 0
        while pending:
            try:
                done: BatchPaused = await carry_out(
                    GuardActivities.pause_batch,
                    BatchPause(
                        account=self._guard.account, network_ids=pending, look_first=look_first
                    ),
                    timeouts.STOP,
                    f"{summary}: {'look at' if look_first else 'pause'} {len(pending)} campaign(s)",
                )
            except ActivityError as error:
                problem = failure_text(error)
            else:
                first_call = first_call or done.first_call_at
                confirmed = done.confirmed_at
                paused += done.paused
                pending = done.unconfirmed
                fruitless = 0 if done.paused else fruitless + 1
                # What the network took and shows late is asked for again at once.
                if not pending or fruitless < _FRUITLESS:
                    continue
                problem = done.refused or "It took the pause and shows them as on."
            self._alert(
                f"unstopped/{workflow.now():%Y%m%dT%H%M%S}",
                f"NOT STOPPED on {self._guard.account.name}: a person must act",
                f"{len(pending)} campaign(s) may still spend. {problem}",
                Severity.CRITICAL,
            )
            await workflow.sleep(wait, summary="ask the network again to pause")
            wait = min(wait * 2, _PATIENCE)
        return BatchPaused(
            paused=paused,
            unconfirmed=(),
            first_call_at=first_call,
            confirmed_at=confirmed or (None if look_first else workflow.now()),
        )

    # -- telling campaigns --------------------------------------------------------------------

    async def _tell_all(self, entries: Sequence[Watched], signal: str, message: Any) -> None:
        """Signal campaigns, some at a time; one that is over needs to hear nothing."""
        for first in range(0, len(entries), _AT_ONCE):
            some = entries[first : first + _AT_ONCE]
            await asyncio.gather(*(self._signal(one, signal, message) for one in some))

    async def _signal(self, entry: Watched, signal: str, message: Any) -> None:
        try:
            await workflow.get_external_workflow_handle(entry.workflow_id).signal(signal, message)
        except FailureError as error:
            workflow.logger.info("campaign %s is over: %s", entry.workflow_id, error)

    def _concerned(self, level: StopLevel) -> list[Watched]:
        """Campaigns that may be switched on and that a stop of the level concerns."""
        return [
            entry
            for entry in self._watched.values()
            if entry.live and (level is not StopLevel.SOFT or entry.author is Author.AI)
        ]

    # -- writing down and telling people ------------------------------------------------------

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do in the background what must not hold a stop up, and finish it before the run ends."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _write_down(
        self, method: Method[A, R], argument: A, config: ActivityConfig, summary: str
    ) -> None:
        async def write() -> None:
            try:
                await carry_out(method, argument, config, summary)
            except ActivityError as error:
                workflow.logger.error("%s: %s", summary, failure_text(error))

        self._later(write())

    def _report(self, incident: IncidentReport) -> None:
        """Write an incident down and tell people; neither waits for the other to be possible."""
        notice = incident_notice(incident)
        self._write_down(
            IncidentActivities.report, incident, timeouts.RECORD, f"Incident: {incident.title}"
        )
        self._write_down(NotifyActivities.notify, notice, timeouts.ALERT, f"Tell: {notice.title}")

    def _alert(self, topic: str, title: str, body: str, severity: Severity) -> None:
        notice = Notice(
            team_id=self._guard.account.team_id,
            key=f"guard/{self._guard.account.id}/{topic}",
            title=title,
            body=body,
            severity=severity,
        )
        self._write_down(NotifyActivities.notify, notice, timeouts.ALERT, f"Tell people: {title}")

    def _decided(
        self, kind: DecisionType, by: str, reason: str, campaign_id: UUID | None = None
    ) -> None:
        """Stops act first: they are copied to the audit trail after."""
        decision = Decision(
            id=workflow.uuid4(),
            team_id=self._guard.account.team_id,
            type=kind,
            decided_by=by,
            reason=reason,
            at=self._now(),
            campaign_id=campaign_id,
            platform=self._guard.account.platform.value,
            action={"account": str(self._guard.account.id)},
            outcome=DecisionOutcome.SUCCESS,
        )
        self._write_down(
            RecordActivities.record_decision,
            decision,
            timeouts.RECORD,
            f"Record the decision: {kind.value}",
        )

    def _binds(self, order: StopOrder | None, author: Author) -> StopOrder | None:
        """The standing stop, as far as it concerns what an author made."""
        if order is None or (order.level is StopLevel.SOFT and author is not Author.AI):
            return None
        return order

    def _now(self) -> datetime:
        return self._guard.clock.campaign_time(workflow.now())
