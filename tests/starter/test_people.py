"""People, teams, roles and tokens, from the command line (N9, N10, N12, C34 to C36)."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from activities.default_account import make_default
from models.contract.roles import LEAST, Right, Role, lesser, may
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import DEFAULT_TEAM, Settings
from models.tables import Account, ApiToken, DecisionRow, LoginSession, Person, Team
from starter import people
from starter.cli import rights
from starter.cli import session as cli_session
from starter.cli.app import application
from starter.passwords import PasswordRefused, fits, generated, hashed
from starter.people import Change, PeopleRefused
from starter.stack.local import LocalStack
from starter.team import live_platforms, set_up
from starter.teams import add_team, id_of
from starter.tokens import digest, team_of, unmarked
from tests.stack import TeamUnderTest
from tests.starter.test_limits_cli import Desk


@pytest.fixture
def desk(
    stack: LocalStack,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    """A team whose owner, ``olga``, sits at the command line."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ADFLIGHT_PERSON", "olga")
    made = Desk(settings.model_copy(update={"person": "olga"}), capsys)
    monkeypatch.setenv("ADFLIGHT_DIRECTORY", str(stack.options.directory))
    monkeypatch.setenv("ADFLIGHT_TEAM_ID", str(made.team))
    monkeypatch.setattr(cli_session, "gc", SimpleNamespace(collect=lambda: 0))
    return made


