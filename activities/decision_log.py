"""The decisions of one cycle, as they are written down: whole, so that they can be taken again."""

from types import ModuleType
from typing import Any
from uuid import UUID, uuid5

from models.contract.decision import Decision
from models.contract.figures import FiguresQuery
from models.contract.money import Money
from models.contract.vocabulary import DecisionOutcome, DecisionType
from policy.catalogue import plain

_LEVERS = (
    DecisionType.PACE,
    DecisionType.ADJUST_BUDGET,
    DecisionType.ADJUST_BID,
    DecisionType.CREATIVE_TEST,
    DecisionType.FATIGUE,
)


class DecisionLog:
    """Decisions on one campaign at one instant, in the order they were taken.

    A cycle that is decided again (its answer was lost) gives its decisions the same ids.
    """

    def __init__(self, query: FiguresQuery, cycle: UUID, platform: str) -> None:
        self._query = query
        self._cycle = cycle
        self._platform = platform
        self._decisions: dict[str, Decision] = {}

    @property
    def decisions(self) -> list[Decision]:
        """What is to be written."""
        return list(self._decisions.values())

    def note(
        self,
        policy: ModuleType,
        inputs: Any,
        answer: Any,
        kind: DecisionType,
        *,
        moved: bool,
        subject: str = "",
    ) -> str:
        """Note a policy's decision; the name it goes by here.

        ``subject``: what it is about, where a policy decides on several things in one cycle.
        """
        label = f"{policy.NAME}@{policy.VERSION}"
        source = f"{label} on {subject}" if subject else label
        query, whole = self._query, plain(answer)
        expected = whole.get("expected")
        self._decisions[source] = Decision(
            id=uuid5(self._cycle, source),
            team_id=query.team_id,
            type=kind if moved else DecisionType.HOLD,
            decided_by="policy",
            policy=label,
            reason=f"{subject}: {answer.reason}" if subject else answer.reason,
            at=query.now,
            campaign_id=query.campaign_id,
            platform=self._platform,
            inputs=plain(inputs),
            action={"action": whole.get("action", whole.get("verdict")), "answer": whole},
            outcome=_outcome(kind) if moved else DecisionOutcome.HELD,
            confidence=answer.confidence,
            expected=expected if isinstance(expected, dict) else {},
        )
        return source

    def drop(self, source: str, why: str) -> None:
        """Say why a decision is not carried out."""
        self._update(source, outcome=DecisionOutcome.HELD, outcome_details=why)

    def impact(self, source: str, micros: int) -> None:
        """Say what a decision changes a day."""
        money = Money(micros=micros, currency=self._query.currency)
        self._update(source, budget_impact=money)

    def id_of(self, source: str) -> UUID:
        """The id of a noted decision."""
        return self._decisions[source].id

    def source_of(self, decision_id: UUID) -> str:
        """The policy of a noted decision."""
        return next(name for name, one in self._decisions.items() if one.id == decision_id)

    def _update(self, source: str, **changes: Any) -> None:
        self._decisions[source] = self._decisions[source].model_copy(update=changes)


def _outcome(kind: DecisionType) -> DecisionOutcome:
    """What moves a lever is only decided until the network shows it; the rest is done by saying."""
    return DecisionOutcome.DECIDED if kind in _LEVERS else DecisionOutcome.SUCCESS
