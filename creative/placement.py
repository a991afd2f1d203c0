"""What a placement is: a place where a network shows an ad, with what it takes there."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from models.contract.vocabulary import Platform


class Margins(NamedTuple):
    """Edges where the network lays its own things over the ad, as fractions of height (top,
    bottom) and width (right, left). No text or logo may stand there."""

    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    left: float = 0.0


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """A still image.

    Attributes:
        size: Width and height in pixels of what we make.
        minimum: Smallest width and height the network takes, of the same shape.
        formats: ``PNG`` and ``JPEG``, the preferred one first.
        max_bytes: Largest file the network takes.
        recommended: What the network recommends, in one sentence; never a reason to refuse.
    """

    size: tuple[int, int]
    minimum: tuple[int, int]
    formats: tuple[str, ...]
    max_bytes: int
    recommended: str


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """A video, always H.264 and AAC in MP4.

    Attributes:
        size: Width and height in pixels of what we make.
        minimum: Smallest width and height the network takes, of the same shape.
        recommended_seconds: Shortest and longest that does well; never a reason to refuse.
        hard_seconds: Shortest and longest that the network takes.
        max_bytes: Largest file the network takes.
        captions: Whether burned captions are wanted, because many watch without sound.
        provenance: Whether an AI-made video is refused there without C2PA content credentials.
    """

    size: tuple[int, int]
    minimum: tuple[int, int]
    recommended_seconds: tuple[float, float]
    hard_seconds: tuple[float, float]
    max_bytes: int
    captions: bool
    provenance: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """One placement of one network; ``image`` or ``video`` is None where it shows none.

    Attributes:
        name: Unique within the platform, fit for a file name.
        safe: Where no text may stand.
        verified_on: Day on which the figures were last compared with their source.
        source: Where the figures come from.
        certain: False where a figure is general knowledge or a third party's word.
    """

    platform: Platform
    name: str
    image: ImageSpec | None
    video: VideoSpec | None
    safe: Margins
    verified_on: date
    source: str
    certain: bool

    @property
    def label(self) -> str:
        """As people read it, for example ``meta feed``."""
        return f"{self.platform.value} {self.name}".replace("_", " ")
