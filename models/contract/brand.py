"""How a team speaks and looks, and what is laid over its pictures."""

import re
from typing import Literal

from pydantic import Field, field_validator

from models.contract.base import Frozen
from models.contract.vocabulary import SpecialCategory

VOICE = (
    "confident without hype; what readers gain, in plain words; no unexplained jargon; "
    "a knowledgeable peer rather than a seller"
)
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


class Brand(Frozen):
    """A team's brand.

    Colours are ``#RRGGBB``. ``logo`` is the SHA-256 of an image in the team's asset library.
    ``rules`` and ``forbidden_words`` bind every text, and no text names one of ``competitors``;
    ``disclaimers`` end the primary text of a regulated category.
    """

    name: str = Field(default="", max_length=80)
    voice: str = Field(default=VOICE, max_length=1_000)
    rules: tuple[str, ...] = Field(default=(), max_length=30)
    forbidden_words: tuple[str, ...] = Field(default=(), max_length=200)
    competitors: tuple[str, ...] = Field(default=(), max_length=100)
    disclaimers: dict[SpecialCategory, str] = {}
    dark: str = "#111827"
    light: str = "#FFFFFF"
    accent: str = "#CAFC00"
    logo: str | None = None
    logo_corner: Literal["top_left", "bottom_right"] = "top_left"

    @field_validator("dark", "light", "accent")
    @classmethod
    def _a_colour(cls, value: str) -> str:
        if not _COLOUR.fullmatch(value):
            raise ValueError(f"colour {value[:20]!r} must be #RRGGBB, for example #CAFC00")
        return value.upper()

    @field_validator("logo")
    @classmethod
    def _a_digest(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[0-9a-f]{64}", value):
            raise ValueError(
                f"logo {value[:20]!r} must be the SHA-256 of an asset; see `adflight assets list`"
            )
        return value


class Overlay(Frozen):
    """What is laid over a picture. Empty parts are left out.

    ``action`` is the button's label, ``badge`` a price or discount, ``site`` where it leads.
    """

    headline: str
    action: str = ""
    badge: str = ""
    site: str = ""
