"""What stories have in common: going live, looking at the network, being refused."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.plans import PlanActivities, PlanReview
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.campaign import (
    Approve,
    Cadence,
    CampaignInput,
    CampaignView,
    MediaPlan,
    Receipt,
)
from models.contract.ids import campaign_workflow_id
from models.contract.limits import SANDBOX_LIMITS, SpendLimits
from models.contract.money import Money
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import Author, CampaignStatus, Platform
from models.tables import Account, Approval, Commitment, Notification
from platforms.registry import capabilities
from starter.server import create_app
from starter.signature import sign
from tests.stack import TEXT, TeamUnderTest, eventually, page
from workflows import search

Handle = WorkflowHandle[Any, Any]

BRISK = Cadence(
    pacing=timedelta(hours=1),
    figures=timedelta(minutes=30),
    landing_page=timedelta(minutes=30),
    lease=timedelta(hours=3),
    restatement=timedelta(minutes=10),
)
"""A campaign that looks after itself every few seconds of the test's time."""

ROOMY = SANDBOX_LIMITS


def now(team: TeamUnderTest) -> datetime:
    """Campaign time."""
    return team.settings.clock.campaign_time(datetime.now(UTC))


async def before(team: TeamUnderTest, *, hour: int) -> None:
    """Wait, where need be for the next campaign day, until it is earlier than an hour of it."""

    async def early() -> bool:
        return now(team).hour < hour

    await eventually(early, seconds=60)


# -- before launch ------------------------------------------------------------------------------


async def only(team: TeamUnderTest, platform: str) -> None:
    """Leave the team one ad account, so that a promotion makes one campaign."""
    async with team.database.team(team.id) as session:
        await session.execute(
            update(Account).where(col(Account.platform) != platform).values(status="disabled")
        )


async def account(team: TeamUnderTest, platform: str) -> AdAccount:
    """The team's account on a network."""
    async with team.database.team(team.id) as session:
        row = await session.scalar(select(Account).where(col(Account.platform) == platform))
    assert row is not None
    return ad_account(row)


async def admin_campaign(
    team: TeamUnderTest, platform: str, *, name: str = "Harbour days", **plan: Any
) -> Handle:
    """A campaign that a person makes, started as the command line starts it."""
    on = await account(team, platform)
    able = capabilities(Platform(platform))
    wanted = MediaPlan(
        **{
            "name": name,
            "destination_url": plan.pop("destination_url", None) or await team.publish(),
            "daily_budget": Money.of(25),
            "variants": 1,
            **plan,
        }
    )
    review = await PlanActivities(team.database).review_plan(
        PlanReview(
            team_id=team.id,
            account=on,
            plan=wanted,
            author=Author.ADMIN,
            over_delivery=able.over_delivery,
            now=now(team),
        )
    )
    assert review.problem is None, review.problem
    campaign = CampaignInput(
        campaign_id=uuid4(),
        team_id=team.id,
        account=on,
        plan=wanted,
        approval=review.case,
        author=Author.ADMIN,
        author_name="ana",
        over_delivery=able.over_delivery,
        settle=timedelta(seconds=team.settings.settle_seconds or 2),
        minimum=able.min_daily_budget.get(on.currency),
        edit_quota=able.budget_edits_per_hour,
        clock=team.settings.clock,
        cadence=team.cadence,
    )
    return await team.client.start_workflow(
        "campaign",
        campaign,
        id=campaign_workflow_id(campaign.campaign_id),
        task_queue=MANAGEMENT,
        search_attributes=search.of_campaign(campaign),
    )


async def proposed(team: TeamUnderTest, **article: str) -> dict[str, Handle]:
    """Campaigns by platform that wait for approval, of an article of their own."""
    return await team.proposed(await team.promote(await team.publish(**article)))


async def approve(team: TeamUnderTest, *handles: Handle, by: str = "ana") -> None:
    """Approve what each shows now."""

    async def one(handle: Handle) -> None:
        view = await team.view(handle)
        await ask(handle, "approve", Approve(by=by, version=view.version))

    await asyncio.gather(*(one(handle) for handle in handles))


async def live(team: TeamUnderTest, **article: str) -> dict[str, Handle]:
    """Campaigns by platform that deliver."""
    handles = await proposed(team, **article)
    await approve(team, *handles.values())
    await reach(team, CampaignStatus.ACTIVE, *handles.values())
    return handles


async def reach(
    team: TeamUnderTest, status: CampaignStatus, *handles: Handle, seconds: float = 30
) -> list[CampaignView]:
    """Wait until all are in a state."""
    return list(
        await asyncio.gather(*(team.until(handle, status, seconds=seconds) for handle in handles))
    )


# -- messages -----------------------------------------------------------------------------------


async def ask(handle: Handle, name: str, message: object) -> Receipt:
    """Send an update and return its receipt."""
    receipt: Receipt = await asyncio.wait_for(
        handle.execute_update(name, message, result_type=Receipt), 25
    )
    return receipt


async def refusal(waiting: Awaitable[object]) -> str:
    """The sentence with which an update is refused."""
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await waiting
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    return cause.message


