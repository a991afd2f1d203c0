"""Taking recorded decisions again: the same policy must answer the same; a candidate may not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import col, select

from models.contract.money import Money
from models.database import Database
from models.tables import Campaign, DecisionRow
from policy.catalogue import Policy, UnknownPolicy, policies, policy, with_constants

__all__ = ["Difference", "PolicyReplay", "UnknownPolicy", "money_text", "replay"]

_LONGEST = timedelta(days=1)
"""What a changed daily budget is counted for, at most: the next decision would have come."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One decision that would be another. ``money_micros``: more (less) spend it would allow."""

    decision_id: UUID
    campaign_id: UUID | None
    at: datetime
    recorded: dict[str, Any]
    again: dict[str, Any]
    money_micros: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyReplay:
    """All recorded decisions of one policy, taken again."""

    policy: str
    taken: int
    identical: int
    unreadable: int
    differences: tuple[Difference, ...]

    @property
    def money(self) -> dict[str, int]:
        """Estimated difference of spend in micros by currency."""
        sums: dict[str, int] = {}
        for one in self.differences:
            if one.money_micros is not None and one.currency is not None:
                sums[one.currency] = sums.get(one.currency, 0) + one.money_micros
        return sums


async def replay(
    database: Database,
    team_id: UUID,
    *,
    since: datetime | None = None,
    campaign_id: UUID | None = None,
    candidate: str | None = None,
    changes: Mapping[str, str] | None = None,
) -> list[PolicyReplay]:
    """Take every recorded numeric decision again.

    Args:
        database: Where they are.
        team_id: Whose.
        since: Campaign time of the oldest one.
        campaign_id: Only this campaign's.
        candidate: Only this policy, with ``changes`` of its constants.
        changes: Constants by name, as text.

    Raises:
        UnknownPolicy: no such policy or constant.
    """
    chosen = [policy(candidate)] if candidate is not None else list(policies().values())
    found: list[PolicyReplay] = []
    for one in chosen:
        rows = await _rows(database, team_id, one, since, campaign_id)
        with with_constants(one, changes or {}):
            found.append(_take_again(one, rows))
    return [one for one in found if one.taken or one.unreadable or candidate is not None]


async def _rows(
    database: Database,
    team_id: UUID,
    of: Policy,
    since: datetime | None,
    campaign_id: UUID | None,
) -> Sequence[tuple[DecisionRow, str | None]]:
    query = (
        select(DecisionRow, col(Campaign.currency))
        .join(Campaign, col(Campaign.id) == col(DecisionRow.campaign_id), isouter=True)
        .where(col(DecisionRow.policy) == of.label)
        .order_by(col(DecisionRow.at), col(DecisionRow.id))
    )
    if since is not None:
        query = query.where(col(DecisionRow.at) >= since)
    if campaign_id is not None:
        query = query.where(col(DecisionRow.campaign_id) == campaign_id)
    async with database.team(team_id) as session:
        return [(row, currency) for row, currency in (await session.execute(query)).all()]


def _take_again(of: Policy, rows: Sequence[tuple[DecisionRow, str | None]]) -> PolicyReplay:
    identical = unreadable = 0
    differences: list[Difference] = []
    for place, (row, currency) in enumerate(rows):
        recorded = cast("dict[str, Any] | None", row.action_taken.get("answer"))
        try:
            again = of.take_again(row.input_context)
        except ValidationError:
            unreadable += 1
            continue
        if recorded is None:
            unreadable += 1
        elif again == recorded:
            identical += 1
        else:
            until = _next_at(rows, place)
            differences.append(
                Difference(
                    row.id,
                    row.campaign_id,
                    row.at,
                    recorded,
                    again,
                    _money(recorded, again, row.at, until),
                    currency,
                )
            )
    return PolicyReplay(
        of.label, identical + len(differences), identical, unreadable, tuple(differences)
    )


def _next_at(rows: Sequence[tuple[DecisionRow, str | None]], place: int) -> datetime | None:
    """When the campaign's next decision of this policy came."""
    row = rows[place][0]
    later = (one.at for one, _ in rows[place + 1 :] if one.campaign_id == row.campaign_id)
    return next(later, None)


def _money(
    recorded: Mapping[str, Any], again: Mapping[str, Any], at: datetime, until: datetime | None
) -> int | None:
    """Another daily budget, for as long as it would have stood."""
    before, after = recorded.get("budget"), again.get("budget")
    if not isinstance(before, int) or not isinstance(after, int):
        return None
    stood = min(until - at, _LONGEST) if until is not None else _LONGEST
    return round((after - before) * (stood / timedelta(days=1)))


def money_text(sums: Mapping[str, int]) -> str:
    """Estimated differences in words."""
    if not sums:
        return "no money at stake"
    return ", ".join(
        f"{'+' if micros >= 0 else '-'}{Money(micros=abs(micros), currency=currency)}"
        for currency, micros in sorted(sums.items())
    )
