"""The six ways in which an ad begins its argument, and which of them a batch tries.

Variants of one campaign differ by angle, so that a test of them says something about the next
batch: "questions win here", not "the third text won".
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.contract.vocabulary import Objective


class Angle(StrEnum):
    """The taxonomy. Values are stored with every creative: add, never rename."""

    CURIOSITY = "curiosity"
    BENEFIT = "benefit"
    QUESTION = "question"
    SOCIAL_PROOF = "social_proof"
    URGENCY = "urgency"
    PROBLEM_SOLUTION = "problem_solution"


MEANING: Final[dict[Angle, str]] = {
    Angle.CURIOSITY: "open a gap that the page closes; never withhold what the ad is about",
    Angle.BENEFIT: "what the reader gains, first and in plain words",
    Angle.QUESTION: "a question that the page answers; never about the reader's own person",
    Angle.SOCIAL_PROOF: "what people say or do about it, with the source's own figures and names",
    Angle.URGENCY: "why now, by a date or limit that stands in the source; never invented scarcity",
    Angle.PROBLEM_SOLUTION: "the difficulty in one breath, what solves it in the next",
}
_PREFERRED: Final[dict[Objective, tuple[Angle, ...]]] = {
    Objective.AWARENESS: (Angle.CURIOSITY, Angle.SOCIAL_PROOF, Angle.QUESTION),
    Objective.TRAFFIC: (Angle.CURIOSITY, Angle.BENEFIT, Angle.QUESTION),
    Objective.ENGAGEMENT: (Angle.QUESTION, Angle.CURIOSITY, Angle.SOCIAL_PROOF),
    Objective.LEADS: (Angle.BENEFIT, Angle.PROBLEM_SOLUTION, Angle.SOCIAL_PROOF),
    Objective.SIGNUPS: (Angle.BENEFIT, Angle.SOCIAL_PROOF, Angle.PROBLEM_SOLUTION),
    Objective.PURCHASES: (Angle.BENEFIT, Angle.SOCIAL_PROOF, Angle.PROBLEM_SOLUTION),
    Objective.CATALOG_SALES: (Angle.BENEFIT, Angle.PROBLEM_SOLUTION, Angle.SOCIAL_PROOF),
    Objective.APP_INSTALLS: (Angle.BENEFIT, Angle.CURIOSITY, Angle.PROBLEM_SOLUTION),
    Objective.APPLICATIONS: (Angle.BENEFIT, Angle.QUESTION, Angle.SOCIAL_PROOF),
}
"""What usually fits an objective, first first; an assumption that results correct."""


@dataclass(frozen=True, slots=True)
class Won:
    """A creative that won an earlier test of the team, as material for the next batch.

    ``lift`` is its relative advantage over the runner-up (0.2: a fifth better), where known.
    """

    angle: str
    headline: str = ""
    primary_text: str = ""
    call_to_action: str = ""
    lift: float | None = None


def choose(
    count: int, objective: Objective, won: Sequence[Won] = (), running: Sequence[str] = ()
) -> tuple[Angle, ...]:
    """``count`` angles for one batch, the most promising first.

    Two of the first three places go to what won before, by how often: the third stays with what
    the objective suggests, or a batch would never learn anything new. No angle comes twice before
    all six have come once. Fresh ads beside ``running`` ones begin in other ways first: people are
    tired of those.

    Raises:
        ValueError: ``count`` is not 1 to 8.
    """
    if not 1 <= count <= 8:
        raise ValueError(f"variants {count} must be 1 to 8")
    known = {one.value for one in Angle}
    wins = Counter(Angle(one.angle) for one in won if one.angle in known)
    # Ties keep the taxonomy's order, so that the same history gives the same batch.
    best = sorted(wins, key=lambda one: (-wins[one], list(Angle).index(one)))
    suggested = [one for one in _PREFERRED[objective] if one not in best[:2]]
    order = list(dict.fromkeys((*best[:2], *suggested, *best[2:], *Angle)))
    order.sort(key=lambda one: one.value in running)  # stable
    return tuple((order + order)[:count])


def at_most(count: int) -> int:
    """How often one angle may come in a batch of ``count``."""
    return -(-count // len(Angle))


def variation(angle: str, number: int) -> str:
    """The name a variant goes by in lists: ``social proof 2``."""
    return f"{angle.replace('_', ' ')} {number}"


def pattern(won: Sequence[Won]) -> dict[str, object]:
    """What winners of earlier tests have in common, as data for a brief; empty without any.

    Their words are examples of style: what they state is no fact of the present source.
    """
    if not won:
        return {}
    angles = Counter(one.angle for one in won)
    headlines = [one.headline for one in won if one.headline]
    texts = [one.primary_text for one in won if one.primary_text]
    found: dict[str, object] = {
        "tests_won": len(won),
        "wins_by_angle": dict(sorted(angles.items(), key=lambda item: (-item[1], item[0]))),
        "style_examples": [
            {"angle": one.angle, "headline": one.headline, "primary_text": one.primary_text}
            for one in sorted(won, key=lambda one: -(one.lift or 0.0))[:3]
        ],
    }
    if headlines:
        found["usual_headline_words"] = round(sum(map(_words, headlines)) / len(headlines))
    if texts:
        found["usual_text_words"] = round(sum(map(_words, texts)) / len(texts))
        found["share_with_a_question"] = round(sum("?" in one for one in texts) / len(texts), 2)
    actions = Counter(one.call_to_action for one in won if one.call_to_action)
    if actions:
        found["usual_call_to_action"] = actions.most_common(1)[0][0]
    return found


def _words(text: str) -> int:
    return len(text.split())
