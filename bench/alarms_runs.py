"""One healthy account-month, and one account on which everything goes wrong in turn."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from bench.alarms_guard import LOOK, Watching, looks
from bench.alarms_market import DAY_SLOTS, Truth, fly, multiplied, thinned, unrecorded
from market.noise import uniform
from models.contract.safety import Finding, Rule, SafetyAction
from policy import safety

STOPS: Final = frozenset(
    {
        SafetyAction.PAUSE_CAMPAIGN,
        SafetyAction.EMERGENCY_PAUSE,
        SafetyAction.SOFT_STOP_ACCOUNT,
        SafetyAction.SOFT_STOP_TEAM,
        SafetyAction.EMERGENCY_STOP_TEAM,
    }
)
_OVERSPEND: Final = (Rule.CAMPAIGN_OVERSPEND, Rule.CAMPAIGN_OVERSPEND_HARD)
_HISTORY_DAYS: Final = 9
_SHORT_DAYS: Final = 2
_LONG_DAYS: Final = 8
_DAY: Final = 86_400.0


@dataclass(slots=True)
class Healthy:
    """What an account without trouble made the rules say."""

    campaign_days: float = 0.0
    judged: int = 0
    alarms: Counter[str] = field(default_factory=Counter[str])
    stops: int = 0
    justified: int = 0
    """Stops at a day's cap that a person set and that the campaign truly reached that day."""
    examples: list[str] = field(default_factory=list[str])


def healthy(
    seed: int, network: str, campaigns: int, days: int, *, read_days: int | None = None
) -> Healthy:
    """Watch healthy campaigns for ``days``; nothing that fires is carried out."""
    truths = tuple(fly(seed, network, number, days) for number in range(campaigns))
    watching = Watching.over(truths)
    watching.read_days = read_days or watching.read_days
    by_id = {one.entry.id: one for one in truths}
    begin = truths[0].start.timestamp()
    result = Healthy(
        sum(
            days - float(np.flatnonzero(one.spend)[0]) / DAY_SLOTS
            for one in truths
            if one.spend.any()
        )
    )
    fired: dict[str, datetime] = {}
    for look in looks(watching.figures, begin, begin + days * 86_400):
        watching.read(look.reading)
        now = datetime.fromtimestamp(look.at, UTC)
        findings = safety.fresh(safety.judge(watching.book.view(now)), fired, now)
        fired = safety.cooling(findings, fired, now)
        result.judged += 1
        for one in findings:
            if _is_deserved(one, by_id[one.campaign_id] if one.campaign_id else None, now):
                result.justified += 1
                continue
            result.alarms[one.rule.value] += 1
            result.stops += one.action in STOPS
            if len(result.examples) < 20:
                result.examples.append(f"{network} {seed} {now:%m-%d %H:%M} {one.rule}: {one.text}")
    return result


