"""The sandbox and a scripted server, one of each for a module."""

import threading
import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.server import create_server
from tests.creative.generators.stand_ins import Scripted
from tests.sandbox_server import Sandbox, serve


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox without ad networks, for all tests of a module: armed faults are used up."""
    sandbox = serve(tmp_path_factory.mktemp("generative"), networks=())
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def scripted_server() -> Iterator[Scripted]:
    script = Scripted()

    async def answer(request: Request) -> Response:
        await request.body()
        script.asked.append(request)
        if not script.answers:
            return Response("nothing queued", 599)
        given = script.answers.pop(0)
        return given if isinstance(given, Response) else await given(request)

    app = Starlette(routes=[Route("/{rest:path}", answer, methods=["GET", "POST"])])
    server = create_server(app, 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    script.url = server.url
    yield script
    server.should_exit = server.force_exit = True
    thread.join(10)


@pytest.fixture
def scripted(scripted_server: Scripted) -> Iterator[Scripted]:
    """An empty script; a test must use up all answers it queues."""
    scripted_server.answers.clear()
    scripted_server.asked.clear()
    yield scripted_server
    assert not scripted_server.answers
