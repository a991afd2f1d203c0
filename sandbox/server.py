"""One server for every stand-in: ad networks, Claude, the makers of pictures and videos, a web
site, and the control API."""

import asyncio
from collections.abc import Callable, Sequence
from importlib import import_module
from socket import socket
from types import ModuleType

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from sandbox import authorisation, claude, control, generative, site
from sandbox.control import Holding
from sandbox.durable_world import DurableWorld
from sandbox.transport import DroppingProtocol, TransportFaults

NETWORKS = (
    "apple_search_ads",
    "applovin",
    "google",
    "meta",
    "snapchat",
    "telegram",
    "tiktok",
    "unity",
    "x",
)
"""Ad networks with a stand-in, each a package ``sandbox.<name>`` with ``build(world)`` and
``held(world)``."""


def _network(name: str) -> ModuleType:
    if name not in NETWORKS:
        raise ValueError(f"network {name!r} has no stand-in; known: {', '.join(NETWORKS)}")
    return import_module(f"sandbox.{name}")


def create_app(world: DurableWorld, networks: Sequence[str] = NETWORKS) -> Starlette:
    """Mount the networks asked for by their names, ``/claude``, ``/openai``, ``/flux``,
    ``/runway``, ``/site``, ``/login`` and ``/control``.

    Raises:
        ValueError: no such network.
    """
    modules = {name: _network(name) for name in networks}
    apps: dict[str, ASGIApp] = {name: each.build(world) for name, each in modules.items()}
    apps |= {"claude": claude.build(world), "site": site.build(world)}
    apps |= {name: make(world) for name, make in generative.BUILDERS.items()}
    apps["login"] = authorisation.build(world)
    mounts = [
        Mount(f"/{name}", app=TransportFaults(app, world.switchboard, name))
        for name, app in apps.items()
    ]
    holding: dict[str, Holding] = {name: each.held for name, each in modules.items()}
    mounts.append(Mount("/control", app=control.build(world, holding)))
    return Starlette(routes=mounts)


_LOOK = 0.02


class SandboxServer(uvicorn.Server):
    """uvicorn that says when it listens, and where."""

    ready: Callable[[str], None] | None = None

    @property
    def url(self) -> str:
        """Base URL, once it listens."""
        return f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}"

    async def main_loop(self) -> None:
        """Serve until told to end. Looks more often than uvicorn's own: tests end a thousand."""
        tick = 0
        while not await self.on_tick(tick):
            tick += 1
            await asyncio.sleep(_LOOK)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End as uvicorn does; with ``force_exit`` at once, where it would sleep for 0.1 s."""
        if not self.force_exit:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for task in list(self.server_state.tasks):
            task.cancel()
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.ready is not None:
            self.ready(self.url)


def create_server(app: ASGIApp, port: int, host: str = "127.0.0.1") -> SandboxServer:
    """A quiet uvicorn server whose connections faults can drop; on loopback unless told otherwise.

    A port of 0 takes a free one.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=DroppingProtocol,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return SandboxServer(config)
