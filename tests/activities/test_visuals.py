"""What an ad's picture is made from, and orders that outlive whoever placed them (A21 to A25, B7,
D14, D18, D19, D22)."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.brands import Brands
from activities.creative_costs import CreativeOrders
from activities.generators import Generators, generators
from activities.outcomes import ACCESS_DENIED, MEDIA_REFUSED
from activities.visuals import VisualActivities
from activities.web import WebError, WebReader
from creative.library import AssetLibrary
from creative.storage import DiskStorage
from models.contract.briefs import (
    AwaitedPicture,
    CreativeBrief,
    Ordered,
    PictureBrief,
    Visuals,
)
from models.contract.campaign import MediaPlan
from models.contract.content import Article
from models.contract.creative import Origin, Visual
from models.contract.money import Money
from models.contract.vocabulary import CampaignType, Platform
from tests.creative.articles import LIBRARY, MUG
from tests.creative.library.files import clip, encoded, picture
from tests.stack import TeamUnderTest

pytestmark = pytest.mark.stack

PLAN = MediaPlan(
    name="Nets", destination_url="https://journal.example/one", daily_budget=Money.of(25)
)
KEY = SecretStr("sk-not-a-secret")


class Picturing:
    """The activities of one campaign; each ``worker`` is a process that knows nothing yet."""

    def __init__(self, team: TeamUnderTest, place: Path, web: WebReader) -> None:
        self.team = team
        self.campaign_id = uuid4()
        self.library = AssetLibrary(team.database, DiskStorage(place))
        self._web = web

    def worker(self, cap: str = "5", **changes: object) -> VisualActivities:
        made_by = Generators(None, None)
        if changes:
            made_by = generators(self.team.settings.model_copy(update=changes))
        orders = CreativeOrders(self.team.database, Money.of(cap))
        return VisualActivities(
            self.library, Brands(self.team.database), self._web, orders, made_by
        )

    def flux(self, key: SecretStr = KEY) -> VisualActivities:
        base = f"{self.team.settings.sandbox_url}/flux"
        return self.worker(images="flux", flux_api_key=key, flux_base_url=base)

    async def gather(
        self, article: Article, kind: CampaignType, worker: VisualActivities | None = None
    ) -> Visuals:
        brief = CreativeBrief(
            team_id=self.team.id,
            campaign_id=self.campaign_id,
            platform=Platform.META,
            plan=PLAN.model_copy(update={"campaign_type": kind}),
            article=article,
        )
        return await ActivityEnvironment().run((worker or self.worker()).gather_visuals, brief)

    def order(self, key: str = "v1/picture") -> PictureBrief:
        return PictureBrief(
            team_id=self.team.id,
            campaign_id=self.campaign_id,
            key=key,
            plan=PLAN,
            article=LIBRARY,
            angle="benefit",
            size=(1280, 720),
        )

    async def place(self, worker: VisualActivities, order: PictureBrief) -> Ordered:
        return await ActivityEnvironment().run(worker.order_picture, order)

    async def wait(self, worker: VisualActivities, order: PictureBrief, ordered: Ordered) -> Visual:
        awaited = AwaitedPicture(brief=order, ordered=ordered)
        return await ActivityEnvironment().run(worker.await_picture, awaited)

    async def tasks(self) -> int:
        """How often the service took an order."""
        journal = (await self.team.control.get("/journal", params={"network": "flux"})).json()
        return sum(note["kind"] == "task" for note in journal)

    async def costs(self) -> list[tuple[str, str]]:
        orders = CreativeOrders(self.team.database, Money.of(5))
        told = await orders.costs(self.team.id, self.campaign_id)
        return [(one.what, str(one.amount)) for one in told]


@pytest_asyncio.fixture(loop_scope="session")
async def picturing(
    bare_team: TeamUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Picturing]:
    monkeypatch.setattr("activities.visuals._POLL_SECONDS", 0.05)
    settings = bare_team.settings
    async with WebReader(
        hosts_map=settings.web_hosts, allow_private=settings.web_allow_private
    ) as web:
        yield Picturing(bare_team, tmp_path, web)


# -- what there is ------------------------------------------------------------------------------


async def test_a_shop_shows_its_products_photos(
    picturing: Picturing, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"mug": (320, 200), "again": (320, 200), "side": (200, 320)}

    def body(url: str) -> bytes | None:
        size = sizes.get(url.removeprefix("https://shop.example/").removesuffix(".png"))
        return size and encoded("PNG", picture(size))

    served(monkeypatch, body)
    names = ("mug", "gone", "again", "side")
    photos = tuple(f"https://shop.example/{name}.png" for name in names)
    article = MUG.model_copy(update={"images": photos, "image_url": photos[0]})
    seen = await picturing.gather(article, CampaignType.SHOP, picturing.flux())
    assert [(one.origin, one.made_with) for one in seen.found] == [
        (Origin.PRODUCT, "product photo")
    ] * 2
    assert seen.found[0].image is not None
    kept = await picturing.library.one(picturing.team.id, seen.found[0].image)
    assert (kept.source, kept.width, kept.trusted) == ("product", 320, False)
    (note,) = seen.notes
    assert note.startswith("picture of the page not used: ")
    assert not seen.generate, "a product is shown as it is"
    assert [one.placement for one in seen.shapes] == ["feed"]


async def test_an_articles_picture_lends_its_colours_only(
    picturing: Picturing, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(monkeypatch, lambda url: encoded("PNG", picture()))
    article = LIBRARY.model_copy(update={"image_url": "https://journal.example/a.png"})
    seen = await picturing.gather(article, CampaignType.ARTICLE)
    assert seen.found == ()
    assert seen.palette is not None
    assert not seen.generate, "no service is configured: it is drawn"
    assert (await picturing.gather(article, CampaignType.ARTICLE, picturing.flux())).generate


async def test_a_page_picture_that_is_none_is_noted(
    picturing: Picturing, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(monkeypatch, lambda url: b"<html>This is no picture at all.</html>" * 20)
    article = LIBRARY.model_copy(update={"image_url": "https://journal.example/a.png"})
    seen = await picturing.gather(article, CampaignType.ARTICLE)
    (note,) = seen.notes
    assert note.startswith("picture of the page not used: ")
    assert seen.palette is None


async def test_a_game_shows_its_own_material_and_recordings_need_no_stills(
    picturing: Picturing,
) -> None:
    nothing = await picturing.gather(LIBRARY, CampaignType.GAME)
    assert nothing.found == ()
    assert "library's folder /game; a picture is made instead" in nothing.notes[0]

    team, library = picturing.team, picturing.library
    film = await library.add(team.id, clip(), source="admin", folder="/game")
    seen = await picturing.gather(LIBRARY, CampaignType.GAME)
    assert [(one.origin, one.image, one.video) for one in seen.found] == [
        (Origin.GAME_ASSET, None, film.sha256)
    ]
    stills = [
        await library.add(
            team.id, encoded("PNG", picture((320, 200 + more))), source="admin", folder="/game"
        )
        for more in (0, 10)
    ]
    seen = await picturing.gather(LIBRARY, CampaignType.GAME)
    assert {one.image for one in seen.found} == {one.sha256 for one in stills}
    assert {one.video for one in seen.found} == {film.sha256}


# -- orders -------------------------------------------------------------------------------------


async def test_a_worker_that_dies_after_ordering_orders_nothing_twice(
    picturing: Picturing,
) -> None:
    before, order = await picturing.tasks(), picturing.order()
    first = await picturing.place(picturing.flux(), order)
    assert first.id
    # Its answer to Temporal is lost with it: another process is asked to order the same.
    again = await picturing.place(picturing.flux(), order)
    assert again == first
    visual = await picturing.wait(picturing.flux(), order, again)
    assert (visual.origin, visual.ai_made) == (Origin.AI, True)
    assert visual.image is not None
    kept = await picturing.library.one(picturing.team.id, visual.image)
    assert (kept.width, kept.height) == (1280, 720)
    assert (kept.source, kept.ai_made, kept.added_by) == ("ai", True, "flux")
    assert "sandbox" in kept.label
    # Whoever comes after it was collected is given what there is, without a service.
    known = await picturing.place(picturing.flux(), order)
    assert known.made == visual
    assert await picturing.wait(picturing.flux(), order, known) == visual
    assert await picturing.tasks() == before + 1
    ((what, amount),) = await picturing.costs()
    assert what == "v1/picture"
    assert amount.startswith("$0.0")


async def test_a_busy_service_is_asked_later_and_costs_nothing(picturing: Picturing) -> None:
    await picturing.team.arm("flux", "rate_limited", count=1)
    with pytest.raises(ApplicationError) as busy:
        await picturing.place(picturing.flux(), picturing.order())
    assert (busy.value.type, busy.value.non_retryable) == ("GeneratorBusy", False)
    assert busy.value.next_retry_delay is not None
    assert busy.value.next_retry_delay.total_seconds() == 3
    assert await picturing.costs() == []
    assert (await picturing.place(picturing.flux(), picturing.order())).id


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("no_credit", MEDIA_REFUSED, "Insufficient credits"),
        ("expired_token", ACCESS_DENIED, "flux refused"),
    ],
)
async def test_an_empty_purse_and_a_bad_key_are_final(
    picturing: Picturing, fault: str, kind: str, says: str
) -> None:
    await picturing.team.arm("flux", fault, count=1)
    with pytest.raises(ApplicationError) as refused:
        await picturing.place(picturing.flux(), picturing.order())
    assert (refused.value.type, refused.value.non_retryable) == (kind, True)
    assert says in refused.value.message
    assert KEY.get_secret_value() not in refused.value.message
    assert await picturing.costs() == []


async def test_a_picture_moderated_after_it_was_made_never_comes_and_is_billed(
    picturing: Picturing,
) -> None:
    order = picturing.order()
    ordered = await picturing.place(picturing.flux(), order)
    await picturing.team.arm("flux", "moderated", path="get_result", count=1)
    with pytest.raises(ApplicationError) as refused:
        await picturing.wait(picturing.flux(), order, ordered)
    assert refused.value.non_retryable
    assert "Moderated" in refused.value.message
    assert [what for what, _ in await picturing.costs()] == ["v1/picture"]


async def test_another_service_is_not_asked_for_an_order_of_the_first(
    picturing: Picturing,
) -> None:
    order = picturing.order()
    ordered = await picturing.place(picturing.flux(), order)
    with pytest.raises(ApplicationError, match=r"flux holds order .* not configured any more"):
        await picturing.wait(picturing.worker(), order, ordered)
    with pytest.raises(ApplicationError, match="no generator of pictures is configured"):
        await picturing.place(picturing.worker(), picturing.order("v2/picture"))


def served(monkeypatch: pytest.MonkeyPatch, body: Callable[[str], bytes | None]) -> None:
    """What the web answers; None is a page that is not there."""

    class Answer:
        def __init__(self, data: bytes) -> None:
            self.body = data

    async def fetch(self: WebReader, url: str, **how: object) -> Answer:
        data = body(url)
        if data is None:
            raise WebError(f"{url} answers 404")
        return Answer(data)

    monkeypatch.setattr(WebReader, "fetch", fetch)
