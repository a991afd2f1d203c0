"""Fixtures for all tests."""

pytest_plugins = ["tests.sandbox_server", "tests.stack"]
