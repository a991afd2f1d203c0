"""A stand-in for Meta's Marketing API."""

from sandbox.meta.app import APP_SECRET, TOKEN, build

__all__ = ["APP_SECRET", "TOKEN", "build"]
