"""All pictures of a campaign on one sheet, to be looked at together."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from creative.pictures.contrast import Rgb
from creative.pictures.opening import open_picture
from creative.pictures.refusal import PictureRefused
from creative.pictures.shapes import rounded
from creative.pictures.typeface import BOLD, REGULAR, SEMIBOLD, Typeface

_WIDTH = 1800
_HEIGHT = 380
"""Of a row's pictures, in pixels; all of one row are equally high."""
_MARGIN, _GAP, _ROUND = 72, 36, 10
_PAPER: Rgb = (246, 247, 249)
_INK: Rgb = (17, 24, 39)
_QUIET: Rgb = (75, 85, 99)
_MOST_WIDE = 3.4
"""Shape of the widest picture shown at full height; wider ones (banners) are shown lower."""


def contact_sheet(cells: Sequence[tuple[bytes, str]], *, title: str) -> bytes:
    """A PNG of all pictures, each with its caption below. What cannot be opened is shown as an
    empty frame that says so, since a sheet is there to be looked at.

    Raises:
        ValueError: there are no pictures.
    """
    if not cells:
        raise ValueError("a contact sheet needs at least one picture")
    face = Typeface()
    shown = [(_small(data), caption) for data, caption in cells]
    rows = _rows([picture for picture, _ in shown])
    step = _HEIGHT + 92
    heading = 132
    sheet = Image.new("RGB", (_WIDTH, heading + step * len(rows) + _MARGIN // 2), _PAPER)
    pen = ImageDraw.Draw(sheet)
    large = face.font(46, BOLD)
    pen.text((_MARGIN, 88), _short(_plain(title, face), large, _WIDTH - 2 * _MARGIN), _INK, large,
             anchor="ls")  # fmt: skip
    name, note = face.font(19, SEMIBOLD), face.font(18, REGULAR)
    for row, numbers in enumerate(rows):
        left, top = _MARGIN, heading + row * step
        for number in numbers:
            picture, caption = shown[number]
            below = top + _HEIGHT
            mask = rounded(picture.width, picture.height, _ROUND)
            sheet.paste(picture, (left, below - picture.height), mask)
            wide = max(picture.width, 150)
            for line, text in enumerate(_plain(caption, face).split(" · ", 1)):
                font, colour = (name, _INK) if line == 0 else (note, _QUIET)
                pen.text((left, below + 30 + 25 * line), _short(text, font, wide), colour, font,
                         anchor="ls")  # fmt: skip
            left += wide + _GAP
    out = BytesIO()
    sheet.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _small(data: bytes) -> Image.Image:
    try:
        picture = open_picture(data).convert("RGB")
    except PictureRefused:
        return _missing()
    height = _HEIGHT if picture.width <= _MOST_WIDE * picture.height else _HEIGHT // 3
    return picture.resize(
        (max(1, round(picture.width * height / picture.height)), height),
        Image.Resampling.LANCZOS, reducing_gap=2.0,
    )  # fmt: skip


def _missing() -> Image.Image:
    frame = Image.new("RGB", (_HEIGHT, _HEIGHT), (229, 231, 235))
    ImageDraw.Draw(frame).text(
        (_HEIGHT // 2, _HEIGHT // 2), "cannot be shown", _QUIET, Typeface().font(20), anchor="mm"
    )
    return frame


def _rows(pictures: list[Image.Image]) -> list[list[int]]:
    """Numbers of the pictures, row by row, in their order."""
    rows: list[list[int]] = [[]]
    left = _WIDTH - 2 * _MARGIN
    for number, picture in enumerate(pictures):
        wide = max(picture.width, 150)
        if rows[-1] and wide > left:
            rows.append([])
            left = _WIDTH - 2 * _MARGIN
        rows[-1].append(number)
        left -= wide + _GAP
    return rows


def _plain(text: str, face: Typeface) -> str:
    """What the font can draw of it: a caption is a label, not an ad."""
    try:
        return face.drawable(text, "caption")
    except PictureRefused:
        return text.encode("ascii", "replace").decode()


def _short(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """A caption that is too long for its picture ends in an ellipsis."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
