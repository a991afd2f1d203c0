"""The people of a chaos: they publish, agree, change their minds; by signal, as in real life."""

import asyncio
import html
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from activities.starts import start_promotion
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.campaign import Approve, Cadence, ChangeBudget, Kill, Pause, Resume
from models.contract.ids import campaign_uuid, campaign_workflow_id, promotion_id
from models.contract.money import Money
from models.contract.promotion import PromotionInput
from models.contract.vocabulary import CampaignStatus
from models.database import Database
from models.tables import Account, Approval, Campaign
from starter.chaos.plan import Intervention, Plan, Wish
from starter.chaos.throwaway import ThrowawayStack

T = TypeVar("T")

CADENCE = Cadence(
    # As the product's own, but what is done every few minutes of campaign time is done less
    # often: at chaos tempo it would keep a small machine busy with nothing else.
    watch=timedelta(minutes=5),
    figures=timedelta(hours=1),
    inspection=timedelta(hours=1),
    landing_page=timedelta(hours=6),
    account=timedelta(hours=4),
    restatement=timedelta(days=28),
)
BY = "chaos marketer"
BLOCKED = "blocked by a limit"
"""How a proposal begins that is asked again because the spend authority refused it."""

STOPPED = "soft stop"
"""What a reason says that is no limit but a stop, which somebody lifts."""

_LIVE = (CampaignStatus.PENDING_REVIEW, CampaignStatus.ACTIVE)
_AGAIN = 0.4
AWAY = (RPCError, SQLAlchemyError, httpx.TransportError, OSError, TimeoutError)
_SENTENCE = (
    "Sentence {number} of article {article} tells how the harbour town mends its nets, and why "
    "it matters to those who live there."
)


