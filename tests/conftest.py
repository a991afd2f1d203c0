"""Fixtures for all tests; tests that need the running stack are marked by what they ask for."""

import os

import pytest
from hypothesis import settings

# Before anything of ours opens a console: what commands print is compared, not looked at.
os.environ["COLUMNS"] = "250"

settings.register_profile("adflight", deadline=None)  # loaded cores are no failure
settings.load_profile("adflight")

pytest_plugins = ["tests.sandbox_server", "tests.stack"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts PostgreSQL and Temporal, so that the inner loop can leave it out."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.stack)
