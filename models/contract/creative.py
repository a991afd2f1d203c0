"""What an ad says and shows."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from models.contract.base import Frozen
from models.contract.vocabulary import CallToAction

Provenance = Literal["none", "valid", "trusted", "invalid"]
"""What a file's content credentials say, read back: ``valid`` is signed and whole, ``trusted`` by
somebody on the list given."""


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""The SHA-256 of a file's content, in hexadecimal."""


class Origin(StrEnum):
    """Where what is shown comes from. Values are stored: add, never rename."""

    AI = "ai"
    ADMIN = "admin"
    PRODUCT = "product"
    GAME_ASSET = "game_asset"
    ARTICLE = "article"
    DRAWN = "drawn"
    """By rule, from colours alone; never by a model."""


class Claim(Frozen):
    """A statement of fact in a copy, and the sentence of the source that it comes from."""

    text: str
    sentence: str


class AdCopy(Frozen):
    """The words of one variant. Limits are the network's and are checked, never cut."""

    angle: str
    primary_text: str
    headline: str
    description: str = ""
    call_to_action: CallToAction = CallToAction.LEARN_MORE
    hashtags: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


class Visual(Frozen):
    """What a picture is made from. ``image`` and ``video`` are digests in the asset library; with
    neither, a background is drawn, in the colours of ``palette`` where there is one.

    ``untouched``: a person's own; it is fitted to its placement and nothing is laid over it.
    """

    origin: Origin = Origin.DRAWN
    image: str | None = None
    video: str | None = None
    palette: str | None = None
    made_with: str = ""
    ai_made: bool = False
    untouched: bool = False


class ImageAsset(Frozen):
    """A still image at rest: ``path`` is relative to the asset directory.

    ``source`` says in words how it was made; ``contrast`` is the least of its texts (WCAG 2).
    """

    sha256: str
    path: str
    width: int
    height: int
    source: str = "sandbox-generated"
    origin: Origin = Origin.DRAWN
    ai_made: bool = False
    provenance: Provenance = "none"
    bytes: int = 0
    contrast: float | None = None


class VideoAsset(ImageAsset):
    """A video at rest: ``path`` is relative to the asset directory."""

    seconds: float


class PlacedAsset(Frozen):
    """What one placement of the network shows: an image, a video, or both (its cover).

    ``notes``: what had to be left out of it, and why.
    """

    placement: str
    image: ImageAsset | None = None
    video: VideoAsset | None = None
    notes: tuple[str, ...] = ()


class Creative(Frozen):
    """One variant: copy and media, with its stable id inside the campaign (``v1``, ``v2``).

    ``image`` and ``video`` are what is uploaded; ``placements`` are all that were made, of
    ``visual`` and, where a moving picture was ordered of it, of the ``clip`` of that digest.
    """

    id: str
    copy_text: AdCopy
    image: ImageAsset
    video: VideoAsset | None = None
    author: str = "ai"
    placements: tuple[PlacedAsset, ...] = ()
    visual: Visual | None = None
    clip: str | None = None


class GivenCreative(Frozen):
    """A person's own creative. What is given is never changed; what is left out is filled in.

    ``image`` and ``video`` are SHA-256 digests in the team's asset library.
    """

    headline: str = ""
    primary_text: str = ""
    description: str = ""
    call_to_action: CallToAction | None = None
    hashtags: tuple[str, ...] = ()
    image: Digest | None = None
    video: Digest | None = None

    @property
    def has_words(self) -> bool:
        """Whether nothing is left to write."""
        return bool(self.headline and self.primary_text)
