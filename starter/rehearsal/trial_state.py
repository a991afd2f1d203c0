"""The trials of one campaign in mid-air: what they fly, how they are set, which have ended."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import numpy as np

from market.fleet import Bools, Fleet, FleetTerms, Ints
from market.fleet_calendar import Calendar
from market.fleet_reporting import FleetReports
from models.contract.campaign import MediaPlan
from models.contract.exchange import Rates
from models.contract.limits import SpendLimits
from models.contract.money import MICROS, Money
from models.contract.network import Targeting
from models.contract.optimisation import Lever, MoveMade
from models.contract.vocabulary import Objective, Platform
from platforms.network import Capabilities
from platforms.registry import capabilities
from policy.exchange import NoRate, exchange

_REMEMBERED = timedelta(days=3)
"""As a campaign remembers its own moves."""
_PEOPLE_A_COUNTRY = 2_000_000
"""As in the sandbox networks; the market has no real numbers."""
_AGES = 48
_CLICK_GOALS = (Objective.TRAFFIC, Objective.ENGAGEMENT, Objective.AWARENESS)


@dataclass(frozen=True, slots=True)
class Setting:
    """What every trial flies. ``start`` is in the account's zone; ``ends_at`` None: open."""

    plan: MediaPlan
    platform: Platform
    start: datetime
    timezone: str
    limits: SpendLimits
    rates: Rates
    able: Capabilities

    @classmethod
    def of(
        cls,
        plan: MediaPlan,
        platform: Platform,
        start: datetime,
        timezone: str,
        limits: SpendLimits,
        rates: Rates,
    ) -> "Setting":
        """A campaign that begins at ``start``, or when its plan says if that is later.

        Raises:
            Refused: the platform has no adapter, so nothing is known of its network.
        """
        first = start if plan.start is None else max(start, plan.start)
        # Whole hours: the twin's slots begin with them.
        local = first.astimezone(ZoneInfo(timezone)).replace(minute=0, second=0, microsecond=0)
        return cls(plan, platform, local, timezone, limits, rates, capabilities(platform))

    @property
    def currency(self) -> str:
        """The account's."""
        return self.plan.daily_budget.currency

    @property
    def ends_at(self) -> datetime | None:
        """The flight's end by the calendar."""
        return self.plan.ends(self.start)

    @property
    def minimum(self) -> Money:
        """The network's smallest daily budget, zero where it names none in this currency."""
        return self.able.min_daily_budget.get(
            self.currency, Money(micros=0, currency=self.currency)
        )

    @property
    def converts(self) -> bool:
        """Whether the objective is a conversion."""
        return self.plan.objective not in _CLICK_GOALS

    @property
    def network_cap(self) -> int | None:
        """Micros at which the network itself ends the campaign, where it takes such a cap."""
        cap, able = self.plan.lifetime_budget, self.able
        if cap is None or not able.spend_cap:
            return None
        least = able.spend_cap_minimum.get(cap.currency)
        if able.spend_cap_minimum and (least is None or cap.micros < least.micros):
            return None
        return cap.micros

    def terms(self, ads: tuple[str, ...]) -> FleetTerms:
        """The line as the market needs it."""
        return FleetTerms(
            network=self.platform.value,
            line=f"twin/{self.plan.name}",
            ads=ads,
            over_delivery=self.able.over_delivery,
            audience=_audience(self.plan.targeting),
            unit=_unit(self.currency, self.rates),
        )


def _audience(wanted: Targeting) -> int:
    """People a targeting reaches, as the sandbox networks count them."""
    people = _PEOPLE_A_COUNTRY * max(1, len(wanted.locations))
    people = people * (wanted.age_max - wanted.age_min + 1) // _AGES
    if len(wanted.genders) == 1:
        people //= 2
    if wanted.interests:
        people = people * 3 // 10
    return max(1_000, people)


def _unit(currency: str, rates: Rates) -> float:
    """Units of a currency for one of the market's (the reporting currency's), 1 when unknown."""
    try:
        one = exchange(Money(micros=MICROS, currency=rates.currency), currency, rates)
    except NoRate:
        return 1.0
    return one.micros / MICROS


