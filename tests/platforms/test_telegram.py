"""The Telegram adapter over HTTP against its stand-in (C1, C11, C12, C34, C49, D33)."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from models.contract.effects import CreateObject
from models.contract.money import Money
from models.contract.network import Bid, Delivery, Targeting
from models.contract.vocabulary import AccountStatus, CallToAction, Objective, SpecialCategory
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    NetworkError,
    RateLimited,
    Refused,
    Transient,
)
from platforms.network import Ground
from platforms.telegram import CAPABILITIES, budgets, connect, money, terms, titles
from platforms.telegram.errors import ads_refusal
from platforms.telegram.objects import Ad, read_ad
from platforms.telegram.switch import _run
from platforms.telegram.wire import Answer, Wire
from sandbox.telegram import EVENT_ID
from tests.clock import MORNING, Clock
from tests.platforms.telegram_bench import (
    AD,
    AD_GROUP,
    CAMPAIGN,
    CREATIVE,
    LEASE,
    SECRETS,
    Stage,
    eur,
    ground,
    picture,
    telegram_account,
)
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]
EUR = 1_000_000
NINE = ("DE", "AT", "CH", "FR", "GB", "IT", "ES", "PL", "NL")


@pytest_asyncio.fixture
async def stage(sandbox_factory: Callable[..., Sandbox], tmp_path: Path) -> AsyncGenerator[Stage]:
    clock = Clock()
    box = sandbox_factory(networks=("telegram",), tempo=1.0, origin=MORNING, real=clock)
    network = connect(telegram_account(), SECRETS, ground(box))
    yield Stage(box, clock, network, picture(tmp_path))
    await network.aclose()


# -- levels that are not there ------------------------------------------------------------------


async def test_nothing_is_made_before_there_is_an_ad(stage: Stage) -> None:
    made = await stage.network.create(stage.campaign())
    group = await stage.network.create(stage.group())
    assert (made.id, made.switched_on, made.delivery) == ("kcampaign1", False, Delivery.PAUSED)
    assert (group.id, group.parent_id, group.bid) == ("kgroup1", "kcampaign1", eur("15.00"))
    assert group.end_time == MORNING + LEASE
    assert stage.box.world.every("telegram", "ad") == []
    assert await stage.network.find(CAMPAIGN, "kcampaign1") == []
    with pytest.raises(Refused, match="make an ad first"):
        await stage.network.set_daily_budget("kgroup1", eur("30.00"))


async def test_an_ad_carries_what_was_ordered_above_it(stage: Stage) -> None:
    (ad_id,) = await stage.make(1)
    row = stage.held(ad_id)
    assert row["title"] == "kadvert1 kgroup1 kcampaign1 kcreative1 ~260303T1500 Spring v1"
    assert row["target"] == {"type": "users", "country_codes": ["DE", "AT"]}
    assert (row["placement"], row["button"]) == ("channel_post", "learn_more")
    assert (row["website_name"], row["text"]) == ("journal.example", "Read how it is done, 1.")
    assert (row["is_paused"], row["deactivate_date"]) == (True, None)
    assert row["cpm"] == 15 * EUR
    for kind, key in (
        (CAMPAIGN, "kcampaign1"), (AD_GROUP, "kgroup1"), (CREATIVE, "kcreative1"), (AD, "kadvert1"),
    ):  # fmt: skip
        (found,) = await stage.network.find(kind, key)
        assert (found.key, found.id) == (key, ad_id if kind is AD else key)
        assert await stage.network.find(kind, key[:-1]) == []
        assert await stage.network.find(kind, "") == []


async def test_an_ad_needs_what_was_ordered_above_it(stage: Stage) -> None:
    for missing in ("ad_group", "creative"):
        with pytest.raises(Refused) as no:
            await stage.network.create(stage.ad(**{missing: None}))
        assert no.value.field == missing
    assert stage.box.world.every("telegram", "ad") == []


async def test_somebody_elses_ad_stands_for_its_own_levels(stage: Stage) -> None:
    (mine,) = await stage.make(1)
    await stage.run([mine])
    theirs = str(stage.held(mine)["ad_id"] + 7)
    foreign = {**stage.held(mine), "id": int(theirs), "ad_id": int(theirs), "title": "By hand"}
    stage.box.world.put("telegram", "ad", theirs, foreign)

    for kind in (CAMPAIGN, AD_GROUP, AD):
        shown = {one.id: one for one in await stage.network.list_objects(kind)}
        assert (shown[theirs].key, shown[theirs].name) == ("", "By hand")
        assert shown[theirs].switched_on
    (result,) = await stage.network.switch(CAMPAIGN, [theirs], on=False)
    assert result.accepted
    assert (await stage.network.read(AD, [theirs]))[0].switched_on is False
    assert (await stage.network.read(AD, [mine]))[0].switched_on


async def test_twins_are_both_found_lowest_first(stage: Stage) -> None:
    (ad_id,) = await stage.make(1)
    twin = stage.held(ad_id)["ad_id"] + 3
    row = {**stage.held(ad_id), "id": twin, "ad_id": twin}
    stage.box.world.put("telegram", "ad", str(twin), row)
    found = await stage.network.find(AD, "kadvert1", "kgroup1")
    assert [one.id for one in found] == [ad_id, str(twin)]
    assert len(await stage.network.find(CAMPAIGN, "kcampaign1")) == 1


# -- one budget over several ads ----------------------------------------------------------------


async def test_the_ads_limits_come_to_the_groups_budget_exactly(stage: Stage) -> None:
    ids = await stage.make(3)
    assert stage.limits(ids) == [6_670_000, 6_670_000, 6_660_000]
    assert (await stage.read_group()).daily_budget == eur("20.00")
    await stage.network.set_daily_budget("kgroup1", eur("10.01"))
    assert sum(stage.limits(ids)) == 10_010_000
    with pytest.raises(Refused, match=r"finer than Telegram counts.*0\.01"):
        await stage.network.set_daily_budget("kgroup1", eur("10.005"))


async def test_an_ad_that_joins_running_ones_gives_them_nothing_more(stage: Stage) -> None:
    ids = await stage.make(2)
    await stage.run(ids)
    joined = (await stage.network.create(stage.ad(3))).id
    assert stage.limits([*ids, joined]) == [9_990_000, 10_000_000, 10_000]
    assert (await stage.read_group()).daily_budget == eur("20.00")
    assert (await stage.network.read(AD, [joined]))[0].switched_on is False

    await stage.run([joined])  # now it takes its share
    assert stage.limits([*ids, joined]) == [6_670_000, 6_670_000, 6_660_000]


async def test_an_ad_that_rests_leaves_its_share_to_the_others(stage: Stage) -> None:
    first, second = await stage.make(2)
    await stage.run([first, second])
    (result,) = await stage.network.switch(AD, [second], on=False)
    assert result.accepted
    await stage.network.set_end_time("kgroup1", stage.now + LEASE)  # the next renewal
    assert stage.limits([first, second]) == [19_990_000, 10_000]

    # Paused as a whole and back, the one that rested goes on resting.
    await stage.network.switch(CAMPAIGN, ["kcampaign1"], on=False)
    (refused,) = await stage.network.switch(CAMPAIGN, ["kcampaign1"], on=True)
    assert not refused.accepted
    assert "switch its ads on" in str(refused.error)
    await stage.network.set_daily_budget("kgroup1", eur("30.00"))
    assert stage.limits([first, second]) == [29_990_000, 10_000]
    await stage.run([first])
    (group,) = await stage.network.switch(AD_GROUP, ["kgroup1"], on=True)
    assert group.accepted
    assert [one.switched_on for one in await stage.network.read(AD, [first, second])] == [
        True,
        False,
    ]


def _ad(number: int, limit: int, *, paused: bool = True, **more: Any) -> Ad:
    row = {"ad_id": number, "title": "t", "is_paused": paused, "daily_budget_limit": limit / EUR}
    return read_ad({**row, **more})


@dataclass
class _Recorder:
    """A wire that takes note of what is written."""

    written: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    error: NetworkError | None = None

    async def write(self, method: str, params: dict[str, Any], *, key: str | None = None) -> Answer:
        if self.error is not None:
            raise self.error
        self.written.append(params)
        return Answer(None, False)


async def test_what_goes_down_is_sent_before_what_goes_up() -> None:
    ads = [_ad(1, 2 * EUR), _ad(2, 9 * EUR), _ad(3, 0, remaining_budget=50)]
    recorder = _Recorder()
    wanted = {"1": 8 * EUR, "2": 3 * EUR, "3": 4 * EUR}
    await budgets.set_limits(cast(Wire, recorder), ads, wanted)
    assert [(one["ad_id"], one["daily_budget_limit"]) for one in recorder.written] == [
        (2, 3.0), (3, 4.0), (1, 8.0),
    ]  # fmt: skip
    await budgets.set_limits(cast(Wire, recorder), ads[:1], {"1": 2 * EUR})
    assert len(recorder.written) == 3, "the same again sends nothing"


@given(
    total=st.integers(min_value=100, max_value=10**7),
    awake=st.integers(min_value=0, max_value=6),
    resting=st.integers(min_value=0, max_value=6),
)
def test_shares_are_exact_and_never_zero(total: int, awake: int, resting: int) -> None:
    """A limit of zero would be none at all."""
    if not awake + resting:
        return
    ids = [f"a{n}" for n in range(awake)], [f"r{n}" for n in range(resting)]
    found = budgets.shares(total * 10_000, *ids, telegram_account())
    assert sum(found.values()) == total * 10_000
    assert min(found.values()) >= 10_000
    assert len(found) == awake + resting


def test_too_little_for_so_many_ads_is_refused() -> None:
    with pytest.raises(Refused, match="too small for 3 ads"):
        budgets.shares(20_000, ["1", "2"], ["3"], telegram_account())


# -- prepaid money and the lease ----------------------------------------------------------------


async def test_money_is_moved_for_the_lease_and_no_further(stage: Stage) -> None:
    ids = await stage.make(2)
    assert stage.funded(ids) == 2_000_000 + 1_000_000, "just enough to be reviewed"
    await stage.run(ids)
    assert stage.funded(ids) == 20 * EUR, "until 15:00: one day's budget"

    await stage.network.set_end_time("kgroup1", MORNING + timedelta(hours=14))
    assert stage.funded(ids) == 20 * EUR, "the same day"
    await stage.network.set_end_time("kgroup1", MORNING + timedelta(hours=15))
    assert stage.funded(ids) == 20 * EUR, "midnight itself is not another day"
    await stage.network.set_end_time("kgroup1", MORNING + timedelta(hours=16))
    assert stage.funded(ids) == 40 * EUR, "past midnight: two days"
    await stage.network.set_end_time("kgroup1", MORNING + timedelta(hours=16))
    assert stage.funded(ids) == 40 * EUR, "asked twice, moved once"

    await stage.network.set_daily_budget("kgroup1", eur("10.00"))
    assert stage.funded(ids) == 40 * EUR, "no money goes in for less"
    assert sum(stage.limits(ids)) == 10 * EUR
    await stage.network.set_daily_budget("kgroup1", eur("24.00"))
    assert stage.funded(ids) == 48 * EUR
    balance = stage.box.world.get("telegram", "account", telegram_account().external_id)
    assert balance is not None
    assert balance["balance"] == 100_000 * EUR - 48 * EUR


async def test_what_was_spent_is_not_funded_twice(stage: Stage) -> None:
    ids = await stage.make(1)
    await stage.run(ids)
    stage.later(hours=4)
    await stage.network.set_end_time("kgroup1", stage.now + LEASE)
    assert stage.spent() > 0
    assert stage.funded(ids) == 20 * EUR
    stage.later(hours=5)
    await stage.network.set_end_time("kgroup1", stage.now + LEASE)
    assert stage.funded(ids) == 40 * EUR, "a second day begins within the lease"
    stage.later(days=3)
    assert stage.spent() <= 40 * EUR


async def test_a_lost_answer_moves_money_once(stage: Stage) -> None:
    ids = await stage.make(1)
    stage.box.arm("telegram", "lost_answer", path="increaseAdBudget", count=1)
    with pytest.raises(Ambiguous):
        await stage.network.switch(AD, ids, on=True)
    assert stage.funded(ids) == 20 * EUR
    assert stage.held(ids[0])["is_paused"], "not switched on without a clear answer"
    await stage.run(ids)
    assert stage.funded(ids) == 20 * EUR
    moved = stage.box.world.every("telegram", "account_transaction")
    assert len(moved) == 2, "the deposit and one transfer"


async def test_a_late_transfer_and_its_repeat_are_one(stage: Stage) -> None:
    """The first lands after the second was asked: the same total is the same key."""
    ids = await stage.make(1)
    stage.box.arm("telegram", "duplicate", path="increaseAdBudget", count=1)
    await stage.run(ids)
    assert stage.funded(ids) == 20 * EUR


async def test_a_running_ad_ends_by_itself_and_without_renewal(stage: Stage) -> None:
    """Law 4: nobody renews, and spend stops."""
    ids = await stage.make(2)
    await stage.run(ids)
    assert {stage.held(one)["deactivate_date"] for one in ids} == {
        int((MORNING + LEASE).timestamp())
    }
    stage.later(hours=7)
    spent = stage.spent()
    assert 0 < spent <= 20 * EUR
    stage.later(days=2)
    assert stage.spent() == spent
    group = await stage.read_group()
    assert (group.delivery, group.switched_on) == (Delivery.ENDED, True)
    await stage.network.set_end_time("kgroup1", stage.now + LEASE)  # an authorised renewal
    stage.later(hours=2)
    assert stage.spent() > spent


async def test_pausing_clears_the_end_and_resuming_sets_it_again(stage: Stage) -> None:
    ids = await stage.make(1)
    await stage.run(ids)
    await stage.network.switch(CAMPAIGN, ["kcampaign1"], on=False)
    assert stage.held(ids[0])["deactivate_date"] is None
    assert (await stage.read_group()).end_time == MORNING + LEASE

    later = MORNING + timedelta(hours=9, minutes=30, seconds=42)
    await stage.network.set_end_time("kgroup1", later)
    assert (await stage.read_group()).end_time == later.replace(second=0)
    other = stage.another()  # a worker that remembers nothing
    (result,) = await other.switch(AD, ids, on=True)
    await other.aclose()
    assert result.accepted, result.error
    assert stage.held(ids[0])["deactivate_date"] == int(later.replace(second=0).timestamp())
    assert (await stage.read_group()).end_time == later.replace(second=0)


async def test_nothing_is_resumed_under_a_lease_that_is_over(stage: Stage) -> None:
    ids = await stage.make(1)
    stage.later(hours=6)
    (result,) = await stage.network.switch(AD, ids, on=True)
    assert not result.accepted
    assert "move the end first" in str(result.error)
    assert stage.funded(ids) == 2 * EUR
    assert stage.held(ids[0])["is_paused"]


async def test_an_end_that_has_come_pauses(stage: Stage) -> None:
    ids = await stage.make(1)
    await stage.run(ids)
    await stage.network.set_end_time("kgroup1", stage.now - timedelta(minutes=5))
    group = await stage.read_group()
    assert (group.switched_on, group.end_time) == (
        False,
        MORNING + timedelta(minutes=6),
    )
    with pytest.raises(Refused, match="farther ahead than Telegram takes"):
        await stage.network.set_end_time("kgroup1", stage.now + timedelta(days=366))


async def test_an_ad_resumed_elsewhere_shows_no_end_and_spends_only_what_it_has(
    stage: Stage,
) -> None:
    """What lease_fallback promises: the money moved into it bounds it."""
    ids = await stage.make(1)
    await stage.run(ids)
    stage.later(hours=1)
    await stage.network.switch(AD, ids, on=False)
    row = stage.held(ids[0])
    stage.box.world.put("telegram", "ad", ids[0], {**row, "is_paused": False})  # by hand
    group = await stage.read_group()
    assert (group.end_time, group.switched_on) == (None, True)
    assert group.issue is not None
    assert "without an end" in group.issue
    stage.later(days=9)
    assert stage.spent() <= 20 * EUR
    await stage.network.set_end_time("kgroup1", stage.now + LEASE)
    assert (await stage.read_group()).end_time is not None


async def test_a_group_without_a_limit_shows_what_it_may_cost(stage: Stage) -> None:
    ids = await stage.make(1)
    await stage.run(ids)
    row = stage.held(ids[0])
    stage.box.world.put("telegram", "ad", ids[0], {**row, "daily_budget_limit": 0})
    group = await stage.read_group()
    assert group.daily_budget == eur("20.00"), "all the money it has"
    assert "no daily limit" in str(group.issue)
    await stage.network.set_daily_budget("kgroup1", eur("12.00"))
    assert stage.limits(ids) == [12 * EUR]


async def test_an_account_that_runs_out_gives_what_it_has(stage: Stage) -> None:
    first, second = await stage.make(2)
    path = f"/accounts/telegram/{telegram_account().external_id}"
    stage.box.control.post(path, json={"status": "active", "balance_micros": 4_005_000})
    account = stage.box.world.get("telegram", "account", telegram_account().external_id)
    assert account is not None
    (one, two) = await stage.network.switch(AD, [first, second], on=True)
    assert (one.accepted, two.accepted) == (True, True)
    assert stage.funded([first, second]) == 3 * EUR + 4 * EUR

    for ad_id in (first, second):
        row = stage.held(ad_id)
        stage.box.world.put("telegram", "ad", ad_id, {**row, "funded": 0})
    with pytest.raises(Refused, match=r"top it up.*NOT_ENOUGH_BUDGET"):
        await stage.network.switch(AD, [first], on=True)


# -- one effect ---------------------------------------------------------------------------------


async def test_a_lost_create_is_ambiguous_and_its_repeat_is_the_same_ad(stage: Stage) -> None:
    await stage.network.create(stage.campaign())
    stage.box.arm("telegram", "lost_answer", path="createAd", count=1)
    with pytest.raises(Ambiguous, match="may have happened"):
        await stage.network.create(stage.ad())
    (found,) = await stage.network.find(AD, "kadvert1", "kgroup1")
    again = await stage.network.create(stage.ad())  # another photo: Telegram sees other values
    assert again.id == found.id
    assert len(stage.box.world.every("telegram", "ad")) == 1


async def test_an_ad_whose_create_was_repeated_by_a_proxy_is_one(stage: Stage) -> None:
    stage.box.arm("telegram", "duplicate", path="createAd", count=1)
    await stage.network.create(stage.ad())
    assert len(stage.box.world.every("telegram", "ad")) == 1


async def test_a_launch_that_was_undone_can_be_tried_again_under_its_keys(stage: Stage) -> None:
    """For a day Telegram remembers the key of an ad that is gone."""
    gone: list[str] = []
    for attempt in range(3):
        made = await stage.network.create(stage.ad())
        assert made.id not in gone
        (found,) = await stage.network.find(AD, "kadvert1")
        assert found.id == made.id
        await stage.network.remove(AD, made.id)
        assert await stage.network.find(AD, "kadvert1") == []
        gone.append(made.id)
        stage.later(minutes=attempt)
    later = stage.group(end_time=MORNING + timedelta(hours=9))
    made = await stage.network.create(stage.ad(ad_group=later))
    assert made.id not in gone
    alive = [row for row in stage.box.world.every("telegram", "ad") if not row["deleted"]]
    assert len(alive) == 1


async def test_a_failed_launch_leaves_the_budget_whole_for_the_next(stage: Stage) -> None:
    """The first ad makes room for a second whose answer is lost before it is made."""
    (first,) = await stage.make(1)
    stage.box.arm("telegram", "server_error", path="createAd", count=3)
    for _ in range(3):
        with pytest.raises(Ambiguous):
            await stage.network.create(stage.ad(2))
    assert stage.limits([first]) == [10 * EUR]
    second = (await stage.network.create(stage.ad(2))).id
    assert stage.limits([first, second]) == [10 * EUR, 10 * EUR]

    await stage.run([first, second])
    stage.box.arm("telegram", "server_error", path="createAd", count=3)
    for _ in range(3):
        with pytest.raises(Ambiguous):
            await stage.network.create(stage.ad(3))
    assert sum(stage.limits([first, second])) == 20 * EUR - 10_000, "one step, not three"
    await stage.network.create(stage.ad(3))
    assert (await stage.read_group()).daily_budget == eur("20.00")


async def test_removing_what_ran_waits_ten_minutes_and_returns_its_money(stage: Stage) -> None:
    ids = await stage.make(2)
    await stage.run(ids)
    stage.later(hours=1)
    with pytest.raises(Transient, match="ten minutes") as wait:
        await stage.network.remove(CAMPAIGN, "kcampaign1")
    assert wait.value.retry_after == 600
    assert [one.switched_on for one in await stage.network.read(AD, ids)] == [False, False]
    stage.later(minutes=60)
    await stage.network.remove(CAMPAIGN, "kcampaign1")
    assert await stage.network.list_objects(AD) == []
    health = await stage.network.check_account()
    assert health.balance is not None
    assert health.balance.micros == 100_000 * EUR - stage.spent()
    await stage.network.remove(CAMPAIGN, "kcampaign1")


# -- switching ----------------------------------------------------------------------------------


async def test_one_ad_that_fails_does_not_stop_the_others(stage: Stage) -> None:
    ids = await stage.make(2)
    for on in (True, False):
        results = await stage.network.switch(AD, [ids[0], "999", ids[1], "none"], on=on)
        assert [one.accepted for one in results] == [True, False, True, False]
        assert [one.id for one in results] == [ids[0], "999", ids[1], "none"]
        stage.later(minutes=11)
    stage.box.arm("telegram", "server_error", path="editAd", count=1)
    await stage.network.switch(AD, ids, on=True)
    stage.box.control.delete("/faults")
    stage.box.arm("telegram", "rate_limited", path="editAd", count=1)
    results = await stage.network.switch(AD_GROUP, ["kgroup1", "knone"], on=False)
    assert [one.accepted for one in results] == [False, False]
    results = await stage.network.switch(AD_GROUP, ["kgroup1"], on=False)
    assert results[0].accepted
    assert not (await stage.read_group()).switched_on


async def test_trouble_with_the_whole_account_is_raised(stage: Stage) -> None:
    ids = await stage.make(1)
    await stage.run(ids)
    stage.box.arm("telegram", "expired_token", count=1)
    with pytest.raises(AccessDenied, match="make another"):
        await stage.network.switch(CAMPAIGN, ["kcampaign1"], on=False)
    stage.box.arm("telegram", "rate_limited", path="editAd", count=1)
    with pytest.raises(RateLimited) as wait:
        await stage.network.switch(CAMPAIGN, ["kcampaign1"], on=False)
    assert wait.value.retry_after == 1


class _Stubborn:
    """Telegram under the other readings of how a date and the switch go together."""

    def __init__(self, reading: str) -> None:
        self.reading = reading
        self.row: dict[str, Any] = {
            "ad_id": 1, "title": "By hand", "is_paused": True, "status": "on_hold",
        }  # fmt: skip

    async def write(self, method: str, params: dict[str, Any], *, key: str | None = None) -> Answer:
        dated = "deactivate_date" in params
        if dated and not (self.reading == "switch clears" and "is_paused" in params):
            self.row["deactivate_date"] = params["deactivate_date"]
        if "is_paused" in params and not (dated and self.reading == "date only"):
            self.row["is_paused"] = params["is_paused"]
            if not dated or self.reading == "switch clears":
                self.row.pop("deactivate_date", None)
        return Answer(dict(self.row), False)


@pytest.mark.parametrize("reading", ["both", "date only", "switch clears"])
async def test_a_resumed_ad_has_its_end_however_telegram_reads_the_two(reading: str) -> None:
    telegram, end = _Stubborn(reading), MORNING + LEASE
    await _run(cast(Wire, telegram), read_ad(telegram.row), end, MORNING)
    assert telegram.row["is_paused"] is False
    assert telegram.row["deactivate_date"] == int(end.timestamp())


# -- review -------------------------------------------------------------------------------------


async def test_review_is_shown_and_a_changed_title_is_reviewed_again(stage: Stage) -> None:
    ids = await stage.make(1)
    await stage.network.switch(AD, ids, on=True)
    assert (await stage.network.read(AD, ids))[0].delivery is Delivery.IN_REVIEW
    stage.later(minutes=11)
    assert (await stage.network.read(AD, ids))[0].delivery is Delivery.ACTIVE
    # A renewal, a budget and a bid leave a running ad running.
    await stage.network.set_end_time("kgroup1", stage.now + LEASE)
    await stage.network.set_daily_budget("kgroup1", eur("25.00"))
    await stage.network.set_bid("kgroup1", eur("14.009"))
    assert (await stage.network.read(AD, ids))[0].delivery is Delivery.ACTIVE
    assert (await stage.read_group()).bid == eur("14.00")
    await stage.network.switch(AD, ids, on=False)
    await stage.network.set_end_time("kgroup1", stage.now + 2 * LEASE)
    await stage.network.switch(AD, ids, on=True)
    assert (await stage.network.read(AD, ids))[0].delivery is Delivery.IN_REVIEW


async def test_a_declined_ad_says_why(stage: Stage) -> None:
    stage.box.arm("telegram", "disapproved_ad", count=1)
    first, second = await stage.make(2)
    await stage.run([first, second])
    shown = {one.id: one for one in await stage.network.read(AD, [first, second])}
    assert shown[first].delivery is Delivery.REJECTED
    assert "guidelines" in str(shown[first].issue)
    assert shown[second].delivery is Delivery.ACTIVE
    (campaign,) = await stage.network.read(CAMPAIGN, ["kcampaign1"])
    assert campaign.delivery is Delivery.ACTIVE, "one of its ads delivers"


# -- figures ------------------------------------------------------------------------------------


async def test_figures_by_campaign_are_those_of_its_ads(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await stage.make(2)
    await stage.run(ids)
    stage.later(hours=5)
    day = MORNING.date()
    report = await stage.network.account_metrics(day - timedelta(days=1), day)
    (row,) = report.rows
    assert (row.campaign_id, row.day) == ("kcampaign1", day.isoformat())
    assert 0 < row.spend.micros <= stage.spent()
    assert row.impressions > 0
    by_ad = await stage.network.ad_metrics(day, day)
    assert {one.ad_id for one in by_ad.rows} == set(ids)
    assert sum(one.spend.micros for one in by_ad.rows) == row.spend.micros
    assert sum(one.impressions for one in by_ad.rows) == row.impressions

    await stage.network.switch(AD, ids, on=False)
    stage.later(hours=2)
    await stage.network.account_metrics(day, day)
    caplog.set_level(logging.INFO, "httpx")
    caplog.clear()
    again = await stage.network.account_metrics(day, day)
    assert again.rows[0].spend.micros >= row.spend.micros
    assert "getAdStats" not in caplog.text, "ads that did not move cost no call"
    assert "getAdsList" in caplog.text


# -- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", list(Objective))
async def test_every_objective_is_offered_or_refused_by_name(
    stage: Stage, objective: Objective
) -> None:
    how = terms.PURPOSES[objective]
    if how is not None and not how.events:
        assert objective in CAPABILITIES.objectives
        await stage.network.create(stage.campaign(objective=objective))
        return
    assert objective not in CAPABILITIES.objectives
    with pytest.raises(Refused, match=objective.value):
        await stage.network.create(stage.campaign(objective=objective))


async def test_a_conversion_objective_needs_an_event_of_its_kind(stage: Stage) -> None:
    able = stage.another(telegram_account(conversion_event_id=EVENT_ID))
    assert Objective.PURCHASES in able.capabilities.objectives
    await able.create(stage.campaign(objective=Objective.PURCHASES))
    with pytest.raises(Refused, match="is purchase: set another"):
        await able.create(stage.campaign(objective=Objective.LEADS))
    made = await able.create(stage.ad(ad_group=stage.group(objective=Objective.PURCHASES)))
    assert stage.held(made.id)["conversion_event_id"] == EVENT_ID
    order = stage.creative(link="https://t.me/adflight_journal")
    group = stage.group(objective=Objective.PURCHASES)
    with pytest.raises(Refused, match="counts events on a website"):
        await able.create(stage.ad(2, creative=order, ad_group=group))
    await able.aclose()
    absent = stage.another(telegram_account(conversion_event_id="none"))
    with pytest.raises(Refused, match="none is not there"):
        await absent.create(stage.campaign(objective=Objective.PURCHASES))
    assert "no conversion event none" in " ".join((await absent.check_account()).problems)
    await absent.aclose()


async def test_engagement_promotes_what_is_on_telegram(stage: Stage) -> None:
    group = stage.group(objective=Objective.ENGAGEMENT)
    page = stage.campaign(objective=Objective.ENGAGEMENT, link="https://journal.example/how")
    with pytest.raises(Refused, match="promotes a channel, post or bot"):
        await stage.network.create(page)
    with pytest.raises(Refused, match="promotes a channel, post or bot"):
        await stage.network.create(stage.ad(ad_group=group))
    joined = stage.creative(link="https://t.me/adflight_journal")
    made = await stage.network.create(stage.ad(ad_group=group, creative=joined))
    row = stage.held(made.id)
    assert (row["button"], row["website_name"], row["action_type"]) == (None, None, "join")


@pytest.mark.parametrize("action", list(CallToAction))
async def test_every_call_to_action_has_a_button_or_is_refused(
    stage: Stage, action: CallToAction
) -> None:
    order = stage.creative(copy={"call_to_action": action})
    if (button := terms.BUTTONS[action]) is None:
        assert action not in CAPABILITIES.calls_to_action
        with pytest.raises(Refused, match=action.value):
            await stage.network.create(order)
        return
    made = await stage.network.create(stage.ad(creative=order))
    assert stage.held(made.id)["button"] == button
    on_telegram = stage.creative(link="https://t.me/a", copy={"call_to_action": action})
    if action is not CallToAction.LEARN_MORE:
        with pytest.raises(Refused, match="own button"):
            await stage.network.create(on_telegram)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"targeting": Targeting(locations=("ZZ",))}, "locations", "'ZZ' cannot be targeted"),
        ({"targeting": Targeting(locations=())}, "locations", "give one"),
        (
            {"targeting": Targeting(locations=NINE)},
            "locations",
            "9 countries are too many.*takes 8",
        ),
        ({"targeting": Targeting(locations=("DE",), age_min=25)}, "age_min", "cannot aim by age"),
        ({"targeting": Targeting(locations=("DE",), age_max=40)}, "age_min", "age_max 40"),
        ({"targeting": Targeting(locations=("DE",), genders=("male",))}, "genders", "'male'"),
        (
            {"targeting": Targeting(locations=("DE",), interests=("knitting",))},
            "interests",
            "'knitting' is no topic.*art & design",
        ),
        ({"bid": Bid(strategy="cost_cap", amount=eur("2"))}, "bid_strategy", "'cost_cap'"),
        ({"bid": Bid(strategy="bid_cap", amount=Money.of("2"))}, "currency", "convert it first"),
        ({"bid": Bid(strategy="bid_cap", amount=eur("0.001"))}, "bid", "too small"),
        ({"daily_budget": eur("4.99")}, "daily_budget", "at least €5.00"),
        ({"daily_budget": Money.of("20")}, "currency", "account's currency is EUR"),
        ({"dayparts": (0,) * 7}, "dayparts", "Telegram would read as every hour"),
        ({"dayparts": (1,)}, "dayparts", "seven masks"),
        ({"end_time": MORNING + timedelta(days=366)}, "end_time", "2027-03-03 is the latest"),
        ({"key": "two words"}, "key", "one word"),
        ({"key": "k" * 130}, "key", "takes 128"),
    ],
)  # fmt: skip
async def test_an_ad_group_that_telegram_cannot_serve_is_refused_by_name(
    stage: Stage, changes: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(Refused, match=words) as no:
        await stage.network.create(stage.group(**changes))
    assert no.value.field == field


@pytest.mark.parametrize("category", list(SpecialCategory))
async def test_every_special_category_is_open_to_all_or_refused(
    stage: Stage, category: SpecialCategory
) -> None:
    plain = Targeting(locations=("DE",))
    group = stage.group(special_category=category, targeting=plain)
    if category is SpecialCategory.GAMBLING:
        assert category not in CAPABILITIES.special_categories
        with pytest.raises(Refused, match=category.value):
            await stage.network.create(stage.campaign(special_category=category))
        adults = plain.model_copy(update={"age_min": 21})
        with pytest.raises(Refused, match="cannot aim by age"):
            await stage.network.create(group.model_copy(update={"targeting": adults}))
        return
    await stage.network.create(stage.campaign(special_category=category))
    await stage.network.create(group)
    if category is not SpecialCategory.NONE:
        assert category in CAPABILITIES.special_categories
        narrow = plain.model_copy(update={"interests": ("Travel",)})
        with pytest.raises(Refused, match="interests is forbidden"):
            await stage.network.create(group.model_copy(update={"targeting": narrow}))


async def test_topics_and_hours_reach_the_ad(stage: Stage) -> None:
    mornings = tuple([0b1110_0000_0000] * 5 + [0, 0])  # 9 to 12 on working days
    berlin = telegram_account(timezone="Europe/Berlin", impression_frequency="3")
    network = stage.another(berlin)
    aimed = Targeting(locations=("de",), interests=("travel", " Books ", "travel"))
    made = await network.create(stage.ad(ad_group=stage.group(targeting=aimed, dayparts=mornings)))
    row = stage.held(made.id)
    assert row["target"] == {"type": "users", "country_codes": ["DE"], "topic_ids": [25, 12]}
    assert row["schedule"] == {"week_hours_mask": list(mornings), "timezone": 3600}
    assert row["impression_frequency"] == 3
    summer = stage.group(dayparts=mornings, end_time=datetime(2026, 4, 3, tzinfo=UTC))
    with pytest.raises(Refused, match="clocks change"):
        await network.create(summer)
    await network.aclose()
    often = stage.another(telegram_account(impression_frequency="9"))
    with pytest.raises(Refused, match="takes 1 to 4"):
        await often.create(stage.group())
    await often.aclose()


async def test_a_creative_that_telegram_does_not_take_is_refused_by_name(
    stage: Stage, tmp_path: Path
) -> None:
    square, small = picture(tmp_path, (1080, 1080)), picture(tmp_path, (320, 180))
    other = picture(tmp_path, (1280, 720), "bmp")
    torn = tmp_path / "torn.png"
    torn.write_bytes(stage.image.read_bytes()[:40])
    heavy = tmp_path / "heavy.png"
    heavy.write_bytes(stage.image.read_bytes() + b"\0" * 5 * 1024 * 1024)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"copy": {"primary_text": "x" * 161}}, "161 characters; Telegram shows 1 to 160"),
        ({"copy": {"primary_text": ""}}, "0 characters"),
        ({"link": "ftp://journal.example"}, "no web address"),
        ({"link": "https://journal.example/" + "x" * 240}, "264 characters; Telegram takes 256"),
        ({"link": f"https://{'long.' * 9}example"}, "website_name"),
        ({"image_path": str(square)}, "1080x1080; Telegram takes 16:9"),
        ({"image_path": str(small)}, "320x180"),
        ({"image_path": str(other)}, "format BMP is not taken by Telegram; use PNG or JPEG"),
        ({"image_path": str(torn)}, "no format Telegram takes"),
        ({"image_path": str(tmp_path / "none.png")}, "cannot be read"),
        ({"image_path": str(heavy)}, "Telegram takes 5,242,880"),
        ({"image_sha256": "0" * 64}, "not the one that was approved"),
    ]
    for changes, words in refusals:
        with pytest.raises(Refused, match=words):
            await stage.network.create(stage.creative(**changes))
    jpeg = picture(tmp_path, (1280, 720), "jpeg")
    made = await stage.network.create(stage.creative(image_path=str(jpeg)))
    assert made.delivery is Delivery.ACTIVE
    assert stage.box.world.every("telegram", "media") == []


async def test_a_bid_is_the_orders_or_the_accounts(stage: Stage) -> None:
    plain = telegram_account()
    none = stage.another(plain.model_copy(update={"options": {}}))
    with pytest.raises(Refused, match=r"no automatic bidding.*default_bid"):
        await none.create(stage.group())
    made = await none.create(stage.group(bid=Bid(strategy="bid_cap", amount=eur("7.129"))))
    assert made.bid == eur("7.12"), "down to what Telegram takes"
    await none.aclose()
    wrong = stage.another(telegram_account(default_bid="lots"))
    with pytest.raises(Refused, match="default_bid: amount 'lots'"):
        await wrong.create(stage.group())
    await wrong.aclose()
    with pytest.raises(Refused, match="min_daily_budget: amount 'some'"):
        stage.another(telegram_account(min_daily_budget="some"))
    lower = stage.another(telegram_account(min_daily_budget="1.00"))
    await lower.create(stage.campaign(daily_budget=eur("1.00")))
    await lower.aclose()
    cheap = Bid(strategy="bid_cap", amount=eur("0.05"))
    with pytest.raises(Refused, match="CPM_TOO_LOW"):
        await stage.network.create(stage.ad(ad_group=stage.group(bid=cheap)))


# -- money --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "finest", "too_fine"),
    [("EUR", "5.01", "5.001"), ("TON", "2.01", "2.001"), ("XTR", "301", "301.5")],
)
def test_each_currency_has_its_precision(currency: str, finest: str, too_fine: str) -> None:
    account = telegram_account(currency)
    minimum = CAPABILITIES.min_daily_budget[currency]
    amount = Money.of(finest, currency)
    assert money.checked(amount, account, minimum) == amount.micros
    with pytest.raises(Refused, match="finer than Telegram counts"):
        money.checked(Money.of(too_fine, currency), account, minimum)
    assert money.cpm(Money.of(too_fine, currency), account) < Money.of(too_fine, currency).micros


@pytest.mark.parametrize("currency", ["USD", "JPY", "GBP"])
def test_no_other_currency_is_billed(currency: str) -> None:
    amount = Money.of("100", currency)
    with pytest.raises(Refused, match=f"EUR, TON or XTR, not in currency {currency}"):
        money.checked(amount, telegram_account(currency))


@given(st.integers(min_value=0, max_value=10**12))
def test_micros_survive_the_wire(steps: int) -> None:
    """Amounts have five decimals at most."""
    exact = steps * 10
    assert money.micros(money.number(exact)) == exact


# -- titles -------------------------------------------------------------------------------------

_WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=9)


@given(
    keys=st.tuples(*[st.from_regex(r"k[a-z2-7]{10}", fullmatch=True)] * 4),
    name=st.lists(_WORD, max_size=40).map(" ".join),
    minutes=st.integers(min_value=0, max_value=10_000_000),
)
def test_a_title_says_what_it_was_told(
    keys: tuple[str, str, str, str], name: str, minutes: int
) -> None:
    lease = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    title = titles.Label(*keys, lease=lease, name=name).title()
    assert len(title.encode()) <= titles.LIMIT
    read = titles.read_title(title)
    assert read is not None
    assert (read.ad, read.group, read.campaign, read.creative, read.lease) == (*keys, lease)
    assert " ".join(name.split()).endswith(read.name)


@pytest.mark.parametrize(
    "title", ["", "Spring sale", "k1 k2 k3 k4", "a b c d ~9999999 x", "a b c d ~269999T9999 x"]
)
def test_anybody_elses_title_is_no_label(title: str) -> None:
    assert titles.read_title(title) is None


# -- trouble ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "read", "write"),
    [
        ("ACCESS_TOKEN_INVALID", AccessDenied, AccessDenied),
        ("ACCESS_TOKEN_REQUIRED", AccessDenied, AccessDenied),
        ("ACCESS_DENIED", AccessDenied, AccessDenied),
        ("MAIN_ACCOUNT_REQUIRED", AccessDenied, AccessDenied),
        ("ACCOUNT_ID_INVALID", AccessDenied, AccessDenied),
        ("RETARGETING_DISABLED", Refused, Refused),
        ("NOT_ENOUGH_BUDGET", Refused, Refused),
        ("AD_TITLE_TOO_LONG", Refused, Refused),
        ("CHANNEL_ID_UNKNOWN", Refused, Refused),
        ("FLOOD_WAIT_17", RateLimited, RateLimited),
        ("TOO_MANY_REQUESTS", RateLimited, RateLimited),
        ("INTERNAL_SERVER_ERROR", Transient, Ambiguous),
        ("IDEMPOTENT_REQUEST_IN_PROGRESS", Ambiguous, Ambiguous),
        ("IDEMPOTENT_PARAM_MISMATCH", Ambiguous, Ambiguous),
    ],
)
def test_a_code_on_http_200_is_told_by_its_kind(
    code: str, read: type[NetworkError], write: type[NetworkError]
) -> None:
    answer = httpx.Response(200, json={"ok": False, "error": code})
    for changes, kind in ((False, read), (True, write)):
        error = ads_refusal("createAd", code, answer, changes=changes)
        assert type(error) is kind
        assert error.code == code
    if code == "FLOOD_WAIT_17":
        assert error.retry_after == 17
    if code == "AD_TITLE_TOO_LONG":
        assert error.field == "title"


def _scripted(
    *answers: httpx.Response | Exception, account: str = "other"
) -> tuple[Any, list[Any]]:
    """An adapter whose network is a list of answers."""
    asked: list[Any] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    hosts = {"ads": "https://ads.example", "bot": "https://bot.example"}
    network = connect(
        telegram_account().model_copy(update={"external_id": account}),
        {"access_token": "a-very-secret-token"},
        Ground(hosts, lambda: MORNING),
    )
    network._wire._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return network, asked


def _ok(result: Any) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "result": result})


async def test_a_related_account_is_named_and_a_strange_one_denied() -> None:
    own = _ok({"account_id": "agency", "currency": "EUR"})
    network, asked = _scripted(own, _ok({"total_count": 0, "ads": []}), account="client-7")
    assert await network.list_objects(AD) == []
    assert b'"account_id":"client-7"' in asked[1].content
    mine, asked = _scripted(own, _ok({"total_count": 0, "ads": []}), account="agency")
    assert await mine.list_objects(AD) == []
    assert b"account_id" not in asked[1].content
    strange, _ = _scripted(own, _ok([]), account="stranger")
    with pytest.raises(AccessDenied, match="belongs to account agency"):
        await strange.check_account()


@pytest.mark.parametrize(
    ("broken", "read", "write"),
    [
        (httpx.ReadTimeout("x"), Transient, Ambiguous),
        (httpx.ConnectError("x"), Transient, Transient),
        (httpx.RemoteProtocolError("x"), Transient, Ambiguous),
        (httpx.Response(502, text="<html>"), Transient, Ambiguous),
        (httpx.Response(200, text="<html>"), Transient, Ambiguous),
        (httpx.Response(200, json=[1]), Transient, Ambiguous),
        (httpx.Response(429, headers={"retry-after": "9"}), RateLimited, RateLimited),
    ],
)
async def test_an_unclear_answer_to_a_write_is_ambiguous(
    broken: httpx.Response | Exception, read: type[NetworkError], write: type[NetworkError]
) -> None:
    own = _ok({"account_id": "me"})
    network, _ = _scripted(own, broken, account="me")
    with pytest.raises(NetworkError) as failed:
        await network.list_objects(AD)
    assert type(failed.value) is read
    wire = _scripted(own, broken, account="me")[0]._wire
    with pytest.raises(NetworkError) as failed:
        await wire.write("editAd", {"ad_id": 1})
    assert type(failed.value) is write
    assert "secret" not in str(failed.value)
    if write is RateLimited:
        assert failed.value.retry_after == 9


# -- the account --------------------------------------------------------------------------------


async def test_a_sound_account_shows_its_prepaid_balance(stage: Stage) -> None:
    health = await stage.network.check_account()
    assert health.usable, health.problems
    assert (health.currency, health.timezone) == ("EUR", "UTC")
    assert health.balance == eur("100000")
    assert health.status is AccountStatus.ACTIVE


async def test_what_is_wrong_with_an_account_says_the_way_out(stage: Stage) -> None:
    ids = await stage.make(1)
    await stage.run(ids)
    path = f"/accounts/telegram/{telegram_account().external_id}"
    for status, words in (
        ("suspended", "suspended; see ads.telegram.org"),
        ("disabled", "disabled; see ads.telegram.org"),
        ("payment_declined", "payment was declined"),
        ("prepaid_exhausted", "top it up at ads.telegram.org from TON wallet UQ-wallet"),
    ):
        stage.box.control.post(path, json={"status": status}).raise_for_status()
        network = stage.another(telegram_account(ton_wallet="UQ-wallet"))
        health = await network.check_account()
        assert (health.usable, health.status) == (False, AccountStatus(status))
        assert words in " ".join(health.problems)
        spent = stage.spent()
        stage.later(hours=1)
        assert stage.spent() == spent
        assert (await network.switch(AD, ids, on=False))[0].accepted, "stopping always works"
        with pytest.raises(NetworkError):
            await network.switch(AD, ids, on=True)
        await network.aclose()
    stage.box.control.post(path, json={"status": "active"}).raise_for_status()
    await stage.run(ids)
    assert (await stage.network.check_account()).usable


async def test_other_days_and_another_currency_are_found_out(stage: Stage) -> None:
    odd = stage.another(telegram_account(currency="TON", timezone="Asia/Tokyo"))
    problems = " ".join((await odd.check_account()).problems)
    assert "currency is EUR, but TON is set; set EUR" in problems
    assert "days are in UTC, but Asia/Tokyo is set; set UTC" in problems
    await odd.aclose()
    with pytest.raises(AccessDenied, match="lacks access_token"):
        stage.another(access_token="")


async def test_reports_of_too_many_days_are_refused(stage: Stage) -> None:
    with pytest.raises(Refused, match="1000 days"):
        await stage.network.account_metrics(date(2023, 1, 1), date(2026, 1, 1))


async def test_calls_for_one_group_side_by_side_keep_its_budget(stage: Stage) -> None:
    ids = await stage.make(2)
    await stage.run(ids)
    await asyncio.gather(
        stage.network.set_daily_budget("kgroup1", eur("12.00")),
        stage.network.set_daily_budget("kgroup1", eur("12.00")),
    )
    assert sum(stage.limits(ids)) == 12 * EUR


def test_an_order_travels_with_what_it_hangs_below(stage: Stage) -> None:
    """The contract's union keeps both, through a workflow's history."""
    ask = CreateObject(
        account=telegram_account(),
        campaign_id=telegram_account().id,
        order=stage.ad(),
        settle=timedelta(seconds=5),
    )
    assert CreateObject.model_validate_json(ask.model_dump_json()).order == stage.ad()
