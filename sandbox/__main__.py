"""``python -m sandbox --dir DIR --port P --seed N --tempo T --origin ISO``.

Prints one line when it is ready and nothing else; stops cleanly on SIGTERM or Ctrl-C.
"""

import argparse
import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from sandbox.durable_world import open_world
from sandbox.server import NETWORKS, create_app, create_server
from sandbox.world import WorldSettings
from sandbox.world_clock import HeldInstant, real_now


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="where the sandbox remembers")
    parser.add_argument("--port", type=int, default=0, help="port; 0: a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--seed", type=int, default=1, help="the market's seed")
    parser.add_argument("--tempo", type=float, default=60.0, help="campaign seconds per second")
    parser.add_argument(
        "--origin",
        type=_instant,
        default=None,
        help="ISO instant at which campaign time equals real time; default: now",
    )
    parser.add_argument(
        "--held",
        type=_instant,
        default=None,
        help="ISO instant at which the clock stands until POST /control/clock steps it on",
    )
    parser.add_argument("--networks", default=",".join(NETWORKS), help="ad networks to serve")
    return parser.parse_args(arguments)


async def _serve(options: argparse.Namespace) -> None:
    settings = WorldSettings(
        directory=options.dir,
        seed=options.seed,
        origin=options.origin or datetime.now(UTC),
        tempo=1.0 if options.held else options.tempo,
    )
    world = open_world(settings, real=HeldInstant(options.held) if options.held else real_now)
    try:
        networks = [name for name in options.networks.split(",") if name]
        server = create_server(create_app(world, networks), options.port, options.host)
        server.ready = lambda url: print(f"sandbox ready on {url}", flush=True)

        def stop(number: int, frame: FrameType | None) -> None:
            server.should_exit = True

        # uvicorn passes the signal on after it has shut down; it must find this one, not the
        # default that would end the process before the world is settled and closed.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, stop)
        await server.serve()
    finally:
        world.close()


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; the exit code."""
    try:
        asyncio.run(_serve(_options(arguments)))
    except (ValueError, RuntimeError, ImportError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
