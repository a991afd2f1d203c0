"""The ``adflight`` command."""

from starter.cli.app import main

__all__ = ["main"]
