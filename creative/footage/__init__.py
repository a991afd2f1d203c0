"""Videos: read, made from stills, composed from footage."""

from creative.footage.compose import compose
from creative.footage.probe import Footage, probe
from creative.footage.refusal import CaptionsRefused, FootageRefused
from creative.footage.still import from_still
from creative.footage.thumbnail import thumbnail

__all__ = [
    "CaptionsRefused",
    "Footage",
    "FootageRefused",
    "compose",
    "from_still",
    "probe",
    "thumbnail",
]
