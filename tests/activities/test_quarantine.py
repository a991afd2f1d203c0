"""One effect a key: lost answers are looked up, twins settled, doubts left to a person."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.access import AccountAccess
from activities.effects import CONFIRMED, QUARANTINED, EffectLog
from activities.network import NetworkActivities
from models.contract.campaign import NetworkTree
from models.contract.effects import MoveEnd, SetBid, SetBudget, VerifyTree
from models.contract.network import Bid, Delivery, NetworkObject
from models.database import Database
from models.tables import Account, ApiFailure, DecisionRow
from platforms.errors import Refused
from platforms.network import AdNetwork
from tests.activities.network_bench import AD_GROUP, CAMPAIGN, NOWHERE, USD, Ground, grounds
from tests.stack import TeamUnderTest, eventually


@pytest_asyncio.fixture(params=["meta", "x"], loop_scope="session")
async def ground(request: pytest.FixtureRequest, bare_team: TeamUnderTest) -> AsyncIterator[Ground]:
    async with grounds(bare_team, request.param) as ground:
        yield ground


async def campaigns(ground: Ground) -> list[NetworkObject]:
    return await ground.network.find(CAMPAIGN, ground.key("campaign"))


async def decisions(ground: Ground) -> list[DecisionRow]:
    async with ground.team.database.team(ground.team.id) as session:
        rows = await session.scalars(
            select(DecisionRow).where(col(DecisionRow.campaign_id) == ground.campaign_id)
        )
        return list(rows)


async def decide(ground: Ground, *arguments: str, code: int = 0) -> Any:
    return await asyncio.to_thread(ground.told, "quarantine", *arguments, code=code)


async def test_answers_lost_again_and_again_are_not_asked_for_ever(ground: Ground) -> None:
    """Four answers lost and nothing found: a person decides, and then it is created once."""
    await ground.team.arm(ground.platform, "server_error", method="POST", path="campaigns", count=9)
    failures = [await ground.refused(ground.campaign()) for _ in range(3)]
    assert {error.type for error in failures} == {"NotConfirmed"}
    assert not any(error.non_retryable for error in failures)

    last = await ground.refused(ground.campaign())

    assert (last.type, last.non_retryable) == ("Quarantined", True)
    assert "4 answers were lost and nothing was found" in last.message
    fired = (await ground.team.control.get("/faults")).json()["counts"]
    assert (await ground.refused(ground.campaign())).type == "Quarantined"
    again = (await ground.team.control.get("/faults")).json()["counts"]
    assert again == fired, "a quarantined key is not asked for"
    await ground.team.control.delete("/faults")

    (listed,) = await decide(ground)
    key = ground.key("campaign")
    assert (listed["key"], listed["state"], listed["candidates"]) == (key, QUARANTINED, [])
    for missing in ((key, "--discard"), (key, "--reason", "x"), ("--discard", "--reason", "x")):
        assert (await asyncio.to_thread(ground.adflight, "quarantine", *missing)).returncode == 2
    said = ("--discard", "--by", "ana", "--reason", "their status page says so", "--yes")
    assert (await decide(ground, key, *said))["already_decided"] is False
    assert (await decide(ground, key, *said))["already_decided"] is True
    assert await decide(ground) == []
    (decision,) = await decisions(ground)
    assert (decision.decision_type, decision.decided_by) == ("quarantine", "ana")
    assert decision.reasoning == "their status page says so"

    made = await ground.create(ground.campaign())

    assert [one.id for one in await campaigns(ground)] == [made.id]
    await ground.failures.drained()
    async with ground.team.database.team(ground.team.id) as session:
        noted = list(await session.scalars(select(ApiFailure)))
    assert {(row.account_id, row.kind) for row in noted} == {(ground.account.id, "Ambiguous")}
    assert len(noted) == 4


async def two_that_live(ground: Ground) -> list[NetworkObject]:
    """Two campaigns of one key, both with an ad group and both on, and no answer remembered."""
    made = [await ground.network.create(ground.campaign()) for _ in range(2)]
    for one in made:
        await ground.network.create(ground.group(one.id))
    await ground.network.switch(CAMPAIGN, [one.id for one in made], on=True)
    await ground.team.arm(ground.platform, "server_error", method="POST", path="campaigns")
    return made


async def test_two_that_both_live_are_left_to_a_person(ground: Ground) -> None:
    """Both are paused and kept; the chosen one is adopted, the other deleted, and the launch
    goes on with the chosen id, though it is not the lowest."""
    lower, higher = await two_that_live(ground)

    doubt = await ground.refused(ground.campaign())

    assert doubt.type == "Quarantined"
    assert "2 objects of this key are switched on" in doubt.message
    assert [one.switched_on for one in await campaigns(ground)] == [False, False]
    effect = await ground.effect("campaign")
    assert effect.state == QUARANTINED
    assert [(one["id"], one["on"]) for one in effect.candidates] == [
        (lower.id, False),
        (higher.id, False),
    ]
    key, why = ground.key("campaign"), ("--by", "ana", "--reason", "it has the right texts")
    nobody = await asyncio.to_thread(
        ground.adflight, "quarantine", key, "--adopt", "999", *why, "--yes"
    )
    assert nobody.returncode == 2
    assert lower.id in nobody.stderr

    answer = await decide(ground, key, "--adopt", higher.id, *why, "--yes")

    assert answer["removed"] == [lower.id]
    assert (await decide(ground, key, "--adopt", higher.id, *why, "--yes"))["already_decided"]
    other = await asyncio.to_thread(
        ground.adflight, "quarantine", key, "--adopt", lower.id, *why, "--yes"
    )
    assert other.returncode == 2
    assert f"stands for {higher.id}" in other.stderr
    adopted = await ground.create(ground.campaign())
    assert adopted.id == higher.id
    assert [one.id for one in await campaigns(ground)] == [higher.id]
    effect = await ground.effect("campaign")
    assert (effect.state, effect.external_id, effect.settled_by) == (CONFIRMED, higher.id, "ana")
    assert [row.decision_type for row in await decisions(ground)] == ["quarantine"]


async def test_the_one_with_children_is_kept_and_late_twins_go(ground: Ground) -> None:
    """Not the lowest id, but the one that has an ad group already. What was on is off."""
    empty = await ground.network.create(ground.campaign())
    used = await ground.network.create(ground.campaign())
    await ground.network.create(ground.group(used.id))
    await ground.network.switch(CAMPAIGN, [used.id], on=True)
    await ground.team.arm(ground.platform, "server_error", method="POST", path="campaigns")

    adopted = await ground.create(ground.campaign())

    assert adopted.id == used.id != empty.id
    assert [(one.id, one.switched_on) for one in await campaigns(ground)] == [(used.id, False)]
    assert (await ground.effect("campaign")).twins_removed == 1


async def test_a_twin_that_cannot_be_deleted_is_left_to_a_person(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network keeps it: quarantined; adopted by a person it stays, switched off."""
    low, high = [await ground.network.create(ground.campaign()) for _ in range(2)]
    await ground.team.arm(ground.platform, "server_error", method="POST", path="campaigns")
    remove = ground.network.remove

    async def keeps(kind: Any, object_id: str) -> None:
        if object_id == high.id:
            raise Refused(ground.account.platform, "it is part of a running experiment")
        await remove(kind, object_id)

    with monkeypatch.context() as patched:
        patched.setattr(ground.network, "remove", keeps)
        doubt = await ground.refused(ground.campaign())
    assert doubt.type == "Quarantined"
    assert f"{high.id} cannot be deleted" in doubt.message
    why = ("--by", "ana", "--reason", "the experiment ends today")
    await decide(ground, ground.key("campaign"), "--adopt", low.id, *why, "--yes")
    assert (await ground.create(ground.campaign())).id == low.id


