"""Fixtures of the fault tests: a stack of their own, one worker process a test."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from starter.stack.local import LocalStack
from tests.faults.rig import Rig, own_stack, rigged


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fault_stack() -> AsyncGenerator[LocalStack]:
    """PostgreSQL, Temporal and the sandbox, of which parts may be killed; no workers."""
    async with own_stack() as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def rig(fault_stack: LocalStack) -> AsyncGenerator[Rig]:
    """A new team and a worker process that the test starts and kills."""
    async with rigged(fault_stack) as rig:
        yield rig


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These need the running stack too, though it is one of their own."""
    for item in items:
        if {"rig", "turning_rig"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.stack)
