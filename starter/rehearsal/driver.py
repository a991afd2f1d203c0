"""The driver of a rehearsal: starts campaigns, approves them, and steps time from event to event.

Instants are campaign time. Everything happens at instants known beforehand: guards look at their
cadence, campaigns say when they are due, schedules and scenarios have their hours. Campaigns of
different accounts begin five minutes apart and guards look ten minutes before the hours of their
campaigns, so that no two of them meet at one instant and a run can be repeated to the byte.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy

from models.contract.campaign import Approve, CampaignView
from models.contract.content import Article
from models.contract.ids import campaign_workflow_id
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import CampaignStatus
from starter.rehearsal import cast
from starter.rehearsal.cast import Actor
from starter.rehearsal.ground import PERSON, Ground
from starter.rehearsal.order import FIRST_DAY, RehearsalOrder
from starter.rehearsal.scenarios import SandboxOrder, orders
from starter.rehearsal.stepping import GRAIN
from starter.rehearsal.timetable import Appointment, appointments
from starter.schedules import team_schedules
from starter.stack.errors import StackFailed
from workflows import search

_ASK_AGAIN = timedelta(hours=6)
"""A message may change what a campaign does next: it is asked at least this often."""

_TRUSTED = timedelta(days=1)
"""An active campaign that decides at regular hours need not be asked each time: so long."""

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Driver:
    """Drives one rehearsal over its ground."""

    ground: Ground
    order: RehearsalOrder
    progress: Progress
    actors: list[Actor] = field(default_factory=list[Actor])
    steps: int = 0

    async def drive(self) -> None:
        """The whole span, from the first instant to the last look after the end.

        Raises:
            CampaignFileRefused: a plan is refused by limits or by its network.
            StackFailed: a part ended, or a workflow's code failed and it cannot go on.
        """
        order = self.order
        await self._publish(order.article)
        self.actors = [
            await cast.actor(self.ground, order, number)
            for number in range(len(order.file.platforms))
        ]
        pending = sorted(
            (
                one
                for each in order.scenarios
                for one in orders(each, order.start, order.file.platforms)
            ),
            key=lambda one: one.at,
        )
        starts = appointments(team_schedules(self.ground.settings), order.start, order.end)
        last = (
            order.end
            + max(actor.begins - order.start for actor in self.actors)
            + self.order.cadence.watch
        )
        while True:
            instant = min(
                *(min(actor.due, actor.looks) for actor in self.actors),
                *(one.at for one in pending[:1]),
                *(one.at for one in starts[:1]),
                last,
            )
            await self._step(instant)
            while pending and pending[0].at <= instant:
                (
                    await self.ground.control.post(pending[0].path, json=pending[0].body)
                ).raise_for_status()
                pending.pop(0)
            while starts and starts[0].at <= instant:
                await self._start(starts.pop(0))
            for actor in self.actors:
                await self._play(actor, instant)
            if instant >= last:
                return

    async def _step(self, instant: datetime) -> None:
        await self.ground.time.step(instant)
        self.steps += 1
        self._check()
        done = (instant - self.order.start) // timedelta(days=1)
        self.progress("days", min(done, self.order.days), self.order.days)

    def _check(self) -> None:
        trouble = self.ground.trouble()
        if trouble is not None:
            at = self.ground.time.campaign
            raise StackFailed(f"the rehearsal stands still at {at:%Y-%m-%d %H:%M}: {trouble}")

    async def _play(self, actor: Actor, instant: datetime) -> None:
        """What the driver does for a campaign at an instant of its own."""
        if instant >= actor.looks:
            actor.looks += self.order.cadence.watch
        if instant < actor.due:
            return
        if actor.ask_at is not None and instant < actor.ask_at:
            actor.due = _regular(actor, instant)
            return
        if actor.handle is None:
            await self._launch(actor)
        assert actor.handle is not None
        view = await self._view(actor.handle)
        if view.status is CampaignStatus.PENDING_APPROVAL:
            actor.approved = view
            await actor.handle.signal("approve", Approve(by=PERSON, version=view.version))
            await self.ground.time.settle()
            view = await self._view(actor.handle)
        known = view.next_check
        soon = instant + _ASK_AGAIN
        actor.due = soon if known is None or known <= instant else min(_whole(known), soon)
        trusted = view.status is CampaignStatus.ACTIVE and actor.due == _regular(actor, instant)
        actor.ask_at = instant + _TRUSTED if trusted else None

    async def _launch(self, actor: Actor) -> None:
        campaign = actor.campaign
        actor.handle = await self.ground.client.start_workflow(
            "campaign",
            campaign,
            id=campaign_workflow_id(campaign.campaign_id),
            task_queue=MANAGEMENT,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=search.of_campaign(campaign),
        )
        await self.ground.time.settle()

    async def _view(self, handle: WorkflowHandle[Any, Any]) -> CampaignView:
        self._check()
        return await handle.query("campaign", result_type=CampaignView)

    async def _start(self, appointment: Appointment) -> None:
        """Start what a Schedule would start now."""
        action = appointment.action
        await self.ground.client.start_workflow(
            action.workflow,
            args=action.args,
            id=f"{action.id}-{appointment.at:%Y-%m-%dT%H:%M}",
            task_queue=action.task_queue,
        )
        await self.ground.time.settle()

    # -- before the curtain rises -----------------------------------------------------------------

    async def _order(self, wanted: SandboxOrder) -> None:
        (await self.ground.control.post(wanted.path, json=wanted.body)).raise_for_status()

    async def _publish(self, article: Article) -> None:
        answer = await self.ground.control.post(
            "/pages", json={"url": self.order.file.url, "html": cast.page(article)}
        )
        answer.raise_for_status()


def _regular(actor: Actor, instant: datetime) -> datetime:
    """When an active campaign that was never interrupted has its next duty after an instant."""
    cadence = actor.campaign.cadence
    every = [cadence.pacing, cadence.fatigue, cadence.lease / 2]
    if actor.campaign.plan.dayparting is not None:
        every.append(timedelta(hours=1))
    passed = instant - actor.begins
    ends = actor.campaign.plan.end
    return min(
        *(actor.begins + one * (passed // one + 1) for one in every),
        ends if ends is not None and ends > instant else datetime.max.replace(tzinfo=UTC),
    )


def _whole(instant: datetime) -> datetime:
    """The next instant of the grain."""
    over = (instant - FIRST_DAY) % GRAIN
    return instant + (GRAIN - over if over else timedelta(0))
