"""One server for every stand-in: ad networks, Claude, a web site, and the control API."""

from collections.abc import Callable, Sequence
from importlib import import_module
from socket import socket
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from sandbox import claude, control, site
from sandbox.durable_world import DurableWorld
from sandbox.transport import DroppingProtocol, TransportFaults

NETWORKS = ("meta", "x")
"""Ad networks with a stand-in, each a module ``sandbox.<name>`` with ``build(world)``."""


def _network_app(name: str, world: DurableWorld) -> ASGIApp:
    if name not in NETWORKS:
        raise ValueError(f"network {name!r} has no stand-in; known: {', '.join(NETWORKS)}")
    try:
        module = import_module(f"sandbox.{name}")
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the stand-in sandbox/{name}.py cannot be imported ({error}); "
            f"leave {name!r} out of networks= to serve the others"
        ) from error
    return cast("ASGIApp", module.build(world))


def create_app(world: DurableWorld, networks: Sequence[str] = NETWORKS) -> Starlette:
    """Mount ``/meta``, ``/x`` (those asked for), ``/claude``, ``/site`` and ``/control``.

    Raises:
        ImportError: a network's module is absent.
        ValueError: no such network.
    """
    apps = {name: _network_app(name, world) for name in networks}
    apps |= {"claude": claude.build(world), "site": site.build(world)}
    mounts = [
        Mount(f"/{name}", app=TransportFaults(app, world.switchboard, name))
        for name, app in apps.items()
    ]
    mounts.append(Mount("/control", app=control.build(world, tuple(networks))))
    return Starlette(routes=mounts)


class SandboxServer(uvicorn.Server):
    """uvicorn that says when it listens, and where."""

    ready: Callable[[str], None] | None = None

    @property
    def url(self) -> str:
        """Base URL, once it listens."""
        return f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}"

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
