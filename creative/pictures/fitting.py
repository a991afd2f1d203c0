"""Bringing a picture into another shape without stretching it."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor
from smartcrop import SmartCrop

Colour = str | tuple[int, int, int]

_LOOK = 192
"""Pixels of the longer side at which the subject is searched for: quick, and enough for a crop."""
_TINY = 8
_STEPS = 65
"""Places that are tried for a crop."""
_WEIGHTS = (0.60, 0.25, 0.15)
"""Of skin, detail and saturation."""
_CENTRED = 0.3
"""What being off centre by a whole window costs, as a share of all there is to see."""


def cover(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture at exactly ``size``, filling it; what hangs over is cut away where there is the
    least to see."""
    width, height = size
    scale = min(image.width / width, image.height / height)
    box = (width * scale, height * scale)
    left, top = _offset(image, box)
    # resize() with a fractional box keeps the proportions to less than a pixel.
    return image.resize(
        size, Image.Resampling.LANCZOS, box=(left, top, left + box[0], top + box[1])
    )


def contain(image: Image.Image, size: tuple[int, int], colour: Colour) -> Image.Image:
    """The whole picture in the middle of ``size``, the rest filled with ``colour`` (``#RRGGBB`` or
    three bytes). What is transparent shows the colour."""
    fill = ImageColor.getrgb(colour) if isinstance(colour, str) else colour
    page = Image.new("RGB", size, fill[:3])
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(inner, Image.Resampling.LANCZOS)
    at = ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2)
    page.paste(small, at, small if small.mode == "RGBA" else None)
    return page


def flat(image: Image.Image, colour: Colour = "#FFFFFF") -> Image.Image:
    """RGB, with ``colour`` behind what is transparent."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    fill = ImageColor.getrgb(colour) if isinstance(colour, str) else colour
    page = Image.new("RGB", image.size, fill[:3])
    page.paste(image, (0, 0), image)
    return page


def interest(image: Image.Image) -> NDArray[np.float64]:
    """Where there is something to see: a small map of the picture (rows, columns), 0 where there
    is no more than in most of it. Skin counts most, then detail, then saturation, each as found
    by smartcrop's analysis."""
    small = flat(image, "#808080")
    small.thumbnail((_LOOK, _LOOK))
    found = np.asarray(SmartCrop().prepare_features_image(small), np.float64) / 255
    seen = found[..., :3] @ np.array(_WEIGHTS)
    # Its filter leaves the outermost pixels as they were.
    seen[0] = seen[-1] = seen[:, 0] = seen[:, -1] = 0
    return (seen - np.median(seen)).clip(0) ** 1.5


def _offset(image: Image.Image, box: tuple[float, float]) -> tuple[float, float]:
    """Left and top of a crop of this size. Its whole width or height is kept, since cutting
    closer would cost sharpness; so it moves along one side only."""
    spare = (image.width - box[0], image.height - box[1])
    if max(spare) < 1 or min(image.size) < _TINY:
        return (max(spare[0], 0.0) / 2, max(spare[1], 0.0) / 2)
    axis = 0 if spare[0] > spare[1] else 1
    profile = interest(image).sum(axis=axis)
    at = _slide(profile, box[axis] / image.size[axis]) * spare[axis]
    return (at, max(spare[1], 0.0) / 2) if axis == 0 else (max(spare[0], 0.0) / 2, at)


def _slide(profile: NDArray[np.float64], share: float) -> float:
    """Where a window over ``share`` of the profile stands best, from 0 (start) to 1 (end).

    It is where it holds the most; among such places, where that is nearest to its middle. The
    middle is right for a picture that is of equal interest everywhere.
    """
    total = float(profile.sum())
    if total <= 0:
        return 0.5
    ends = np.concatenate(([0.0], np.cumsum(profile)))
    places = np.arange(len(profile)) + 0.5
    weighted = np.concatenate(([0.0], np.cumsum(profile * places)))
    along = np.arange(len(ends), dtype=np.float64)
    window = share * len(profile)
    starts = np.linspace(0, len(profile) - window, _STEPS)
    held = np.interp(starts + window, along, ends) - np.interp(starts, along, ends)
    moment = np.interp(starts + window, along, weighted) - np.interp(starts, along, weighted)
    middle = np.divide(moment, held, out=starts + window / 2, where=held > 1e-9)
    aside = np.abs(middle - (starts + window / 2)) / window
    score = held / total - _CENTRED * aside
    return float(score.argmax()) / (_STEPS - 1)
