"""What won earlier tests of the team, as material for the next creatives."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from creative.angles import Won
from models.contract.vocabulary import DecisionOutcome, DecisionType
from models.tables import Campaign, CreativeRow, DecisionRow
from policy import winner

_NEWEST = 20


async def winners(session: AsyncSession, platform: str, objective: str) -> list[Won]:
    """Creatives that were proven better in campaigns of the same platform and objective, newest
    first and each once. A test that was only leaning is not a win."""
    found = await session.execute(
        select(CreativeRow, DecisionRow)
        .join(DecisionRow, col(DecisionRow.campaign_id) == col(CreativeRow.campaign_id))
        .join(Campaign, col(Campaign.id) == col(CreativeRow.campaign_id))
        .where(
            col(Campaign.platform) == platform,
            col(Campaign.objective) == objective,
            col(DecisionRow.decision_type) == DecisionType.CREATIVE_TEST.value,
            col(DecisionRow.policy) == f"{winner.NAME}@{winner.VERSION}",
            col(DecisionRow.outcome) == DecisionOutcome.SUCCESS.value,
            col(DecisionRow.action_taken)["answer"]["winner"].astext == col(CreativeRow.variant),
        )
        .order_by(col(DecisionRow.at).desc())
        .limit(_NEWEST)
    )
    won: dict[object, Won] = {}
    for creative, decision in found:
        won.setdefault(
            creative.id,
            Won(
                angle=creative.angle,
                headline=creative.headline,
                primary_text=creative.primary_text,
                call_to_action=creative.call_to_action,
                lift=_lift(decision),
            ),
        )
    return list(won.values())


def _lift(decision: DecisionRow) -> float | None:
    lift = decision.expected.get("lift")
    return lift if isinstance(lift, float) else None
