"""A service on loopback that alerts are delivered to, and a worker that delivers them."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

from models.settings import Settings


@dataclass
class Endpoint:
    """Remembers what each path accepted; ``faults`` are answered first, one a request."""

    url: str = ""
    accepted: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    faults: dict[str, list[int]] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)

    def channel(self, path: str) -> str:
        """The apprise URL of a path."""
        return f"{self.url.replace('http', 'json', 1)}/{path}"

    def channels(self, *names: str) -> str:
        """The setting for channels of these names, a path each."""
        return json.dumps({name: self.channel(name) for name in names})

    def titles(self, path: str) -> list[str]:
        """Titles that a path accepted."""
        return [one["title"] for one in self.accepted[path]]


@contextmanager
def serving_alerts() -> Generator[Endpoint]:
    """The service, until the block ends."""
    endpoint = Endpoint()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            path = self.path.strip("/").split("?")[0]
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status = endpoint.faults[path].pop(0) if endpoint.faults.get(path) else 200
            if status == 200:
                endpoint.accepted[path].append(body)
                endpoint.at[path] = time.monotonic()
            else:
                endpoint.refused[path] += 1
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def with_channels(settings: Settings, team_id: UUID, **changes: Any) -> Settings:
    """Settings of a team with alert channels, read as they are from the environment."""
    read = Settings.model_validate(changes)
    return settings.model_copy(
        update={"team_id": team_id, **{name: getattr(read, name) for name in changes}}
    )
