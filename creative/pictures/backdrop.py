"""A quiet generated background, drawn from an article's own picture or from a seed alone.

It is arithmetic, not a model: the same seed, size and picture give the same pixels. Colours flow
softly into each other (a weighted mesh), and one large motif gives the eye something to follow.
"""

import colorsys
import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from creative.pictures.fitting import cover, flat

Plane = NDArray[np.float32]
_Rgb = tuple[float, float, float]

_COARSE = 48
"""Pixels of the mesh's longer side: it is soft, so it is reckoned small and enlarged."""
_CALM, _BRIGHT = 0.22, 0.82
"""Brightness that a colour taken from a picture is brought between."""


def backdrop(
    seed: str, size: tuple[int, int], palette_from: Image.Image | None = None
) -> Image.Image:
    """An RGB picture of exactly ``size``.

    With ``palette_from`` its colours are that picture's, and its own shapes shimmer through,
    blurred beyond recognition.
    """
    draw = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]))
    colours = _taken(palette_from) if palette_from is not None else _invented(draw)
    ground = _mesh(draw, colours, size)
    if palette_from is not None:
        ground = Image.blend(ground, _blurred(palette_from, size), 0.62)
    motif = _MOTIFS[int(draw.integers(len(_MOTIFS)))]
    return _lit(ground, motif(draw, size), colours)


def _invented(draw: np.random.Generator) -> list[_Rgb]:
    """From dark to light around one hue: neighbours only, since opposites mix to grey."""
    # Dark yellows look muddy: hues from 0.12 to 0.33 are left out.
    hue = (0.33 + 0.79 * float(draw.random())) % 1
    turn = float(draw.choice([-1, 1])) * (0.035 + 0.035 * float(draw.random()))
    return [
        colorsys.hsv_to_rgb(hue, 0.78, 0.26),
        colorsys.hsv_to_rgb((hue + turn) % 1, 0.70, 0.46),
        colorsys.hsv_to_rgb((hue + 2 * turn) % 1, 0.58, 0.72),
        colorsys.hsv_to_rgb((hue + 3 * turn) % 1, 0.34, 0.93),
        colorsys.hsv_to_rgb((hue - 1.8 * turn) % 1, 0.52, 0.80),
    ]


def _taken(picture: Image.Image) -> list[_Rgb]:
    """Five colours of a picture from dark to light, the lively ones preferred."""
    small = flat(picture)
    small.thumbnail((96, 96))
    reduced = small.quantize(12, Image.Quantize.MEDIANCUT)
    table = np.array(reduced.getpalette() or [], np.float64).reshape(-1, 3) / 255
    counts = np.bincount(np.asarray(reduced).ravel(), minlength=len(table))[: len(table)]
    ranked: list[tuple[float, _Rgb]] = []
    for colour, count in zip(table, counts, strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*(float(one) for one in colour))
        worth = float(count) ** 0.5 * (0.25 + saturation)
        tamed = colorsys.hsv_to_rgb(
            hue, min(saturation * 1.1, 0.85), min(max(value, _CALM), _BRIGHT)
        )
        ranked.append((worth, tamed))
    ranked.sort(reverse=True)
    chosen = sorted((colour for _, colour in ranked[:5]), key=sum)
    while len(chosen) < 5:
        chosen.append(_mixed(chosen[-1], (1.0, 1.0, 1.0), 0.25))
    # Where the picture is all of one brightness, its ends are spread, or nothing would show.
    chosen[0] = _mixed(chosen[0], (0.0, 0.0, 0.0), 0.35)
    chosen[-1] = _mixed(chosen[-1], (1.0, 1.0, 1.0), 0.25)
    return chosen


