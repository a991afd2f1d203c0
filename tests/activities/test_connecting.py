"""Connecting an account through its network's login (N2, N4, N6, N7, N8, C37, C48)."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlmodel import col

from activities.attaching import ConnectRefused
from activities.connecting import Connecting, ConnectOrder
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, ConnectAttempt, Connection
from starter.server import create_app
from starter.team import SANDBOX_CREDENTIALS, set_up
from tests.sandbox_server import Sandbox
from tests.walks import Walker, walking

LOGINS = ("meta", "google", "tiktok", "snapchat", "x")


@pytest_asyncio.fixture(loop_scope="session")
async def walker(settings: Settings, database: Database) -> AsyncGenerator[Walker]:
    """Somebody of a new team."""
    own = settings.model_copy(update={"team_id": uuid4()})
    await set_up(database, own, environ={})
    async with walking(own, database) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def control(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """The sandbox's control API; what was set is taken back."""
    async with httpx.AsyncClient(base_url=f"{settings.sandbox_url}/control", timeout=20) as made:
        yield made
        await made.delete("/faults")
        for network in LOGINS:
            await set_up_login(made, network)


async def set_up_login(control: httpx.AsyncClient, network: str, **setting: Any) -> None:
    entry = {"network": "login", "kind": "setting", "id": network, "value": setting}
    (await control.post("/objects", json=[entry])).raise_for_status()


async def arm(control: httpx.AsyncClient, kind: str, path: str, **more: Any) -> None:
    order = {"network": "login", "kind": kind, "path": path, **more}
    (await control.post("/faults", json=order)).raise_for_status()


@pytest.mark.parametrize("platform", LOGINS)
async def test_a_login_becomes_an_account_with_sealed_secrets(
    platform: str, walker: Walker
) -> None:
    answer = await walker.walk(platform)
    assert answer.status_code == 200, answer.text
    row = await walker.connection(platform)
    account = await walker.account(platform)
    assert account.credentials_ref == f"connection:{row.id}"
    assert f"Connected {platform}" in answer.text
    secrets = await walker.secrets(platform)
    assert secrets["access_token"]
    stored = json.dumps(row.model_dump(mode="json"))
    for value in secrets.values():
        assert value not in stored
        assert value not in answer.text
    assert (row.status, row.connected_by) == ("active", "ana")
    ends = row.expires_at is not None
    assert ends == (platform in ("meta", "google", "snapchat"))
    assert bool(secrets.get("refresh_token")) == (platform in ("google", "snapchat"))


async def nothing_stored(walker: Walker) -> None:
    assert await walker.rows(Connection) == []
    refs = {row.credentials_ref for row in await walker.rows(Account)}
    assert not any(ref.startswith("connection:") for ref in refs)


@pytest.mark.parametrize("platform", LOGINS)
async def test_a_person_who_declines_is_told_and_nothing_is_stored(
    platform: str, walker: Walker, control: httpx.AsyncClient
) -> None:
    await arm(control, "refusal", f"/{platform}/")
    begun = await walker.begin(platform)
    answer = await walker.come_back(await walker.log_in(begun.address))
    assert answer.status_code == 400
    assert f"declined on {platform}" in answer.text
    assert f"adflight accounts connect {platform}" in answer.text
    row = await walker.attempt(begun.attempt)
    assert (row.outcome, row.sealed) == ("failed", "")
    await nothing_stored(walker)


async def test_a_state_is_good_once_and_only_as_it_was_given(walker: Walker) -> None:
    begun = await walker.begin("meta")
    location = await walker.log_in(begun.address)
    # Neither the state nor what must stay ours is stored as it is.
    row = await walker.attempt(begun.attempt)
    state = parse_qs(urlsplit(location).query)["state"][0]
    assert state not in json.dumps(row.model_dump(mode="json"))
    for wrong in (state[:-1], f"{uuid4().hex}.{state.partition('.')[2]}", "junk", ""):
        answer = await walker.come_back(location.replace(state, wrong))
        assert answer.status_code == 400
        assert "no connection that was begun here" in answer.text, wrong
    # Another network's callback does not know it either, and does not use it up.
    answer = await walker.come_back(location.replace("/callback/meta", "/callback/google"))
    assert "no connection that was begun here" in answer.text
    assert (await walker.come_back(location)).status_code == 200
    again = await walker.come_back(location)
    assert again.status_code == 400
    assert "used before" in again.text
    assert len(await walker.rows(Connection)) == 1


async def test_of_two_that_come_with_one_state_one_gets_in(walker: Walker) -> None:
    begun = await walker.begin("google")
    location = await walker.log_in(begun.address)
    answers = await asyncio.gather(*(walker.come_back(location) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 400, 400, 400]
    assert len(await walker.rows(Connection)) == 1


async def test_a_walk_ends_after_ten_minutes(walker: Walker) -> None:
    begun = await walker.begin("snapchat")
    assert begun.expires_at - walker.settings.real_now() > timedelta(minutes=9)
    location = await walker.log_in(begun.address)
    async with walker.database.team(walker.team) as session:
        row = await session.get(ConnectAttempt, begun.attempt)
        assert row is not None
        row.expires_at = walker.settings.real_now()
    answer = await walker.come_back(location)
    assert answer.status_code == 400
    assert "10 minutes to connect are over" in answer.text
    await nothing_stored(walker)


@pytest.mark.parametrize(
    ("platform", "name"),
    [("meta", "code"), ("google", "code"), ("tiktok", "auth_code"), ("x", "oauth_verifier")],
)
async def test_a_code_that_is_refused(platform: str, name: str, walker: Walker) -> None:
    begun = await walker.begin(platform)
    location = await walker.log_in(begun.address)
    code = parse_qs(urlsplit(location).query)[name][0]
    answer = await walker.come_back(location.replace(code, "stolen-or-made-up"))
    assert answer.status_code == 400
    assert f"{platform}: refused the code" in answer.text
    assert "stolen" not in answer.text
    await nothing_stored(walker)


async def test_a_code_is_worthless_without_what_we_kept(walker: Walker) -> None:
    """PKCE: a code that somebody else brings back under his own walk is refused."""
    mine, theirs = await walker.begin("google"), await walker.begin("google")
    assert "code_challenge_method=S256" in mine.address
    stolen = parse_qs(urlsplit(await walker.log_in(theirs.address)).query)["code"][0]
    location = await walker.log_in(mine.address)
    own = parse_qs(urlsplit(location).query)["code"][0]
    answer = await walker.come_back(location.replace(own, stolen))
    assert "refused the code [invalid_grant]" in answer.text
    await nothing_stored(walker)


@pytest.mark.parametrize("platform", ["meta", "google", "snapchat"])
async def test_a_scope_that_was_not_granted(
    platform: str, walker: Walker, control: httpx.AsyncClient
) -> None:
    await set_up_login(control, platform, scopes=["public_profile", "ads_read"])
    answer = await walker.walk(platform)
    assert answer.status_code == 400
    lacking = {"meta": "ads_management, pages_read_engagement",
               "google": "https://www.googleapis.com/auth/adwords",
               "snapchat": "snapchat-marketing-api"}[platform]  # fmt: skip
    assert f"{platform} did not grant {lacking};" in answer.text
    await nothing_stored(walker)


async def test_what_is_wanted_must_be_reached(walker: Walker) -> None:
    answer = await walker.walk("meta", "act_4711")
    assert "does not reach the account 4711 on meta; it reaches 1001 (" in answer.text
    await nothing_stored(walker)
    assert (await walker.walk("meta", "act_1001")).status_code == 200


async def test_a_login_server_that_does_not_answer(
    walker: Walker, control: httpx.AsyncClient
) -> None:
    await arm(control, "server_error", "/snapchat/")
    begun = await walker.begin("snapchat")
    answer = await walker.come_back(await walker.log_in(begun.address))
    assert "the login server did not answer (HTTP 503)" in answer.text
    await nothing_stored(walker)
    await arm(control, "lost_answer", "/x/oauth/access_token")
    answer = await walker.walk("x")
    assert "the login server did not answer" in answer.text
    await nothing_stored(walker)


async def test_without_key_app_or_way_back_nobody_is_sent_anywhere(walker: Walker) -> None:
    order = ConnectOrder(walker.team, Platform.META, "ana", sandbox=True)

    async def refused(settings: Settings, environ: dict[str, str], order: ConnectOrder) -> str:
        with pytest.raises(ConnectRefused) as caught:
            await Connecting(walker.database, settings, environ).begin(order)
        return str(caught.value)

    keyless = walker.settings.model_copy(update={"encryption_key": SecretStr("")})
    said = await refused(keyless, SANDBOX_CREDENTIALS, order)
    assert "no encryption key; make one with `adflight keys new`" in said
    short = walker.settings.model_copy(update={"encryption_key": SecretStr("c2hvcnQ=")})
    assert "ENCRYPTION_KEY is not 32 bytes" in await refused(short, SANDBOX_CREDENTIALS, order)
    said = await refused(walker.settings, {}, order)
    assert "set SANDBOX_META_APP_ID wherever Adflight runs" in said
    nowhere = walker.settings.model_copy(update={"events_url": "", "public_url": ""})
    assert "ADFLIGHT_PUBLIC_URL" in await refused(nowhere, SANDBOX_CREDENTIALS, order)
    unity = ConnectOrder(walker.team, Platform.UNITY, "ana", sandbox=True)
    said = await refused(walker.settings, SANDBOX_CREDENTIALS, unity)
    assert "unity has no login page" in said
    assert await walker.rows(ConnectAttempt) == []


async def test_what_a_person_set_stays_and_the_page_is_found(walker: Walker) -> None:
    async with walker.database.team(walker.team) as session:
        row = await session.get(Account, (await walker.account("meta")).id)
        assert row is not None
        row.options = {"page_id": "", "pixel_id": "mine"}
    await walker.walk("meta")
    assert (await walker.account("meta")).options == {"page_id": "7001", "pixel_id": "mine"}


async def test_an_account_nobody_knew_is_made(walker: Walker) -> None:
    async with walker.database.team(walker.team) as session:
        for row in await walker.rows(Account):
            await session.delete(row)
    await walker.walk("x")
    account = await walker.account("x")
    assert (account.platform_account_id, account.sandbox) == ("18ce54d4x5t", True)
    assert (account.currency, account.timezone, account.is_default) == ("USD", "UTC", True)
    assert account.options["funding_instrument_id"] == "lygyi"


async def test_a_second_login_renews_the_same_connection(walker: Walker) -> None:
    for platform in ("meta", "tiktok"):
        await walker.walk(platform)
        first, token = await walker.connection(platform), await walker.secrets(platform)
        await walker.walk(platform)
        second = await walker.connection(platform)
        assert (second.id, second.generation) == (first.id, first.generation + 1)
        assert await walker.secrets(platform) != token


async def test_several_accounts_are_chosen_from(
    walker: Walker, sandbox_factory: Callable[..., Sandbox]
) -> None:
    """Nothing is taken that nobody asked for."""
    sandbox = sandbox_factory(networks=("snapchat",))
    (known,) = sandbox.world.every("snapchat", "account")
    second = {**known, "id": "second", "name": "Second", "currency": "EUR"}
    sandbox.world.put("snapchat", "account", "second", second)
    walker.settings = walker.settings.model_copy(update={"sandbox_url": sandbox.url})
    walker.server = httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(walker.settings)), base_url="http://own.example"
    )
    async with walker.database.team(walker.team) as session:
        for row in await walker.rows(Account, col(Account.platform) == "snapchat"):
            await session.delete(row)
    answer = await walker.walk("snapchat")
    assert answer.status_code == 200
    assert "reaches 2 ad accounts and none is used yet" in answer.text
    connection = await walker.connection("snapchat")
    desk = Connecting(walker.database, walker.settings)
    with pytest.raises(ConnectRefused, match="does not reach the account third"):
        await desk.use(walker.team, connection.id, "third")
    outcome = await desk.use(walker.team, connection.id, "second")
    assert outcome.connected
    account = await walker.account("snapchat")
    assert (account.platform_account_id, account.currency) == ("second", "EUR")


async def test_a_callback_of_x_without_its_state(walker: Walker) -> None:
    """Should X drop the query of a callback: the request token is known to our own team."""
    begun = await walker.begin("x")
    location = await walker.log_in(begun.address)
    state = parse_qs(urlsplit(location).query)["state"][0]
    answer = await walker.come_back(location.replace(f"state={state}&", ""))
    assert answer.status_code == 200, answer.text


async def test_a_sandbox_login_does_not_touch_a_real_account(walker: Walker) -> None:
    async with walker.database.team(walker.team) as session:
        row = await session.get(Account, (await walker.account("meta")).id)
        assert row is not None
        row.sandbox, row.credentials_ref = False, "META"
    answer = await walker.walk("meta")
    assert "is a real one and the login is the sandbox" in answer.text
    assert (await walker.account("meta")).credentials_ref == "META"
    assert await walker.rows(Connection) == []


async def test_the_page_shows_a_hostile_error_as_text(walker: Walker) -> None:
    begun = await walker.begin("meta")
    state = parse_qs(urlsplit(await walker.log_in(begun.address)).query)["state"][0]
    answer = await walker.server.get(
        "/connect/callback/meta", params={"state": state, "error": "<script>alert(1)</script>"}
    )
    assert "<script>" not in answer.text
    assert "meta did not let us in (scriptalert1script)" in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert (await walker.server.get("/connect/callback/nowhere")).status_code == 404
