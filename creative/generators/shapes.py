"""Sizes and lengths a service makes: the nearest to what is wanted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Size = tuple[int, int]
_CLOSE = 0.005


@dataclass(frozen=True, slots=True)
class Grid:
    """Sizes a model makes: both sides multiples of ``step`` and within ``sides``, the product
    within ``pixels``, the longer side at most ``ratio`` times the shorter."""

    step: int
    sides: tuple[int, int]
    pixels: tuple[int, int]
    ratio: float


def on_grid(wanted: Size, grid: Grid) -> Size:
    """The smallest size that covers ``wanted`` at nearly its ratio, so that nothing need be made
    larger later; where none does, the nearest ratio at the most pixels.

    Raises:
        ValueError: a side of ``wanted`` is not positive.
    """
    aim = _ratio(wanted)

    def rank(size: Size) -> tuple[float, float, int]:
        off = _off(size, aim)
        covers = size[0] >= wanted[0] and size[1] >= wanted[1]
        area = size[0] * size[1]
        close = 0.0 if off <= _CLOSE else off
        return (close, 0 if covers else 1, area if covers else -area)

    return min(_candidates(aim, grid), key=rank)


def nearest_ratio(wanted: Size, offered: Sequence[Size]) -> Size:
    """The offered size whose ratio comes nearest, the largest of several.

    Raises:
        ValueError: a side of ``wanted`` is not positive, or nothing is offered.
    """
    aim = _ratio(wanted)
    return min(offered, key=lambda size: (_off(size, aim), -size[0] * size[1]))


def nearest_length(wanted: float, offered: Iterable[int]) -> int:
    """The shortest offered length of at least ``wanted`` seconds, else the longest."""
    lengths = sorted(offered)
    return next((each for each in lengths if each >= wanted), lengths[-1])


def _ratio(size: Size) -> float:
    width, height = size
    if width <= 0 or height <= 0:
        raise ValueError(f"size {width}x{height} must be positive in both directions")
    return width / height


def _off(size: Size, aim: float) -> float:
    """How far a size is from a ratio, the same for wide and tall."""
    made = size[0] / size[1]
    return max(made / aim, aim / made) - 1


def _candidates(aim: float, grid: Grid) -> list[Size]:
    low, high = grid.sides
    aim = min(max(aim, 1 / grid.ratio), grid.ratio)
    found: list[Size] = []
    for width in range(low, high + 1, grid.step):
        below = int(width / aim) // grid.step * grid.step
        for height in (below, below + grid.step):
            if not low <= height <= high:
                continue
            if max(width, height) > grid.ratio * min(width, height):
                continue
            if grid.pixels[0] <= width * height <= grid.pixels[1]:
                found.append((width, height))
    return found