@dataclass(slots=True)
class Trials:
    """All trials of a setting. Row ``i`` of every array, entry ``i`` of every list is trial ``i``.

    Attributes:
        alive: Not ended (trials,). ``ended``: why, by trial; ``ended_at``: in which hour, -1.
        live, agreed: Daily budgets on the network and as agreed (trials,), micros.
        bids: Most per click (trials,), 0 for automatic.
        resting: Ads switched off (trials, ads).
        live_hours: The live budget in each past hour (trials, hours), 0 where none.
        people: Most people there were to show ads to, by account day (days,).
        taken: How often each kind of decision was carried out, by trial.
    """

    setting: Setting
    seeds: tuple[int, ...]
    calendar: Calendar
    variants: tuple[str, ...]
    fleet: Fleet
    reports: FleetReports
    ids: tuple[UUID, ...]
    alive: Bools
    live: Ints
    agreed: Ints
    bids: Ints
    resting: Bools
    live_hours: Ints
    people: Ints
    ended: list[str | None]
    ended_at: Ints
    plans: list[MediaPlan]
    budgets: list[list[tuple[datetime, int]]]
    moves: list[tuple[MoveMade, ...]]
    edits: list[tuple[datetime, ...]]
    no_raise: list[datetime | None]
    taken: dict[str, Ints] = field(default_factory=dict[str, Ints])
    fired: dict[str, Ints] = field(default_factory=dict[str, Ints])

    @classmethod
    def of(cls, setting: Setting, seeds: tuple[int, ...], hours: int) -> "Trials":
        """All of them as launched."""
        plan, many = setting.plan, len(seeds)
        variants = tuple(f"variant-{place + 1}" for place in range(plan.variants))
        calendar = Calendar(setting.start, hours)
        terms = setting.terms(variants)
        budget = plan.daily_budget.micros
        return cls(
            setting=setting,
            seeds=seeds,
            calendar=calendar,
            variants=variants,
            fleet=Fleet(seeds, terms, calendar),
            reports=FleetReports(seeds[0], terms.network, calendar, many, len(variants)),
            ids=tuple(uuid5(NAMESPACE_URL, f"{terms.network}/{terms.line}/{one}") for one in seeds),
            alive=np.ones(many, dtype=np.bool_),
            live=np.full(many, budget, dtype=np.int64),
            agreed=np.full(many, budget, dtype=np.int64),
            bids=np.full(many, plan.bid.amount.micros if plan.bid.amount else 0, dtype=np.int64),
            resting=np.zeros((many, len(variants)), dtype=np.bool_),
            live_hours=np.zeros((many, hours), dtype=np.int64),
            people=np.ones(len(calendar.dates), dtype=np.int64),
            ended=[None] * many,
            ended_at=np.full(many, -1, dtype=np.int64),
            plans=[plan] * many,
            budgets=[[(setting.start, budget)] for _ in seeds],
            moves=[()] * many,
            edits=[()] * many,
            no_raise=[None] * many,
        )

    def count(self, what: str, trial: int) -> None:
        """Note that something was decided and carried out in a trial."""
        self.taken.setdefault(what, np.zeros(len(self.seeds), dtype=np.int64))[trial] += 1

    def count_rule(self, rule: str, trial: int) -> None:
        """Note that a safety rule fired in a trial."""
        self.fired.setdefault(rule, np.zeros(len(self.seeds), dtype=np.int64))[trial] += 1

    def end(self, trial: int, number: int, why: str) -> None:
        """Switch a trial off for good, at the beginning of an hour: nobody resumes it."""
        self.alive[trial] = False
        self.ended[trial] = why
        self.ended_at[trial] = number

    def set_live(self, trial: int, now: datetime, micros: int) -> None:
        """Another daily budget on the network."""
        self.live[trial] = micros
        self.budgets[trial].append((now, micros))
        hour = timedelta(hours=1)
        self.edits[trial] = (*(at for at in self.edits[trial] if now - at < hour), now)

    def agree(self, trial: int, micros: int) -> None:
        """Another agreed budget."""
        self.agreed[trial] = micros
        plan = self.plans[trial]
        budget = Money(micros=micros, currency=self.setting.currency)
        self.plans[trial] = plan.model_copy(update={"daily_budget": budget})

    def set_bid(self, trial: int, micros: int) -> None:
        """Another bid."""
        self.bids[trial] = micros
        plan = self.plans[trial]
        amount = Money(micros=micros, currency=self.setting.currency)
        bid = plan.bid.model_copy(update={"amount": amount})
        self.plans[trial] = plan.model_copy(update={"bid": bid})

    def made(self, trial: int, now: datetime, lever: Lever, before: int, after: int) -> None:
        """Remember a move as a campaign does (``workflows.campaign_levers``)."""
        change = after / before - 1 if before > 0 else None
        made = MoveMade(lever=lever, at=now, change=change, raised_by=max(after - before, 0))
        if before <= 0:
            made = MoveMade(lever=lever, at=now)
        recent = tuple(one for one in self.moves[trial] if now - one.at < _REMEMBERED)
        self.moves[trial] = (*recent, made)
