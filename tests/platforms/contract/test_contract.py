"""What every network must keep, whatever its wire looks like.

A level that a network does not have (``Capabilities.levels``) is shown all the same: its switch
mirrors that of the object that holds it, switching it alone is accepted and changes nothing, and
removing it does nothing while its holder stays.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from models.contract.money import Money
from models.contract.network import (
    AdGroupOrder,
    CampaignOrder,
    Delivery,
    ObjectKind,
    Order,
    Targeting,
)
from models.contract.regulated import OPEN_TO_ALL
from models.contract.vocabulary import AccountStatus, Platform, SpecialCategory
from platforms.errors import AccessDenied, Ambiguous, NetworkError, RateLimited, Refused, Transient
from platforms.network import AdNetwork
from platforms.registry import ADAPTERS
from tests.clock import MORNING, Clock
from tests.platforms.contract.bench import AD, AD_GROUP, CAMPAIGN, CREATIVE, Bench, Tree
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.usefixtures("hurried_unity")
NETWORKS = sorted(ADAPTERS)
T = TypeVar("T", CampaignOrder, AdGroupOrder)


@dataclass
class Stage:
    """One network: its bench, its served stand-in, and an open adapter."""

    bench: Bench
    sandbox: Sandbox
    network: AdNetwork
    directory: Path
    clock: Clock

    def tree(self, stem: str = "kq", variants: int = 2) -> Tree:
        now = self.sandbox.world.now()
        most = min(variants, self.able.ads_at_once or variants)
        return Tree(self.bench, self.network, self.directory, now, stem, most)

    def later(self, **passed: float) -> None:
        """Let campaign time pass (the sandbox's tempo is 1)."""
        self.clock.at += timedelta(**passed)
        self.sandbox.world.settle()

    def held(self) -> dict[str, list[dict[str, object]]]:
        """What the stand-in really holds, by key."""
        answer = self.sandbox.control.get(f"/held/{self.name}")
        assert answer.status_code == 200, answer.text
        found: dict[str, list[dict[str, object]]] = {}
        for row in answer.json():
            found.setdefault(row["key"], []).append(row)
        return found

    @property
    def name(self) -> str:
        return self.bench.platform.value

    @property
    def able(self):
        return self.network.capabilities


@pytest_asyncio.fixture(params=NETWORKS, ids=str)
async def stage(
    request: pytest.FixtureRequest,
    sandbox_factory: Callable[..., Sandbox],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Stage]:
    bench: Bench = import_module(f"tests.platforms.contract.{request.param.value}").BENCH
    clock = Clock(MORNING)
    sandbox = sandbox_factory(
        networks=[bench.platform.value], tempo=1.0, origin=MORNING, real=clock
    )
    directory = tmp_path_factory.getbasetemp() / "contract"
    directory.mkdir(exist_ok=True)
    network = bench.open(sandbox)
    yield Stage(bench, sandbox, network, directory, clock)
    await network.aclose()


# -- creating ---------------------------------------------------------------------------------


async def test_a_tree_is_made_whole_and_cannot_deliver(stage: Stage) -> None:
    tree = await stage.tree().make()
    seen = await tree.read()
    assert set(seen) == {step for step, kind in _steps(tree) if kind is not CREATIVE}
    for step, one in seen.items():
        assert one.key in (tree.key(step), ""), step
        assert one.delivery is not Delivery.ACTIVE
        if one.kind is not AD or stage.able.can_pause_ad:
            assert not one.switched_on, step
    group = seen["ad_group"]
    assert group.daily_budget == stage.bench.budget
    assert group.end_time is not None
    assert timedelta() <= abs(group.end_time - tree.end) <= stage.able.end_time_granularity
    assert group.parent_id == seen["campaign"].id
    assert {one.parent_id for one in seen.values() if one.kind is AD} == {group.id}
    stage.later(hours=2)
    report = await stage.network.account_metrics(*_days(stage))
    assert not [row for row in report.rows if row.spend.micros]


async def test_what_was_made_is_found_by_its_key_and_by_no_other(stage: Stage) -> None:
    tree = await stage.tree().make()
    other = await stage.tree("other", variants=1).make()
    parents = {AD_GROUP: tree.ids["campaign"], AD: tree.ids["ad_group"]}
    for step, kind in _steps(tree):
        found = await stage.network.find(kind, tree.key(step), parents.get(kind))
        assert [one.id for one in found] == [tree.ids[step]], step
        assert found[0].key == tree.key(step)
        assert await stage.network.find(kind, tree.key(step)[:-1] + "z", parents.get(kind)) == []
    assert other.ids["campaign"] != tree.ids["campaign"]
    held = stage.held()
    for step, kind in _steps(tree):
        assert [row["kind"] for row in held[tree.key(step)]] == [kind.value], step
    for kind in (CAMPAIGN, AD_GROUP, AD):
        listed = {one.id for one in await stage.network.list_objects(kind)}
        mine = {one for each in (tree, other) for one in _ids(each, kind)}
        assert mine <= listed, kind


async def test_removed_is_gone_and_removing_again_is_no_error(stage: Stage) -> None:
    tree = await stage.tree(variants=1).make()
    for step, kind in reversed(_steps(tree)):
        await stage.network.remove(kind, tree.ids[step])
    for step, kind in _steps(tree):
        if kind is not CREATIVE or kind in stage.able.levels:
            assert await stage.network.find(kind, tree.key(step)) == [], step
    assert await stage.network.list_objects(CAMPAIGN) == []
    await stage.network.remove(CAMPAIGN, tree.ids["campaign"])
    for one in await stage.network.read(CAMPAIGN, [tree.ids["campaign"]]):
        assert one.delivery is Delivery.REMOVED
        assert not one.switched_on


# -- switching, budgets, ends -----------------------------------------------------------------


async def test_it_delivers_when_switched_on_and_stops_when_paused(stage: Stage) -> None:
    tree = await stage.tree().make()
    await tree.switch(on=True)
    seen = await tree.read()
    assert all(one.switched_on for one in seen.values())
    stage.later(hours=3)
    seen = await tree.read()
    assert any(one.delivery is Delivery.ACTIVE for one in seen.values() if one.kind is AD), seen
    report = await stage.network.account_metrics(*_days(stage))
    (row,) = [one for one in report.rows if one.campaign_id == tree.ids["campaign"]]
    most = stage.bench.budget.micros * stage.able.over_delivery
    assert 0 < row.spend.micros <= most
    assert row.spend.currency == stage.bench.budget.currency
    assert row.impressions > 0
    assert report.as_of <= stage.sandbox.world.now()

    (result,) = await stage.network.switch(CAMPAIGN, [tree.ids["campaign"]], on=False)
    assert result.accepted, result.error
    (campaign,) = await stage.network.read(CAMPAIGN, [tree.ids["campaign"]])
    assert not campaign.switched_on
    spent = _spent(stage)
    stage.later(hours=2)
    assert _spent(stage) == spent
    seen = await tree.read()
    assert not [step for step, one in seen.items() if one.delivery is Delivery.ACTIVE]


async def test_one_that_cannot_be_switched_does_not_stop_the_others(stage: Stage) -> None:
    first = await stage.tree("one", variants=1).make()
    second = await stage.tree("two", variants=1).make()
    for tree in (first, second):
        await tree.switch(on=True)
    # An id in the network's own form that nobody has.
    gone = await stage.tree("gone", variants=1).make()
    for step, kind in reversed(_steps(gone)):
        await stage.network.remove(kind, gone.ids[step])
    ids = [first.ids["campaign"], gone.ids["campaign"], second.ids["campaign"]]
    results = await stage.network.switch(CAMPAIGN, ids, on=False)
    assert [one.id for one in results] == ids
    assert (results[0].accepted, results[2].accepted) == (True, True), results
    for tree in (first, second):
        (seen,) = await stage.network.read(CAMPAIGN, [tree.ids["campaign"]])
        assert not seen.switched_on
    results = await stage.network.switch(CAMPAIGN, [gone.ids["campaign"]], on=True)
    assert not results[0].accepted
    assert results[0].error


async def test_a_budget_is_set_not_added_to(stage: Stage) -> None:
    tree = await stage.tree(variants=1).make()
    group = tree.ids["ad_group"]
    for amount in (stage.bench.lowered, stage.bench.raised, stage.bench.raised):
        await stage.network.set_daily_budget(group, amount)
        (seen,) = await stage.network.read(AD_GROUP, [group])
        assert seen.daily_budget == amount
    with pytest.raises(Refused, match=r"(?i)currency|EUR|USD"):
        await stage.network.set_daily_budget(group, _foreign(stage.bench.raised))
    with pytest.raises(Refused):
        await stage.network.set_daily_budget(group, stage.bench.too_small)
    (seen,) = await stage.network.read(AD_GROUP, [group])
    assert seen.daily_budget == stage.bench.raised


async def test_the_end_moves_both_ways_and_ends_delivery(stage: Stage) -> None:
    tree = await stage.tree(variants=1).make()
    group, grain = tree.ids["ad_group"], stage.able.end_time_granularity
    for end in (tree.end + 2 * max(grain, timedelta(hours=1)), tree.end):
        await stage.network.set_end_time(group, end)
        (seen,) = await stage.network.read(AD_GROUP, [group])
        assert seen.end_time is not None
        assert abs(seen.end_time - end) <= grain
    await tree.switch(on=True)
    stage.later(seconds=(tree.end + grain - stage.sandbox.world.now()).total_seconds() + 60)
    spent = _spent(stage)
    stage.later(hours=3)
    assert _spent(stage) == spent


async def test_a_bid_is_read_back_at_most_as_asked(stage: Stage) -> None:
    if not stage.able.needs_bid:
        pytest.skip("it bids by itself")
    tree = await stage.tree(variants=1).make()
    (before,) = await stage.network.read(AD_GROUP, [tree.ids["ad_group"]])
    assert before.bid is not None
    lower = before.bid.model_copy(update={"micros": before.bid.micros // 2 // 10_000 * 10_000})
    await stage.network.set_bid(tree.ids["ad_group"], lower)
    (after,) = await stage.network.read(AD_GROUP, [tree.ids["ad_group"]])
    assert after.bid is not None
    assert 0 < after.bid.micros <= lower.micros


# -- bad input --------------------------------------------------------------------------------


async def test_what_it_does_not_offer_is_refused_by_name_and_never_changed(stage: Stage) -> None:
    bench, base = stage.bench, stage.bench.targeting
    strange: list[tuple[str, dict[str, object]]] = [
        (_foreign(bench.budget).currency, {"daily_budget": _foreign(bench.budget)}),
        ("ZZ", {"targeting": base.model_copy(update={"locations": ("ZZ",)}), "countries": ("ZZ",)}),
    ]
    if bench.unoffered is not None:
        strange.append((bench.unoffered.value, {"objective": bench.unoffered}))
    strange += [
        (category.value, {"special_category": category})
        for category in sorted(set(SpecialCategory) - {SpecialCategory.NONE})
        if category not in stage.able.special_categories
    ]
    for number, (named, changes) in enumerate(strange):
        no = await _refused_on_the_way_down(stage, stage.tree(f"odd{number}"), changes)
        assert named.lower() in (no.message + str(no.field)).lower(), no
    assert await stage.network.list_objects(AD) == []


async def _refused_on_the_way_down(stage: Stage, tree: Tree, changes: dict[str, object]) -> Refused:
    """Each value is refused where it is first sent: at the latest with the ad."""

    def changed(order: T) -> T:
        fields = type(order).model_fields
        known = {name: value for name, value in changes.items() if name in fields}
        return order.model_copy(update=known)

    steps: list[tuple[str, Callable[[], Order]]] = [
        ("campaign", lambda: changed(tree.campaign())),
        ("ad_group", lambda: changed(tree.ad_group())),
        ("creative/v1", tree.creative),
        ("ad/v1", lambda: tree.ad().model_copy(update={"ad_group": changed(tree.ad_group())})),
    ]
    for step, order in steps:
        try:
            tree.ids[step] = (await stage.network.create(order())).id
        except Refused as no:
            return no
    raise AssertionError(f"{changes} was taken")


async def test_a_regulated_category_is_declared_and_may_not_narrow_who_sees_it(
    stage: Stage,
) -> None:
    for number, category in enumerate(sorted(stage.able.special_categories)):
        tree = stage.tree(f"special{number}", variants=1)
        if category not in OPEN_TO_ALL:
            continue
        open_to_all = Targeting(locations=stage.bench.targeting.locations)
        tree.bench = replace(stage.bench, targeting=open_to_all)
        made = await stage.network.create(tree.campaign(special_category=category))
        tree.ids["campaign"] = made.id
        narrow = open_to_all.model_copy(update={"age_min": 25})
        order = tree.ad_group(targeting=narrow, special_category=category)
        no = await _refusal(stage.network.create(order))
        if no is None:
            # Where the ad carries it all, the ad is refused.
            assert AD_GROUP not in stage.able.levels, f"{category} was narrowed"
            tree.ids["ad_group"] = order.key
            made = await stage.network.create(tree.creative())
            tree.ids["creative/v1"] = made.id
            ad = tree.ad().model_copy(update={"ad_group": order})
            no = await _refusal(stage.network.create(ad))
        assert no is not None
        assert "age_min" in no.message


async def test_a_text_that_is_too_long_is_refused_and_never_cut(stage: Stage) -> None:
    tree = await stage.tree(variants=1).make_groups()
    order = tree.creative(**{stage.bench.too_long: "words " * 100})
    try:
        tree.ids["creative/v1"] = (await stage.network.create(order)).id
    except Refused as refused:
        no: Refused | None = refused
    else:
        ad = tree.ad().model_copy(update={"creative": order})
        no = await _refusal(stage.network.create(ad))
    assert no is not None
    assert any(digit in no.message for digit in "0123456789"), "it names the limit"
    assert await stage.network.list_objects(AD) == []


async def test_an_image_that_was_changed_since_its_approval_is_never_sent(stage: Stage) -> None:
    if stage.bench.platform is Platform.APPLE_SEARCH_ADS:
        pytest.skip("Apple shows the app's own page: no image is sent")
    tree = await stage.tree(variants=1).make_groups()
    changed = tree.creative().model_copy(update={"image_sha256": "0" * 64})
    no = await _refusal(stage.network.create(changed))
    assert no is not None
    assert "image is not the one that was approved" in no.message
    assert no.field == "image_path"


# -- faults -----------------------------------------------------------------------------------


async def test_a_lost_answer_is_ambiguous_and_leaves_one_object_to_be_found(stage: Stage) -> None:
    tree = stage.tree(variants=1)
    steps = [CAMPAIGN, AD_GROUP, CREATIVE, AD]
    await tree.make()
    for number, kind in enumerate(steps):
        if kind not in stage.able.levels:
            continue
        lost = stage.tree(f"lost{number}", variants=1)
        lost.ids = dict(tree.ids)
        orders = {
            CAMPAIGN: lost.campaign, AD_GROUP: lost.ad_group,
            CREATIVE: lost.creative, AD: lost.ad,
        }  # fmt: skip
        order = orders[kind]()
        stage.sandbox.arm(stage.name, "lost_answer", method="(POST|PUT|PATCH)", count=1)
        try:
            made = await stage.network.create(order)
        except (Ambiguous, Transient):
            pass
        else:
            assert made.key == order.key
        stage.sandbox.control.delete("/faults")
        parent = {AD_GROUP: tree.ids["campaign"], AD: tree.ids["ad_group"]}.get(kind)
        found = await stage.network.find(kind, order.key, parent)
        if not found:
            made = await stage.network.create(order)
            found = await stage.network.find(kind, order.key, parent)
            assert [one.id for one in found] == [made.id]
        assert len(found) == 1, f"{kind}: {found}"


async def test_a_lost_create_that_landed_is_never_called_safe_to_repeat(stage: Stage) -> None:
    """``Transient`` promises that nothing happened; so nothing may be there."""
    for number in range(3):
        lost = stage.tree(f"t{number}", variants=1)
        stage.sandbox.arm(stage.name, "lost_answer", count=1)
        try:
            await lost.make()
        except Transient:
            stage.sandbox.control.delete("/faults")
            held = stage.held()
            done = [step for step, _ in _steps(lost) if step not in lost.ids]
            first = min(done, key=[step for step, _ in _steps(lost)].index)
            assert held.get(lost.key(first), []) == [], "it was there all the same"
        except Ambiguous:
            pass
        stage.sandbox.control.delete("/faults")


async def test_trouble_is_told_by_its_kind(stage: Stage) -> None:
    tree = await stage.tree(variants=1).make()
    ids = [tree.ids["campaign"]]
    stage.sandbox.arm(stage.name, "rate_limited", count=1)
    with pytest.raises(RateLimited):
        await stage.network.read(CAMPAIGN, ids)
    stage.sandbox.control.delete("/faults")
    stage.sandbox.arm(stage.name, "server_error", count=1)
    with pytest.raises((Transient, Ambiguous)):
        await stage.network.read(CAMPAIGN, ids)
    stage.sandbox.control.delete("/faults")
    (seen,) = await stage.network.read(CAMPAIGN, ids)
    assert not seen.switched_on


async def test_a_wrong_secret_is_denied_and_never_shown(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "an-utterly-wrong-secret-value-40"
    told: list[str] = []
    kinds: list[type[NetworkError]] = []
    try:
        network = stage.bench.open(stage.sandbox, **{stage.bench.secret: wrong})
    except AccessDenied as denied:
        told += [str(denied), repr(denied)]
    else:
        for call in (
            network.account_metrics(*_days(stage)),
            network.list_objects(CAMPAIGN),
            network.create(stage.tree().campaign(key="kwrongwrong")),
        ):
            try:
                await call
            except NetworkError as error:
                kinds.append(type(error))
                told += [str(error), repr(error)]
        assert set(kinds) == {AccessDenied}
        told += [repr(network), repr(vars(network))]
        await network.aclose()
    said = "\n".join([*told, caplog.text])
    assert wrong not in said
    for secret in stage.bench.secrets().values():
        assert secret not in said
    assert stage.held() == {}


async def test_a_disapproved_ad_says_why_and_does_not_deliver(stage: Stage) -> None:
    tree = await stage.tree(variants=1).make()
    await tree.switch(on=True)
    stage.later(hours=1)
    stage.sandbox.control.post("/reviews", json={"network": stage.name}).raise_for_status()
    (ad,) = await stage.network.read(AD, tree.ads)
    assert ad.delivery is Delivery.REJECTED
    assert ad.issue
    spent = _spent(stage)
    stage.later(hours=2)
    assert _spent(stage) == spent


# -- the account ------------------------------------------------------------------------------


async def test_a_sound_account_is_usable_and_a_troubled_one_says_so(stage: Stage) -> None:
    health = await stage.network.check_account()
    assert health.usable, health.problems
    assert health.currency == stage.bench.budget.currency
    account = stage.bench.account()
    path = f"/accounts/{stage.name}/{account.external_id}"
    for status in (AccountStatus.SUSPENDED, AccountStatus.PAYMENT_DECLINED):
        order = {"status": status.value}
        answer = stage.sandbox.control.post(path, json=order)
        assert answer.status_code == 200, answer.text
        told = await stage.network.check_account()
        assert told.status is not AccountStatus.ACTIVE, status
        assert told.problems
    stage.sandbox.control.post(path, json={"status": "active"}).raise_for_status()
    assert (await stage.network.check_account()).status is AccountStatus.ACTIVE


async def test_another_currency_than_the_accounts_is_found_out(stage: Stage) -> None:
    currency = _foreign(stage.bench.budget).currency
    foreign = stage.bench.account().model_copy(update={"currency": currency})
    network = stage.bench.open(stage.sandbox, account=foreign)
    health = await network.check_account()
    await network.aclose()
    assert not health.usable
    assert any(currency in one for one in health.problems), health.problems


async def test_calls_side_by_side_do_not_disturb_each_other(stage: Stage) -> None:
    trees = [stage.tree(f"side{number}", variants=1) for number in range(3)]
    await asyncio.gather(*(one.make() for one in trees))
    held = stage.held()
    for tree in trees:
        for step, _ in _steps(tree):
            assert len(held.get(tree.key(step), [])) == 1, step


def test_the_table_of_what_it_can_do_is_whole(stage: Stage) -> None:
    able = stage.bench.capabilities
    assert able.label
    assert able.api
    assert able.objectives
    assert stage.bench.objective in able.objectives
    assert able.calls_to_action
    assert able.batch_size >= 1
    assert able.over_delivery >= 1.0
    assert able.settle > timedelta()
    assert able.end_time_granularity <= timedelta(hours=1) or able.lease_fallback
    assert set(able.special_categories) <= set(SpecialCategory)
    if not able.can_pause_ad or able.levels != frozenset(ObjectKind):
        assert able.instead, "say what Adflight does instead"


async def _refusal(call: Awaitable[object]) -> Refused | None:
    try:
        await call
    except Refused as no:
        return no
    return None


def _steps(tree: Tree) -> list[tuple[str, ObjectKind]]:
    steps = [("campaign", CAMPAIGN), ("ad_group", AD_GROUP)]
    for number in range(1, tree.variants + 1):
        steps += [(f"creative/v{number}", CREATIVE), (f"ad/v{number}", AD)]
    return steps


def _ids(tree: Tree, kind: ObjectKind) -> list[str]:
    return [tree.ids[step] for step, one in _steps(tree) if one is kind]


def _days(stage: Stage):
    today = stage.sandbox.world.now().date()
    return today - timedelta(days=1), today


def _spent(stage: Stage) -> int:
    """The truth, whatever is reported yet."""
    rows = stage.sandbox.control.get("/truth").json()["campaigns"]
    return sum(row["spend_micros"] for row in rows if row["network"] == stage.name)


def _foreign(amount: Money) -> Money:
    other = "EUR" if amount.currency == "USD" else "USD"
    return amount.model_copy(update={"currency": other})


assert {one.value for one in Platform} >= {one.value for one in NETWORKS}