@pytest.fixture
def as_person(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Become somebody else at this computer."""
    return lambda name: monkeypatch.setenv("ADFLIGHT_PERSON", name)


# -- roles ----------------------------------------------------------------------------------------


def test_each_role_may_do_all_that_the_one_before_may() -> None:
    rows = {role: {right for right in Right if may(role, right)} for role in Role}
    assert rows == {
        Role.VIEWER: {Right.SEE, Right.STOP},
        Role.APPROVER: {Right.SEE, Right.STOP, Right.DECIDE},
        Role.OPERATOR: {Right.SEE, Right.STOP, Right.DECIDE, Right.OPERATE},
        Role.OWNER: set(Right),
    }
    assert set(LEAST) == set(Right)
    assert not any(may(None, right) for right in Right)
    assert lesser(Role.OWNER, Role.VIEWER) is lesser(Role.VIEWER, Role.OWNER) is Role.VIEWER


def test_every_command_says_which_right_it_needs() -> None:
    known = {path for path, _ in rights.commands(application())}
    assert known == set(rights.NEEDS), "say in starter.cli.rights what a new command needs"


def test_too_small_a_role_is_one_sentence_and_a_stop_is_never_refused(
    desk: Desk, as_person: Any
) -> None:
    desk("people", "add", "vera", "--role", "viewer")
    desk("people", "add", "anna", "--role", "approver")
    desk("people", "add", "otto", "--role", "operator")
    limit = ("limits", "set", "team_daily", "40", "--reason", "calm")
    as_person("vera")
    assert desk.json("limits")["limits"]["team_daily"]["micros"] == 10_000_000_000
    said = desk(*limit, code=3)
    assert "'vera' is a viewer and may not resume, launch or change what is spent" in said
    assert "`adflight people role vera operator`" in said
    assert "is a viewer" in desk("approve", "zzz", code=3)
    assert "No campaign begins with 'zzz'" in desk("kill", "zzz", "--yes", code=2)
    assert "No campaign begins with 'zzz'" in desk("pause", "zzz", code=2)
    as_person("anna")
    assert "is an approver" in desk("resume", "zzz", code=3)
    assert "No campaign begins with 'zzz'" in desk("approve", "zzz", "--yes", code=2)
    as_person("otto")
    desk(*limit)
    said = desk("tokens", "create", "x", code=3)
    assert "may not change people, tokens, credentials or keys; that takes the role owner" in said
    # In the name of somebody who may not, it is refused as well.
    as_person("olga")
    assert "'vera' is a viewer" in desk(*limit, "--by", "vera", code=3)
    desk(*limit, "--by", "a colleague without an account")
    as_person("nobody we know")
    said = desk("campaigns", code=4)
    assert "'nobody we know' is not a person of this team" in said
    assert "set ADFLIGHT_PERSON" in said
    assert "No campaign begins with 'zzz'" in desk("kill", "zzz", "--yes", code=2)
    assert desk("networks")  # no team's business


def test_people_come_change_and_go_and_it_is_recorded(desk: Desk) -> None:
    desk("people", "add", "ben", "--role", "approver", "--email", "ben@example.com", "--by", "olga")
    assert [(one["name"], one["role"], one["logs_in"]) for one in desk.json("people", "list")] == [
        ("ben", "approver", False),
        ("olga", "owner", False),
    ]
    assert "is a person of this team already" in desk("people", "add", "ben", code=2)
    assert "role 'boss' is unknown" in desk("people", "role", "ben", "boss", code=2)
    assert "not a person" in desk("people", "role", "bon", "owner", code=2)
    assert "characters" in desk("people", "add", " ", code=2)
    desk("people", "role", "ben", "operator")
    assert "--yes" in desk("people", "remove", "ben", code=2)
    desk("people", "remove", "ben", "--yes")
    assert [one["name"] for one in desk.json("people")] == ["olga"]
    told = [row.reasoning for row in desk.rows(
        DecisionRow, col(DecisionRow.decision_type) == "administer"
    )]  # fmt: skip
    assert sorted(told) == [
        "olga added ben as approver",
        "olga made ben operator, who was approver",
        "olga removed ben",
    ]


def test_the_last_owner_stays(desk: Desk) -> None:
    desk("people", "add", "ben", "--role", "operator")
    for attempt in (("role", "olga", "viewer"), ("remove", "olga", "--yes")):
        said = desk("people", *attempt, code=2)
        assert "'olga' is the last owner" in said
        assert "`adflight people role NAME owner`" in said
    desk("people", "role", "olga", "owner")  # which she is
    desk("people", "role", "ben", "owner")
    desk("people", "role", "olga", "viewer")
    assert "is a viewer" in desk("people", "remove", "ben", "--yes", code=3)


async def test_two_owners_cannot_remove_each_other_at_once(bare_team: TeamUnderTest) -> None:
    database, team = bare_team.database, bare_team.id
    change = Change(team, "test", datetime.now(UTC))
    names = [bare_team.settings.person, "second"]
    async with database.team(team) as session:
        await people.add(session, change, "second", Role.OWNER)
    began = asyncio.Barrier(2)

    async def remove(name: str) -> str:
        async with database.team(team) as session:
            await people.everybody(session)
            await began.wait()
            try:
                await people.remove(session, change, name)
            except PeopleRefused as refused:
                return str(refused)
        return ""

    answers = await asyncio.gather(*(remove(name) for name in names))
    assert sorted(bool(one) for one in answers) == [False, True]
    async with database.team(team) as session:
        (left,) = await people.everybody(session)
    assert left.role == "owner"


async def test_whoever_sets_up_again_is_no_owner(bare_team: TeamUnderTest) -> None:
    again = bare_team.settings.model_copy(update={"person": "passer-by"})
    await set_up(bare_team.database, again, environ={})
    async with bare_team.database.team(bare_team.id) as session:
        assert [row.name for row in await people.everybody(session)] == [bare_team.settings.person]
        await session.execute(update(Person).values(role="viewer"))
    # A team without an owner gets one.
    await set_up(bare_team.database, bare_team.settings, environ={})
    async with bare_team.database.team(bare_team.id) as session:
        (row,) = await people.everybody(session)
        assert row.role == "owner"


# -- passwords ------------------------------------------------------------------------------------


async def test_a_password_is_kept_so_that_nobody_reads_it() -> None:
    kept = hashed("correct horse battery")
    assert kept != hashed("correct horse battery")
    assert "correct" not in kept
    assert await fits("correct horse battery", kept)
    assert not await fits("correct horse batterY", kept)
    assert not await fits("correct horse battery", None)
    assert not await fits("", None)
    assert await fits(generated_one := generated(), hashed(generated_one))
    for wrong in ("too short", "x" * 201):
        with pytest.raises(PasswordRefused, match="choose 12 to 200"):
            hashed(wrong)


def test_a_password_is_made_or_read_and_never_an_argument(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk.json("people", "password", "olga", "--generate")["password"]
    (row,) = desk.rows(Person, col(Person.name) == "olga")
    assert asyncio.run(fits(made, row.password_hash))
    monkeypatch.setattr("sys.stdin", io.StringIO("a new pass phrase\n"))
    said = desk("people", "password", "olga")
    assert "a new pass phrase" not in said
    (row,) = desk.rows(Person, col(Person.name) == "olga")
    assert asyncio.run(fits("a new pass phrase", row.password_hash))
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "choose 12 to 200" in desk("people", "password", "olga", code=2)
    everything = repr(desk.rows(DecisionRow)) + repr(desk.json("people"))
    assert made not in everything
    assert "a new pass phrase" not in everything
    assert "scrypt" not in repr(desk.json("people"))


# -- tokens ---------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_kept_as_a_hash(desk: Desk) -> None:
    made = desk.json("tokens", "create", "reporting", "--role", "viewer", "--days", "30")
    token = made["token"]
    assert token.startswith("adf_")
    assert team_of(unmarked(token)) == desk.team
    (row,) = desk.rows(ApiToken)
    assert row.secret_hash == digest(unmarked(token))
    assert row.prefix[5:11] in token
    assert len(token.partition(".")[2]) >= 43
    listed = desk.json("tokens", "list")
    assert [(one["name"], one["person"], one["role"]) for one in listed] == [
        ("reporting", "olga", "viewer")
    ]
    for place in (repr(listed), desk("tokens"), repr(desk.rows(DecisionRow)), repr(row)):
        assert token not in place
        assert unmarked(token) not in place
    assert timedelta(days=29) < row.expires_at - datetime.now(UTC) <= timedelta(days=30)
    shown = desk("tokens", "create", "by hand")
    assert "It is shown this once" in shown
    assert "no token begin" in desk("tokens", "revoke", "zzzz", code=2)
    desk("tokens", "revoke", made["id"][:8])
    assert [one["name"] for one in desk.json("tokens")] == ["by hand"]
    assert "no token begin" in desk("tokens", "revoke", made["id"][:8], code=2)


def test_a_token_may_do_no_more_than_its_person(desk: Desk) -> None:
    desk("people", "add", "anna", "--role", "approver")
    said = desk("tokens", "create", "bot", "--role", "operator", "--for", "anna", code=2)
    assert "a token of 'anna' can be no operator: anna is approver" in said
    desk("tokens", "create", "bot", "--role", "approver", "--for", "anna")
    assert "not a person" in desk("tokens", "create", "bot", "--for", "bert", code=2)
    desk("people", "remove", "anna", "--yes")
    assert desk.rows(ApiToken) == []


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "adf_",
        "x",
        "adf_abc.def",
        f"adf_{UUID(int=7).hex}",
        f"adf_{UUID(int=7).hex}.",
        "adf_" + "0" * 99,
    ],
)
def test_what_is_no_token_names_no_team(secret: str) -> None:
    assert team_of(unmarked(secret)) is None


# -- teams ----------------------------------------------------------------------------------------


def test_a_team_follows_from_its_name() -> None:
    assert id_of("Shop") == id_of(" shop ") != id_of("shop 2")
    assert id_of("default") == DEFAULT_TEAM
    assert id_of(str(DEFAULT_TEAM)) == DEFAULT_TEAM


def test_several_teams_each_with_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, as_person: Any
) -> None:
    name = f"Shop {uuid4().hex[:6]}"
    made = desk.json("teams", "add", name, "--owner", "sam")
    assert made["scheduled"] is True
    assert desk.json("teams", "add", name, "--owner", "sam")["id"] == made["id"]
    seen = {one["id"]: one for one in desk.json("teams", "list")}
    assert seen[made["id"]]["name"] == name
    assert (seen[made["id"]]["people"], seen[str(desk.team)]["own"]) == (1, True)
    assert seen[made["id"]]["accounts"] == seen[str(desk.team)]["accounts"] > 1
    desk("limits", "set", "team_daily", "40", "--reason", "calm")
    mine = {one["id"] for one in desk.json("accounts")}

    monkeypatch.setenv("ADFLIGHT_TEAM_ID", made["id"])
    assert "'olga' is not a person of this team" in desk("accounts", code=4)
    as_person("sam")
    assert {one["id"] for one in desk.json("accounts")}.isdisjoint(mine)
    assert desk.json("limits")["limits"]["team_daily"]["micros"] == 10_000_000_000
    assert [one["name"] for one in desk.json("people")] == ["sam"]
    for wrong in (str(uuid4()), " ", "x" * 61):
        assert "a name of 1 to 60 characters" in desk("teams", "add", wrong, code=2)


async def test_a_new_team_gets_nothing_of_the_operators_real_accounts(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_TOKEN", "APP_ID", "APP_SECRET", "AD_ACCOUNT_ID"):
        monkeypatch.setenv(f"META_{name}", "12345")
    assert live_platforms() == [Platform.META]
    team = await add_team(database, settings, f"Careful {uuid4().hex[:6]}", "sam")
    async with database.team(team) as session:
        assert (await session.scalars(select(Account))).all() == []
        row = await session.get(Team, team)
        assert row is not None
        assert row.limits["profile"] == "starter"


# -- accounts -------------------------------------------------------------------------------------


def test_one_default_a_network(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = desk.json(
        "accounts", "add", "facebook", "act_2002", "--credentials", "env:SANDBOX_META",
        "--name", "Shop", "--sandbox",
    )  # fmt: skip
    assert shop["default"] is False
    assert "has the account 2002 on meta already" in desk(
        "accounts", "add", "meta", "2002", "--credentials", "env:SANDBOX_META", code=2
    )
    tiktok = desk.accounts[Platform.TIKTOK]

    def defaults() -> dict[str, str]:
        return {one["id"]: one["platform"] for one in desk.json("accounts") if one["default"]}

    before = defaults()
    assert before[str(desk.accounts[Platform.META])] == "meta"
    desk("accounts", "default", "Shop")
    after = defaults()
    assert after == {
        shop["id"] if platform == "meta" else number: platform
        for number, platform in before.items()
    }
    assert "default" in desk("accounts")
    assert after[str(tiktok)] == "tiktok"
    with pytest.raises(IntegrityError, match="one_default_a_platform"):
        desk.change(Platform.META, is_default=True)
    desk.change(Platform.META, status="disabled")
    said = desk("accounts", "default", "meta sandbox", code=5)
    assert "is disabled" in said
    assert shop["id"] in defaults()

    # What names no account means the default, and either can be named.
    options = ("--url", "https://a.example/b", "--daily-budget", "20", "--dry-run")
    assert desk.json("new", "--platform", "meta", *options)["account"] == "Shop"
    desk.change(Platform.META, status="active")
    named = ("--account", "meta sandbox")
    assert desk.json("new", "--platform", "meta", *options, *named)["account"] == "meta sandbox"
    assert "is on meta, not on x" in desk("new", "--platform", "x", *options, *named, code=2)
    desk.change(Platform.META, status="suspended")
    assert "is suspended" in desk("new", "--platform", "meta", *options, *named, code=5)


async def test_two_who_choose_at_once_leave_one_default(bare_team: TeamUnderTest) -> None:
    numbers: list[UUID] = []
    async with bare_team.database.team(bare_team.id) as session:
        for number in range(4):
            row = Account(
                team_id=bare_team.id, platform="meta", account_name=f"n{number}",
                platform_account_id=f"n{number}", sandbox=True, is_default=False,
            )  # fmt: skip
            numbers.append(row.id)
            session.add(row)
    now = datetime.now(UTC)
    await asyncio.gather(
        *(
            make_default(bare_team.database, bare_team.id, number, by="test", at=now)
            for number in numbers * 3
        )
    )
    async with bare_team.database.team(bare_team.id) as session:
        rows = await session.scalars(
            select(Account).where(
                col(Account.platform) == "meta", col(Account.is_default).is_(True)
            )
        )
        assert len(rows.all()) == 1


def test_an_accounts_limits_are_set_together_or_not_at_all(desk: Desk) -> None:
    set_both = ("accounts", "limit", "x sandbox", "--daily", "25", "--reason", "try it")
    assert "above the hard ceiling" in desk(*set_both, "--monthly", "2000000", code=5)

    def x() -> dict[str, Any]:
        return next(one for one in desk.json("accounts") if one["platform"] == "x")

    assert x()["daily_limit_micros"] is None
    assert "Would change daily" in desk(*set_both, "--dry-run")
    assert x()["daily_limit_micros"] is None
    desk(*set_both, "--monthly", "300", "--by", "olga")
    assert (x()["daily_limit_micros"], x()["monthly_limit_micros"]) == (25_000_000, 300_000_000)
    assert [one["by"] for one in desk.json("limits", "history")] == ["olga", "olga"]
    desk("accounts", "limit", "x sandbox", "--daily", "none", "--reason", "enough seen")
    assert x()["daily_limit_micros"] is None
    assert "give --daily" in desk("accounts", "limit", "x sandbox", "--reason", "x", code=2)


def test_a_change_of_role_ends_sessions(desk: Desk) -> None:
    desk("people", "add", "anna", "--role", "approver")
    (anna,) = desk.rows(Person, col(Person.name) == "anna")
    for end in (("role", "anna", "viewer"), ("password", "anna", "--generate")):
        desk.add(
            LoginSession(
                team_id=desk.team, person_id=anna.id, secret_hash=digest(uuid4().hex),
                expires_at=datetime.now(UTC) + timedelta(hours=1),
            )
        )  # fmt: skip
        assert len(desk.rows(LoginSession)) == 1
        desk("people", *end)
        assert desk.rows(LoginSession) == []


def test_an_account_is_confirmed_after_it_was_read_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADFLIGHT_NETWORK_HOSTS", json.dumps(desk.settings.network_hosts))
    desk.change(Platform.META, sandbox=False)
    assert "not confirmed" in desk("accounts")
    confirm = ("accounts", "confirm", "meta sandbox", "--daily-cap", "6")
    said = desk(*confirm, code=2)
    assert "Spend real money from meta sandbox (1001): at first at most $6.00 a day?" in said
    assert "--yes" in said
    assert "currency" in said  # what the network shows is shown before it is asked
    would = desk.json(*confirm, "--dry-run")
    assert (would["confirmed"], would["validated"]) == (False, None)
    assert not desk.ask(5, desk.campaign("Nets")).granted
    done = desk.json(*confirm, "--yes", "--by", "olga")
    assert (done["confirmed"], done["daily_cap"], done["external_id"]) == (True, "6", "1001")
    assert {one["check"] for one in done["checks"]} >= {"token", "currency", "time zone"}
    assert desk.ask(5, desk.campaign("Nets")).granted
    (row,) = desk.rows(Account, col(Account.id) == desk.accounts[Platform.META])
    assert (row.confirmed_by, row.confirmed_cap_micros) == ("olga", 6_000_000)
    assert "there is no real money to confirm" in desk(
        "accounts", "confirm", "x sandbox", "--yes", code=1
    )
    for cap, code in (("0.10", 1), ("ten", 2), ("-1", 2)):
        desk("accounts", "confirm", "meta sandbox", "--daily-cap", cap, "--yes", code=code)
    desk.change(Platform.META, credentials_ref="env:NOT_THERE")
    assert "does not pass its checks" in desk(*confirm, "--yes", code=4)
