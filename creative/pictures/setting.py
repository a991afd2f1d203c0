"""Setting text into a box: the largest legible size at which the whole of it fits."""

from dataclasses import dataclass

from PIL import ImageFont

from creative.pictures.lines import break_lines
from creative.pictures.typeface import Typeface

_LEADING = 1.16
"""Distance of baselines, in the font's size: tight, as display text wants it."""
_PREFERENCE = 0.94
"""Fewer lines are preferred unless another one makes the type larger by more than this."""
_REFERENCE = 100.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Text set into lines. ``height`` runs from the first line's capitals to the last baseline;
    ``drop`` is what hangs below it. All in pixels."""

    lines: tuple[str, ...]
    points: int
    weight: int
    leading: float
    width: float
    capitals: float
    drop: float

    @property
    def height(self) -> float:
        return self.capitals + self.leading * (len(self.lines) - 1)


@dataclass(frozen=True, slots=True)
class Room:
    """Where text may go: pixels, sizes from ``least`` to ``most``, and at most so many lines."""

    width: float
    height: float
    least: float
    most: float
    lines: int = 1


def set_text(text: str, face: Typeface, weight: int, room: Room) -> Setting | None:
    """The text at the largest size that fits, in even lines; None when the least is too large."""
    reference = face.font(_REFERENCE, weight)
    capitals = _capitals(reference) / _REFERENCE
    best: tuple[float, tuple[str, ...]] | None = None
    score = 0.0
    for count in range(1, room.lines + 1):
        breaks = break_lines(text, count, reference.getlength)
        if breaks is None:
            break
        points = min(
            room.most,
            room.width / max(breaks.widest / _REFERENCE, 1e-6),
            room.height / (capitals + _LEADING * (count - 1)),
        )
        worth = points / (1 + breaks.cost)
        if points >= room.least and (best is None or worth * _PREFERENCE > score):
            best, score = (points, breaks.lines), worth
    if best is None:
        return None
    return _exactly(best[1], face, weight, room, int(best[0]))


def _exactly(
    lines: tuple[str, ...], face: Typeface, weight: int, room: Room, points: int
) -> Setting | None:
    """At whole sizes, measured line by line: hinting and optical size shift widths a little."""
    while points >= room.least:
        font = face.font(points, weight)
        width = max(font.getlength(line) for line in lines)
        if width <= room.width:
            drop = max(0.0, font.getbbox(lines[-1], anchor="ls")[3])
            return Setting(lines, points, weight, points * _LEADING, width, _capitals(font), drop)
        points -= 1
    return None


def _capitals(font: ImageFont.FreeTypeFont) -> float:
    return -font.getbbox("H", anchor="ls")[1]