@asynccontextmanager
async def event_door(team: TeamUnderTest) -> AsyncGenerator[Callable[..., Awaitable[Any]]]:
    """The event endpoint of the team: a function that posts a signed event, gives the answer.

    Without ``url`` the event carries an article of its own.
    """
    secret = team.settings.event_secret.get_secret_value()
    door = httpx.ASGITransport(create_app(team.settings))
    async with httpx.AsyncClient(transport=door, base_url="http://events.test") as client:

        async def post(
            *,
            url: str = "",
            event_id: str = "",
            kind: str = "post.published",
            tags: Sequence[str] = (),
            text: str = TEXT,
        ) -> dict[str, Any]:
            event_id = event_id or uuid4().hex
            data: dict[str, Any] = {"url": url or f"https://journal.example/{uuid4().hex}"}
            if not url:
                data |= {"title": "Nets and tides", "text": text, "tags": list(tags)}
            event = {"specversion": "1.0", "id": event_id, "source": "journal", "type": kind}
            body = json.dumps({**event, "data": data}).encode()
            signed = sign(secret, body, message_id=event_id, timestamp=datetime.now(UTC))
            headers = {"content-type": "application/cloudevents+json", **signed}
            answer = await client.post("/events", content=body, headers=headers)
            assert answer.status_code == 202, answer.text
            return answer.json()

        yield post


# -- the world ----------------------------------------------------------------------------------


async def publish(team: TeamUnderTest, url: str, **fields: str) -> None:
    """Put a page up, or another version of it."""
    answer = await team.control.post("/pages", json={"url": url, "html": page(url, **fields)})
    answer.raise_for_status()


async def take_down(team: TeamUnderTest, url: str) -> None:
    """Take one page off the site."""
    answer = await team.control.request("DELETE", "/pages", params={"url": url})
    assert answer.json() == {"removed": 1}


async def fired(team: TeamUnderTest, network: str, kind: str) -> int:
    """How often an armed fault was played."""
    counts = (await team.control.get("/faults")).json()["counts"]
    return counts.get(network, {}).get(kind, {}).get("fired", 0)


def site_path(url: str) -> str:
    """Where the sandbox serves a page: what a fault's path filter sees."""
    return urlsplit(url).path


async def network_campaign(team: TeamUnderTest, view: CampaignView) -> dict[str, Any]:
    """The campaign as the sandbox network holds it."""
    return await _network_object(team, view.platform, "campaign", view.tree.campaign_id)


async def network_ad_group(team: TeamUnderTest, view: CampaignView) -> dict[str, Any]:
    """The ad set or line item as the sandbox network holds it."""
    kind = {"meta": "adset", "x": "line_item"}[view.platform]
    return await _network_object(team, view.platform, kind, view.tree.ad_group_id)


async def _network_object(
    team: TeamUnderTest, network: str, kind: str, object_id: str | None
) -> dict[str, Any]:
    return next(one for one in await team.objects(network, kind) if one["id"] == object_id)


async def is_on(team: TeamUnderTest, view: CampaignView) -> bool:
    """Whether the network has the campaign switched on."""
    row = await network_campaign(team, view)
    return row.get("status", row.get("entity_status")) == "ACTIVE"


async def switched_when(team: TeamUnderTest, view: CampaignView) -> list[tuple[str, datetime]]:
    """When the network switched the campaign on and off, as its journal has it."""
    journal = (await team.control.get("/journal", params={"network": view.platform})).json()
    return [
        (note["detail"]["status"], datetime.fromisoformat(note["at"]))
        for note in journal
        if note["kind"] == "switched"
        and (note["detail"]["kind"], note["detail"]["id"]) == ("campaign", view.tree.campaign_id)
    ]


async def budget_on_network(team: TeamUnderTest, view: CampaignView) -> Money:
    """The ad group's daily budget on the network."""
    row = await network_ad_group(team, view)
    if view.platform == "meta":
        return Money(micros=int(row["daily_budget"]) * 10_000)
    return Money(micros=row["daily_budget_amount_local_micro"])


async def end_on_network(team: TeamUnderTest, view: CampaignView) -> datetime:
    """The ad group's end time on the network: the lease."""
    return datetime.fromisoformat((await network_ad_group(team, view))["end_time"])


async def truth(team: TeamUnderTest, view: CampaignView) -> dict[str, Any]:
    """What the market really delivered and spends, whatever has been reported."""
    everything = (await team.control.get("/truth")).json()
    found: dict[str, Any] = {"spend_micros": 0, "impressions": 0, "rate_micros_per_hour": 0}
    for row in everything["campaigns"]:
        if (row["network"], row["campaign_id"]) == (view.platform, view.tree.campaign_id):
            found |= row
    return found


# -- records ------------------------------------------------------------------------------------


async def commitments(team: TeamUnderTest, view: CampaignView) -> list[Commitment]:
    """Live spend commitments of a campaign."""
    async with team.database.team(team.id) as session:
        rows = await session.scalars(
            select(Commitment).where(
                col(Commitment.campaign_id) == view.campaign_id,
                col(Commitment.state).in_(["reserved", "confirmed"]),
            )
        )
        return list(rows.all())


async def approvals(team: TeamUnderTest, view: CampaignView) -> list[Approval]:
    """The questions asked about a campaign, by version."""
    async with team.database.team(team.id) as session:
        rows = await session.scalars(
            select(Approval)
            .where(col(Approval.campaign_id) == view.campaign_id)
            .order_by(col(Approval.version))
        )
        return list(rows.all())


async def notices(team: TeamUnderTest, view: CampaignView, topic: str) -> list[Notification]:
    """What people were told about a campaign."""
    async with team.database.team(team.id) as session:
        rows = await session.scalars(
            select(Notification).where(
                col(Notification.key).startswith(f"{view.campaign_id}/{topic}/")
            )
        )
        return list(rows.all())


def limits(**changes: object) -> SpendLimits:
    """The sandbox's roomy limits with changes."""
    return ROOMY.model_copy(update=changes)
