"""From an account record to its network: the sandbox or the real one, never by accident."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from models.settings import Settings
from platforms.errors import AccessDenied, Refused
from platforms.registry import ADAPTERS, Networks, adapter, capabilities
from starter.team import SANDBOX_CREDENTIALS, live_platforms, sandbox_account
from tests.sandbox_server import Sandbox

SECRET = "EAAB-live-and-secret"
LIVE = {
    "META_ACCESS_TOKEN": SECRET,
    "META_APP_ID": "1",
    "META_APP_SECRET": SECRET,
    "META_AD_ACCOUNT_ID": "act_9",
}
SERVED = sorted(Platform)


def account(platform: Platform, *, sandbox: bool = True, ref: str | None = None) -> AdAccount:
    known = sandbox_account(platform)
    return AdAccount(
        id=uuid4(), team_id=uuid4(), platform=platform, name="nets",
        external_id=known.external_id, currency=known.currency,
        credentials_ref=ref or f"SANDBOX_{platform.value.upper()}", sandbox=sandbox,
        options=known.options,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's credentials, and no others."""
    for name in LIVE:
        monkeypatch.delenv(name, raising=False)
    for name, value in SANDBOX_CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest_asyncio.fixture
async def networks() -> AsyncGenerator[Networks]:
    """Adapters over a sandbox that need not run: nothing is sent on opening."""
    opened = Networks(Settings(sandbox_url="http://127.0.0.1:1"), lambda: datetime.now(UTC))
    yield opened
    await opened.aclose()


@pytest.mark.parametrize("platform", SERVED)
def test_what_a_network_can_do_is_complete(platform: Platform) -> None:
    able = capabilities(platform)
    assert able.platform is platform
    (smallest, *_) = able.min_daily_budget.values()
    assert smallest.micros > 0
    assert able.over_delivery >= 1.0
    assert able.settle.total_seconds() > 0
    assert 1 <= able.batch_size <= 10_000
    assert able.copy_limits.primary_text > able.copy_limits.link_cost
    assert able.objectives
    assert able.calls_to_action


async def test_a_platform_without_adapter_is_refused_with_those_there_are(
    networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ADAPTERS, Platform.UNITY)
    with pytest.raises(Refused, match=r"unity has no adapter; use one of: .*meta.*x"):
        capabilities(Platform.UNITY)
    with pytest.raises(Refused, match=r"unity has no adapter; use one of: .*meta.*x"):
        await networks.of(account(Platform.UNITY))


@pytest.mark.parametrize("platform", SERVED)
async def test_an_account_keeps_its_one_adapter(platform: Platform, networks: Networks) -> None:
    one, other = account(platform), account(platform)
    assert await networks.of(one) is await networks.of(one)
    assert await networks.of(one) is not await networks.of(other)
    assert (await networks.of(one)).capabilities.platform is platform
    first = await networks.of(one)
    await networks.aclose()
    assert await networks.of(one) is not first


@pytest.mark.parametrize("platform", SERVED)
async def test_a_sandbox_account_never_falls_back_to_the_real_network(platform: Platform) -> None:
    networks = Networks(Settings(sandbox_url=""), lambda: datetime.now(UTC))
    with pytest.raises(Refused, match="no sandbox runs; start it with `adflight up`"):
        await networks.of(account(platform))


@pytest.mark.parametrize("platform", SERVED)
async def test_a_missing_credential_is_named_and_no_other_is_shown(
    platform: Platform, networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = [one for one in adapter(platform).secrets if one.required]
    prefix = f"SANDBOX_{platform.value.upper()}"
    names = [f"{prefix}_{ending}" for ending in needed[-1].variables]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AccessDenied, match=names[0]) as refused:
        await networks.of(account(platform))
    assert not [value for value in SANDBOX_CREDENTIALS.values() if value in str(refused.value)]


async def test_a_real_account_needs_its_own_credentials(
    networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = account(Platform.META, sandbox=False, ref="META")
    with pytest.raises(AccessDenied, match="META_ACCESS_TOKEN is not set"):
        await networks.of(real)
    assert live_platforms({}) == []
    for name, value in LIVE.items():
        monkeypatch.setenv(name, value)
    assert live_platforms() == [Platform.META]
    adapter = await networks.of(real)
    assert adapter.capabilities.platform is Platform.META
    assert SECRET not in repr(adapter) + repr(vars(networks)) + repr(real)


@pytest.mark.parametrize("platform", SERVED)
@pytest.mark.parametrize("live", [False, True], ids=["sandbox", "live"])
async def test_an_account_is_reached_where_it_belongs(
    platform: Platform, live: bool, sandbox: Sandbox
) -> None:
    """The other address leads nowhere, so an answer shows which one was taken."""
    nowhere = "http://127.0.0.1:1"
    real = {
        f"{one}.{name}": f"{sandbox.url}{host.sandbox}" if live else nowhere
        for one in SERVED
        for name, host in adapter(one).hosts.items()
    }
    settings = Settings(sandbox_url=nowhere if live else sandbox.url, network_hosts=real)
    networks = Networks(settings, lambda: datetime.now(UTC))
    one = account(platform, sandbox=not live)
    network = await networks.of(one)
    health = await network.check_account()
    await networks.aclose()
    assert health.usable, health.problems


def test_half_a_set_of_credentials_makes_no_account_real() -> None:
    for name in LIVE:
        assert live_platforms({**LIVE, name: ""}) == []
