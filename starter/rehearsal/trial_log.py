"""The log of a trial's decisions: they are counted by what they move, and not kept."""

from types import ModuleType
from typing import Any
from uuid import UUID

from activities.decision_log import DecisionLog
from models.contract.figures import FiguresQuery
from models.contract.vocabulary import DecisionType


class TrialLog(DecisionLog):
    """Notes what moved, and nothing else: a trial's decisions are counted, not kept."""

    def __init__(self, query: FiguresQuery, platform: str) -> None:
        super().__init__(query, UUID(int=0), platform)
        self._sources: list[str] = []

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
        """Remember the name only."""
        source = f"{policy.NAME}@{policy.VERSION} on {subject}"
        self._sources.append(source)
        return source

    def drop(self, source: str, why: str) -> None:
        """Nothing is kept of it."""

    def impact(self, source: str, micros: int) -> None:
        """Nothing is kept of it."""

    def id_of(self, source: str) -> UUID:
        """Its place in the cycle."""
        return UUID(int=self._sources.index(source))

    def source_of(self, decision_id: UUID) -> str:
        """The decision at a place in the cycle."""
        return self._sources[decision_id.int]
