"""A team's pictures and videos: kept once by content, shown to nobody without a link, and never
deleted under a running ad."""

from creative.library.rows import AssetInUse, AssetRefused, AssetUnknown
from creative.library.shelf import AssetLibrary, Deleted
from creative.uploads import UploadRefused

__all__ = [
    "AssetInUse",
    "AssetLibrary",
    "AssetRefused",
    "AssetUnknown",
    "Deleted",
    "UploadRefused",
]
