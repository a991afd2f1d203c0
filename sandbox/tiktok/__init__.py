"""A stand-in for TikTok's API for Business (Marketing API v1.3)."""

from sandbox.tiktok.app import build
from sandbox.tiktok.held import held
from sandbox.tiktok.store import ADVERTISER_ID, DISPLAY_NAME, IDENTITY_ID, PIXEL_ID, TOKEN

__all__ = ["ADVERTISER_ID", "DISPLAY_NAME", "IDENTITY_ID", "PIXEL_ID", "TOKEN", "build", "held"]
