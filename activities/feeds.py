"""Watching feeds: a conditional fetch, and a promotion for each new entry."""

import asyncio
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from temporalio import activity
from temporalio.client import Client

from activities.feed import FeedRefused, fresh, parse_feed
from activities.heartbeat import heartbeating
from activities.starts import start_promotion
from activities.web import FEEDS, WebError, WebReader
from models.contract.content import FeedItem, FeedState
from models.contract.feeds import FeedPoll, FeedPolled
from models.contract.ids import promotion_id
from models.contract.promotion import PromotionInput
from models.database import Database
from models.settings import Settings
from models.tables import Feed
from models.tables.columns import now_utc


class FeedActivities:
    """Collaborators: database, web, and Temporal to start promotions."""

    def __init__(
        self, database: Database, web: WebReader, client: Client, settings: Settings
    ) -> None:
        self._database = database
        self._web = web
        self._client = client
        self._settings = settings

    @activity.defn
    async def poll_feed(self, poll: FeedPoll) -> FeedPolled:
        """Fetch a feed and start promotions for what is new.

        The state is saved after the promotions have started: a crash between repeats the
        starts, and a repeated start of a promotion starts nothing.
        """
        async with self._database.team(poll.team_id) as session:
            row = await session.scalar(select(Feed).where(col(Feed.id) == poll.feed_id))
        if row is None:
            return FeedPolled(error="the feed is not watched any more")
        state = FeedState.model_validate(row.state)
        async with heartbeating():
            try:
                page = await self._web.fetch(
                    row.url,
                    etag=state.etag,
                    last_modified=state.last_modified,
                    accept=FEEDS,
                )
                if page.status == 304:
                    await self._save(poll, state, None)
                    return FeedPolled()
                parsed = await asyncio.to_thread(
                    parse_feed, page.body, page.content_type, base_url=page.final_url
                )
            except (WebError, FeedRefused) as error:
                await self._save(poll, state, str(error))
                return FeedPolled(error=str(error))
            items, state = fresh(
                parsed.items, state, etag=page.etag, last_modified=page.last_modified
            )
            started = [await self._start(poll.team_id, row.url, item) for item in items]
        await self._save(poll, state, None)
        return FeedPolled(
            started=tuple(started),
            refused=tuple(f"{name}: {why}" for name, why in parsed.refused),
        )

    async def _start(self, team_id: UUID, feed_url: str, item: FeedItem) -> str:
        return (
            await start_promotion(
                self._client,
                PromotionInput(
                    promotion_id=promotion_id(team_id, item.url),
                    team_id=team_id,
                    url=item.url,
                    source=feed_url,
                    clock=self._settings.clock,
                    cadence=self._settings.cadence,
                ),
            )
        ).promotion_id

    async def _save(self, poll: FeedPoll, state: FeedState, error: str | None) -> None:
        async with self._database.team(poll.team_id) as session:
            await session.execute(
                update(Feed)
                .where(col(Feed.id) == poll.feed_id)
                .values(state=state.model_dump(mode="json"), last_polled_at=now_utc(), error=error)
            )
