"""Deciding on a live campaign's pacing, bid and budget: every policy asked, one move a lever.

Each decision is written down whole (inputs, policy and version, answer, reason) before anything
is done; the workflow then carries the moves out and has them read back.
"""

from dataclasses import dataclass, field
from typing import Any

from temporalio import activity

from activities.campaign_history import CampaignHistory, figures_of, history
from activities.decision_log import DecisionLog
from activities.policy_inputs import (
    bid_inputs,
    forecast_inputs,
    ladder_inputs,
    pacing_inputs,
    relative_inputs,
    saturation_inputs,
)
from activities.records import RecordActivities
from activities.teams import frozen
from models.contract.figures import Decided, OptimisationCase
from models.contract.money import Money
from models.contract.optimisation import Lever, Move, Optimisation
from models.contract.vocabulary import CampaignStatus, DecisionType
from models.database import Database
from policy import (
    arbitration,
    bidding,
    live_forecast,
    pacing,
    relative_roas,
    roas_ladder,
    saturation,
)
from policy.actions import Action
from policy.arbitration import ArbitrationInputs, Moved, Proposal, Toggles
from policy.learning import learning

_BUDGET_ACTIONS = {
    "increase": Action.INCREASE_BUDGET,
    "decrease": Action.REDUCE_BUDGET,
    "cap": Action.CAP_BUDGET,
    "pause": Action.PAUSE_CAMPAIGN,
}


@dataclass(slots=True)
class _Cycle:
    """One cycle in the making."""

    case: OptimisationCase
    known: CampaignHistory
    frozen: str | None
    log: DecisionLog
    proposals: list[Proposal] = field(default_factory=list[Proposal])
    news: list[str] = field(default_factory=list[str])


class OptimisationActivities:
    """Decisions are recorded before their effects."""

    def __init__(self, database: Database, records: RecordActivities) -> None:
        self._database = database
        self._records = records

    @activity.defn
    async def decide_spend(self, case: OptimisationCase) -> Decided:
        """Decide and record one cycle of pacing, bid and budget."""
        query = case.query
        async with self._database.team(query.team_id) as session:
            known = await history(session, query)
            suspended = await frozen(session)
        log = DecisionLog(query, case.cycle, case.platform)
        decided = spend_moves(case, known, suspended, log)
        await self._records.record_decisions(log.decisions)
        return decided.model_copy(update={"figures": figures_of(known, query)})


def spend_moves(
    case: OptimisationCase, known: CampaignHistory, suspended: str | None, log: DecisionLog
) -> Decided:
    """The moves of one cycle and what people should hear; every decision is noted in ``log``.

    Pure. ``suspended``: why decisions are frozen, or None.
    """
    cycle = _Cycle(case, known, suspended, log)
    out_of_bounds, moves = case.out_of_bounds, list[Move]()
    if case.rules:
        budget = _judge_budget(cycle)
        out_of_bounds = budget.reason if budget.action == "decrease" else None
        _judge_bid(cycle)
        moves = _arbitrate(cycle)
    moves += _pace(cycle, moves, out_of_bounds)
    return Decided(moves=tuple(moves), news=tuple(cycle.news), out_of_bounds=out_of_bounds)


def _judge_budget(cycle: _Cycle) -> Any:
    """The ladder, or the rules relative to the campaign's own target, on the agreed budget."""
    case, known = cycle.case, cycle.known
    curve = saturation.decide(inputs := saturation_inputs(case, known))
    cycle.log.note(saturation, inputs, curve, DecisionType.HOLD, moved=False)
    plan = case.plan
    if plan.optimisation.target_roas is not None or plan.guardrails.min_roas is not None:
        ahead = _forecast(cycle)
        judged = relative_inputs(case, known, curve, ahead)
        answer = relative_roas.decide(judged)
        source = cycle.log.note(
            relative_roas, judged, answer, DecisionType.ADJUST_BUDGET,
            moved=answer.action != "maintain",
        )  # fmt: skip
        if answer.proposal is not None:
            cycle.news.append(answer.proposal.reason)
    else:
        asked = ladder_inputs(case, known)
        answer = roas_ladder.decide(asked)
        source = cycle.log.note(
            roas_ladder, asked, answer, DecisionType.ADJUST_BUDGET,
            moved=answer.action != "maintain",
        )  # fmt: skip
    if answer.action in _BUDGET_ACTIONS:
        pausing = answer.action == "pause"
        cycle.proposals.append(
            Proposal(
                _BUDGET_ACTIONS[answer.action],
                source,
                answer.reason,
                current=None if pausing else plan.daily_budget.micros,
                proposed=None if pausing else answer.budget,
            )
        )
    return answer


