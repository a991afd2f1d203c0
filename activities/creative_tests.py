"""Deciding on a campaign's ads: which run, which is proven better, which people are tired of."""

from temporalio import activity

from activities.campaign_history import CampaignHistory, history
from activities.creative_inputs import allocation_inputs, fatigue_inputs, winner_inputs
from activities.decision_log import DecisionLog
from activities.records import RecordActivities
from activities.teams import frozen
from models.contract.figures import CreativesCase, Decided
from models.contract.optimisation import Lever, Move, Tired
from models.contract.vocabulary import CampaignStatus, DecisionType, Platform
from models.database import Database
from platforms.registry import capabilities
from policy import allocation, arbitration, fatigue, winner
from policy.actions import Action
from policy.arbitration import ArbitrationInputs, Moved, Proposal, Toggles


class CreativeTestActivities:
    """Decisions are recorded before their effects."""

    def __init__(self, database: Database, records: RecordActivities) -> None:
        self._database = database
        self._records = records

    @activity.defn
    async def decide_creatives(self, case: CreativesCase) -> Decided:
        """Decide and record one look at the ads; at most one move comes of it."""
        query = case.query
        variants = {ad_id: variant for variant, ad_id in case.ads.items()}
        async with self._database.team(query.team_id) as session:
            known = await history(session, query, variants)
            suspended = await frozen(session)
        log = DecisionLog(query, case.cycle, case.platform)
        looked = look_at_ads(case, known, suspended, log)
        await self._records.record_decisions(log.decisions)
        return looked


def look_at_ads(
    case: CreativesCase, known: CampaignHistory, suspended: str | None, log: DecisionLog
) -> Decided:
    """The moves of one look (at most one), the ads that want fresh ones, and what people should
    hear; all is noted in ``log``. Pure.

    ``suspended``: why decisions are frozen, or None.
    """
    tired, news = _judge_fatigue(case, known, suspended, log)
    moves = _allowed(case, _wanted(case, known, log), log, is_frozen=suspended is not None)
    return Decided(moves=moves, news=news, tired=tired)


def _judge_fatigue(
    case: CreativesCase, known: CampaignHistory, suspended: str | None, log: DecisionLog
) -> tuple[tuple[Tired, ...], tuple[str, ...]]:
    """Tired audiences want fresh ads; what is shown meanwhile is the test's to decide."""
    tired: list[Tired] = []
    news: list[str] = []
    for variant in case.ads:
        if variant in case.resting:
            continue
        inputs = fatigue_inputs(case, known, variant)
        answer = fatigue.decide(inputs)
        moved = answer.action != "hold"
        source = log.note(fatigue, inputs, answer, DecisionType.FATIGUE, moved=moved,
                          subject=variant)  # fmt: skip
        if not moved:
            continue
        why_not = suspended or _left_to_a_person(case, variant)
        if why_not is None:
            tired.append(
                Tired(
                    variant=variant,
                    rotate=answer.action == "rotate",
                    reason=answer.reason,
                    decision_id=log.id_of(source),
                )
            )
        else:
            log.drop(source, why_not)
            news.append(f"Fresh creatives wanted for {variant}: {answer.reason} ({why_not})")
    return tuple(tired), tuple(news)


def _left_to_a_person(case: CreativesCase, variant: str) -> str | None:
    """Why the machine makes no fresh ads beside this one, or None."""
    allowed, able = case.plan.optimisation, capabilities(Platform(case.platform))
    if case.admin_override or not (allowed.enabled and allowed.creatives):
        return "a person runs this campaign's ads"
    if variant in case.own:
        return "a person made it, and nobody else replaces it"
    if not able.can_pause_ad:
        return f"{case.platform} cannot switch single ads: a fresh one would run at once"
    if able.ads_at_once is not None:
        return f"{case.platform} shows {able.ads_at_once} ad at a time"
    return None


def _wanted(case: CreativesCase, known: CampaignHistory, log: DecisionLog) -> Move | None:
    """A proven winner runs alone; until then shares decide who rests."""
    proof = winner_inputs(case, known)
    verdict = winner.decide(proof)
    won = verdict.verdict == "winner"
    proven = log.note(winner, proof, verdict, DecisionType.CREATIVE_TEST, moved=won)
    inputs = allocation_inputs(case, known)
    shares = allocation.decide(inputs)
    moved = bool(shares.rest or shares.wake)
    shared = log.note(allocation, inputs, shares, DecisionType.CREATIVE_TEST, moved=moved)
    if won and verdict.winner is not None:
        off = tuple(one for one in case.ads if one != verdict.winner and one not in case.resting)
        on = (verdict.winner,) if verdict.winner in case.resting else ()
        log.drop(shared, "the test has a winner")
        source, reason = proven, verdict.reason
    else:
        off, on = shares.rest, shares.wake
        source, reason = shared, shares.reason
    kept = tuple(one for one in off if one in case.own)
    off = tuple(one for one in off if one not in case.own)
    if not off and not on:
        if kept:
            log.drop(source, f"a person made {', '.join(kept)}: only a person lets it rest")
        return None
    return Move(
        lever=Lever.CREATIVE,
        action=Action.PAUSE_CREATIVE.value if off else Action.INCREASE_CREATIVE_BUDGET.value,
        reason=reason,
        decision_id=log.id_of(source),
        off=off,
        on=on,
    )


def _allowed(
    case: CreativesCase, wanted: Move | None, log: DecisionLog, *, is_frozen: bool
) -> tuple[Move, ...]:
    """The move, unless the network, a person or the calendar forbids it."""
    if wanted is None:
        return ()
    source = log.source_of(wanted.decision_id)
    if not capabilities(Platform(case.platform)).can_pause_ad:
        log.drop(source, f"{case.platform} cannot switch single ads; its own rotation decides")
        return ()
    allowed = case.plan.optimisation
    inputs = ArbitrationInputs(
        now=case.query.now,
        status=CampaignStatus.ACTIVE.value,
        mode=allowed.mode,
        currency=case.query.currency,
        proposals=(
            Proposal(
                wanted.action, source, wanted.reason, subject=",".join((*wanted.off, *wanted.on))
            ),
        ),
        moved=tuple(
            Moved(one.lever.value, one.at) for one in case.moves if one.lever is Lever.CREATIVE
        ),
        frozen=is_frozen,
        admin_override=case.admin_override,
        toggles=Toggles(enabled=allowed.enabled and allowed.creatives),
    )
    answer = arbitration.decide(inputs)
    log.note(arbitration, inputs, answer, DecisionType.ARBITRATE, moved=bool(answer.accepted))
    for one in answer.dropped:
        log.drop(source, one.why)
    return (wanted,) if answer.accepted else ()
