"""An open adapter goes on under a renewed credential, and without the place it came from (N18)."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import pytest

from models.contract.account import AdAccount
from models.contract.network import CampaignOrder, ObjectKind
from models.contract.vocabulary import Platform
from models.settings import Settings
from platforms import registry
from platforms.errors import AccessDenied, Ambiguous, NetworkError, Transient
from platforms.network import Ground, Secret
from platforms.registry import Networks

ACCOUNT = AdAccount(
    id=uuid4(), team_id=uuid4(), platform=Platform.META, name="nets", external_id="1",
    credentials_ref="vault:x",
)  # fmt: skip
ORDER = cast("CampaignOrder", object())


@dataclass
class Vault:
    """A source whose secret changes, and which may be down."""

    token: str = "one"
    down: bool = False
    asked: int = 0
    kept: list[tuple[str, str]] = field(default_factory=list)

    async def of(self, account: AdAccount, wanted: Sequence[Secret]) -> dict[str, str]:
        self.asked += 1
        if self.down:
            raise Transient(account.platform, "the vault does not answer")
        return {"access_token": self.token}

    async def keep(self, account: AdAccount, secret: Secret, value: str) -> None:
        self.kept.append((secret.name, value))


class World:
    """The networks' side: which token is good, and every adapter that was opened."""

    def __init__(self) -> None:
        self.good = {"one"}
        self.opened: list[Line] = []

    def connect(self, account: AdAccount, secrets: Any, ground: Ground) -> Any:
        self.opened.append(Line(self, secrets["access_token"], ground))
        return self.opened[-1]


class Line:
    """An adapter that says no to a token that is not good."""

    def __init__(self, world: World, token: str, ground: Ground) -> None:
        self.world, self.token, self.ground = world, token, ground
        self.calls = 0
        self.closed = False
        self.hold: asyncio.Event | None = None

    async def read(self, kind: ObjectKind, ids: Sequence[str]) -> list[str]:
        self.calls += 1
        if self.hold is not None:
            await self.hold.wait()
        assert not self.closed
        if self.token not in self.world.good:
            raise AccessDenied(Platform.META, "the token is not taken", code="190")
        return [self.token]

    async def create(self, order: Any) -> str:
        return (await self.read(ObjectKind.CAMPAIGN, []))[0]

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    kind = replace(registry.ADAPTERS[Platform.META], connect=made.connect)
    monkeypatch.setitem(registry.ADAPTERS, Platform.META, kind)
    return made


def networks(vault: Vault, heard: list[NetworkError] | None = None) -> Networks:
    note = None if heard is None else (lambda _, error: heard.append(error))
    return Networks(
        Settings(database_url=""), lambda: datetime.now(UTC), on_failure=note, secrets=vault
    )


async def read(on: Any) -> Any:
    return await on.read(ObjectKind.CAMPAIGN, [])


async def test_a_denied_call_is_asked_again_under_a_renewed_secret(world: World) -> None:
    vault, heard = Vault(), list[NetworkError]()
    open_ = networks(vault, heard)
    network = await open_.of(ACCOUNT)
    assert await read(network) == ["one"]
    world.good, vault.token = {"two"}, "two"
    assert await read(network) == ["two"]
    assert [one.closed for one in world.opened] == [True, False]
    assert heard == []
    # A denial that nothing can be done about is told as it is, once, and noted.
    world.good = set()
    with pytest.raises(AccessDenied, match="not taken"):
        await read(network)
    assert [type(one) for one in heard] == [AccessDenied]
    assert world.opened[-1].calls == 2
    await open_.aclose()
    assert world.opened[-1].closed


async def test_a_create_is_never_asked_again(world: World) -> None:
    """What it did before it was denied is looked up first."""
    vault = Vault()
    open_ = networks(vault)
    network = await open_.of(ACCOUNT)
    world.good, vault.token = {"two"}, "two"
    with pytest.raises(Ambiguous, match="look it up first"):
        await network.create(ORDER)
    assert [one.calls for one in world.opened] == [1, 0]
    assert cast("Any", await network.create(ORDER)) == "two"


async def test_many_denied_calls_open_it_once(world: World) -> None:
    vault = Vault()
    network = await networks(vault).of(ACCOUNT)
    world.good, vault.token = {"two"}, "two"
    assert await asyncio.gather(*(read(network) for _ in range(10))) == [["two"]] * 10
    assert len(world.opened) == 2


async def test_a_call_under_way_is_not_cut_off(world: World) -> None:
    vault = Vault()
    network = await networks(vault).of(ACCOUNT)
    world.opened[0].hold = asyncio.Event()
    slow = asyncio.create_task(read(network))
    await asyncio.sleep(0)
    world.good, vault.token = {"one", "two"}, "two"
    await registry.Networks._look(  # pyright: ignore[reportPrivateUsage]
        open_ := networks(vault), open_._open.setdefault(  # pyright: ignore[reportPrivateUsage]
            ACCOUNT.id, registry._Open(ACCOUNT, {"access_token": "one"}, cast("Any", network)))
    )  # fmt: skip
    assert [one.closed for one in world.opened] == [False, False]
    world.opened[0].hold.set()
    assert await slow == ["one"]
    assert [one.closed for one in world.opened] == [True, False]


async def test_a_renewed_secret_is_picked_up_beside_the_calls(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Vault()
    open_ = networks(vault)
    network = await open_.of(ACCOUNT)
    await open_.of(ACCOUNT)
    assert vault.asked == 1  # not at every call
    monkeypatch.setattr(registry, "_LOOK", -1.0)
    vault.token = "two"
    world.good = {"one", "two"}
    assert await open_.of(ACCOUNT) is network
    await asyncio.gather(*open_._beside)  # pyright: ignore[reportPrivateUsage]
    assert await read(network) == ["two"]


async def test_a_stop_needs_nothing_but_memory(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    vault = Vault()
    open_ = networks(vault)
    await open_.of(ACCOUNT)
    vault.down = True
    monkeypatch.setattr(registry, "_LOOK", -1.0)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert await read(await open_.of(ACCOUNT)) == ["one"]
        await asyncio.gather(*open_._beside)  # pyright: ignore[reportPrivateUsage]
    assert "secrets of account 'nets' not looked up: the vault does not answer" in caplog.text
    # Even a denial is told as what it is.
    world.good = set()
    with pytest.raises(AccessDenied):
        await read(await open_.of(ACCOUNT))
    assert len(world.opened) == 1


async def test_a_secret_the_network_replaced_is_kept(world: World) -> None:
    vault = Vault()
    open_ = networks(vault)
    network = await open_.of(ACCOUNT)
    keep = world.opened[0].ground.keep_secret
    assert keep is not None
    keep("access_token", "one-b")
    await asyncio.gather(*open_._beside)  # pyright: ignore[reportPrivateUsage]
    assert vault.kept == [("access_token", "one-b")]
    # Looked up again it is no news: the adapter has it already.
    vault.token = "one-b"
    assert await open_._renewed(ACCOUNT.id) is False  # pyright: ignore[reportPrivateUsage]
    assert await read(network) == ["one"]
    assert len(world.opened) == 1
