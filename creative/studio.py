"""One placement's image and video, from what was gathered for it: pixels in, files out."""

import re
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image

from creative import footage, specs
from creative.pictures import (
    Dressed,
    Layer,
    PictureRefused,
    backdrop,
    cover,
    dress,
    encode,
    layer,
    open_picture,
)
from creative.placement import Placement
from creative.provenance import MOST_ADDED
from models.contract.brand import Brand
from models.contract.briefs import RenderBrief
from models.contract.creative import Origin

DRAWN = "adflight's own drawing (sandbox: no image service is configured)"
_PREVIEW = 512
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, slots=True)
class Still:
    """A finished image: ``contrast`` is the least of its texts, ``preview`` a small JPEG."""

    data: bytes
    format: str
    contrast: float | None
    preview: bytes


@dataclass(frozen=True, slots=True)
class Moving:
    """A finished video; ``preview`` is empty where it must be taken from the video. ``notes``: what
    it had to do without."""

    data: bytes
    source: str
    contrast: float | None
    preview: bytes = b""
    notes: tuple[str, ...] = ()


class Studio:
    """Makes them, in a thread: both methods take from a tenth of a second to some seconds.

    Raises:
        PictureRefused, FootageRefused: it cannot be made within the placement's limits.
    """

    def __init__(
        self,
        brief: RenderBrief,
        brand: Brand,
        logo: Image.Image | None,
        image: Image.Image | None,
        palette: Image.Image | None,
        clip: bytes | None,
        font: Path | None,
    ) -> None:
        self._brief = brief
        self._brand = brand
        self._logo = logo
        self._image = image
        self._palette = palette
        self._clip = clip
        self._font = font
        self._placement = placement_of(brief)

    def still(self) -> Still | None:
        """The placement's image."""
        spec = self._placement.image
        if spec is None:
            return None
        under = self._under(spec.size, moves=False)
        contrast: float | None = None
        if self._brief.visual.untouched:
            under = under.convert("RGB")
        else:
            dressed = dress(
                under, self._brief.overlay, self._brand, self._placement,
                logo=self._logo, font=self._font,
            )  # fmt: skip
            under, contrast = dressed.image, _least(dressed)
        data, kind = encode(under, spec)  # leaves room for the signature
        return Still(data, kind, contrast, _preview(under))

    def moving(self) -> Moving | None:
        """The placement's video: real footage, a generated clip, or the still in slow motion.

        Captions that find no room or no time are left out, with a note: an ad without them is worth
        more than none.
        """
        spec = self._placement.video
        if spec is None:
            return None
        room = replace(spec, max_bytes=spec.max_bytes - MOST_ADDED)
        burned = spec.captions and not self._brief.visual.untouched
        captions = _sentences(self._brief.caption) if burned else ()
        over: bytes | None = None
        contrast: float | None = None
        under = self._under(spec.size, moves=True)
        shown = under
        if not self._brief.visual.untouched:
            laid: Layer = layer(
                self._brief.overlay, self._brand, self._placement, under,
                logo=self._logo, font=self._font,
            )  # fmt: skip
            over, contrast = _png(laid.image), _least(laid)
            shown = Image.alpha_composite(under.convert("RGBA"), laid.image)
        made = footage.from_still if self._clip is None else footage.compose
        film = partial(
            made, self._clip or _png(under), room, layer=over, safe=self._placement.safe,
            font=self._font,
        )  # fmt: skip
        notes: tuple[str, ...] = ()
        try:
            data = film(captions=captions)
        except footage.CaptionsRefused as refused:
            data = film()
            notes = (f"{self._placement.label} without captions: {refused}",)
        made_with = self._brief.visual.made_with
        if self._clip is not None:
            return Moving(data, made_with or "footage", contrast, notes=notes)
        source = f"{made_with or DRAWN}, in slow motion"
        return Moving(data, source, contrast, _preview(shown), notes)

    def _under(self, size: tuple[int, int], *, moves: bool) -> Image.Image:
        """What everything is laid over, filling ``size`` exactly."""
        if self._image is None:
            if self._clip is not None and self._brief.visual.origin is not Origin.AI:
                return cover(open_picture(footage.thumbnail(self._clip)), size)
            seed = f"{self._brief.campaign_id}/{self._brief.variant}"
            return backdrop(seed, size, self._palette)
        too_small = specs.too_small(
            self._placement,
            specs.Measured(self._image.width, self._image.height, 0, "", 0 if moves else None),
        )
        if too_small:
            raise PictureRefused(too_small[0])
        return cover(self._image, size)


def placement_of(brief: RenderBrief) -> Placement:
    """The placement that a brief is about."""
    return next(one for one in specs.of(brief.platform) if one.name == brief.placement)


def _sentences(text: str) -> tuple[str, ...]:
    """A copy's sentences, shown one after another."""
    return tuple(part for part in _SENTENCE.split(" ".join(text.split())) if part)


def _least(drawn: Layer | Dressed) -> float | None:
    """The contrast of the text that has least of it."""
    return min((text.contrast for text in drawn.texts), default=None)


def _preview(image: Image.Image) -> bytes:
    """A small JPEG for lists."""
    small = image.convert("RGB")
    small.thumbnail((_PREVIEW, _PREVIEW))
    out = BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()


def _png(image: Image.Image) -> bytes:
    """Without loss and quickly: it lives for a moment."""
    out = BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()
