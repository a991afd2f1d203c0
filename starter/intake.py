"""What a verified event starts: a promotion, or news for the campaigns of a known page."""

import asyncio
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlmodel import col, func, select
from temporalio.client import Client
from temporalio.service import RPCError

from activities.page import PageRefused, from_fields
from activities.starts import start_promotion
from models.contract.campaign import ContentNews
from models.contract.content import Article, ContentEvent, EventType
from models.contract.ids import promotion_id
from models.contract.promotion import PromotionInput
from models.contract.vocabulary import CampaignStatus
from models.database import Database
from models.settings import Settings
from models.tables import Campaign, InboundEvent
from models.tables.columns import now_utc
from starter.events import Accepted, EventRefused, Unavailable

_STARTS = (EventType.POST_PUBLISHED, EventType.PRODUCT_ACTIVATED)
_NEWS = {EventType.POST_CHANGED: "changed", EventType.POST_UNPUBLISHED: "unpublished"}
_FINAL = [status.value for status in CampaignStatus if status.is_final]


class Intake:
    """Writes an event down, starts its workflow, and marks it dispatched.

    A crash between the two leaves the event pending; the sender's retry finds it there and the
    workflow's id keeps the second start from doing anything.
    """

    def __init__(self, settings: Settings, database: Database, client: Client) -> None:
        self._settings = settings
        self._database = database
        self._client = client

    async def accept(self, event: ContentEvent) -> Accepted:
        """Take one event.

        Raises:
            EventRefused: its content cannot be used; nothing was started.
            Unavailable: PostgreSQL or Temporal is down; the sender should try again.
        """
        if not self._settings.enabled:
            raise Unavailable(
                "Adflight (it is switched off)", "set AI_ADS_MANAGER_ENABLED=true to let it act"
            )
        team_id = self._team(event)
        promotion = promotion_id(team_id, event.subject_url)
        article = await asyncio.to_thread(_article, event)
        try:
            known = await self._write_down(team_id, event, promotion)
            if event.type in _STARTS:
                started = await start_promotion(
                    self._client,
                    PromotionInput(
                        promotion_id=promotion,
                        team_id=team_id,
                        url=event.subject_url,
                        content_type=event.content_type,
                        article=article,
                        source=event.source,
                        clock=self._settings.clock,
                        cadence=self._settings.cadence,
                    ),
                )
                duplicate = started.duplicate
            else:
                if not known:
                    await self._tell_campaigns(team_id, promotion, event.type)
                duplicate = known
            await self._dispatched(team_id, event)
        except OperationalError as error:
            raise Unavailable(
                "PostgreSQL", "start it with `adflight up` or set DATABASE_URL"
            ) from error
        except RPCError as error:
            raise Unavailable(
                "Temporal", "start it with `adflight up` or set TEMPORAL_ADDRESS"
            ) from error
        return Accepted(promotion_id=promotion, duplicate=duplicate)

    def _team(self, event: ContentEvent) -> UUID:
        if event.team is None:
            return self._settings.team_id
        try:
            team = UUID(event.team)
        except ValueError:
            team = None
        if team != self._settings.team_id:
            raise EventRefused("data.team", f"team {event.team!r} is not served here; leave it out")
        return self._settings.team_id

    async def _write_down(self, team_id: UUID, event: ContentEvent, promotion: str) -> bool:
        """Note the event; whether it had been dispatched before."""
        async with self._database.team(team_id) as session:
            await session.execute(
                insert(InboundEvent)
                .values(
                    id=func.gen_random_uuid(),
                    team_id=team_id,
                    source=event.source,
                    event_id=event.id,
                    type=event.type.value,
                    url=event.subject_url,
                    payload=event.model_dump(mode="json"),
                    promotion_id=promotion,
                    status="pending",
                    received_at=now_utc(),
                )
                .on_conflict_do_nothing(index_elements=["team_id", "source", "event_id"])
            )
            status = await session.scalar(
                select(InboundEvent.status).where(
                    col(InboundEvent.source) == event.source,
                    col(InboundEvent.event_id) == event.id,
                )
            )
        return status == "dispatched"

    async def _tell_campaigns(self, team_id: UUID, promotion: str, kind: EventType) -> None:
        async with self._database.team(team_id) as session:
            workflows = (
                await session.scalars(
                    select(Campaign.workflow_id).where(
                        col(Campaign.promotion_id) == promotion,
                        col(Campaign.status).not_in(_FINAL),
                    )
                )
            ).all()
        news = ContentNews(what=_NEWS[kind], detail="the publisher says so")
        for workflow_id in workflows:
            await self._client.get_workflow_handle(workflow_id).signal("content_news", news)

    async def _dispatched(self, team_id: UUID, event: ContentEvent) -> None:
        async with self._database.team(team_id) as session:
            await session.execute(
                update(InboundEvent)
                .where(
                    col(InboundEvent.source) == event.source,
                    col(InboundEvent.event_id) == event.id,
                )
                .values(status="dispatched", dispatched_at=now_utc())
            )


def _article(event: ContentEvent) -> Article | None:
    """The article when the event carried it whole; otherwise the page will be read."""
    if not event.data.get("text"):
        return None
    try:
        return from_fields(dict(event.data), event.content_type)
    except PageRefused as refused:
        raise EventRefused("data", str(refused)) from None
