"""A stand-in for the Apple Ads Platform API v1 and Apple's login."""

from sandbox.apple_search_ads.app import build
from sandbox.apple_search_ads.held import held

__all__ = ["build", "held"]
