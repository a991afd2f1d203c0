"""Orders of generators: priced before, capped, never placed twice, never forgotten (B7, D14)."""

import asyncio
from uuid import UUID, uuid4

import pytest

from activities.creative_costs import BudgetUsedUp, CreativeOrders
from models.contract.briefs import Ordered
from models.contract.creative import Visual
from models.contract.money import Money
from tests.stack import TeamUnderTest

pytestmark = pytest.mark.stack
PRICE = Money.of("0.50")


@pytest.fixture
def orders(bare_team: TeamUnderTest) -> CreativeOrders:
    return CreativeOrders(bare_team.database, Money.of("1.20"))


@pytest.fixture
def campaign() -> UUID:
    return uuid4()


async def begin(
    orders: CreativeOrders, team: TeamUnderTest, campaign: UUID, key: str = "v1/clip"
) -> Ordered | None:
    return await orders.begin(team.id, campaign, key, "runway", PRICE)


async def test_what_was_ordered_is_found_again_and_not_ordered_twice(
    orders: CreativeOrders, bare_team: TeamUnderTest, campaign: UUID
) -> None:
    assert await begin(orders, bare_team, campaign) is None
    ticket = Ordered(key="v1/clip", generator="runway", id="task-1", price=Money.of("0.25"))
    await orders.placed(bare_team.id, campaign, ticket)
    assert await begin(orders, bare_team, campaign) == ticket
    made = Visual(video="a" * 64)
    await orders.made(bare_team.id, campaign, "v1/clip", made)
    known = await begin(orders, bare_team, campaign)
    assert known is not None
    assert (known.id, known.made) == ("task-1", made)
    (cost,) = await orders.costs(bare_team.id, campaign)
    assert (cost.what, cost.generator) == ("v1/clip", "runway")


async def test_a_lost_answer_may_be_billed_and_counts(
    orders: CreativeOrders, bare_team: TeamUnderTest, campaign: UUID
) -> None:
    assert await begin(orders, bare_team, campaign) is None  # and its answer never comes
    assert await begin(orders, bare_team, campaign) is None  # asked again
    with pytest.raises(BudgetUsedUp, match=r"\$1\.20 a campaign has \$0\.20 left.*costs \$0\.50"):
        await begin(orders, bare_team, campaign)
    told = [(one.what, str(one.amount)) for one in await orders.costs(bare_team.id, campaign)]
    assert told == [("v1/clip (its answer was lost)", "$0.50"), ("v1/clip", "$0.50")]
    assert await begin(orders, bare_team, uuid4()) is None, "another campaign has its own budget"


async def test_many_lost_answers_end_the_asking(bare_team: TeamUnderTest, campaign: UUID) -> None:
    orders = CreativeOrders(bare_team.database, Money.of("100"))
    for _ in range(3):
        assert await begin(orders, bare_team, campaign) is None
    with pytest.raises(BudgetUsedUp, match="asked 3 times"):
        await begin(orders, bare_team, campaign)


async def test_a_refusal_costs_what_it_says_and_nothing_else(
    orders: CreativeOrders, bare_team: TeamUnderTest, campaign: UUID
) -> None:
    for _ in range(5):
        assert await begin(orders, bare_team, campaign) is None
        await orders.refused(bare_team.id, campaign, "v1/clip")
    assert await orders.costs(bare_team.id, campaign) == ()
    assert await begin(orders, bare_team, campaign) is None
    await orders.refused(bare_team.id, campaign, "v1/clip", Money.of("0.10"))
    (billed,) = await orders.costs(bare_team.id, campaign)
    assert (billed.what, billed.amount) == ("v1/clip (refused, and billed)", Money.of("0.10"))


async def test_of_many_at_once_only_those_that_fit_are_ordered(
    orders: CreativeOrders, bare_team: TeamUnderTest, campaign: UUID
) -> None:
    answers = await asyncio.gather(
        *(begin(orders, bare_team, campaign, f"v{n}/picture") for n in range(8)),
        return_exceptions=True,
    )
    assert answers.count(None) == 2, "two of $0.50 fit into $1.20"
    assert sum(isinstance(one, BudgetUsedUp) for one in answers) == 6


async def test_an_unknown_price_is_shown_as_unknown(
    orders: CreativeOrders, bare_team: TeamUnderTest, campaign: UUID
) -> None:
    assert await orders.begin(bare_team.id, campaign, "v1/picture", "own", None) is None
    (cost,) = await orders.costs(bare_team.id, campaign)
    assert cost.amount is None