def _mixed(one: _Rgb, other: _Rgb, share: float) -> _Rgb:
    red, green, blue = (a * (1 - share) + b * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _mesh(draw: np.random.Generator, colours: list[_Rgb], size: tuple[int, int]) -> Image.Image:
    """Colours at scattered places, each pixel mixed of them by nearness."""
    across, down = _grid(_small(size))
    aspect = size[0] / size[1]
    order = draw.permutation(len(colours))
    total = np.zeros((*across.shape, 3), np.float32)
    weights = np.zeros(across.shape, np.float32)
    for number, which in enumerate(order):
        # Spread along a spiral, so that no two colours sit on each other.
        angle = 2 * np.pi * (number / len(colours) + 0.08 * float(draw.random()))
        reach = 0.28 + 0.32 * float(draw.random())
        x, y = 0.5 + reach * np.cos(angle), 0.5 + reach * np.sin(angle)
        distance = ((across - x) * aspect**0.5) ** 2 + ((down - y) / aspect**0.5) ** 2
        weight = 1 / (distance + 0.07) ** 1.7
        total += weight[..., None] * np.array(colours[which], np.float32)
        weights += weight
    pixels = (total / weights[..., None] * 255).astype(np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def _blurred(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A few dozen pixels of it, enlarged: its light and shade without its things."""
    tiny = cover(flat(picture), size).resize((12, max(2, round(12 * size[1] / size[0]))))
    return tiny.resize(size, Image.Resampling.BICUBIC)


def _lit(ground: Image.Image, motif: Image.Image, colours: list[_Rgb]) -> Image.Image:
    """The motif as light falling on the ground: 128 leaves it, more brightens, less darkens."""
    warm = tuple(round(255 * one) for one in _mixed(colours[-1], (1.0, 1.0, 1.0), 0.35))
    deep = tuple(round(255 * one) for one in _mixed(colours[0], (0.0, 0.0, 0.0), 0.55))
    up = motif.point([max(0, value - 128) * 2 for value in range(256)])
    low = motif.point([max(0, 128 - value) * 2 for value in range(256)])
    lit = Image.composite(Image.new("RGB", ground.size, warm), ground, up)
    return Image.composite(Image.new("RGB", ground.size, deep), lit, low)


def _ribbons(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Broad waves behind each other, each with a light upper edge that fades downwards."""
    across, down = _grid(_half(size))
    level = np.full(across.shape, 128, np.float32)
    along, up = (across, down) if size[0] >= size[1] else (down, across)
    for number in range(5):
        phase, pace = 6.28 * float(draw.random()), 0.7 + 0.8 * float(draw.random())
        height = 0.06 + 0.09 * float(draw.random())
        slope = 0.35 * (float(draw.random()) - 0.5)
        edge = (0.16 + 0.18 * number + height * np.sin(6.28 * pace * along + phase)
                + slope * (along - 0.5))  # fmt: skip
        below = up - edge
        inside = _step(below, _half(size))
        level += inside * (34 * np.exp(-below.clip(0) * 9) - 9)
    return _whole(level, size)


def _rings(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Wide rings around a place near a corner, like ripples."""
    across, down = _grid(_half(size))
    aspect = size[0] / size[1]
    x, y = float(draw.choice([0.12, 0.88])), float(draw.choice([0.10, 0.32]))
    distance = np.sqrt(((across - x) * max(aspect, 1)) ** 2 + ((down - y) / min(aspect, 1)) ** 2)
    width = 0.15 + 0.05 * float(draw.random())
    level = np.full(across.shape, 128, np.float32)
    for number in range(1, 9):
        inside = _step(number * width - distance, _half(size))
        level += inside * (13 - 1.1 * number)
    return _whole(level, size)


def _discs(draw: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A few large discs through each other, each lit from above."""
    across, down = _grid(_half(size))
    short = min(size)
    level = np.full(across.shape, 128, np.float32)
    for number in range(4):
        x, y = float(draw.random()), float(draw.random()) * 0.8
        radius = 0.22 + 0.26 * float(draw.random()) + 0.05 * number
        offset_x, offset_y = (across - x) * size[0] / short, (down - y) * size[1] / short
        inside = _step(radius - np.sqrt(offset_x**2 + offset_y**2), _half(size))
        level += inside * (26 * (0.75 - (offset_y / radius + 1) / 2) + 6)
    return _whole(level, size)


_MOTIFS: tuple[Callable[[np.random.Generator, tuple[int, int]], Image.Image], ...] = (
    _ribbons, _rings, _discs,
)  # fmt: skip


def _grid(size: tuple[int, int]) -> tuple[Plane, Plane]:
    """Across and down, each from 0 to 1."""
    across = np.linspace(0, 1, size[0], dtype=np.float32)
    down = np.linspace(0, 1, size[1], dtype=np.float32)
    return np.broadcast_to(across, (size[1], size[0])), np.broadcast_to(
        down[:, None], (size[1], size[0])
    )


def _step(inside: Plane | NDArray[np.float64], size: tuple[int, int]) -> Plane:
    """1 where positive, 0 where negative, with an edge of about two pixels."""
    return (inside * (min(size) / 2) + 0.5).clip(0, 1).astype(np.float32)


def _whole(level: Plane, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(level.clip(0, 255).astype(np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )


def _half(size: tuple[int, int]) -> tuple[int, int]:
    return (max(2, size[0] // 2), max(2, size[1] // 2))


def _small(size: tuple[int, int]) -> tuple[int, int]:
    scale = _COARSE / max(size)
    return (max(4, round(size[0] * scale)), max(4, round(size[1] * scale)))