def _is_deserved(finding: Finding, truth: Truth | None, now: datetime) -> bool:
    """Whether a person's cap for the day was reached in truth: a stop there is agreed.

    Within a twentieth: what is not yet reported has to be assumed.
    """
    if truth is None or finding.rule not in _OVERSPEND or np.isnan(truth.entry.max_daily_spend):
        return False
    day = int((now.timestamp() - truth.start.timestamp()) // 86_400)
    return bool(truth.day_spend()[day] >= 0.95 * truth.entry.max_daily_spend)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that breaks, and the rules that are to notice it.

    ``slow``: it shows in conversions alone, which take days to come. ``certain``: on every account
    there is enough to notice it by.
    """

    name: str
    rules: tuple[Rule, ...]
    slow: bool = False
    certain: bool = True


TROUBLES: Final = (
    Trouble("clicks five times as dear", (Rule.CPC_SPIKE,)),
    Trouble(
        "runaway spend x10",
        (
            Rule.RAPID_ACCELERATION,
            Rule.HOURLY_SPEND_ABNORMAL,
            Rule.AHEAD_OF_PLAN,
            Rule.CAMPAIGN_OVERSPEND,
            Rule.CAMPAIGN_OVERSPEND_HARD,
        ),
    ),
    Trouble(
        "currency unit slip x100",
        (Rule.RAPID_ACCELERATION, Rule.CAMPAIGN_OVERSPEND, Rule.CAMPAIGN_OVERSPEND_HARD),
    ),
    Trouble("tracking outage", (Rule.TRACKING_OUTAGE,)),
    Trouble("click rate down to a quarter", (Rule.CTR_COLLAPSE,)),
    Trouble("landing page dead from the start", (Rule.ZERO_CONVERSIONS,), slow=True),
    Trouble(
        "landing page dies",
        (Rule.CPA_SPIKE, Rule.ZERO_CONVERSIONS, Rule.CPA_ABOVE_LIMIT, Rule.ROAS_BELOW_FLOOR),
        slow=True,
        certain=False,
    ),
    Trouble("burst of API errors", (Rule.API_ERRORS,)),
    Trouble("figures stand still", (Rule.FIGURES_STALE,)),
)


@dataclass(frozen=True, slots=True)
class Detection:
    """When a rule noticed a trouble.

    ``minutes``: campaign minutes from its start. ``seconds``: from the arrival of the deciding
    figures on the network to the look that judges them, at worst: until they are read, and one
    look. Where not figures decide but the time that passed without them, it is one look.
    """

    trouble: str
    rule: Rule
    minutes: float
    seconds: float


def broken(seed: int, network: str, troubles: Sequence[Trouble] = TROUBLES) -> list[Detection]:
    """Break one account of six campaigns in every way, each time from the same past."""
    horizon = _LONG_DAYS if any(one.slow for one in troubles) else _SHORT_DAYS
    days = _HISTORY_DAYS + horizon + 1
    # Every other campaign converts; the first is the one that breaks.
    budgets = (500, 50, 250, 100, 250, 250)
    truths = tuple(
        fly(seed, network, 2 * i if i % 2 == 0 else 2 * i + 1, days, b)
        for i, b in enumerate(budgets)
    )
    since = _HISTORY_DAYS * DAY_SLOTS + int(uniform(seed, "trouble") * DAY_SLOTS)
    begin = truths[0].start.timestamp()
    trouble_at = begin + since * 900.0
    past = Watching.over(truths)
    for look in looks(past.figures, begin, trouble_at, ticks=False):
        past.read(look.reading)
    found: list[Detection] = []
    for trouble in troubles:
        if trouble.name == "landing page dead from the start":
            watching = Watching.over((_stillborn(truths[0], since), *truths[1:]))
            for look in looks(watching.figures, begin, trouble_at, ticks=False):
                watching.read(look.reading)
        else:
            watching = past.broken(_broken(trouble.name, truths, since), trouble_at)
        found += _notice(watching, trouble, trouble_at)
    return found


def _stillborn(truth: Truth, since: int) -> Truth:
    """The campaign as if launched at slot ``since`` to a page that never worked."""
    quiet = multiplied(truth, 0, spend=0.0, volume=0.0)
    for now, healthy_then in (
        (quiet.spend, truth.spend),
        (quiet.impressions, truth.impressions),
        (quiet.clicks, truth.clicks),
    ):
        now[since:] = healthy_then[since:]
    launched = datetime.fromtimestamp(truth.start.timestamp() + since * 900.0, UTC)
    return replace(
        quiet,
        converted=truth.converted[:0],
        entry=replace(truth.entry, live_since=launched),
    )


def _broken(name: str, truths: tuple[Truth, ...], since: int) -> tuple[Truth, ...]:
    first, *others = truths
    match name:
        case "clicks five times as dear":
            first = thinned(multiplied(first, since, volume=0.2), since, conversions=0.2)
        case "runaway spend x10":
            first = multiplied(first, since, spend=10.0, volume=10.0)
        case "currency unit slip x100":
            first = multiplied(first, since, spend=100.0)
        case "tracking outage":
            return tuple(unrecorded(one, since) for one in truths)
        case "click rate down to a quarter":
            first = thinned(first, since, clicks=0.25, conversions=0.25)
        case "landing page dies":
            first = thinned(first, since, conversions=0.0)
        case _:
            pass
    return (first, *others)


def _notice(watching: Watching, trouble: Trouble, since: float) -> list[Detection]:
    """First notice of every rule that is to notice, each from looks at the guard's cadence."""
    found: dict[Rule, Detection] = {}
    blind = trouble.rules[0] in (Rule.API_ERRORS, Rule.FIGURES_STALE)
    horizon = since + (_LONG_DAYS if trouble.slow else _SHORT_DAYS) * _DAY
    if blind:
        # Nothing can be read any more: the guard goes on looking, and every reading fails.
        steps = ((since + 300.0 * n, since, since) for n in range(1, 13 * 12 + 1))
        watching.book.reading_failed = True
    else:
        steps = (
            (one.at, one.reading, one.arrived)
            for one in looks(watching.figures, since, horizon, ticks=not trouble.slow)
        )
    for at, reading, arrived in steps:
        if blind and trouble.rules[0] is Rule.API_ERRORS:
            watching.book.api_failures = min(int((at - since) // 300), 12)
        elif not blind:
            watching.read(reading)
        now = datetime.fromtimestamp(at, UTC)
        for one in safety.judge(watching.book.view(now)):
            of_it = one.campaign_id in (None, watching.truths[0].entry.id)
            if one.rule in trouble.rules and one.rule not in found and of_it:
                wait = reading - arrived if at == reading and not blind else 0.0
                minutes = (at - since) / 60
                found[one.rule] = Detection(trouble.name, one.rule, minutes, wait + LOOK)
        if len(found) == len(trouble.rules) or (found and at - since > _DAY):
            break
    return list(found.values())
