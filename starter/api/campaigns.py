"""``/campaigns``: look, decide, change, stop. Everything said goes to the campaign's workflow."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlmodel import col, select
from temporalio.client import Client
from temporalio.service import RPCError

from models.contract.base import Frozen
from models.contract.campaign import (
    Approve,
    CampaignView,
    ChangeAd,
    ChangeBudget,
    Kill,
    Pause,
    Receipt,
    Reject,
    Resume,
)
from models.contract.creative import Digest, GivenCreative
from models.contract.ids import campaign_workflow_id
from models.contract.money import Money
from models.contract.roles import Right
from models.contract.vocabulary import StopLevel
from models.database import Database
from models.tables import Campaign
from starter import campaign_messages, documents
from starter.api.answers import DATABASE_DOWN, ApiRefused, answer
from starter.api.door import Caller, Door
from starter.campaign_file import Button
from starter.campaign_messages import Handle, Kept, MessageRefused, NotRunning
from workflows import search

_WAIT = 20.0
_MAKING = 90.0
"""Seconds in which an ad is drawn, judged and switched over."""
_LOOK = timedelta(seconds=3)


def _kept_as_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character; leave it out")
    return text


Words = Annotated[str, Field(max_length=1_000), AfterValidator(_kept_as_text)]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Approval(_Order):
    """``version``: the proposal that was seen; another one is not approved."""

    version: int = Field(ge=1)
    note: Words = ""


class Reason(_Order):
    """Why; kept with the decision."""

    reason: Words = ""


class KillOrder(Reason):
    """``soft`` pauses what the AI made; the others end it for good."""

    level: StopLevel = StopLevel.HARD


class AdOrder(Reason):
    """An ad of one's own in the place of one of the campaign's; what is left out stays.

    ``image`` and ``video`` are SHA-256 digests in the asset library; ``action`` is the button in
    one's own words. ``version``: the proposal that was seen, ahead of launch.
    """

    headline: Words = ""
    text: Words = ""
    description: Words = ""
    action: Button | None = None
    hashtags: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=30)
    image: Digest | None = None
    video: Digest | None = None
    version: int | None = Field(default=None, ge=1)
    despite_doubts: bool = False


class BudgetOrder(Reason):
    """``daily_budget`` in the campaign's currency, as a decimal such as "12.50"."""

    daily_budget: str = Field(max_length=30)


_NO_REASON, _HARD = Reason(), KillOrder()


class CampaignDesk:
    """The team's campaigns as a caller reaches them. Collaborators: the database, Temporal."""

    def __init__(self, database: Database, temporal: Callable[[], Awaitable[Client]]) -> None:
        self._database = database
        self._temporal = temporal

    async def rows(
        self, caller: Caller, status: str, platform: str, most: int
    ) -> list[dict[str, object]]:
        """Campaigns as last recorded, newest first."""
        query = select(Campaign).order_by(col(Campaign.created_at).desc()).limit(most)
        if status:
            query = query.where(col(Campaign.status) == status)
        if platform:
            query = query.where(col(Campaign.platform) == platform)
        async with self._database.team(caller.team_id) as session:
            return [documents.campaign(row) for row in await session.scalars(query)]

    async def row(self, caller: Caller, campaign_id: UUID) -> Campaign:
        """One of the team's campaigns.

        Raises:
            ApiRefused: 404, the team has none of that id.
        """
        async with self._database.team(caller.team_id) as session:
            found = await session.get(Campaign, campaign_id)
        if found is None:
            raise _unknown()
        return found

    async def handle(self, campaign_id: UUID) -> Handle:
        """The workflow of a campaign, whoever's it is."""
        client = await self._temporal()
        return client.get_workflow_handle(campaign_workflow_id(campaign_id))

    async def view(self, campaign_id: UUID) -> CampaignView | None:
        """How its workflow sees a campaign; None when nobody answers."""
        try:
            return await campaign_messages.view(await self.handle(campaign_id), _LOOK)
        except NotRunning:
            return None

    async def say(
        self,
        caller: Caller,
        campaign_id: UUID,
        name: str,
        message: Frozen,
        wait: float = _WAIT,
    ) -> Response:
        """Tell a campaign of the team something; 202 when it is kept until a worker answers."""
        row = await self.row(caller, campaign_id)
        return await _said(await self.handle(campaign_id), name, message, row.status, wait)

    async def stop(
        self, caller: Caller, campaign_id: UUID, name: str, message: Pause | Kill
    ) -> Response:
        """Pause or kill. Without PostgreSQL the workflow itself says whose it is."""
        handle = await self.handle(campaign_id)
        try:
            status = (await self.row(caller, campaign_id)).status
        except DATABASE_DOWN:
            await _must_be_of(caller, handle)
            status = "over"
        if isinstance(message, Pause):
            return await _said(handle, name, message, status)
        try:
            seen = await campaign_messages.kill(handle, message, _WAIT)
        except NotRunning:
            raise ApiRefused(409, f"cannot kill: the campaign is {status}") from None
        if seen is None:
            return answer({"status": "pending", "message": "The kill is kept; no worker has "
                           "confirmed it yet."}, 202)  # fmt: skip
        return answer({"status": seen.status.value, "message": "Stopped, confirmed by read-back."})


