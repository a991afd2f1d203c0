"""A stand-in for Snapchat's Ads API v1 and its authorisation server."""

from sandbox.authorisation.snapchat import CLIENT_ID, CLIENT_SECRET
from sandbox.snapchat.app import build
from sandbox.snapchat.holding import held
from sandbox.snapchat.store import (
    ACCOUNT_ID,
    BRAND_NAME,
    NETWORK,
    PIXEL_ID,
    PROFILE_ID,
    REFRESH_TOKEN,
)

__all__ = [
    "ACCOUNT_ID",
    "BRAND_NAME",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "NETWORK",
    "PIXEL_ID",
    "PROFILE_ID",
    "REFRESH_TOKEN",
    "build",
    "held",
]
