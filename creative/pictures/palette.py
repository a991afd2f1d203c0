"""A brand's colours as they may be used: every text readable, whatever is behind its panel."""

from dataclasses import dataclass

from creative.pictures.contrast import BLACK, LEAST, WHITE, Rgb, over, ratio, readable, rgb
from models.contract.brand import Brand

_ALPHAS = (0.94, 0.97, 1.0)
_WANTED = LEAST + 0.15
"""A little above the limit, because antialiased panels round to whole bytes."""


@dataclass(frozen=True, slots=True)
class Palette:
    """``alpha`` is the card's opacity; ``quiet`` is for what is said less loudly on it."""

    card: Rgb
    alpha: float
    ink: Rgb
    quiet: Rgb
    button: Rgb
    on_button: Rgb
    accent: Rgb
    on_accent: Rgb


def palette(brand: Brand) -> Palette:
    """Of the brand's three colours. Where two of them cannot be read on each other, black or
    white takes the text's place."""
    light, dark, accent = rgb(brand.light), rgb(brand.dark), rgb(brand.accent)
    ink = readable(dark, light, _WANTED)
    alpha = next(one for one in _ALPHAS if one == 1.0 or _worst(ink, light, one) >= _WANTED)
    quiet = over(ink, 0.68, light)
    if _worst(quiet, light, alpha) < _WANTED:
        quiet = ink
    return Palette(
        card=light,
        alpha=alpha,
        ink=ink,
        quiet=quiet,
        button=dark,
        on_button=readable(light, dark, _WANTED),
        accent=accent,
        on_accent=readable(dark, accent, _WANTED),
    )


def _worst(text: Rgb, panel: Rgb, alpha: float) -> float:
    """Contrast in front of the brightest and the darkest picture. What lies between is no worse
    as long as the text is darker, or lighter, than both."""
    seen = [over(panel, alpha, behind) for behind in (BLACK, WHITE)]
    return min(ratio(text, one) for one in seen)