def campaign_routes(door: Door, desk: CampaignDesk) -> APIRouter:
    """Routes under ``/campaigns``."""
    router = APIRouter(tags=["campaigns"])
    may_see, may_stop, may_decide, may_operate = (
        Depends(door.needs(right)) for right in (Right.SEE, Right.STOP, Right.DECIDE, Right.OPERATE)
    )

    @router.get("/campaigns")
    async def listed(
        caller: Annotated[Caller, may_see],
        status: str = "",
        platform: str = "",
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    ) -> Response:
        """Campaigns as last recorded, newest first."""
        return answer(await desk.rows(caller, status, platform, limit))

    @router.get("/campaigns/{campaign_id}")
    async def shown(caller: Annotated[Caller, may_see], campaign_id: UUID) -> Response:
        """One campaign: its workflow's own view, or the last record when none answers."""
        row = await desk.row(caller, campaign_id)
        return answer(documents.campaign_now(row, await desk.view(campaign_id)))

    @router.post("/campaigns/{campaign_id}/approve")
    async def approve(
        caller: Annotated[Caller, may_decide], campaign_id: UUID, order: Approval
    ) -> Response:
        """Agree to the proposal of a version."""
        message = Approve(by=caller.by, version=order.version, note=order.note)
        return await desk.say(caller, campaign_id, "approve", message)

    @router.post("/campaigns/{campaign_id}/reject")
    async def reject(
        caller: Annotated[Caller, may_decide], campaign_id: UUID, order: Reason = _NO_REASON
    ) -> Response:
        """Decline a proposal."""
        message = Reject(by=caller.by, reason=order.reason)
        return await desk.say(caller, campaign_id, "reject", message)

    @router.post("/campaigns/{campaign_id}/pause")
    async def pause(
        caller: Annotated[Caller, may_stop], campaign_id: UUID, order: Reason = _NO_REASON
    ) -> Response:
        """Stop delivery; answers when the network shows it off."""
        message = Pause(by=caller.by, reason=order.reason or "paused by a person")
        return await desk.stop(caller, campaign_id, "pause", message)

    @router.post("/campaigns/{campaign_id}/kill")
    async def kill(
        caller: Annotated[Caller, may_stop], campaign_id: UUID, order: KillOrder = _HARD
    ) -> Response:
        """Stop for good: the network first."""
        message = Kill(by=caller.by, reason=order.reason or "kill switch", level=order.level)
        return await desk.stop(caller, campaign_id, "kill", message)

    @router.post("/campaigns/{campaign_id}/resume")
    async def resume(
        caller: Annotated[Caller, may_operate], campaign_id: UUID, order: Reason = _NO_REASON
    ) -> Response:
        """Deliver again, if the limits and no standing stop forbid it."""
        message = Resume(by=caller.by, reason=order.reason or "resumed by a person")
        return await desk.say(caller, campaign_id, "resume", message)

    @router.post("/campaigns/{campaign_id}/budget")
    async def budget(
        caller: Annotated[Caller, may_operate], campaign_id: UUID, order: BudgetOrder
    ) -> Response:
        """Set the daily budget: lowering at once, raising only within the limits."""
        row = await desk.row(caller, campaign_id)
        amount = _amount(order.daily_budget, row.currency)
        message = ChangeBudget(by=caller.by, daily_budget=amount, reason=order.reason)
        return await desk.say(caller, campaign_id, "change_budget", message)

    @router.post("/campaigns/{campaign_id}/ads/{variant}")
    async def change_ad(
        caller: Annotated[Caller, may_operate],
        campaign_id: UUID,
        variant: Annotated[str, Path(pattern=r"^v\d{1,3}$")],
        order: AdOrder,
    ) -> Response:
        """Correct an ad ahead of launch, or replace one that runs, with one of one's own."""
        message = ChangeAd(
            by=caller.by,
            variant=variant,
            ad=GivenCreative(
                headline=order.headline,
                primary_text=order.text,
                description=order.description,
                call_to_action=order.action,
                hashtags=order.hashtags,
                image=order.image,
                video=order.video,
            ),
            version=order.version,
            reason=order.reason,
            despite_doubts=order.despite_doubts,
        )
        return await desk.say(caller, campaign_id, "change_ad", message, wait=_MAKING)

    return router


async def _said(
    handle: Handle, name: str, message: Frozen, status: str, wait: float = _WAIT
) -> Response:
    try:
        receipt: Receipt = await campaign_messages.send(handle, name, message, wait)
    except MessageRefused as refused:
        raise ApiRefused(409, f"refused: {refused}") from None
    except NotRunning:
        raise ApiRefused(409, f"cannot {name}: the campaign is {status}") from None
    except Kept as kept:
        return answer({"status": "pending", "message": f"{kept}."}, 202)
    return answer({"status": receipt.status.value, "message": receipt.message})


async def _must_be_of(caller: Caller, handle: Handle) -> None:
    """Temporal knows no teams by itself: a workflow carries its team's id."""
    try:
        known = await handle.describe()
    except RPCError:
        raise _unknown() from None
    if known.typed_search_attributes.get(search.TEAM) != str(caller.team_id):
        raise _unknown()


def _unknown() -> ApiRefused:
    return ApiRefused(404, "there is no such campaign; see GET /campaigns")


def _amount(text: str, currency: str) -> Money:
    try:
        amount = Money.of(text, currency)
    except ValueError as error:
        raise ApiRefused(422, f"daily_budget: {error}") from None
    if amount.micros <= 0:
        raise ApiRefused(422, f"daily_budget {text!r} must be above zero")
    return amount
