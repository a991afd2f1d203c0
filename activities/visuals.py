"""What an ad's picture is made from: a person's own, the product's photos, a generator, or colours.

By type of campaign: a shop shows its products, a game its screenshots and recordings, everything
else a made picture. A person's own material comes before all of that.
"""

import asyncio
from datetime import timedelta
from uuid import UUID
from zlib import crc32

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.brands import Brands
from activities.creative_costs import BudgetUsedUp, CreativeOrders
from activities.generators import Generators
from activities.heartbeat import heartbeating
from activities.outcomes import ACCESS_DENIED, MEDIA_REFUSED
from activities.web import WebError, WebReader
from creative import specs
from creative.generators import (
    Generated,
    GeneratorBusy,
    GeneratorLost,
    GeneratorRefused,
    Ticket,
)
from creative.generators.prompting import motion_prompt, picture_prompt
from creative.library import AssetLibrary
from creative.uploads import UploadRefused
from models.contract.briefs import (
    AwaitedPicture,
    CreativeBrief,
    CreativeCost,
    Ordered,
    PictureBrief,
    Shape,
    Visuals,
)
from models.contract.content import ContentType
from models.contract.creative import Origin, Visual
from models.contract.vocabulary import CampaignType

_PICTURES = "image/avif;q=0, image/webp, image/png, image/jpeg, */*;q=0.1"
_PHOTOS = 4  # a hero, and two or three more
_POLL_SECONDS = 2.0
_LONGEST_WAIT = 300.0
GAME_FOLDER = "/game"
"""Where screenshots and recordings of a game lie in the library."""


