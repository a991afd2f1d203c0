"""Copy as an activity: the account's leave counts, and fresh headlines are fresh (D10, D24)."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment

from activities.brands import Brands
from activities.claude import Claude
from activities.copywriting import CopyActivities
from creative.likeness import same_headline
from models.contract.briefs import ComplianceOutcome, ComplianceReport, CopyToCheck, CreativeBrief
from models.contract.campaign import MediaPlan
from models.contract.creative import AdCopy
from models.contract.money import Money
from models.contract.vocabulary import Platform, SpecialCategory
from tests.creative.articles import LIBRARY
from tests.stack import TeamUnderTest

pytestmark = pytest.mark.stack

SPINS = "The arcade gives free spins to newcomers."
CASINO, NOTHING = (SpecialCategory.GAMBLING,), ()
DOUBT, REJECTED = ComplianceOutcome.NEEDS_PERSON, ComplianceOutcome.REJECTED


@pytest_asyncio.fixture(loop_scope="session")
async def desk(bare_team: TeamUnderTest) -> AsyncGenerator[CopyActivities]:
    claude = Claude(bare_team.settings, bare_team.database)
    yield CopyActivities(claude, bare_team.database, Brands(bare_team.database))
    await claude.aclose()


@pytest.mark.parametrize("of_a_team", [True, False])
@pytest.mark.parametrize(
    ("permitted", "declared", "outcome", "told"),
    [
        (None, "none", DOUBT, "not declared as gambling"),
        (None, "gambling", DOUBT, "regulated category gambling"),
        (NOTHING, "none", REJECTED, "no leave of telegram for gambling ads"),
        (NOTHING, "gambling", REJECTED, "no leave of telegram for gambling ads"),
        ((SpecialCategory.NONE,), "gambling", REJECTED, "set ACCOUNT permitted_categories=gamb"),
        ((SpecialCategory.CREDIT,), "gambling", REJECTED, "permitted_categories=credit,gambling"),
        (CASINO, "none", DOUBT, "not declared as gambling"),
        (CASINO, "gambling", DOUBT, "regulated category gambling"),
    ],
)
async def test_the_accounts_leave_counts(
    desk: CopyActivities, bare_team: TeamUnderTest, permitted: tuple[SpecialCategory, ...] | None,
    declared: str, outcome: ComplianceOutcome, told: str, of_a_team: bool,
) -> None:  # fmt: skip
    case = CopyToCheck(
        team_id=bare_team.id if of_a_team else None,
        platform=Platform.TELEGRAM,
        copy_text=AdCopy(angle="benefit", primary_text=SPINS, headline="The arcade"),
        source=SPINS,
        special_category=declared,
        permitted=permitted,
    )
    report: ComplianceReport = await ActivityEnvironment().run(desk.check_copy, case)
    assert report.outcome is outcome
    assert any(told in one for one in report.reasons), report.reasons


async def test_fresh_ads_have_headlines_of_their_own(
    desk: CopyActivities, bare_team: TeamUnderTest
) -> None:
    brief = CreativeBrief(
        team_id=bare_team.id,
        campaign_id=bare_team.id,
        platform=Platform.META,
        plan=MediaPlan(
            name="Reading room",
            destination_url=LIBRARY.canonical_url,
            daily_budget=Money.of(25),
            variants=3,
        ),
        article=LIBRARY,
    )
    running: tuple[AdCopy, ...] = ()
    for _ in range(2):
        fresh = await ActivityEnvironment().run(
            desk.write_copy, brief.model_copy(update={"running": running})
        )
        assert fresh.variants
        assert not [one for one in fresh.dropped if "headline" in one]
        for number, copy in enumerate(fresh.variants):
            others = (*running, *fresh.variants[:number])
            assert copy.headline
            assert not any(same_headline(copy, other) for other in others)
        running = (*running, *fresh.variants)
    assert len(running) >= 5
