"""Fixtures that serve a sandbox from a thread on a free loopback port.

Use it with ``pytest_plugins = ["tests.sandbox_server"]`` in a test module or conftest.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from sandbox.durable_world import DurableWorld, open_world
from sandbox.server import NETWORKS, create_app, create_server
from sandbox.unity import limits as unity_limits
from sandbox.world import WorldSettings


@dataclass
class Sandbox:
    """A served sandbox: its base URL, a client bound to /control, and the world itself."""

    url: str
    control: httpx.Client
    world: DurableWorld
    directory: Path
    stop: Callable[[], None] = field(repr=False)

    def arm(self, network: str, kind: str, **filters: object) -> None:
        """Arm a fault through the control API."""
        answer = self.control.post("/faults", json={"network": network, "kind": kind, **filters})
        assert answer.status_code == 201, answer.text

    def fired(self, network: str, kind: str) -> int:
        """How often a fault was played."""
        counts = self.control.get("/faults").json()["counts"]
        return counts.get(network, {}).get(kind, {}).get("fired", 0)


def _now() -> datetime:
    return datetime.now(UTC)


def serve(
    directory: Path,
    *,
    tempo: float = 60.0,
    seed: int = 7,
    networks: Sequence[str] = NETWORKS,
    origin: datetime | None = None,
    real: Callable[[], datetime] | None = None,
) -> Sandbox:
    """Open the world in ``directory`` and serve it; call ``.stop()`` at the end."""
    settings = WorldSettings(directory, seed, origin or (real or _now)(), tempo)
    world = open_world(settings, real=real) if real else open_world(settings)
    try:
        server = create_server(create_app(world, networks), 0)
    except BaseException:
        world.close()
        raise
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert server.started, "the sandbox server did not start within 10 s"
    url = server.url
    control = httpx.Client(base_url=f"{url}/control", timeout=10, trust_env=False)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if stopped:
            return
        stopped = True
        control.close()
        server.should_exit = server.force_exit = True  # nobody waits for an answer any more
        thread.join(10)
        world.close()

    return Sandbox(url, control, world, directory, stop)


@pytest.fixture
def sandbox_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sandbox]]:
    """``sandbox_factory(tempo=, seed=, networks=, directory=, origin=, real=)`` -> Sandbox.

    Pass the ``directory`` of a stopped sandbox to restart it.
    """
    running: list[Sandbox] = []

    def make(directory: Path | None = None, **options: object) -> Sandbox:
        place = directory or tmp_path_factory.mktemp("sandbox")
        running.append(serve(place, **options))  # type: ignore[arg-type]
        return running[-1]

    yield make
    for each in running:
        each.stop()


@pytest.fixture
def sandbox(sandbox_factory: Callable[..., Sandbox]) -> Sandbox:
    """A sandbox with every network at tempo 60."""
    return sandbox_factory()


@pytest.fixture
def hurried_unity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unity's limits by the second, ours and the stand-in's, left out: for tests that are not
    about them."""
    monkeypatch.setattr("platforms.unity.pace._SPACING", 0.001)
    take = unity_limits.RateLimits.take

    def slowly(
        limits: unity_limits.RateLimits, policy: unity_limits.Policy, scope: str
    ) -> tuple[bool, dict[str, str]]:
        return take(limits, [window for window in policy if window[1] > 1], scope)

    monkeypatch.setattr(unity_limits.RateLimits, "take", slowly)