class VisualActivities:
    """Collaborators: the asset library, brands, guarded fetching, orders, and the generators that
    are configured, if any."""

    def __init__(
        self,
        library: AssetLibrary,
        brands: Brands,
        web: WebReader,
        orders: CreativeOrders,
        made_by: Generators,
    ) -> None:
        self._library = library
        self._brands = brands
        self._web = web
        self._orders = orders
        self._images = made_by.images
        self._videos = made_by.videos

    @activity.defn
    async def gather_visuals(self, brief: CreativeBrief) -> Visuals:
        """What the campaign may show. What cannot be fetched or used is noted, never fatal."""
        notes: list[str] = []
        found: list[Visual] = []
        async with heartbeating():
            kind, article = brief.plan.campaign_type, brief.article
            is_shop = kind is CampaignType.SHOP or article.content_type is ContentType.PRODUCT
            if kind is CampaignType.GAME or article.content_type is ContentType.GAME:
                found += await self._game_assets(brief.team_id)
                if not found:
                    notes.append(
                        f"no screenshots or recordings in the library's folder {GAME_FOLDER}; "
                        "a picture is made instead"
                    )
            photos = article.images or ((article.image_url,) if article.image_url else ())
            palette: str | None = None
            if not found:
                for url in photos[: _PHOTOS if is_shop else 1]:
                    digest = await self._fetched(brief.team_id, url, is_shop, notes)
                    palette = palette or digest
                    shown = Visual(origin=Origin.PRODUCT, image=digest, made_with="product photo")
                    # Pages name their first photo again and again.
                    if digest and is_shop and shown not in found:
                        found.append(shown)
        made = specs.of(brief.platform)[: None if brief.placements == "all" else 1]
        return Visuals(
            shapes=tuple(
                Shape(
                    placement=one.name,
                    image=one.image.size if one.image else None,
                    video=one.video.size if one.video else None,
                )
                for one in made
            ),
            found=tuple(found),
            palette=palette,
            generate=not found and self._images is not None,
            animate=self._videos is not None,
            notes=tuple(notes),
        )

    @activity.defn
    async def order_picture(self, brief: PictureBrief) -> Ordered:
        """Ask a generator once: what was asked is known before it is asked again.

        Raises:
            ApplicationError: refused, no budget (both final), busy or lost (to be tried again).
        """
        generator = self._videos if brief.still else self._images
        if generator is None:
            raise _final(f"no generator of {'clips' if brief.still else 'pictures'} is configured")
        team_id, campaign_id, key = brief.team_id, brief.campaign_id, brief.key
        try:
            known = await self._orders.begin(
                team_id, campaign_id, key, generator.name, generator.price
            )
        except BudgetUsedUp as used_up:
            raise _final(str(used_up)) from None
        if known is not None:
            return known
        try:
            async with heartbeating():
                answer = await self._submitted(brief)
        except (GeneratorBusy, GeneratorRefused) as error:
            cost = error.cost if isinstance(error, GeneratorRefused) else None
            await self._orders.refused(team_id, campaign_id, key, cost)
            raise _failure(error) from None
        except GeneratorLost as lost:  # its note stays: it may be billed
            raise _failure(lost) from None
        ordered = await self._ordered(brief, answer)
        await self._orders.placed(team_id, campaign_id, ordered)
        return ordered

    @activity.defn
    async def await_picture(self, awaited: AwaitedPicture) -> Visual:
        """Wait for what was ordered and keep it. Asking costs nothing, so this is repeated freely.

        Raises:
            ApplicationError: it will never come (final), or no answer now.
        """
        brief, ordered = awaited.brief, awaited.ordered
        if ordered.made is not None:
            return ordered.made
        generator = self._videos if brief.still else self._images
        if generator is None or generator.name != ordered.generator:
            raise _final(
                f"{ordered.generator} holds order {ordered.id} and is not configured any more"
            )
        ticket = Ticket(
            generator=ordered.generator, id=ordered.id, at=ordered.at, cost=ordered.price
        )
        try:
            async with heartbeating():
                made = await generator.collect(ticket)
                while made is None:
                    await asyncio.sleep(_POLL_SECONDS)
                    made = await generator.collect(ticket)
                visual = await self._kept(brief, made)
        except (GeneratorBusy, GeneratorRefused, GeneratorLost) as error:
            raise _failure(error) from None
        await self._orders.made(brief.team_id, brief.campaign_id, ordered.key, visual)
        return visual

    @activity.defn
    async def creative_costs(self, brief: CreativeBrief) -> tuple[CreativeCost, ...]:
        """What the campaign's creatives cost so far."""
        return await self._orders.costs(brief.team_id, brief.campaign_id)

    async def _submitted(self, brief: PictureBrief) -> Ticket | Generated:
        # Each variant its own, the same at each try.
        seed = crc32(f"{brief.campaign_id}/{brief.key}".encode()) % 2**31
        kind, article = brief.plan.campaign_type, brief.article
        if brief.still is None:
            assert self._images is not None
            brand = await self._brands.of(brief.team_id)
            prompt = picture_prompt(article, kind, brand, brief.size, angle=brief.angle)
            return await self._images.submit(prompt, brief.size, seed)
        assert self._videos is not None
        still = await self._library.read(brief.team_id, brief.still)
        prompt = motion_prompt(article, kind)
        seconds = round(brief.seconds) or 5
        return await self._videos.submit(prompt, still, brief.size, seconds, seed)

    async def _ordered(self, brief: PictureBrief, answer: Ticket | Generated) -> Ordered:
        if isinstance(answer, Ticket):
            return Ordered(
                key=brief.key,
                generator=answer.generator,
                id=answer.id,
                at=answer.at,
                price=answer.cost,
            )
        visual = await self._kept(brief, answer)
        return Ordered(key=brief.key, generator=answer.generator, price=answer.cost, made=visual)

    async def _kept(self, brief: PictureBrief, made: Generated) -> Visual:
        """Into the library: an outside service's file is looked at like anybody's."""
        label = " (sandbox)" if made.sandbox else ""
        try:
            asset = await self._library.add(
                brief.team_id,
                made.data,
                source=Origin.AI.value,
                ai_made=True,
                label=f"{made.model}{label}",
                added_by=made.generator,
                needed=True,
            )
        except UploadRefused as refused:
            raise _final(f"{made.generator} gave a file that cannot be used: {refused}") from None
        is_video = asset.kind == "video"
        return Visual(
            origin=Origin.AI,
            image=None if is_video else asset.sha256,
            video=asset.sha256 if is_video else None,
            made_with=f"{made.model}{label}",
            ai_made=True,
        )

    async def _game_assets(self, team_id: UUID) -> list[Visual]:
        rows = await self._library.find(team_id, folder=GAME_FOLDER)
        clips = [row.sha256 for row in rows if row.kind == "video"]
        stills = [row.sha256 for row in rows if row.kind == "image"]
        return [
            Visual(
                origin=Origin.GAME_ASSET,
                image=stills[number % len(stills)] if stills else None,
                video=clips[number % len(clips)] if clips else None,
                made_with="game material",
            )
            for number in range(max(len(stills), len(clips)))
        ]

    async def _fetched(
        self, team_id: UUID, url: str, is_product: bool, notes: list[str]
    ) -> str | None:
        """Digest of a page's picture in the library."""
        try:
            answer = await self._web.fetch(url, accept=_PICTURES)
            asset = await self._library.add(
                team_id,
                answer.body,
                source=(Origin.PRODUCT if is_product else Origin.ARTICLE).value,
                label=url[:200],
                needed=True,
            )
        except (WebError, UploadRefused) as problem:
            notes.append(f"picture of the page not used: {problem}")
            return None
        return asset.sha256 if asset.kind == "image" else None


def _failure(error: GeneratorRefused | GeneratorBusy | GeneratorLost) -> ApplicationError:
    """A generator's refusal as Temporal's: final, or to be tried again."""
    if isinstance(error, GeneratorRefused):
        if error.kind == "access":
            return ApplicationError(error.reason, type=ACCESS_DENIED, non_retryable=True)
        return _final(error.reason)
    if isinstance(error, GeneratorBusy):
        wait = min(error.retry_after, _LONGEST_WAIT) if error.retry_after else None
        return ApplicationError(
            str(error),
            type="GeneratorBusy",
            next_retry_delay=timedelta(seconds=wait) if wait else None,
        )
    return ApplicationError(str(error), type="GeneratorLost")


def _final(message: str) -> ApplicationError:
    return ApplicationError(message, type=MEDIA_REFUSED, non_retryable=True)
