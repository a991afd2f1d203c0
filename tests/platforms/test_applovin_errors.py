"""AppLovin's hundred errors: how the adapter keeps away from them, and what still passes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from models.contract.money import Money
from platforms.applovin import AppLovinNetwork
from platforms.applovin.error_budget import (
    LANES,
    ORDINARY,
    PROBE,
    STOP_LANES,
    STOPS,
    WINDOW,
    ErrorBudget,
)
from platforms.applovin.errors import BLOCKED, BLOCKED_WAIT, TOO_FAST_WAIT, classify
from platforms.errors import AccessDenied, Ambiguous, RateLimited, Refused, Transient
from platforms.quota import urgent
from sandbox.applovin.limits import ERRORS
from tests.clock import Clock
from tests.platforms.applovin_bench import Stage, staged
from tests.platforms.contract.bench import AD, CAMPAIGN, Tree
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> ErrorBudget:
    return ErrorBudget(clock)


@pytest.fixture
def stage(sandbox_factory: Callable[..., Sandbox], tmp_path: Path) -> Stage:
    return staged(sandbox_factory, tmp_path)


@pytest_asyncio.fixture
async def network(stage: Stage) -> AsyncGenerator[AppLovinNetwork]:
    opened = stage.open()
    yield opened
    await opened.aclose()


@pytest_asyncio.fixture
async def tree(stage: Stage, network: AppLovinNetwork) -> Tree:
    return await stage.tree(network).make()


def limited(code: str, seconds: float) -> RateLimited:
    answer = httpx.Response(429, headers={"x-al-error-code": code, "retry-after": str(seconds)})
    failure = classify(answer, changes=True)
    assert isinstance(failure, RateLimited)
    return failure


# -- the budget itself ------------------------------------------------------------------------


def test_two_processes_together_stay_below_the_hundred() -> None:
    assert 2 * (STOPS + LANES + STOP_LANES) < ERRORS
    assert ORDINARY < STOPS


def test_ordinary_calls_end_first_and_stops_go_on(budget: ErrorBudget, clock: Clock) -> None:
    budget.failed(count=ORDINARY - 1)
    budget.admit()
    clock.at += timedelta(minutes=1)
    budget.failed()
    with pytest.raises(RateLimited, match=f"{ORDINARY} errors in five minutes") as held:
        budget.admit()
    assert held.value.retry_after == 240.0, "until the first of them are forgotten"
    with urgent():
        budget.admit()
        budget.failed(count=STOPS - ORDINARY)
        with pytest.raises(RateLimited, match="AppLovin shuts the account out for a day"):
            budget.admit()
    clock.at += timedelta(minutes=4)
    assert budget.spent == STOPS - ORDINARY + 1
    budget.admit()
    clock.at += WINDOW
    assert budget.spent == 0


def test_a_shut_out_account_is_left_alone_but_for_one_stop_a_minute(
    budget: ErrorBudget, clock: Clock
) -> None:
    budget.failed(limited("100006", TOO_FAST_WAIT))
    with pytest.raises(RateLimited, match="not sent: AppLovin shuts this account out") as held:
        budget.admit()
    assert held.value.retry_after == TOO_FAST_WAIT
    with urgent():
        budget.admit()
        with pytest.raises(RateLimited) as held:
            budget.admit()
        assert held.value.retry_after == PROBE.total_seconds()
        clock.at += PROBE
        admitted = budget.admit()
    budget.answered(admitted)
    budget.admit()


def test_an_answer_to_an_earlier_call_opens_nothing(budget: ErrorBudget, clock: Clock) -> None:
    earlier = budget.admit()
    clock.at += timedelta(seconds=1)
    budget.failed(limited(BLOCKED, BLOCKED_WAIT))
    budget.answered(earlier)
    with pytest.raises(RateLimited):
        budget.admit()
    with urgent(), pytest.raises(RateLimited):
        budget.admit()
    clock.at += PROBE
    with urgent():
        budget.admit()
    clock.at += timedelta(hours=24)
    budget.admit()


def test_a_refusal_that_says_at_once_shuts_nobody_out(budget: ErrorBudget) -> None:
    budget.failed(limited("100006", 0))
    budget.admit()


# -- what an answer means ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "changes", "kind"),
    [
        (400, True, Refused), (404, False, Refused), (422, True, Refused),
        (401, False, AccessDenied), (402, True, AccessDenied), (403, True, AccessDenied),
        (429, True, RateLimited),
        (408, False, Transient), (408, True, Ambiguous),
        (500, False, Transient), (502, True, Ambiguous), (503, True, Ambiguous),
        (302, True, Ambiguous), (302, False, Transient),
    ],
)  # fmt: skip
def test_an_answer_is_told_by_what_to_do_next(status: int, changes: bool, kind: type) -> None:
    headers = {
        "x-al-error-code": "123", "x-al-error-message": "bad key-of-mine", "x-trace-id": "t1",
    }  # fmt: skip
    answer = httpx.Response(status, headers=headers, text="<html>not read")
    failure = classify(answer, changes=changes, secrets=["key-of-mine"])
    assert type(failure) is kind
    assert "bad ***" in failure.message
    assert "trace t1" in failure.message
    assert failure.code == "123"
    bare = classify(httpx.Response(status), changes=changes)
    assert bare.code == f"HTTP {status}"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, TOO_FAST_WAIT),
        ({"x-al-error-code": BLOCKED}, BLOCKED_WAIT),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "soon"}, TOO_FAST_WAIT),
    ],
)
def test_a_limit_says_how_long_it_lasts(headers: dict[str, str], wait: float) -> None:
    failure = classify(httpx.Response(429, headers=headers), changes=False)
    assert failure.retry_after == wait


# -- against the stand-in ---------------------------------------------------------------------


async def test_a_storm_of_errors_is_cut_off_long_before_the_block(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
    stage.box.arm("applovin", "server_error", method="POST", count=200)
    for number in range(60):
        sent = number < ORDINARY
        with pytest.raises(Ambiguous if sent else RateLimited) as failure:
            await network.set_daily_budget(tree.ids["ad_group"], Money.of("61.00"))
        assert (failure.value.code == "ERROR_BUDGET") is not sent
    assert stage.box.fired("applovin", "server_error") == ORDINARY
    # Stops have a reserve of their own …
    for _ in range(STOPS):
        with pytest.raises((Ambiguous, RateLimited)):
            await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    assert stage.box.fired("applovin", "server_error") == STOPS < ERRORS
    # … and once AppLovin answers again, the next one is through, though raising still waits.
    stage.box.control.delete("/faults")
    stage.clock.at += timedelta(minutes=4)
    stage.box.arm("applovin", "server_error", method="POST", count=ORDINARY)
    stage.clock.at += timedelta(minutes=1)
    with urgent():
        for _ in range(ORDINARY):
            with pytest.raises(Ambiguous):
                await network.set_daily_budget(tree.ids["ad_group"], Money.of("60.00"))
    with pytest.raises(RateLimited):
        await network.set_daily_budget(tree.ids["ad_group"], Money.of("61.00"))
    (off,) = await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    assert off.accepted
    assert stage.row("campaign")["status"] == "PAUSED"


async def test_a_refusal_is_never_sent_again(
    stage: Stage, network: AppLovinNetwork, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A value that only AppLovin itself finds wrong.
    monkeypatch.setattr("platforms.applovin.campaigns.decimal_text", lambda amount: "0")
    stage.sent.clear()
    with pytest.raises(Refused, match="must be a positive decimal string"):
        await network.set_daily_budget(tree.ids["ad_group"], Money.of("61.00"))
    assert stage.writes == ["/campaign/update"]
    assert network._wire.errors.spent == 1


async def test_a_blocked_account_is_left_alone_for_a_day(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    """Something else with the same key ran into the block."""
    base = f"{stage.box.url}/applovin/manage/v1"
    async with httpx.AsyncClient(base_url=base, trust_env=False) as other:
        for _ in range(ERRORS):
            assert (await other.get("/campaign/list")).status_code == 401
        answer = await other.get("/campaign/list")
    assert (answer.status_code, answer.headers["x-al-error-code"]) == (429, BLOCKED)
    with pytest.raises(RateLimited, match="blocked for 24 hours") as told:
        await network.read(CAMPAIGN, [tree.ids["campaign"]])
    assert told.value.retry_after == BLOCKED_WAIT
    stage.sent.clear()
    with pytest.raises(RateLimited, match="not sent"):
        await network.list_objects(AD)
    with pytest.raises(RateLimited, match="not sent"):
        await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    assert stage.sent == []
    # A stop finds out by itself when the block was lifted earlier than announced.
    stage.box.control.delete("/limits")
    stage.clock.at += PROBE
    (off,) = await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    assert off.accepted
    assert len(await network.list_objects(CAMPAIGN)) == 1


async def test_stops_do_not_wait_behind_uploads(
    stage: Stage, network: AppLovinNetwork, tree: Tree
) -> None:
    """Every lane for ordinary calls is taken by something slow."""
    await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=True)
    stage.box.arm("applovin", "delay", path="asset/list", count=LANES, seconds=3)
    slow = [asyncio.create_task(network.find(AD.CREATIVE, "kabcdefghij")) for _ in range(LANES)]
    await asyncio.sleep(0.3)
    begun = asyncio.get_running_loop().time()
    (off,) = await network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    assert off.accepted
    assert asyncio.get_running_loop().time() - begun < 2
    assert not any(one.done() for one in slow)
    await asyncio.gather(*slow)
