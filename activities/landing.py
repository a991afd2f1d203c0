"""Is the promised page still there, and does it still promise the same?"""

import asyncio

from temporalio import activity

from activities.heartbeat import heartbeating
from activities.page import PageRefused, read_article
from activities.web import WebReader, WebRefused, WebUnavailable
from models.contract.base import Frozen
from models.contract.campaign import ContentNews
from models.contract.content import Article

_TRIES = 3  # a site that answers none of three spaced calls counts as down


class LandingCheck(Frozen):
    """The page a campaign sends people to, and the article it was approved with, if any.

    ``accepted`` is the fingerprint of a later promise that a person has accepted.
    """

    url: str
    article: Article | None = None
    accepted: str | None = None


class LandingActivities:
    """Look at landing pages as a visitor would."""

    def __init__(self, web: WebReader) -> None:
        self._web = web

    @activity.defn
    async def check_landing_page(self, check: LandingCheck) -> ContentNews | None:
        """None when all is well; else what happened to the page."""
        async with heartbeating():
            try:
                page = await self._web.fetch(check.url)
            except WebRefused as refused:
                gone = refused.status in (404, 410)
                return ContentNews(
                    what="unpublished" if gone else "unreachable", detail=str(refused)
                )
            except WebUnavailable as error:
                if activity.info().attempt < _TRIES:
                    raise
                return ContentNews(what="unreachable", detail=str(error))
        if check.article is None or not check.article.fingerprint:
            return None
        try:
            kind = check.article.content_type
            now = await asyncio.to_thread(read_article, page, content_type=kind)
        except PageRefused as refused:
            return ContentNews(what="changed", detail=str(refused))
        if now.fingerprint not in (check.article.fingerprint, check.accepted):
            return ContentNews(
                what="changed",
                detail=f"title was {check.article.title!r}, is {now.title!r}",
                fingerprint=now.fingerprint,
            )
        return None