def _forecast(cycle: _Cycle) -> float | None:
    """Micros that a conversion is expected to cost tomorrow, if anything can be said."""
    inputs = forecast_inputs(cycle.case, cycle.known)
    answer = live_forecast.decide(inputs)
    cycle.log.note(live_forecast, inputs, answer, DecisionType.FORECAST, moved=False)
    return answer.trajectory[1].cpa if len(answer.trajectory) > 1 else None


def _judge_bid(cycle: _Cycle) -> None:
    inputs = bid_inputs(cycle.case, cycle.known)
    if inputs is None:
        return
    answer = bidding.decide(inputs)
    moved = answer.action != "hold"
    source = cycle.log.note(bidding, inputs, answer, DecisionType.ADJUST_BID, moved=moved)
    if moved:
        cycle.proposals.append(
            Proposal(Action.ADJUST_BID, source, answer.reason, inputs.bid, answer.bid)
        )


def _arbitrate(cycle: _Cycle) -> list[Move]:
    """At most one move a lever; what is dropped says why in its own decision."""
    if not cycle.proposals:
        return []
    case, known = cycle.case, cycle.known
    inputs = ArbitrationInputs(
        now=case.query.now,
        status=CampaignStatus.ACTIVE.value,
        mode=case.plan.optimisation.mode,
        currency=case.query.currency,
        proposals=tuple(cycle.proposals),
        moved=tuple(
            Moved(one.lever.value, one.at, one.change, one.raised_by)
            for one in case.moves
            if one.lever is not Lever.THROTTLE
        ),
        learning=learning(known.spend, case.delivering_since, case.query.now).active,
        frozen=cycle.frozen is not None,
        admin_override=case.admin_override,
        no_raise_before=case.no_raise_before,
        toggles=_toggles(case.plan.optimisation),
    )
    answer = arbitration.decide(inputs)
    cycle.log.note(arbitration, inputs, answer, DecisionType.ARBITRATE, moved=bool(answer.accepted))
    for one in answer.dropped:
        cycle.log.drop(one.proposal.source, one.why)
    return [_move(cycle, one.proposal, one.note) for one in answer.accepted]


def _move(cycle: _Cycle, chosen: Proposal, note: str) -> Move:
    currency = cycle.case.query.currency
    amount = None if chosen.proposed is None else Money(micros=chosen.proposed, currency=currency)
    lever = Lever(arbitration.kind(chosen.action).lever)
    if lever is Lever.BUDGET and amount is not None:
        cycle.log.impact(chosen.source, amount.micros - cycle.case.plan.daily_budget.micros)
    return Move(
        lever=lever,
        action=chosen.action,
        reason=f"{chosen.reason}; {note}" if note else chosen.reason,
        decision_id=cycle.log.id_of(chosen.source),
        budget=amount if lever is Lever.BUDGET else None,
        bid=amount if lever is Lever.BID else None,
    )


def _pace(cycle: _Cycle, moves: list[Move], out_of_bounds: str | None) -> list[Move]:
    """Follow the day's plan below the agreed budget, unless the budget itself is moved now."""
    case = cycle.case
    inputs = pacing_inputs(case, cycle.known, out_of_bounds)
    answer = pacing.decide(inputs)
    moved = answer.action != "hold"
    source = cycle.log.note(pacing, inputs, answer, DecisionType.PACE, moved=moved)
    if not moved:
        return []
    why = None
    if any(one.lever in (Lever.STATUS, Lever.BUDGET) for one in moves):
        if answer.action == "lower":
            # Lowering beats raising: what was to be raised waits for the next cycle.
            for one in [each for each in moves if _raises(each, case)]:
                moves.remove(one)
                cycle.log.drop(cycle.log.source_of(one.decision_id), "pacing lowers in this cycle")
        why = "the budget itself is moved in this cycle" if moves else None
    elif answer.action == "raise" and cycle.frozen is not None:
        why = cycle.frozen
    elif case.admin_override:
        why = "a person runs this campaign; only safety acts"
    elif not (case.plan.optimisation.enabled and case.plan.optimisation.budgets):
        why = "switched off for this campaign"
    if why is not None:
        cycle.log.drop(source, why)
        return []
    cycle.log.impact(source, answer.budget - case.live.micros)
    budget = Money(micros=answer.budget, currency=case.query.currency)
    return [
        Move(
            lever=Lever.THROTTLE,
            action=answer.action,
            reason=answer.reason,
            decision_id=cycle.log.id_of(source),
            budget=budget,
        )
    ]


def _raises(move: Move, case: OptimisationCase) -> bool:
    return move.budget is not None and move.budget.micros > case.plan.daily_budget.micros


def _toggles(allowed: Optimisation) -> Toggles:
    return Toggles(
        enabled=allowed.enabled,
        bid=allowed.bids,
        budget=allowed.budgets,
        pause_underperforming=allowed.pause_losing,
        scale_performing=allowed.scale_up,
    )
