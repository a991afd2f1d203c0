"""Are the promised pages still there, and do they still promise the same?"""

import asyncio
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import text
from temporalio import activity

from activities.heartbeat import heartbeating
from activities.page import PageRefused, read_article
from activities.web import Fetched, WebReader, WebRefused, WebUnavailable
from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.campaign import ContentNews
from models.contract.content import ContentType
from models.database import Database

_TRIES = 3  # a site that answers none of three spaced calls counts as down
_BETWEEN_TRIES = 1.0
_AT_ONCE = 4


class PagesCheck(Frozen):
    """Look at the pages to which an account's live campaigns send people."""

    account: AdAccount


class PageFound(Frozen):
    """What happened to a campaign's page."""

    campaign_id: UUID
    news: ContentNews


class PagesReport(Frozen):
    """Only campaigns whose page is not as it was."""

    news: tuple[PageFound, ...] = ()


class LandingActivities:
    """Look at landing pages as a visitor would; one visit a page, however many campaigns."""

    def __init__(self, database: Database, web: WebReader) -> None:
        self._database = database
        self._web = web

    @activity.defn
    async def check_pages(self, check: PagesCheck) -> PagesReport:
        """Compare every page with what its campaigns were approved with."""
        async with self._database.team(check.account.team_id) as session:
            rows = (await session.execute(_PAGES, {"account": check.account.id})).all()
        campaigns: dict[tuple[str, str, str], list[UUID]] = {}
        for campaign, url, kind, fingerprint in cast(Sequence[tuple[Any, ...]], rows):
            campaigns.setdefault((url, kind, fingerprint), []).append(campaign)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def take_turns(url: str, kind: str, fingerprint: str) -> ContentNews | None:
            async with turns:
                return await self.look(url, ContentType(kind), fingerprint)

        async with heartbeating():
            found = await asyncio.gather(*(take_turns(*page) for page in campaigns))
        return PagesReport(
            news=tuple(
                PageFound(campaign_id=campaign, news=news)
                for page, news in zip(campaigns, found, strict=True)
                if news is not None
                for campaign in campaigns[page]
            )
        )

    async def look(self, url: str, kind: ContentType, fingerprint: str) -> ContentNews | None:
        """None when all is well; else what happened to the page.

        ``fingerprint`` holds every promise that a person agreed to, separated by blanks.
        """
        page = await self._visit(url)
        if isinstance(page, ContentNews):
            return page
        if not fingerprint:
            return None
        try:
            now = await asyncio.to_thread(read_article, page, content_type=kind)
        except PageRefused as refused:
            return ContentNews(what="changed", detail=str(refused))
        if now.fingerprint in fingerprint.split():
            return None
        return ContentNews(
            what="changed", detail=f"its title is {now.title!r} now", fingerprint=now.fingerprint
        )

    async def _visit(self, url: str) -> Fetched | ContentNews:
        """The page, or what one finds instead of it."""
        problem = ""
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_BETWEEN_TRIES)
            try:
                return await self._web.fetch(url)
            except WebRefused as refused:
                gone = refused.status in (404, 410)
                return ContentNews(
                    what="unpublished" if gone else "unreachable", detail=str(refused)
                )
            except WebUnavailable as error:
                problem = str(error)
        return ContentNews(what="unreachable", detail=problem)


_PAGES = text(
    """
    SELECT c.id, c.destination_url, COALESCE(p.content_type, 'article'), c.page_fingerprint
    FROM ad_campaigns AS c LEFT JOIN promotions AS p ON p.id = c.promotion_id
    WHERE c.account_id = :account AND c.status IN ('pending_review', 'active')
    ORDER BY c.id
    """
)
