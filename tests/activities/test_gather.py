"""What a promotion is about: the page where it can be read, else what the event carried."""

from typing import Any, cast
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.landing import LandingActivities
from activities.page import from_fields
from activities.promotions import PromotionActivities
from activities.web import WebReader
from models.contract.content import Article
from models.contract.promotion import PromotionInput
from tests.sandbox_server import Sandbox
from tests.stack import TEXT, page

URL = "https://journal.example/nets"
CARRIED = from_fields({"url": URL, "title": "Told by the event", "text": TEXT})


async def gather(sandbox: Sandbox, carried: Article | None) -> Article:
    promotion = PromotionInput(
        promotion_id="promotion-post-1", team_id=uuid4(), url=URL, article=carried
    )
    async with WebReader(hosts_map={"*.example": f"{sandbox.url}/site"}) as web:
        activities = PromotionActivities(cast("Any", None), web, cast("Any", None))
        return await ActivityEnvironment().run(activities.gather_article, promotion)


async def check(sandbox: Sandbox, article: Article) -> Any:
    async with WebReader(hosts_map={"*.example": f"{sandbox.url}/site"}) as web:
        landing = LandingActivities(cast("Any", None), web)
        return await landing.look(URL, article.content_type, article.fingerprint)


async def test_the_page_is_the_measure_of_its_promise(sandbox: Sandbox) -> None:
    sandbox.control.post("/pages", json={"url": URL, "html": page(URL)}).raise_for_status()
    article = await gather(sandbox, CARRIED)
    assert article.title == "How a harbour town mends its nets"
    assert await check(sandbox, article) is None
    changed = page(URL, title="Ten nets you must buy")
    sandbox.control.post("/pages", json={"url": URL, "html": changed}).raise_for_status()
    news = await check(sandbox, article)
    assert news.what == "changed"
    assert "Ten nets you must buy" in news.detail


async def test_without_a_readable_page_the_event_speaks_and_promises_nothing(
    sandbox: Sandbox,
) -> None:
    article = await gather(sandbox, CARRIED)
    assert article.title == "Told by the event"
    assert article.fingerprint == ""
    assert (await check(sandbox, article)).what == "unpublished"
    bare = "<html><body><div id=app></div></body></html>"  # rendered by a script
    sandbox.control.post("/pages", json={"url": URL, "html": bare}).raise_for_status()
    assert await check(sandbox, article) is None


async def test_without_page_and_text_it_is_refused_in_a_sentence(sandbox: Sandbox) -> None:
    with pytest.raises(ApplicationError, match="404") as refusal:
        await gather(sandbox, None)
    assert refusal.value.non_retryable
