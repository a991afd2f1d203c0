"""``kill -9`` between what a network gave and its being stored, and a stop without a database
(N2, N6, N18)."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from models.contract.connection import ConnectionInput, connection_workflow_id
from models.tables import Account, Connection
from starter.connections import look_after
from starter.stack.postgres import EmbeddedPostgres
from starter.team import SANDBOX_CREDENTIALS
from tests.faults.rig import ROOT, Rig, settings_of
from tests.faults.test_kill_switch import stock_kill
from tests.stack import eventually
from tests.walks import Walker, walking


@pytest_asyncio.fixture(loop_scope="session")
async def walker(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Walker]:
    """Somebody of the rig's team, with the sandbox's apps in the environment."""
    for name, value in SANDBOX_CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    async with walking(rig.team.settings, rig.team.database) as made:
        yield made


def served(rig: Rig, port: int) -> "subprocess.Popen[bytes]":
    """The event endpoint as an operator runs it."""
    return subprocess.Popen(
        [sys.executable, "-m", "starter.server", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **rig.stack.environment},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def test_a_server_that_dies_between_exchange_and_storing_leaves_nothing_half(
    rig: Rig, walker: Walker
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = served(rig, port)
    try:
        begun = await walker.begin("meta")
        location = urlsplit(await walker.log_in(begun.address))
        # The code is exchanged by then; the accounts it reaches come late.
        await rig.team.arm("login", "delay", path="/meta/.*/me/adaccounts", seconds=20, count=1)
        async with httpx.AsyncClient(timeout=30, trust_env=False) as browser:

            async def open_() -> bool:
                try:
                    url = f"http://127.0.0.1:{port}/healthz"
                    return (await browser.get(url)).status_code < 500
                except httpx.TransportError:
                    return False

            await eventually(open_, seconds=20)
            url = f"http://127.0.0.1:{port}{location.path}?{location.query}"
            back = asyncio.create_task(browser.get(url))

            async def exchanged() -> bool:
                return await rig.fired("login", "delay") == 1

            await eventually(exchanged)
            server.kill()
            server.wait(10)
            (broken,) = await asyncio.gather(back, return_exceptions=True)
            assert isinstance(broken, httpx.TransportError)
    finally:
        server.kill()
    row = await walker.attempt(begun.attempt)
    assert row.outcome == "exchanging"
    assert "broken off while meta was asked; begin anew" in row.told
    assert row.sealed == ""
    assert await walker.rows(Connection) == []
    refs = {one.credentials_ref for one in await walker.rows(Account)}
    assert not any(ref.startswith("connection:") for ref in refs)
    # The same address does not work a second time; a new walk does.
    again = await walker.come_back(location.geturl())
    assert "used before" in again.text
    assert (await walker.walk("meta")).status_code == 200


async def test_a_worker_that_dies_in_a_renewal(rig: Rig, walker: Walker) -> None:
    """The network has replaced the refresh token: a person is asked, and nothing else breaks."""
    setting = {"network": "login", "kind": "setting", "id": "snapchat", "value": {"expires_in": 8}}
    (await rig.team.control.post("/objects", json=[setting])).raise_for_status()
    assert (await walker.walk("snapchat")).status_code == 200
    row, kept = await walker.connection("snapchat"), await walker.secrets("snapchat")
    path = "/snapchat/login/oauth2/access_token"
    await rig.team.arm("login", "delay", path=path, seconds=20, count=1)
    await rig.start_worker()
    await look_after(
        rig.client,
        ConnectionInput(
            team_id=rig.team.id, connection_id=row.id, platform="snapchat", name=row.name
        ),
    )

    async def replaced() -> bool:
        return await rig.fired("login", "delay") == 1

    await eventually(replaced, seconds=30)
    rig.worker.kill()
    assert await walker.secrets("snapchat") == kept
    await rig.start_worker()

    async def asked_for() -> bool:
        return (await walker.connection("snapchat")).status == "needs_reauth"

    await eventually(asked_for, seconds=40)
    assert (await walker.connection("snapchat")).status_reason == (
        "refused to renew access [invalid_grant]"
    )
    assert await walker.secrets("snapchat") == kept  # for a stop
    setting["value"] = {}
    (await rig.team.control.post("/objects", json=[setting])).raise_for_status()
    assert (await walker.walk("snapchat")).status_code == 200
    handle = rig.client.get_workflow_handle(connection_workflow_id(row.id))

    async def whole() -> bool:
        return (await handle.query("connection"))["status"] == "active"

    await eventually(whole, seconds=20)


async def test_a_connected_account_is_stopped_while_postgresql_is_stopped(
    rig: Rig, walker: Walker
) -> None:
    """What it needs of the connection is in the worker's memory."""
    assert (await walker.walk("meta")).status_code == 200
    await rig.start_worker()
    handles = await rig.propose()
    await rig.approve([handles["meta"]])
    (view,) = await rig.launched([handles["meta"]])
    postgres = EmbeddedPostgres(settings_of(rig.stack).directory)
    await asyncio.to_thread(postgres.stop)
    try:
        await stock_kill(rig, handles["meta"].id)
        await rig.switched_off(view, seconds=15)
    finally:
        await asyncio.to_thread(postgres.start)
    result = await asyncio.wait_for(handles["meta"].result(), 40)
    assert result["status"] == "killed"
