"""The measures of an overlay: how large things are on a picture of this size."""

from dataclasses import dataclass

from creative.pictures.shapes import Box
from creative.placement import Placement

PHONE = 390
"""Points across a phone's screen: a picture of full width is shown this wide."""
SMALL = 320
"""Points across which pictures of fewer than 720 pixels are shown."""
BANNER = 50
"""Points of height of a banner."""

_LANDSCAPE = 1.2
_BANNER = 3.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """All in points as they are shown; ``least`` is where type stops being legible."""

    headline: float
    headline_least: float
    lines: int
    site: float
    site_least: float
    button: float
    button_least: float
    badge: float
    badge_least: float
    padding: float
    gap: float
    radius: float
    logo: tuple[float, float]


_UPRIGHT = Sizes(32, 13, 5, 12.5, 10, 15, 11, 19, 13, 20, 13, 18, (120, 30))
_WIDE = Sizes(26, 12, 5, 11.5, 9.5, 13, 10.5, 16, 12, 15, 9, 14, (96, 24))
_SMALL = Sizes(24, 11.5, 4, 11, 9.5, 12.5, 10.5, 15, 11.5, 13, 8, 13, (90, 22))
_STRIP = Sizes(17, 11, 2, 10, 9.5, 12, 10, 12, 10, 10, 8, 0, (56, 30))


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture about to be dressed. ``safe`` is where text may stand: inside the placement's
    margins and our own."""

    width: int
    height: int
    safe: Box
    unit: float
    sizes: Sizes
    shape: str

    @classmethod
    def of(cls, size: tuple[int, int], placement: Placement) -> "Frame":
        """Of a picture of ``size`` pixels shown at ``placement``."""
        width, height = size
        shape = "upright"
        if width > _BANNER * height:
            shape = "banner"
        elif width > _LANDSCAPE * height:
            shape = "wide"
        unit = width / (PHONE if width >= 720 else SMALL)
        if shape == "banner":
            unit = height / BANNER
        sizes = {"upright": _UPRIGHT, "wide": _WIDE, "banner": _STRIP}[shape]
        if shape == "upright" and width < 720:
            sizes = _SMALL
        # On a banner every pixel counts; elsewhere nothing touches the edge.
        own = 0 if shape == "banner" else round(14 * unit)
        safe = placement.safe
        return cls(
            width,
            height,
            Box(
                max(own, round(safe.left * width)),
                max(own, round(safe.top * height)),
                width - max(own, round(safe.right * width)),
                height - max(own, round(safe.bottom * height)),
            ),
            unit,
            sizes,
            shape,
        )

    def px(self, points: float) -> int:
        """Pixels of so many points, at least one."""
        return max(1, round(points * self.unit))
