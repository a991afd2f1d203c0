"""A stand-in for X's Ads API, media upload and post deletion."""

from sandbox.x.app import build
from sandbox.x.held import held

__all__ = ["build", "held"]
