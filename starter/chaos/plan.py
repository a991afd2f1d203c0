"""What a chaos does, all of it drawn from one integer before anything starts.

The plan is the same for the same seed and sizes. The instants at which the operating system runs
each process are not ours to choose, so a repetition meets the same blows, not the same nanosecond.
"""

import random
from dataclasses import dataclass
from enum import StrEnum

NETWORKS = ("meta", "x")


class Victim(StrEnum):
    """What is killed with ``kill -9`` and started again."""

    WORKER = "worker"
    GUARD = "guard"
    TEMPORAL = "temporal"
    POSTGRESQL = "postgresql"


class Wish(StrEnum):
    """What a person wants of a campaign in the middle of it all."""

    KILL = "kill"
    PAUSE = "pause"
    LOWER = "lower_budget"


@dataclass(frozen=True, slots=True)
class Crash:
    """``victim`` dies ``at`` real seconds after its stage began and is away for ``down``."""

    stage: str
    at: float
    victim: Victim
    down: float


@dataclass(frozen=True, slots=True)
class Intervention:
    """``wish`` about one campaign, ``after`` real seconds from when it can be followed.

    A kill counts from the approval, so that it may meet any step of the launch; the others from
    when the campaign is switched on. A pause is followed by a resume ``back`` seconds later.
    """

    article: int
    platform: str
    wish: Wish
    after: float
    back: float = 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault armed in the sandbox: real seconds, share of the requests, at most so many."""

    network: str
    kind: str
    chance: float
    count: int
    seconds: float = 1.0
    method: str | None = "POST"

    def order(self) -> dict[str, object]:
        """As the sandbox's control API takes it."""
        order: dict[str, object] = {
            "network": self.network,
            "kind": self.kind,
            "chance": self.chance,
            "count": self.count,
            "seconds": self.seconds,
        }
        return order if self.method is None else {**order, "method": self.method}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that will be done to the stack and to the campaigns.

    ``patience``: real seconds between a proposal and its approval, by article and platform.
    ``asked_again``: campaigns for which a person agrees once more after a limit refused them.
    ``stopped``: the network whose account is stopped and recovered when the crashes are over.
    """

    seed: int
    promotions: int
    crashes: tuple[Crash, ...]
    interventions: tuple[Intervention, ...]
    faults: tuple[Fault, ...]
    patience: dict[tuple[int, str], float]
    asked_again: frozenset[tuple[int, str]]
    stopped: str = NETWORKS[0]


def draw(seed: int, promotions: int, crashes: int) -> Plan:
    """Draw a chaos of a size.

    A quarter of the crashes meets the evaluation of the articles, the rest the launches and what
    follows. From eight crashes on, each victim dies at least twice.
    """
    dice = random.Random(seed)
    campaigns = [(article, network) for article in range(promotions) for network in NETWORKS]
    return Plan(
        seed=seed,
        promotions=promotions,
        crashes=_crashes(dice, promotions, crashes),
        interventions=_interventions(dice, campaigns),
        faults=_faults(dice, promotions),
        patience={one: dice.uniform(0.0, 0.15 * promotions) for one in campaigns},
        asked_again=frozenset(dice.sample(campaigns, max(1, len(campaigns) // 4))),
        stopped=dice.choice(NETWORKS),
    )


def _crashes(dice: random.Random, promotions: int, count: int) -> tuple[Crash, ...]:
    each = 2 if count >= 2 * len(Victim) else 1 if count >= len(Victim) else 0
    victims = [victim for victim in Victim for _ in range(each)]
    victims += [dice.choice(list(Victim)) for _ in range(count - len(victims))]
    dice.shuffle(victims)
    early = count // 4
    # Launching takes longer the more crashes interrupt it, so the instants spread with them.
    spans = {"proposals": 2.0 + 0.4 * promotions, "launches": 3.0 + promotions + 1.5 * count}
    stages = ["proposals"] * early + ["launches"] * (count - early)
    drawn = [
        Crash(stage, dice.uniform(0.3, spans[stage]), victim, dice.uniform(0.1, 2.5))
        for stage, victim in zip(stages, victims, strict=True)
    ]
    return tuple(sorted(drawn, key=lambda crash: (stages.index(crash.stage), crash.at)))


def _interventions(
    dice: random.Random, campaigns: list[tuple[int, str]]
) -> tuple[Intervention, ...]:
    """One campaign in eight is killed, one in eight paused, one in eight made cheaper."""
    share = max(1, len(campaigns) // 8)
    span = min(20.0, 2.0 + 0.25 * len(campaigns))  # about as long as launching them takes
    chosen = dice.sample(campaigns, min(3 * share, len(campaigns)))
    wishes = [wish for wish in Wish for _ in range(share)][: len(chosen)]
    return tuple(
        Intervention(
            article,
            platform,
            wish,
            after=dice.uniform(0.0, span if wish is Wish.KILL else span / 2),
            back=dice.uniform(0.5, span / 2),
        )
        for (article, platform), wish in zip(chosen, wishes, strict=True)
    )


def _faults(dice: random.Random, promotions: int) -> tuple[Fault, ...]:
    """Enough for a long run, few enough that every request gets through in the end.

    Late writes land within the sandbox's settling time of two real seconds, as networks promise.
    """
    most = max(3, promotions // 2)
    drawn: list[Fault] = []
    for network in NETWORKS:
        for kind, chance, seconds in (
            ("lost_answer", 0.03, 1.0),
            ("late_write", 0.03, dice.uniform(0.8, 1.6)),
            ("duplicate", 0.04, 1.0),
            ("delay", 0.05, dice.uniform(0.5, 3.0)),
        ):
            drawn.append(Fault(network, kind, chance * dice.uniform(0.7, 1.3), most, seconds))
        drawn.append(Fault(network, "server_error", 0.01, most, method=None))
        drawn.append(Fault(network, "rate_limited", 0.015, most, method=None))
    return tuple(drawn)
