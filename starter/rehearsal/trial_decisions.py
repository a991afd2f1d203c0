"""The product's decisions in every trial: the same policies, on what the trial's network shows.

Pacing is asked every four hours and the rules on budget and bid once a day, as in production: looks
are what makes a rule err, so they must be as many. Ads are looked at every second day, because
their lever rests for a day after each move.
All of it is decided by the functions that the activities run (``spend_moves``,
``look_at_ads``); ``trial_screens`` spares campaigns the question where no move can come of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from activities.campaign_history import CampaignHistory
from activities.creative_tests import look_at_ads
from activities.optimisation import spend_moves
from market.fleet import Bools
from models.contract.figures import CreativesCase, FiguresQuery, OptimisationCase
from models.contract.limits import SpendRequest
from models.contract.money import Money
from models.contract.optimisation import Lever, Move
from models.contract.vocabulary import Author, Autonomy
from policy import pacing
from policy.authority import Exposure, authorise, needs_person
from policy.fatigue import FREQUENCY
from policy.variants import ENOUGH_DAYS, ENOUGH_IMPRESSIONS
from starter.rehearsal.trial_histories import Histories
from starter.rehearsal.trial_log import TrialLog
from starter.rehearsal.trial_screens import rule_moves, saturated, screen
from starter.rehearsal.trial_state import Trials

PACING_EVERY: Final = timedelta(hours=4)
RULES_EVERY: Final = timedelta(days=1)
ADS_EVERY: Final = timedelta(days=2)
_LEFT_TO_PERSON = "raise of the agreed budget left to a person"


class Decisions:
    """Decides for all trials and carries moves out as the campaign's workflow does."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        many = len(trials.seeds)
        self._out_of_bounds: list[str | None] = [None] * many
        self._proven = np.zeros(many, dtype=np.bool_)
        plan = trials.setting.plan
        self._may_raise = (
            trials.setting.limits.autonomy is not Autonomy.MANUAL
            and plan.optimisation.enabled
            and plan.optimisation.budgets
        )

    # -- pacing, bid, budget ----------------------------------------------------------------------

    def _pace(self, known: Histories, trial: int) -> None:
        """Follow the day's plan below the agreed budget."""
        allowed = self._trials.setting.plan.optimisation
        if not (allowed.enabled and allowed.budgets):
            return
        if not known.delivered_today(trial):
            return  # without figures of the day pacing holds
        answer = pacing.decide(known.pacing(trial, self._out_of_bounds[trial]))
        if answer.action != "hold":
            self._throttle(trial, known.now, answer.budget)

    def spend(self, known: Histories, number: int, *, rules: bool) -> None:
        """Budget, bid and pacing in one cycle; pacing alone where nothing else can move.

        ``rules``: ask the rules on budget and bid, too.
        """
        trials, setting = self._trials, self._trials.setting
        found = screen(setting.plan, known.days(), known.arrived(), converts=setting.converts)
        bids = rules and setting.plan.bid.amount is not None
        judged = (found.low | (found.high & self._may_raise)) & rules
        curved = found.curved & rules
        for trial in np.flatnonzero(trials.alive).tolist():
            if rules:
                self._out_of_bounds[trial] = None
            if bids or judged[trial] or curved[trial]:
                case, history = self._case(trial, known), known.of(trial)
                if (
                    bids
                    or (judged[trial] and rule_moves(case, history))
                    or (curved[trial] and saturated(case, history))
                ):
                    self._decide_spend(case, history, number, trial)
                    continue
            self._pace(known, trial)

    def _decide_spend(
        self, case: OptimisationCase, history: CampaignHistory, number: int, trial: int
    ) -> None:
        log = TrialLog(case.query, case.platform)
        decided = spend_moves(case, history, None, log)
        self._out_of_bounds[trial] = decided.out_of_bounds
        for move in decided.moves:
            if self._trials.alive[trial]:
                self._make(move, trial, case.query.now, number)

    def _case(self, trial: int, known: Histories) -> OptimisationCase:
        trials, setting = self._trials, self._trials.setting
        return OptimisationCase(
            query=self._query(trial, known.now),
            cycle=trials.ids[trial],
            platform=setting.platform.value,
            author=Author.AI,
            plan=trials.plans[trial],
            live=Money(micros=int(trials.live[trial]), currency=setting.currency),
            minimum=setting.minimum,
            delivering_since=setting.start,
            ends_at=setting.ends_at,
            edits_this_hour=known.edits(trial),
            edit_quota=setting.able.budget_edits_per_hour,
            no_raise_before=trials.no_raise[trial],
            moves=trials.moves[trial],
        )

    def _query(self, trial: int, now: datetime) -> FiguresQuery:
        setting = self._trials.setting
        return FiguresQuery(
            team_id=UUID(int=0),
            campaign_id=self._trials.ids[trial],
            timezone=setting.timezone,
            currency=setting.currency,
            now=now,
        )

    # -- ads --------------------------------------------------------------------------------------

    def look_at_ads(self, known: Histories, number: int) -> None:
        """Which ads get the budget, is one proven better, are people tired of one?"""
        trials, setting = self._trials, self._trials.setting
        tired = (np.where(trials.resting, 0.0, known.frequency()) > FREQUENCY).any(axis=1)
        judged = np.zeros_like(tired)
        days = (known.now - setting.start) / timedelta(days=1)
        allowed = setting.plan.optimisation
        acts = setting.able.can_pause_ad and allowed.enabled and allowed.creatives
        if acts and len(trials.variants) > 1 and days >= ENOUGH_DAYS:
            seen = (known.shown() >= ENOUGH_IMPRESSIONS).sum(axis=1) > 1
            # A proven winner runs alone; what rests is looked at no more.
            judged = seen & ~self._proven
        for trial in np.flatnonzero(trials.alive & (tired | judged)).tolist():
            self._look(known, trial, number)

    def _look(self, known: Histories, trial: int, number: int) -> None:
        trials, setting = self._trials, self._trials.setting
        case = CreativesCase(
            query=self._query(trial, known.now),
            cycle=trials.ids[trial],
            platform=setting.platform.value,
            plan=trials.plans[trial],
            ads={one: one for one in trials.variants},
            resting=_names(trials.variants, trials.resting[trial]),
            moves=trials.moves[trial],
        )
        log = TrialLog(case.query, case.platform)
        looked = look_at_ads(case, known.of(trial, ads=True), None, log)
        if looked.tired or looked.news:
            trials.count("fresh creatives wanted", trial)
        for move in looked.moves:
            self._make(move, trial, known.now, number)
            self._proven[trial] = int((~trials.resting[trial]).sum()) == 1

    # -- carrying out -----------------------------------------------------------------------------

    def _make(self, move: Move, trial: int, now: datetime, number: int) -> None:
        """One move, as ``workflows.campaign_levers`` makes it."""
        trials = self._trials
        match move.lever:
            case Lever.STATUS:
                trials.end(trial, number, "paused: return too low")
            case Lever.THROTTLE if move.budget is not None:
                self._throttle(trial, now, move.budget.micros)
            case Lever.BUDGET if move.budget is not None:
                self._move_budget(trial, now, move.budget)
            case Lever.BID if move.bid is not None:
                before, after = int(trials.bids[trial]), move.bid.micros
                trials.set_bid(trial, after)
                trials.made(trial, now, Lever.BID, before, after)
                trials.count("bid raised" if after > before else "bid lowered", trial)
            case Lever.CREATIVE:
                self._switch_ads(move, trial, now)
            case _:
                raise ValueError(f"a {move.lever.value} move without an amount: {move.action}")

    def _throttle(self, trial: int, now: datetime, budget: int) -> None:
        trials = self._trials
        live = int(trials.live[trial])
        trials.set_live(trial, now, budget)
        trials.made(trial, now, Lever.THROTTLE, live, budget)
        trials.count(f"live budget {'raised' if budget > live else 'lowered'} by pacing", trial)

    def _move_budget(self, trial: int, now: datetime, budget: Money) -> None:
        trials = self._trials
        before, live = int(trials.agreed[trial]), int(trials.live[trial])
        raising = budget.micros > before
        if raising and not self._granted(trial, now, budget):
            trials.count(_LEFT_TO_PERSON, trial)
            return
        if raising or budget.micros < live:
            trials.set_live(trial, now, budget.micros)
        trials.agree(trial, budget.micros)
        trials.made(trial, now, Lever.BUDGET, before, budget.micros)
        trials.count(f"agreed budget {'raised' if raising else 'lowered'}", trial)

    def _granted(self, trial: int, now: datetime, budget: Money) -> bool:
        """What the spend authority would say if this were the team's only campaign."""
        trials, setting = self._trials, self._trials.setting
        currency = setting.currency
        request = SpendRequest(
            key="twin",
            team_id=UUID(int=0),
            account_id=UUID(int=0),
            campaign_id=trials.ids[trial],
            platform=setting.platform,
            daily=budget,
            over_delivery=setting.able.over_delivery,
            balanced=setting.able.balanced,
            until=setting.ends_at,
            now=now,
            lifetime=setting.plan.lifetime_budget,
            agreed=False,
            last_agreed=setting.plan.daily_budget,
        )
        nothing = Exposure()
        spent = Money(micros=int(trials.fleet.spent_ever[trial]), currency=currency)
        verdict = authorise(
            request,
            setting.limits,
            setting.rates,
            campaign_spent=spent,
            account=nothing,
            platform=nothing,
            team=nothing,
        )
        if not verdict.granted:
            return False
        live = Money(micros=int(trials.agreed[trial]), currency=currency)
        return (
            needs_person(
                request,
                setting.limits,
                setting.rates,
                live=live,
                team=nothing,
                first_activation=False,
            )
            is None
        )

    def _switch_ads(self, move: Move, trial: int, now: datetime) -> None:
        trials = self._trials
        for ads, rests in ((move.on, False), (move.off, True)):
            for one in ads:
                trials.resting[trial, trials.variants.index(one)] = rests
        trials.made(trial, now, Lever.CREATIVE, 0, 0)
        trials.count("ads rested" if move.off else "ads came back", trial)


def _names(variants: Sequence[str], flags: Bools) -> tuple[str, ...]:
    return tuple(one for one, flag in zip(variants, flags.tolist(), strict=True) if flag)
