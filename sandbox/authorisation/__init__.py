"""Stand-ins for the networks' authorisation servers, mounted under ``/login``.

A person who opens a login page agrees at once; a fault ``refusal`` armed for ``login`` makes the
person decline. Codes are good once, tokens for as long as real time says (``sandbox.grants``).
Each server speaks its network's own form, errors included.
"""

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from sandbox.authorisation import google, meta, snapchat, tiktok, x
from sandbox.world import World

__all__ = ["build"]


def build(world: World) -> Starlette:
    """The application with one mount a network."""
    servers: dict[str, list[BaseRoute]] = {
        "meta": meta.routes(world),
        "google": google.routes(world),
        "tiktok": tiktok.routes(world),
        "snapchat": snapchat.routes(world),
        "x": x.routes(world),
    }
    return Starlette(routes=[Mount(f"/{name}", routes=each) for name, each in servers.items()])