async def test_what_contradicts_the_order_is_not_adopted(ground: Ground) -> None:
    """Our key below another campaign is a doubt; a larger budget on an ad group that is off is
    lowered and adopted, for lowering needs nobody."""
    right = await ground.create(ground.campaign())
    other = await ground.network.create(ground.campaign(key="k7elsewhere"))
    stray = await ground.network.create(ground.group(other.id))
    await ground.team.arm(ground.platform, "server_error", method="POST", path="adsets|line_items")
    first = await ground.refused(ground.group(right.id))
    if first.type == "NotConfirmed":  # the search for strays comes with the second attempt
        first = await ground.refused(ground.group(right.id))
    assert first.type == "Quarantined"
    assert f"hangs below {other.id}, not below {right.id}" in first.message
    why = ("--by", "ana", "--reason", "made by hand")
    gone = await decide(ground, ground.key("ad_group"), "--discard", *why, "--yes")
    assert gone["removed"] == [stray.id]
    await ground.network.remove(CAMPAIGN, other.id)

    rich = await ground.network.create(ground.group(right.id, daily_budget=USD(90)))
    adopted = await ground.create(ground.group(right.id, daily_budget=USD(15)))
    assert (adopted.id, adopted.daily_budget) == (rich.id, USD(15))


async def test_verification_pauses_what_somebody_switched_on(ground: Ground) -> None:
    campaign = await ground.create(ground.campaign())
    group = await ground.create(ground.group(campaign.id))
    await ground.network.switch(CAMPAIGN, [campaign.id], on=True)
    ref = ground.ref(NetworkTree(campaign_id=campaign.id, ad_group_id=group.id))
    ask = VerifyTree(ref=ref, daily_budget=USD(20))
    with pytest.raises(ApplicationError, match="switched on before activation"):
        await ActivityEnvironment().run(ground.activities.verify_tree, ask)

    reading = await ActivityEnvironment().run(ground.activities.verify_tree, ask)

    assert not any(one.switched_on for one in reading.objects)


