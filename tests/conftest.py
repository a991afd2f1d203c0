"""Fixtures for all tests; tests that need the running stack are marked by what they ask for."""

import os
from functools import cache
from pathlib import Path

import pytest
from httpx._transports import default as http
from hypothesis import settings

# Before anything of ours opens a console: what commands print is compared, not looked at.
os.environ["COLUMNS"] = "250"

# Loaded cores are no failure, and a red build is the change's doing: examples hang on the code
# alone. New ones are looked for with HYPOTHESIS_PROFILE=explore.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

# Tests open thousands of clients on plain loopback HTTP; each would read the list of authorities
# anew, which takes 25 ms of a core.
http.create_ssl_context = cache(http.create_ssl_context)

pytest_plugins = ["tests.sandbox_server", "tests.stack"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts PostgreSQL and Temporal, so that the inner loop can leave it out.

    Files that do come first: they take the longest, and whoever has run the last of them must not
    wait for another worker that still has minutes of them to go.
    """
    slow = set[Path]()
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.stack)
            slow.add(item.path)
    items.sort(key=lambda item: item.path not in slow)
