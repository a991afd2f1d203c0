"""Pictures for ads: opened safely, fitted to each placement, dressed in the brand, exported."""

from creative.pictures.backdrop import backdrop
from creative.pictures.contact import contact_sheet
from creative.pictures.export import encode
from creative.pictures.fitting import contain, cover
from creative.pictures.opening import open_picture
from creative.pictures.overlay import Dressed, Layer, PlacedText, dress, layer
from creative.pictures.refusal import PictureRefused

__all__ = [
    "Dressed", "Layer", "PictureRefused", "PlacedText", "backdrop", "contact_sheet", "contain",
    "cover", "dress", "encode", "layer", "open_picture",
]  # fmt: skip