async def switch_credentials(ground: Ground, at: datetime | None) -> None:
    async with ground.team.database.team(ground.team.id) as session:
        await session.execute(
            update(Account)
            .where(col(Account.id) == ground.account.id)
            .values(credentials_off_at=at, credentials_off_by="ana" if at else None)
        )


async def test_credentials_that_are_off_raise_nothing_and_stop_everything(ground: Ground) -> None:
    """Creating, switching on, a higher budget or bid, a later end: refused. Less of each: done."""
    bid = Bid(strategy="bid_cap", amount=USD("1.50"))
    campaign = await ground.create(ground.campaign())
    group = await ground.create(ground.group(campaign.id, bid=bid))
    ref = ground.ref(NetworkTree(campaign_id=campaign.id, ad_group_id=group.id))
    await ground.network.switch(CAMPAIGN, [campaign.id], on=True)
    await switch_credentials(ground, datetime.now(UTC))
    run, end = ActivityEnvironment().run, group.end_time
    assert end is not None
    made: NetworkActivities = ground.activities
    raises: list[tuple[Any, Any]] = [
        (made.activate, ref),
        (made.set_budget, SetBudget(ref=ref, daily_budget=USD(21))),
        (made.set_bid, SetBid(ref=ref, amount=USD(2))),
        (made.move_end, MoveEnd(ref=ref, end_time=end.replace(year=end.year + 1))),
    ]
    for method, ask in raises:
        with pytest.raises(ApplicationError, match="switched off by ana") as refused:
            await run(method, ask)
        assert (refused.value.type, refused.value.non_retryable) == ("AccessDenied", True)
    assert (await ground.refused(ground.campaign(key="k8fresh"))).type == "AccessDenied"
    assert await ground.network.find(CAMPAIGN, "k8fresh") == []

    lowered = await run(made.set_budget, SetBudget(ref=ref, daily_budget=USD(12)))
    assert lowered.daily_budget == USD(12)
    assert (await run(made.set_bid, SetBid(ref=ref, amount=USD(1)))).bid == USD(1)
    sooner = end.replace(second=0, microsecond=0) - timedelta(days=1)
    assert (await run(made.move_end, MoveEnd(ref=ref, end_time=sooner))).end_time == sooner
    await run(made.pause_tree, ref)
    assert not (await ground.seen(CAMPAIGN, campaign.id)).switched_on
    await switch_credentials(ground, None)

    async def again() -> bool:  # an answer serves for two seconds
        try:
            await run(made.set_budget, SetBudget(ref=ref, daily_budget=USD(13)))
        except ApplicationError:
            return False
        return True

    await eventually(again, seconds=6)
    assert await run(made.remove_tree, ref) == 2
    (gone,) = await ground.network.read(AD_GROUP, [group.id])
    assert gone.delivery is Delivery.REMOVED


async def test_a_failing_network_is_counted_even_when_the_database_is_not_there(
    bare_team: TeamUnderTest,
) -> None:
    """The call fails as it would; nothing waits for the count."""
    async with grounds(bare_team, "meta") as ground:
        network: AdNetwork = ground.network
        ground.failures._database = Database("postgresql://nobody@127.0.0.1:9/none")
        await bare_team.arm("meta", "expired_token")
        began = asyncio.get_running_loop().time()
        with pytest.raises(Exception, match="renew the token"):
            await network.list_objects(CAMPAIGN)
        assert asyncio.get_running_loop().time() - began < 2
        await ground.failures.drained()


async def test_without_a_database_nothing_is_raised_and_pausing_goes_on(
    bare_team: TeamUnderTest,
) -> None:
    """Whether credentials are on is not known then: raising is tried again later."""
    async with grounds(bare_team, "x") as ground:
        campaign = await ground.create(ground.campaign())
        group = await ground.create(ground.group(campaign.id))
        await ground.network.switch(CAMPAIGN, [campaign.id], on=True)
        ref = ground.ref(NetworkTree(campaign_id=campaign.id, ad_group_id=group.id))
        nowhere = Database("postgresql://nobody@127.0.0.1:9/none")
        cut_off = NetworkActivities(
            ground.networks,
            EffectLog(nowhere),
            NOWHERE,
            AccountAccess(nowhere),
        )
        with pytest.raises(ApplicationError, match="the database does not answer") as refused:
            await ActivityEnvironment().run(cut_off.activate, ref)
        assert (refused.value.type, refused.value.non_retryable) == ("Transient", False)
        lower = SetBudget(ref=ref, daily_budget=USD(12))
        assert (await ActivityEnvironment().run(cut_off.set_budget, lower)).daily_budget == USD(12)
        await ActivityEnvironment().run(cut_off.pause_tree, ref)
        assert not (await ground.seen(CAMPAIGN, campaign.id)).switched_on
        await nowhere.close()
