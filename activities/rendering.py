"""Making what one placement shows: fitted, dressed, encoded, signed, read back and kept."""

import asyncio
import os
from pathlib import Path
from uuid import UUID

from PIL import Image
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.brands import Brands
from activities.heartbeat import heartbeating
from activities.outcomes import MEDIA_REFUSED
from creative import footage, specs
from creative.footage import FootageRefused
from creative.library import AssetLibrary, AssetUnknown
from creative.pictures import PictureRefused, open_picture
from creative.provenance import Origin as MadeBy
from creative.provenance import ProvenanceRefused, Signer
from creative.storage import AssetLost
from creative.studio import DRAWN, Moving, Still, Studio, placement_of
from creative.uploads import Inspected
from models.contract.briefs import RenderBrief
from models.contract.creative import ImageAsset, PlacedAsset, Provenance, VideoAsset

_AT_ONCE = max(os.cpu_count() or 1, 2)
"""Renderings side by side in one process: more would only wait for the same cores."""


class RenderingActivities:
    """Collaborators: the asset library, brands, the signer of content credentials, and a font of
    the operator's own."""

    def __init__(
        self,
        library: AssetLibrary,
        brands: Brands,
        signer: Signer,
        font: Path | None = None,
    ) -> None:
        self._library = library
        self._brands = brands
        self._signer = signer
        self._font = font
        self._seats = asyncio.Semaphore(_AT_ONCE)

    @activity.defn
    async def render_placement(self, brief: RenderBrief) -> PlacedAsset:
        """Make one placement's image and video.

        Raises:
            ApplicationError: it cannot be made within the placement's limits (final); one
                sentence with platform, value and limit.
        """
        try:
            async with heartbeating(), self._seats:
                brand = await self._brands.of(brief.team_id)
                logo = await self._picture(brief.team_id, brand.logo)
                image = await self._picture(brief.team_id, brief.visual.image)
                palette = await self._picture(brief.team_id, brief.visual.palette)
                clip = await self._bytes(brief.team_id, brief.clip or brief.visual.video)
                studio = Studio(brief, brand, logo, image, palette, clip, self._font)
                still = await asyncio.to_thread(studio.still)
                moving = await asyncio.to_thread(studio.moving)
                return PlacedAsset(
                    placement=brief.placement,
                    image=still and await self._kept_image(brief, still),
                    video=moving and await self._kept_video(brief, moving),
                    notes=moving.notes if moving else (),
                )
        except _REFUSALS as refused:
            raise ApplicationError(str(refused), type=MEDIA_REFUSED, non_retryable=True) from None

    async def _kept_image(self, brief: RenderBrief, still: Still) -> ImageAsset:
        signed, state = await asyncio.to_thread(
            self._signed, brief, still.data, f"image/{still.format.lower()}", brief.visual.ai_made
        )
        measured = specs.measure_image(signed)
        _hold(specs.problems(placement_of(brief), measured))
        seen = Inspected(
            kind="image",
            media_type=f"image/{measured.format.lower()}",
            ending="jpg" if measured.format == "JPEG" else "png",
            width=measured.width,
            height=measured.height,
            seconds=None,
            data=signed,
            preview=still.preview,
        )
        path, digest = await self._keep(brief, seen, state, brief.visual.ai_made)
        return ImageAsset(
            sha256=digest,
            path=path,
            width=measured.width,
            height=measured.height,
            source=brief.visual.made_with or DRAWN,
            origin=brief.visual.origin,
            ai_made=brief.visual.ai_made,
            provenance=state,
            bytes=len(signed),
            contrast=still.contrast,
        )

    async def _kept_video(self, brief: RenderBrief, moving: Moving) -> VideoAsset:
        # A clip is a generator's, whatever the still was that it began with.
        ai_made = brief.visual.ai_made or brief.clip is not None
        signed, state = await asyncio.to_thread(
            self._signed, brief, moving.data, "video/mp4", ai_made
        )
        seen = await asyncio.to_thread(footage.probe, signed)
        placement = placement_of(brief)
        _hold(
            specs.problems(
                placement,
                specs.Measured(
                    seen.width, seen.height, len(signed), "MP4", seen.seconds,
                    audio=seen.audio_codec is not None,
                ),
            )
        )  # fmt: skip
        assert placement.video is not None
        if placement.video.provenance and state not in ("valid", "trusted"):
            _hold([f"{placement.label} video: content credentials read back as {state}"])
        known = Inspected(
            kind="video",
            media_type="video/mp4",
            ending="mp4",
            width=seen.width,
            height=seen.height,
            seconds=seen.seconds,
            data=signed,
            preview=moving.preview,
        )
        path, digest = await self._keep(brief, known, state, ai_made)
        return VideoAsset(
            sha256=digest,
            path=path,
            width=seen.width,
            height=seen.height,
            seconds=seen.seconds,
            source=moving.source,
            origin=brief.visual.origin,
            ai_made=ai_made,
            provenance=state,
            bytes=len(signed),
            contrast=moving.contrast,
        )

    def _signed(
        self, brief: RenderBrief, data: bytes, media_type: str, ai_made: bool
    ) -> tuple[bytes, Provenance]:
        """Signed last, for whatever touches a file afterwards breaks its credentials."""
        signed = self._signer.sign(
            data,
            media_type,
            title=f"{brief.variant} {brief.platform.value} {brief.placement}",
            made_with=brief.visual.made_with or DRAWN,
            ai_made=ai_made,
            origin=_origin(brief, ai_made),
        )
        return signed, self._signer.check(signed, media_type).state

    async def _keep(
        self, brief: RenderBrief, seen: Inspected, state: Provenance, ai_made: bool
    ) -> tuple[str, str]:
        asset = await self._library.add(
            brief.team_id,
            seen.data,
            source=brief.visual.origin.value,
            ai_made=ai_made,
            provenance=state,
            folder="/made",
            label=f"{brief.campaign_id} {brief.variant} {brief.platform.value} {brief.placement}",
            added_by="adflight",
            trusted=True,
            needed=True,
            seen=seen if seen.preview else None,
        )
        made_of = (brief.visual.image, brief.visual.video, brief.visual.palette, brief.clip)
        used = (asset.sha256, *(one for one in made_of if one is not None))
        await self._library.use(brief.team_id, brief.campaign_id, used)
        return self._library.path(asset), asset.sha256

    async def _picture(self, team_id: UUID, digest: str | None) -> Image.Image | None:
        data = await self._bytes(team_id, digest)
        return None if data is None else await asyncio.to_thread(open_picture, data)

    async def _bytes(self, team_id: UUID, digest: str | None) -> bytes | None:
        return None if digest is None else await self._library.read(team_id, digest)


_REFUSALS = (PictureRefused, FootageRefused, ProvenanceRefused, AssetUnknown, AssetLost)


def _origin(brief: RenderBrief, ai_made: bool) -> MadeBy:
    """How it came about, as content credentials say it."""
    visual = brief.visual
    if ai_made:
        return "ai_composite"
    return "algorithm" if visual.image is None and visual.video is None else "composite"


def _hold(problems: list[str]) -> None:
    if problems:
        raise PictureRefused("; ".join(problems))
