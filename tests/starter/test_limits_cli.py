"""Limits, exchange rates and ad accounts from the command line (G1 to G3, G13, C35, C37)."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, select

from activities.spend import CommitmentChange, SpendAuthority
from models.contract.limits import SpendGrant, SpendRequest
from models.contract.money import Money
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, Campaign, DecisionRow, Snapshot, Team
from starter.cli import session as cli_session
from starter.cli.app import run_command
from starter.stack.local import LocalStack
from starter.team import set_up

TODAY = datetime.now(UTC).date()


class Desk:
    """A team's operator: runs commands in this process and sees what they print."""

    def __init__(self, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings = settings.model_copy(update={"team_id": uuid4()})
        self.team = self.settings.team_id
        self._capsys = capsys
        self.do(lambda database: set_up(database, self.settings, environ={}))
        rows = self.do(lambda database: self._rows(database, Account))
        self.accounts = {Platform(row.platform): row.id for row in rows}

    def do(self, work: Callable[[Database], Coroutine[Any, Any, Any]]) -> Any:
        async def whole() -> Any:
            database = Database(self.settings.database_url, pool_size=2)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(whole())

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run a command; everything it said."""
        self._capsys.readouterr()
        left = run_command(list(arguments))
        said = self._capsys.readouterr()
        assert left == code, (arguments, left, said)
        return said.out + said.err

    def json(self, *arguments: str) -> Any:
        self._capsys.readouterr()
        assert run_command([*arguments, "--json"]) == 0
        return json.loads(self._capsys.readouterr().out)

    def now(self) -> datetime:
        return self.settings.clock.campaign_time(datetime.now(UTC))

    async def _rows(self, database: Database, table: Any, *where: Any) -> list[Any]:
        async with database.team(self.team) as session:
            return list((await session.scalars(select(table).where(*where))).all())

    def rows(self, table: Any, *where: Any) -> list[Any]:
        return self.do(lambda database: self._rows(database, table, *where))

    def add(self, row: Any) -> None:
        async def work(database: Database) -> None:
            async with database.team(self.team) as session:
                session.add(row)

        self.do(work)

    def change(self, platform: Platform, **values: object) -> None:
        async def work(database: Database) -> None:
            async with database.team(self.team) as session:
                account = await session.get(Account, self.accounts[platform])
                assert account is not None
                for name, value in values.items():
                    setattr(account, name, value)

        self.do(work)

    def campaign(self, name: str, platform: Platform = Platform.META, **values: object) -> UUID:
        row = Campaign(
            team_id=self.team, account_id=self.accounts[platform], platform=platform.value,
            workflow_id=name, name=name, objective="traffic", campaign_type="article",
            destination_url="https://journal.example/", daily_budget_micros=1,
            **{"spend_micros": 0, "month_spend_micros": 0, **values},
        )  # fmt: skip
        found = row.id
        self.add(row)
        return found

    def ask(
        self, dollars: int, campaign: UUID, platform: Platform = Platform.META, **more: Any
    ) -> SpendGrant:
        now = self.now()
        request = SpendRequest(
            **{
                "key": uuid4().hex,
                "team_id": self.team,
                "account_id": self.accounts[platform],
                "campaign_id": campaign,
                "platform": platform,
                "daily": Money.of(dollars, more.pop("currency", "USD")),
                "until": now + timedelta(days=1),
                "now": now,
                **more,
            }
        )

        async def work(database: Database) -> SpendGrant:
            authority = SpendAuthority(database)
            grant = await authority.reserve(request)
            if grant.granted:
                await authority.confirm(CommitmentChange(team_id=self.team, campaign_id=campaign))
            return grant

        return self.do(work)


@pytest.fixture
def desk(
    stack: LocalStack,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    made = Desk(settings, capsys)
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ADFLIGHT_DIRECTORY", str(stack.options.directory))
    monkeypatch.setenv("ADFLIGHT_TEAM_ID", str(made.team))
    monkeypatch.setenv("COLUMNS", "250")
    # A command collects garbage before its process ends; this process holds much more of it.
    monkeypatch.setattr(cli_session, "gc", SimpleNamespace(collect=lambda: 0))
    return made


def test_a_limit_is_changed_with_a_reason_and_says_who_is_above_it(desk: Desk) -> None:
    nets, boats = desk.campaign("Nets"), desk.campaign("Boats", Platform.X)
    assert desk.ask(30, nets, over_delivery=1.75).granted
    assert desk.ask(20, boats, Platform.X, over_delivery=1.2).granted
    lines = {(one["scope"], one["period"]): one for one in desk.json("limits")["rooms"]}
    # X promises no balance within the week: its $20 may cost $24 on a day.
    assert lines["team", "day"]["committed"]["micros"] == 54_000_000
    assert lines["x", "day"]["committed"]["micros"] == 24_000_000
    assert lines["x", "day"]["room"]["micros"] == 5_000_000_000 - 24_000_000
    assert lines["x", "month"]["committed"]["micros"] >= 24_000_000

    lower = ("limits", "set", "team_daily", "40", "--reason", "a quiet month", "--by", "ana")
    would = desk(*lower, "--dry-run")
    assert "Would change team_daily (team) from $10,000.00 to $40.00" in would
    assert "its lease will not be renewed: Nets" in would
    assert desk.json("limits")["limits"]["team_daily"]["micros"] == 10_000_000_000
    said = desk(*lower)
    assert "Changed team_daily (team) from $10,000.00 to $40.00" in said
    for name in ("Nets", "Boats"):
        assert f"its lease will not be renewed: {name}" in said
    assert "team daily limit is $40.00 and this would make it $54.00" in said
    refused = desk.ask(30, nets, over_delivery=1.75)
    assert (refused.granted, refused.limit) == (False, "team daily limit")
    assert desk.json("limits")["above"][0]["name"] in ("Nets", "Boats")

    desk("limits", "set", "daily", "25", "--account", "x sandbox", "--reason", "try it first")
    desk("limits", "set", "ask_campaign_rise", "80%", "--reason", "we look daily", "--by", "bo")
    history = desk.json("limits", "history")
    assert [(one["name"], one["old"], one["new"], one["by"]) for one in history] == [
        ("ask_campaign_rise", "0.5", "0.8", "bo"),
        ("daily", "none", "$25.00", "operator"),
        ("team_daily", "$10,000.00", "$40.00", "ana"),
    ]
    decided = desk.rows(DecisionRow, col(DecisionRow.decision_type) == "change_limit")
    assert {(one.decided_by, one.reasoning) for one in decided} >= {("ana", "a quiet month")}
    (account,) = desk.rows(Account, col(Account.id) == desk.accounts[Platform.X])
    assert account.daily_limit_micros == 25_000_000
    assert "a quiet month" in desk("limits", "history")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("team_dialy", "3"), "limit 'team_dialy' is unknown; use one of: profile"),
        (("team_daily", "many"), "is not a number"),
        (("team_daily", "$-3"), "give zero or more"),
        (("team_daily", "30 EUR"), "in one currency, not in EUR and USD"),
        (("ask_campaign_rise", "inf"), "give a share such as 50%"),
        (("rate_max_age", "long"), "give days such as 4"),
        (("autonomy", "wild"), "'manual', 'semi_auto' or 'full_auto'"),
        (("hard_ceiling_monthly", "9"), "a constant of the code"),
        (("team_monthly", "1000001"), "above the hard ceiling of $1,000,000.00 a month"),
        (("profile", "starter"), "above the hard ceiling of $3,000.00 a month"),
        (("monthly", "2000000", "--account", "meta sandbox"), "above the hard ceiling"),
        (("weekly", "20", "--account", "meta sandbox"), "use daily or monthly"),
        (("daily", "20 EUR", "--account", "meta sandbox"), "is in USD"),
    ],
)
def test_what_no_limit_can_be_set_to(desk: Desk, arguments: tuple[str, ...], says: str) -> None:
    said = desk("limits", "set", *arguments, "--reason", "because", code=5)
    assert says in " ".join(said.split())
    assert desk.json("limits", "history") == []


def test_the_sandboxs_profile_is_not_for_real_money(desk: Desk) -> None:
    desk("limits", "set", "team_monthly", "3000", "--reason", "x")
    desk("limits", "set", "platform_monthly", "3000", "--reason", "x")
    desk("limits", "set", "profile", "starter", "--reason", "going live")
    desk.change(Platform.META, sandbox=False, status="payment_declined")
    said = desk("limits", "set", "profile", "sandbox", "--reason", "more room", code=5)
    assert "not for real money" in said
    assert "above the hard ceiling of $3,000.00" in desk(
        "limits", "set", "team_monthly", "3001", "--reason", "more room", code=5
    )
    assert "needs a reason" in desk("limits", "set", "team_daily", "9", "--reason", " ", code=5)
    # Limits that cannot be read are set again from the careful ones.
    team = desk.rows(Team)[0]
    team.limits = {"team_daily": "rubbish"}
    desk.add(team)
    assert "not usable" in desk("limits", code=5)
    desk("limits", "set", "team_daily", "45", "--reason", "repair")
    assert desk.json("limits")["limits"]["platform_daily"]["micros"] == 25_000_000


def test_what_was_spent_today_is_that_of_the_accounts_own_day(desk: Desk) -> None:
    nets, now = desk.campaign("Nets"), desk.now()
    for hours, spend, day in ((2, 3, 0), (1, 7, 0), (1, 90, -1)):
        desk.add(
            Snapshot(
                team_id=desk.team, account_id=desk.accounts[Platform.META], campaign_id=nets,
                platform_campaign_id="1", day=(now + timedelta(days=day)).date(),
                as_of=now - timedelta(hours=hours), spend_micros=spend * 1_000_000,
            )
        )  # fmt: skip
    rooms = {(one["scope"], one["period"]): one for one in desk.json("limits")["rooms"]}
    for scope in ("team", "meta", "meta sandbox"):
        assert rooms[scope, "day"]["spent"] == {"micros": 7_000_000, "currency": "USD"}
    assert rooms["x", "day"]["spent"]["micros"] == 0


def test_rates_let_other_currencies_be_spent_until_they_are_stale(desk: Desk) -> None:
    desk.change(Platform.META, currency="EUR")
    nets = desk.campaign("Nets", currency="EUR", month_spend_micros=50_000_000,
                         month_start=desk.now().date().replace(day=1))  # fmt: skip
    refused = desk.ask(20, nets, currency="EUR")
    assert (refused.granted, refused.limit) == (False, "exchange rate")
    assert "`adflight rates set EUR 1.08`" in refused.reason
    assert "only USD can be spent" in desk("rates")

    desk("rates", "set", "eur", "1.25", "--source", "the bank", "--by", "ana")
    assert desk.ask(20, nets, currency="EUR").granted
    rooms = {(one["scope"], one["period"]): one for one in desk.json("limits")["rooms"]}
    assert rooms["team", "day"]["committed"] == {"micros": 25_000_000, "currency": "USD"}
    assert rooms["team", "month"]["spent"] == {"micros": 62_500_000, "currency": "USD"}
    desk("limits", "set", "team_daily", "36", "--reason", "x")
    assert not desk.ask(9, desk.campaign("Sails"), currency="EUR").granted

    # A slip of the finger is asked about; the same day's rate is replaced.
    assert "More than 20% away" in desk("rates", "set", "EUR", "0.125", "--no-input", code=2)
    desk("rates", "set", "EUR", "1.20")
    (row,) = desk.json("rates")["rates"]
    assert (row["currency"], row["rate"], row["stale"]) == ("EUR", "1.2", False)
    # An older day does not outrank today's.
    old = TODAY - timedelta(days=9)
    assert "stale already (9 days old)" in desk("rates", "set", "EUR", "1.1", "--as-of", str(old))
    assert desk.json("rates")["rates"][0]["rate"] == "1.2"
    history = [one["name"] for one in desk.json("limits", "history")]
    assert history.count("exchange rate EUR") == 3

    desk("rates", "set", "CHF", "1.1", "--as-of", str(old))
    chf = {one["currency"]: one for one in desk.json("rates")["rates"]}["CHF"]
    assert (chf["age_days"], chf["stale"]) == (9, True)
    assert "STALE" in desk("rates")
    # What is promised in a stale currency counts too: nobody may raise anything.
    desk.change(Platform.X, currency="CHF")
    desk("limits", "set", "rate_max_age", "10", "--reason", "a holiday")
    sails = desk.campaign("Sails", Platform.X)
    assert desk.ask(5, sails, Platform.X, currency="CHF").granted
    desk("limits", "set", "rate_max_age", "4 days", "--reason", "back")
    blocked = desk.ask(1, desk.campaign("Oars"), currency="EUR")
    assert (blocked.granted, blocked.limit) == (False, "exchange rate")
    assert "from CHF to USD is 9 days old" in blocked.reason
    assert "Nothing can be raised: the exchange rate from CHF" in desk("limits")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("EUR", "0"), 2),
        (("EUR", "nan"), 2),
        (("EURO", "1.1"), 2),
        (("USD", "1"), 5),
        (("EUR", "1.1", "--as-of", "2999-01-01"), 2),
        (("EUR", "1.1", "--as-of", "yesterday"), 2),
    ],
)
def test_no_rate_is_no_rate(desk: Desk, arguments: tuple[str, ...], code: int) -> None:
    desk("rates", "set", *arguments, code=code)
    assert desk.json("rates")["rates"] == []


ECB = f"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
 <gesmes:subject>Reference rates</gesmes:subject><Cube><Cube time='{TODAY}'>
 <Cube currency='USD' rate='1.25'/><Cube currency='JPY' rate='160'/>
 <Cube currency='BGN' rate='N/A'/></Cube>
 <Cube time='2001-01-02'><Cube currency='USD' rate='9'/></Cube></Cube></gesmes:Envelope>"""
CSV = f"Date, USD, JPY, BGN, \n{TODAY:%d %B %Y}, 1.25, 160, N/A, \n"


@pytest.mark.parametrize("content", [ECB, CSV], ids=["xml", "csv"])
def test_the_central_banks_file_becomes_cross_rates(
    desk: Desk, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "eurofxref"
    file.write_text(content)
    assert "Skipped BGN (N/A is no rate)" in desk("rates", "load", str(file), "--dry-run")
    assert desk.json("rates")["rates"] == []
    loaded = desk.json("rates", "load", str(file))
    assert loaded["skipped"] == ["BGN (N/A is no rate)"]
    assert {one["currency"]: one["rate"] for one in desk.json("rates")["rates"]} == {
        "EUR": "1.25",
        "JPY": "0.0078125",
    }


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("<Envelope><Cube time='2026-01-01'/></Envelope>", "no rate of USD"),
        ("<Envelope/>", "no day of rates"),
        ("<broken", "no XML"),
        ("PK\x03\x04", "zip archive"),
        ("hello", "does not begin with Date"),
        ("Date, USD\n1 Foo 2026, 1", "is no date"),
        ("Date, USD\n2999-01-01, 1", "in the future"),
        (
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            "<E><Cube time='2026-01-01'><Cube currency='USD' rate='&e;'/></Cube></E>",
            "cannot be loaded",
        ),
    ],
)
def test_a_file_that_holds_no_rates_changes_nothing(
    desk: Desk, tmp_path: Path, content: str, says: str
) -> None:
    file = tmp_path / "rates"
    file.write_text(content)
    said = " ".join(desk("rates", "load", str(file), code=2).split())
    assert says in said
    assert "root:" not in said
    assert desk.json("rates")["rates"] == []


