"""A stand-in for Meta's Marketing API."""

from sandbox.meta.app import APP_SECRET, TOKEN, build
from sandbox.meta.held import held

__all__ = ["APP_SECRET", "TOKEN", "build", "held"]
