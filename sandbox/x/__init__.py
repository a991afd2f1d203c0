"""A stand-in for X's Ads API, media upload and post deletion."""

from sandbox.x.app import build

__all__ = ["build"]