def test_accounts_say_whether_they_can_be_spent_from(desk: Desk) -> None:
    meta = desk.accounts[Platform.META]
    control = httpx.Client(base_url=f"{desk.settings.sandbox_url}/control", timeout=10)
    assert {one["status"] for one in desk.json("accounts", "--check")} == {"active"}
    try:
        control.post("/accounts/meta/1001", json={"status": "prepaid_exhausted"})
        before = {one["platform"]: one for one in desk.json("accounts")}
        assert before["meta"]["status"] == "active"
        found = {one["platform"]: one for one in desk.json("accounts", "--check")}["meta"]
        assert (found["status"], bool(found["status_at"])) == ("prepaid_exhausted", True)
        refused = desk.ask(5, desk.campaign("Nets"))
        assert (refused.granted, refused.limit) == (False, "account")
        assert "its prepaid balance is used up; top it up" in refused.reason
        assert "`adflight accounts --check`" in refused.reason
        assert desk.ask(5, desk.campaign("Boats", Platform.X), Platform.X).granted
    finally:
        control.post("/accounts/meta/1001", json={"status": "active"})
    desk.change(Platform.META, credentials_off_at=datetime.now(UTC), credentials_off_by="ana")
    listed = desk("accounts", "--check")
    assert "OFF since" in listed
    assert "prepaid" not in listed
    refused = desk.ask(5, desk.campaign("Nets"))
    assert f"`adflight recover account:{meta}`" in refused.reason
    # What was disabled here stays so, whatever the network says of it.
    desk.change(Platform.X, status="disabled", status_at=None)
    states = {one["platform"]: one["status"] for one in desk.json("accounts", "--check")}
    assert (states["meta"], states["x"]) == ("active", "disabled")