@dataclass(slots=True)
class People:
    """Everybody who wants something, over one run.

    ``campaigns`` is filled as promotions come to an answer: (article, platform) by campaign.
    ``approved`` and ``killed`` hold what the server took as a signal: from then on it is kept.
    """

    ground: ThrowawayStack
    client: Client
    database: Database
    plan: Plan
    cadence: Cadence = CADENCE
    promotions: dict[int, str] = field(default_factory=dict[int, str])
    outcomes: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    campaigns: dict[UUID, tuple[int, str]] = field(default_factory=dict[UUID, tuple[int, str]])
    approved: dict[UUID, int] = field(default_factory=dict[UUID, int])
    blocked: dict[UUID, str] = field(default_factory=dict[UUID, str])
    killed: set[UUID] = field(default_factory=set[UUID])
    paused: set[UUID] = field(default_factory=set[UUID])
    lowered: set[UUID] = field(default_factory=set[UUID])
    _approvals: dict[UUID, asyncio.Event] = field(
        default_factory=lambda: defaultdict[UUID, asyncio.Event](asyncio.Event)
    )

    async def publish(self) -> None:
        """Publish every article and promote all of them at once."""
        await asyncio.gather(*(self._promote(number) for number in range(self.plan.promotions)))

    async def _promote(self, number: int) -> None:
        team = self.ground.settings.team_id
        url = f"https://journal.example/chaos-{self.plan.seed}/{number}"
        await self._insist(
            lambda: self.ground.control.post(
                "/pages", json={"url": url, "html": _page(url, number)}
            )
        )
        self.promotions[number] = promotion_id(team, url)
        promotion = PromotionInput(
            promotion_id=self.promotions[number],
            team_id=team,
            url=url,
            clock=self.ground.settings.clock,
            cadence=self.cadence,
        )
        await self._insist(lambda: start_promotion(self.client, promotion))

    async def await_proposals(self) -> None:
        """Wait until every promotion came to an answer; note the campaigns it started."""
        await asyncio.gather(*(self._await_answer(number) for number in self.promotions))
        accounts = await self._insist(self._accounts)
        for number, outcome in self.outcomes.items():
            started = {UUID(str(one)) for one in outcome["campaigns"]}
            for account in accounts:
                campaign = campaign_uuid(self.promotions[number], account)
                if campaign in started:
                    self.campaigns[campaign] = (number, account.platform.value)

    async def _accounts(self) -> list[AdAccount]:
        async with self.database.team(self.ground.settings.team_id) as session:
            return [ad_account(row) for row in (await session.scalars(select(Account))).all()]

    async def _await_answer(self, number: int) -> None:
        handle = self.client.get_workflow_handle(self.promotions[number])

        async def answer() -> dict[str, Any]:
            try:
                return await handle.result(rpc_timeout=timedelta(seconds=5))
            except WorkflowFailureError as failure:
                return {"outcome": "failed", "reasoning": str(failure.cause), "campaigns": []}

        self.outcomes[number] = await self._insist(answer)

    # -- approvals ------------------------------------------------------------------------------

    async def approve_all(self) -> None:
        """Agree to every proposal in its own time, and for ever to what is asked again."""
        seen: set[tuple[UUID, int]] = set()
        async with asyncio.TaskGroup() as answers:
            while True:
                for question in await self._insist(self._questions):
                    one = (question.campaign_id, question.version)
                    if one in seen or question.campaign_id not in self.campaigns:
                        continue
                    seen.add(one)
                    if self._agrees(question):
                        answers.create_task(self._approve(*one))
                await asyncio.sleep(_AGAIN)

    def _agrees(self, question: Approval) -> bool:
        """What a limit refused is agreed to once more for some campaigns, else left as it is."""
        limit = next((one for one in question.reasons if one.startswith(BLOCKED)), None)
        if limit is None or STOPPED in limit:
            return True  # a stop is lifted before long
        first = question.campaign_id not in self.blocked
        self.blocked[question.campaign_id] = limit
        return first and self.campaigns[question.campaign_id] in self.plan.asked_again

    async def _questions(self) -> list[Approval]:
        async with self.database.team(self.ground.settings.team_id) as session:
            query = select(Approval).where(col(Approval.status) == "pending")
            return list((await session.scalars(query)).all())

    async def _approve(self, campaign: UUID, version: int) -> None:
        await asyncio.sleep(self.plan.patience[self.campaigns[campaign]])
        await self.signal(campaign, "approve", Approve(by=BY, version=version))
        self.approved[campaign] = version
        self._approvals[campaign].set()

    # -- second thoughts ------------------------------------------------------------------------

    async def intervene(self) -> None:
        """Do what the plan says about single campaigns."""
        of = {where: campaign for campaign, where in self.campaigns.items()}
        await asyncio.gather(
            *(
                self._intervene(of[one.article, one.platform], one)
                for one in self.plan.interventions
                if (one.article, one.platform) in of
            )
        )

    async def _intervene(self, campaign: UUID, plan: Intervention) -> None:
        if plan.wish is Wish.KILL:
            await self._approvals[campaign].wait()
            await asyncio.sleep(plan.after)
            if await self.signal(campaign, "kill", Kill(by=BY, reason="chaos: kill")):
                self.killed.add(campaign)
            return
        if not await self._reached(campaign, *_LIVE):
            return
        await asyncio.sleep(plan.after)
        if plan.wish is Wish.LOWER:
            await self._lower(campaign)
            return
        if await self.signal(campaign, "pause", Pause(by=BY, reason="chaos: pause")):
            self.paused.add(campaign)
        if await self._reached(campaign, CampaignStatus.PAUSED):
            await asyncio.sleep(plan.back)
            await self.signal(campaign, "resume", Resume(by=BY, reason="chaos: resume"))

    async def _lower(self, campaign: UUID) -> None:
        row = (await self.rows())[campaign]
        # Two thirds, in whole units: well above the networks' smallest daily budgets.
        lower = max(row.daily_budget_micros * 2 // 3 // 1_000_000, 1) * 1_000_000
        budget = Money(micros=lower, currency=row.currency)
        wish = ChangeBudget(by=BY, daily_budget=budget, reason="chaos: lower the budget")
        if await self.signal(campaign, "change_budget", wish):
            self.lowered.add(campaign)

    async def _reached(self, campaign: UUID, *wanted: CampaignStatus) -> bool:
        """Wait for a status; False when the campaign can no longer come to it by itself."""
        while True:
            row = (await self.rows()).get(campaign)
            status = CampaignStatus(row.status) if row else CampaignStatus.DRAFT
            if status in wanted:
                return True
            waits = status is CampaignStatus.PENDING_APPROVAL and campaign in self.blocked
            if status.is_final or (waits and not self._may_be_asked_again(campaign)):
                return False
            await asyncio.sleep(_AGAIN)

    def _may_be_asked_again(self, campaign: UUID) -> bool:
        where = self.campaigns[campaign]
        return where in self.plan.asked_again and self.approved.get(campaign, 0) < 2

    async def rows(self) -> dict[UUID, Campaign]:
        """Every campaign as the database has it."""

        async def read() -> dict[UUID, Campaign]:
            async with self.database.team(self.ground.settings.team_id) as session:
                return {row.id: row for row in (await session.scalars(select(Campaign))).all()}

        return await self._insist(read)

    async def signal(self, campaign: UUID, name: str, message: object) -> bool:
        """Whether the server took it; a campaign that is over takes none."""
        handle = self.client.get_workflow_handle(campaign_workflow_id(campaign))

        async def send() -> bool:
            try:
                await handle.signal(name, message)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return False
                raise
            return True

        return await self._insist(send)

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Do it as soon as whatever is away has come back: people simply try again."""
        while True:
            try:
                return await call()
            except AWAY:
                await asyncio.sleep(_AGAIN)


def _page(url: str, number: int) -> str:
    title = f"How harbour town number {number} mends its nets"
    text = " ".join(_SENTENCE.format(number=n, article=number) for n in range(1, 16))
    return (
        f"<!doctype html><html><head><title>{html.escape(title)}</title>"
        f'<link rel="canonical" href="{html.escape(url)}">'
        '<meta name="description" content="A short visit to the net lofts."></head>'
        f"<body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    )
