"""The driver of a rehearsal: starts campaigns, approves them, and steps time from event to event.

Instants are campaign time. Everything happens at instants known beforehand: guards look at their
cadence, campaigns say when they are due, schedules and scenarios have their hours. Campaigns of
different accounts begin five minutes apart and guards look ten minutes before the hours of their
campaigns, so that no two of them meet at one instant and a run can be repeated to the byte.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from uuid import uuid5

from sqlmodel import col, select
from temporalio.client import WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy

from activities.plans import PlanActivities, PlanReview
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.campaign import Approve, Cadence, CampaignInput, CampaignView, MediaPlan
from models.contract.content import Article
from models.contract.ids import campaign_workflow_id
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import Author, CampaignStatus, Platform
from models.tables import Account
from platforms.registry import capabilities, over_delivery
from starter.rehearsal.campaign_file import CampaignFile, CampaignFileRefused, midnight
from starter.rehearsal.ground import PERSON, Ground
from starter.rehearsal.scenarios import SandboxOrder, Scenario, orders
from starter.rehearsal.stepping import GRAIN
from starter.rehearsal.timetable import Appointment, appointments
from starter.schedules import team_schedules
from starter.stack.errors import StackFailed
from workflows import search

FIRST_DAY = midnight(datetime(2026, 1, 5).date())  # noqa: DTZ001
"""A Monday: what begins on no day of its own begins here, so that a run is the same every day."""

GUARD_EVERY = 4
"""Hours between two looks of a guard, unless told otherwise: one before each pacing decision. In
production there are thirty seconds between them; a month of that has 86,400 looks."""

_BEFORE = timedelta(minutes=10)
"""Guards look so long before the full hours on which campaigns decide, which then know the news."""

_APART = GRAIN
_ASK_AGAIN = timedelta(hours=6)
"""A message may change what a campaign does next: it is asked at least this often."""

_TRUSTED = timedelta(days=1)
"""An active campaign that decides at regular hours need not be asked each time: so long."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RehearsalOrder:
    """What to rehearse."""

    file: CampaignFile
    days: int
    seed: int
    scenarios: tuple[Scenario, ...] = ()
    guard_every: int = GUARD_EVERY

    @property
    def cadence(self) -> Cadence:
        """How often campaigns and guards look after things.

        Leases last a week instead of six hours, for nobody dies here. Whatever a campaign
        decides, it decides as often as in production.
        """
        between = timedelta(hours=self.guard_every)
        return Cadence(
            watch=between,
            figures=between,
            inspection=2 * between - _BEFORE,
            creatives=2 * between - _BEFORE,
            landing_page=timedelta(days=1),
            account=timedelta(days=1),
            review=timedelta(minutes=20),
            lease=timedelta(days=7),
            stepped=between - _BEFORE,
        )

    @property
    def start(self) -> datetime:
        """The first instant."""
        day = self.file.flight.start
        return FIRST_DAY if day is None else midnight(day)

    @property
    def end(self) -> datetime:
        """The last instant."""
        return self.start + timedelta(days=self.days)


@dataclass(slots=True)
class Actor:
    """A campaign on the stage. ``looks`` is when its account's guard looks next."""

    campaign: CampaignInput
    begins: datetime
    looks: datetime
    due: datetime
    handle: WorkflowHandle[Any, Any] | None = None
    approved: CampaignView | None = None
    ask_at: datetime | None = None


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
        await self._publish(order.file.content())
        self.actors = [
            await self._actor(number, platform)
            for number, platform in enumerate(order.file.platforms)
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
            "/pages", json={"url": self.order.file.url, "html": _page(article)}
        )
        answer.raise_for_status()

    async def _actor(self, number: int, platform: Platform) -> Actor:
        begins = self.order.start + number * _APART
        account = await self._account(platform)
        plan = self.order.file.plan(platform, account.currency)
        ends = self.order.start + (plan.duration or timedelta(days=self.order.days))
        plan = plan.model_copy(update={"start": None, "duration": None, "end": ends})
        return Actor(
            campaign=await self._input(account, plan, begins),
            begins=begins,
            looks=begins + self.order.cadence.watch - _BEFORE,
            due=begins,
        )

    async def _account(self, platform: Platform) -> AdAccount:
        async with self.ground.database.team(self.ground.settings.team_id) as session:
            row = await session.scalar(
                select(Account).where(
                    col(Account.platform) == platform.value, col(Account.is_default).is_(True)
                )
            )
        if row is None:
            raise CampaignFileRefused(
                f"platforms: {platform.value} has no sandbox network to rehearse on"
            )
        return ad_account(row)

    async def _input(self, account: AdAccount, plan: MediaPlan, now: datetime) -> CampaignInput:
        """As a proposal of the machine: so every policy acts, and a person is asked."""
        settings, able = self.ground.settings, capabilities(account.platform)
        most = over_delivery(account.platform, settings)
        review = await PlanActivities(self.ground.database).review_plan(
            PlanReview(
                team_id=settings.team_id,
                account=account,
                plan=plan,
                author=Author.AI,
                over_delivery=most,
                now=now,
            )
        )
        if review.problem:
            raise CampaignFileRefused(f"{account.platform.value}: {review.problem}")
        name = f"rehearsal/{self.order.seed}/{account.platform.value}/{plan.name}"
        return CampaignInput(
            campaign_id=uuid5(settings.team_id, name),
            team_id=settings.team_id,
            account=account,
            plan=plan,
            approval=review.case,
            over_delivery=most,
            balanced=able.balanced,
            settle=timedelta(0),
            minimum=able.min_daily_budget.get(account.currency),
            edit_quota=able.budget_edits_per_hour,
            clock=settings.clock,
            cadence=self.order.cadence,
        )


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


def _page(article: Article) -> str:
    """The article as a web page, for whoever visits it."""
    title, description = escape(article.title), escape(article.description)
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in article.text.split("\n") if one.strip())
    tags = "".join(f'<meta property="article:tag" content="{escape(one)}">' for one in article.tags)
    return (
        f'<!doctype html><html lang="{escape(article.language or "en")}"><head>'
        f'<meta charset="utf-8"><title>{title}</title>'
        f'<link rel="canonical" href="{escape(article.url)}">'
        f'<meta name="description" content="{description}">'
        f'<meta property="og:type" content="article">{tags}</head>'
        f"<body><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )
