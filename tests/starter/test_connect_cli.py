"""Connecting and testing accounts from the command line (N5, N8, K13, C37, C48)."""

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from activities.connections import opened
from activities.teams import ad_account
from models.contract.account import AdAccount
from models.contract.vocabulary import Platform, SpecialCategory
from models.database import Database
from models.settings import Settings
from models.tables import Account, Connection
from starter.cli import session as cli_session
from starter.cli.app import run_command
from starter.server import create_app
from starter.stack.local import LocalStack
from tests.starter.test_limits_cli import Desk


@pytest.fixture
def desk(
    stack: LocalStack, settings: Settings, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:  # fmt: skip
    made = Desk(settings, capsys)
    monkeypatch.setattr(cli_session.environment, "load", lambda: made.settings)
    return made


def connect(desk: Desk, platform: str, *more: str) -> dict[str, Any]:
    """Begin at the command line, log in with a browser; what the command line says of it then."""
    begun = json.loads(desk("accounts", "connect", platform, *more, "--no-input", "--by", "ana"))
    location = urlsplit(httpx.get(begun["address"], trust_env=False).headers["location"])
    pending = json.loads(desk("accounts", "connected", begun["connect_id"], "--json", code=6))
    assert pending["told"] == "nobody has logged in yet"
    with TestClient(create_app(desk.settings)) as browser:
        page = browser.get(f"{location.path}?{location.query}")
    code = 0 if page.status_code == 200 else 4
    return json.loads(desk("accounts", "connected", begun["connect_id"], "--json", code=code))


def checks(desk: Desk, account: str, code: int) -> dict[str, dict[str, str]]:
    told = json.loads(desk("accounts", "test", account, "--json", code=code))
    assert told["ok"] == (code == 0)
    return {one["check"]: one for one in told["checks"]}


def play(desk: Desk, path: str, body: object) -> None:
    url = f"{desk.settings.sandbox_url}/control/{path}"
    httpx.post(url, json=body, trust_env=False).raise_for_status()


def token_of(desk: Desk, **change: object) -> None:
    """What a person does to the token in Meta's own pages."""
    (row,) = desk.rows(Connection)
    token = opened(row, desk.settings.keyring)["access_token"]
    value = {"network": "meta", "scopes": [], "until": None, "withdrawn": False, **change}
    play(desk, "objects", [{"network": "login", "kind": "token", "id": token, "value": value}])


def test_connect_at_the_command_line(desk: Desk) -> None:
    told = connect(desk, "facebook")
    assert (told["outcome"], told["platform"]) == ("connected", "meta")
    assert told["told"] == "Connected meta: 'meta sandbox'."
    assert told["reaches"] == {"1001": "Sandbox ad account"}
    listed = {one["platform"]: one for one in desk.json("accounts", "list")}["meta"]
    assert listed["connection"]["id"] == told["connection"]
    assert listed["connection"]["status"] == "active"
    assert "ads_management" in listed["connection"]["scopes"]
    assert "connected by ana, until" in desk("accounts")
    (row,) = desk.rows(Connection)
    assert "EAAB" not in json.dumps(row.model_dump(mode="json"))


def test_only_the_account_that_is_wanted(desk: Desk) -> None:
    account = str(desk.accounts[Platform.META])
    assert connect(desk, "meta", "--account", account[:8])["outcome"] == "connected"
    said = connect(desk, "meta", "--account", "act_99")
    assert (said["outcome"], said["connection"]) == ("failed", None)
    assert "does not reach the account 99 on meta" in said["told"]
    said = desk("accounts", "connect", "x", "--account", account[:8], "--no-input", code=2)
    assert "is on meta, not on x" in said


def test_what_cannot_be_connected_is_said_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "platform 'myspace' is unknown" in desk("accounts", "connect", "myspace", code=2)
    assert "unity has no login page" in desk("accounts", "connect", "unity", code=4)
    desk.settings = desk.settings.model_copy(update={"encryption_key": SecretStr("")})
    said = desk("accounts", "connect", "meta", "--no-input", code=4)
    assert "there is no encryption key; make one with `adflight keys new`" in said
    assert "no such login" in desk("accounts", "connected", "junk", code=2)


def test_a_connected_account_passes_every_check(desk: Desk) -> None:
    connect(desk, "meta")
    found = checks(desk, str(desk.accounts[Platform.META]), 0)
    assert {name: one["result"] for name, one in found.items()} == {
        "token": "ok", "scopes": "ok", "expiry": "ok", "status": "ok", "currency": "ok",
        "time zone": "ok", "page_id": "ok", "pixel_id": "ok",
    }  # fmt: skip
    assert "connected by ana" in found["token"]["found"]
    assert "it is renewed" in found["expiry"]["found"]
    assert found["page_id"]["found"] == "7001"
    shown = desk("accounts", "test", "meta sandbox")
    assert "time zone" in shown
    assert "FAILED" not in shown


def test_credentials_at_fault_are_exit_4(desk: Desk) -> None:
    connect(desk, "meta")
    account = str(desk.accounts[Platform.META])
    token_of(desk, scopes=["ads_read"])
    found = checks(desk, account, 4)
    assert found["scopes"]["found"] == "without ads_management, pages_read_engagement"
    assert found["token"]["result"] == "ok"
    token_of(desk, withdrawn=True)
    found = checks(desk, account, 4)
    assert found["token"]["result"] == "failed"
    assert f"adflight accounts connect meta --account {account}" in found["token"]["mend"]
    assert {one["result"] for name, one in found.items() if name != "token"} == {"unknown"}


def test_an_account_at_fault_is_exit_1(desk: Desk) -> None:
    account = str(desk.accounts[Platform.META])
    desk.change(Platform.META, currency="EUR", options={"page_id": "666", "pixel_id": "8001"})
    found = checks(desk, account, 1)
    assert found["currency"]["found"] == "USD there, EUR recorded"
    assert found["page_id"]["result"] == "failed"
    assert "666 cannot be read" in found["page_id"]["mend"]
    assert found["pixel_id"]["result"] == "ok"
    play(desk, "accounts/meta/1001", {"status": "payment_declined"})
    try:
        desk.change(Platform.META, currency="USD")
        found = checks(desk, account, 1)
        assert found["status"]["found"] == "payment_declined"
        assert "pay its outstanding balance" in found["status"]["mend"]
    finally:
        play(desk, "accounts/meta/1001", {"status": "active"})


def test_an_account_whose_secrets_are_the_operators(desk: Desk) -> None:
    """X says neither scopes nor an end; nobody claims to know."""
    found = checks(desk, str(desk.accounts[Platform.X]), 0)
    assert found["token"]["found"] == "taken (SANDBOX_X)"
    assert found["scopes"]["result"] == "unknown"
    assert found["funding_instrument_id"]["found"] == "lygyi"
    desk.change(Platform.X, credentials_ref="NOWHERE")
    found = checks(desk, str(desk.accounts[Platform.X]), 4)
    assert "credential NOWHERE_CONSUMER_KEY is not set" in found["token"]["found"]


def test_what_goes_beside_an_account_can_be_set(desk: Desk) -> None:
    account = str(desk.accounts[Platform.META])
    desk("accounts", "set", account, "page_id=7002", "pixel_id=8002")
    (row,) = desk.rows(Account, Account.id == desk.accounts[Platform.META])  # type: ignore[arg-type]
    assert row.options == {"page_id": "7002", "pixel_id": "8002"}
    for wrong in ("access_token=EAAB", "page_id", "=7"):
        assert "no option that can be set so" in desk("accounts", "set", account, wrong, code=2)


def test_permitted_categories_are_stated_or_refused_by_name(desk: Desk) -> None:
    account = desk.accounts[Platform.TELEGRAM]
    given = ("accounts", "set", str(account))

    def kept() -> AdAccount:
        (row,) = desk.rows(Account, Account.id == account)  # type: ignore[arg-type]
        return ad_account(row)

    assert kept().permitted is None, "nobody has said"
    said = desk(*given, "permitted_categories=credit,lottery", "page_id=1", code=2)
    assert "'lottery' is no regulated category" in said
    assert kept().options.keys().isdisjoint({"permitted_categories", "page_id"})
    assert "permitted_categories credit,gambling" in desk(
        *given, "permitted_categories= Gambling, credit ,gambling"
    )
    assert kept().permitted == (SpecialCategory.CREDIT, SpecialCategory.GAMBLING)
    desk(*given, "permitted_categories=none")
    assert not set(kept().permitted or ()) - {SpecialCategory.NONE}
    assert kept().permitted is not None, "somebody has said: nothing"


def test_where_a_connection_went_is_shown(desk: Desk) -> None:
    connect(desk, "meta")

    (known,) = desk.rows(Connection)

    async def spoil(database: Database) -> None:
        async with database.team(desk.team) as session:
            row = await session.get(Connection, known.id)
            assert row is not None
            row.status, row.status_reason = "needs_reauth", "the password was changed"

    desk.do(spoil)
    assert "CONNECT AGAIN: the password was changed" in desk("accounts")
    listed = {one["platform"]: one for one in desk.json("accounts")}["meta"]
    assert listed["connection"]["status"] == "needs_reauth"
    assert run_command(["accounts", "--help"]) == 0
