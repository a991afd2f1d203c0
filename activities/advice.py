"""The day's advice: recommendations for every live campaign, each with its evidence."""

from collections.abc import Sequence
from datetime import timedelta

from pydantic import JsonValue

from activities.portfolio_inputs import Member, recommendation_inputs
from activities.recommendations import Advice
from models.contract.money import Money
from policy import recommendations
from policy.catalogue import plain
from policy.recommendation_card import Card, Value

_GOOD_FOR = timedelta(days=7)
_MONEY = ("daily_budget", "target_cpa")


def advice(member: Member, others: Sequence[Member]) -> list[Advice]:
    """What a person should look at for one campaign."""
    answer = recommendations.decide(recommendation_inputs(member, others))
    return [_of(member, card) for card in answer.cards]


def _of(member: Member, card: Card) -> Advice:
    change, now = card.changes[0], member.query.now
    return Advice(
        team_id=member.query.team_id,
        campaign_id=member.row.id,
        key=f"{member.row.id}/{card.kind}/{change.field}",
        kind=card.kind,
        title=card.title,
        reason=card.reason,
        change={
            "field": change.field,
            "from": _told(change.field, change.before, member),
            "to": _told(change.field, change.after, member),
        },
        evidence={"facts": plain({"facts": card.evidence})["facts"]},
        expected=plain(card.expected),
        confidence=card.confidence,
        at=now,
        expires_at=now + _GOOD_FOR,
    )


def _told(field: str, value: Value, member: Member) -> JsonValue:
    """Money in units of its currency, as a person would type it; the rest as it is."""
    if field in _MONEY and isinstance(value, int):
        return str(Money(micros=value, currency=member.row.currency).amount)
    return list(value) if isinstance(value, tuple) else value
