"""Pictures and clips by outside services: ordered once, priced, capped, and one variant's trouble
is not the others' (B7, D14, D18, D21). The services are the sandbox's stand-ins, and the workers
have a namespace of their own: those of other stories draw by themselves."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from temporalio.client import Client

from creative import footage
from models.contract.briefs import CreativeBrief, CreativeSet
from models.contract.campaign import MediaPlan
from models.contract.money import Money
from models.contract.queues import MANAGEMENT
from models.contract.vocabulary import Platform, SpecialCategory
from models.settings import Settings
from starter.assets import asset_library
from tests.creative.articles import LIBRARY, article
from tests.namespaces import opened
from tests.stack import PATIENCE, TeamUnderTest, serving

KEY = "sk-not-a-secret"
FLARE = "gpt-image-2.5-flare"

Make = Callable[..., AbstractAsyncContextManager[Callable[..., Any]]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def apart(settings: Settings, client: Client) -> Client:
    """Temporal, away from the workers of other tests."""
    return await opened(client, "generators")


@pytest.fixture
def making(bare_team: TeamUnderTest, apart: Client) -> Make:
    """Opens workers with other settings, and gives a function that has creatives made by them."""
    base = bare_team.settings.sandbox_url

    @asynccontextmanager
    async def open_workers(**changes: object) -> AsyncGenerator[Callable[..., Any]]:
        own = bare_team.settings.model_copy(
            update={"openai_api_key": SecretStr(KEY), "openai_base_url": f"{base}/openai/v1"}
            | changes
        )
        async with serving(own, apart, "management", "creative"):

            async def make(
                platform: Platform = Platform.TELEGRAM, variants: int = 2, **more: Any
            ) -> Any:
                brief = CreativeBrief(
                    team_id=bare_team.id,
                    campaign_id=uuid4(),
                    platform=platform,
                    plan=MediaPlan(
                        name="Reading room",
                        destination_url=LIBRARY.canonical_url,
                        daily_budget=Money.of(25),
                        variants=variants,
                    ),
                    article=LIBRARY,
                ).model_copy(update=more)
                work = apart.execute_workflow(
                    "creative",
                    brief,
                    id=f"creative-{uuid4()}",
                    task_queue=MANAGEMENT,
                    result_type=CreativeSet,
                    execution_timeout=timedelta(minutes=3),
                )
                return await asyncio.wait_for(work, 60 * PATIENCE)

            yield make

    return open_workers


async def made_there(team: TeamUnderTest, network: str, kind: str) -> int:
    """How often a service really worked."""
    journal = (await team.control.get("/journal", params={"network": network})).json()
    return sum(note["kind"] == kind for note in journal)


async def test_a_lost_answer_is_asked_for_again_and_both_are_on_the_bill(
    bare_team: TeamUnderTest, making: Make
) -> None:
    before = await made_there(bare_team, "openai", "picture")
    await bare_team.arm("openai", "lost_answer", count=1)
    async with making() as make:
        result = await make()
    assert [one.id for one in result.creatives] == ["v1", "v2"]
    for creative in result.creatives:
        assert creative.image.source == f"{FLARE} (sandbox)"
        assert (creative.image.origin, creative.image.ai_made) == ("ai", True)
        assert creative.image.provenance == "valid"
    assert await made_there(bare_team, "openai", "picture") == before + 3
    told = sorted(one.what.removeprefix("v1/").removeprefix("v2/") for one in result.costs)
    assert told == ["picture", "picture", "picture (its answer was lost)"]
    assert {str(one.amount) for one in result.costs} == {"$0.04"}
    assert result.creatives[0].image.sha256 != result.creatives[1].image.sha256


async def test_an_empty_budget_drops_a_variant_by_name_and_the_others_go_on(
    bare_team: TeamUnderTest, making: Make
) -> None:
    before = await made_there(bare_team, "openai", "picture")
    prices = {FLARE: Decimal(2)}
    async with making(generator_prices=prices, creative_budget=Decimal(5)) as make:
        result = await make(variants=3)
    assert len(result.creatives) == 2
    (dropped,) = result.dropped
    missing = ({"v1", "v2", "v3"} - {one.id for one in result.creatives}).pop()
    assert dropped.startswith(f"{missing}: the creative budget of $5.00 a campaign has $1.00 left")
    assert "ADFLIGHT_CREATIVE_BUDGET" in dropped
    assert await made_there(bare_team, "openai", "picture") == before + 2
    assert [str(one.amount) for one in result.costs] == ["$2.00", "$2.00"]


async def test_a_moderated_picture_drops_its_variant_alone_and_costs_nothing(
    bare_team: TeamUnderTest, making: Make
) -> None:
    await bare_team.arm("openai", "moderated", count=1)
    async with making() as make:
        result = await make()
    (shown,) = result.creatives
    (dropped,) = result.dropped
    missing = ({"v1", "v2"} - {shown.id}).pop()
    assert dropped.startswith(f"{missing}: openai refused the order (400)")
    assert "safety system" in dropped
    (cost,) = result.costs
    assert cost.what == f"{shown.id}/picture"
    assert [one.variant for one in result.verdicts] == ["v1", "v2"]


async def test_a_picture_and_a_clip_of_it_by_two_services(
    bare_team: TeamUnderTest, making: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.visuals._POLL_SECONDS", 0.1)
    base = bare_team.settings.sandbox_url
    tasks = await made_there(bare_team, "flux", "task")
    async with making(
        images="flux",
        flux_api_key=SecretStr(KEY),
        flux_base_url=f"{base}/flux",
        runway_api_key=SecretStr(KEY),
        runway_base_url=f"{base}/runway",
    ) as make:
        result = await make(Platform.UNITY, variants=1)
    (creative,) = result.creatives
    assert await made_there(bare_team, "flux", "task") == tasks + 1
    assert {one.generator for one in result.costs} == {"flux", "runway"}
    assert all(one.amount is not None for one in result.costs)
    assert creative.video is not None
    assert creative.video.ai_made
    library = asset_library(bare_team.settings, bare_team.database)
    film = footage.probe(await library.read(bare_team.id, creative.video.sha256))
    assert (film.width, film.height) == (720, 1280)
    assert film.seconds >= 4.5


async def test_what_the_account_may_not_advertise_is_refused_before_anything_is_ordered(
    bare_team: TeamUnderTest, making: Make
) -> None:
    before = await made_there(bare_team, "openai", "picture")
    tables = article(
        "The poker room opens on 4 May",
        "The poker room has 12 tables. Poker is played there every evening until midnight.",
        "A poker room for the whole town.",
    )
    async with making() as make:
        refused = await make(article=tables, permitted=(SpecialCategory.CREDIT,))
        asked = await make(article=tables, variants=1, permitted=(SpecialCategory.GAMBLING,))
    assert refused.creatives == ()
    assert len(refused.dropped) == 2
    for why in refused.dropped:
        assert "the account has no leave of telegram for gambling ads" in why
        assert "permitted_categories=credit,gambling" in why
    assert [one.id for one in asked.creatives] == ["v1"]
    assert any("not declared as gambling" in why for why in asked.needs_person)
    assert await made_there(bare_team, "openai", "picture") == before + 1
