"""Which regulated category a content belongs to, read from its own words.

Claude classifies too; this is the floor below it: what these rules find is declared whatever the
model says, because an undeclared job or loan advert costs the account. A word in the title or the
tags is enough, in running text it takes two different ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.contract.vocabulary import SpecialCategory

NAME = "regulated-category"
VERSION = "1"
_READ: Final = 6_000
"""Characters of the text that are looked at: what a content is about stands early."""

_WORDS: Final[dict[SpecialCategory, tuple[str, ...]]] = {
    SpecialCategory.EMPLOYMENT: (
        r"we(?:'re| are) hiring", r"job (?:opening|offer|advert|vacanc\w+)", r"\bvacanc(?:y|ies)\b",
        r"apply (?:now )?(?:for|to) (?:this|the|our) (?:job|position|role)", r"\bfull[- ]time\b",
        r"\bpart[- ]time (?:job|position|role)", r"send (?:us )?your (?:cv|résumé|resume)",
        r"join our team", r"\bsalary (?:range|from|of)\b", r"\bhiring\b",
    ),
    SpecialCategory.HOUSING: (
        r"\b(?:apartments?|flats?|houses?|homes?) (?:for|to) (?:rent|sale|let)\b",
        r"\breal estate\b", r"\brent(?:al)? (?:per|a) month\b", r"\bopen house\b",
        r"\b\d+[- ]bed(?:room)?s?\b", r"\btenan(?:t|cy|cies)\b", r"\bmortgages?\b",
    ),
    SpecialCategory.CREDIT: (
        r"\b(?:personal|payday|car|student) loans?\b", r"\bcredit cards?\b", r"\bAPR\b",
        r"\bborrow (?:up to|from)\b", r"\brefinanc\w+", r"\bbuy now,? pay later\b",
        r"\bcredit (?:score|check|limit)\b",
    ),
    SpecialCategory.FINANCIAL: (
        r"\binvest (?:in|with|from)\b", r"\btrading (?:platform|account|app)\b",
        r"\b(?:life|health|car|home) insurance\b", r"\bcrypto(?:currency)? (?:exchange|wallet)\b",
        r"\bannual (?:return|yield)\b", r"\bpension (?:plan|fund)\b", r"\bbank account\b",
    ),
    SpecialCategory.GAMBLING: (
        r"\bcasino\b", r"\bsports? betting\b", r"\bslot machines?\b", r"\bfree spins\b",
        r"\bplace (?:a|your) bets?\b", r"\bjackpot\b", r"\bpoker\b", r"\blotter(?:y|ies)\b",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CategoryAnswer:
    """``category`` NONE where nothing regulated was found. ``found``: the words that decided."""

    category: SpecialCategory
    reason: str
    confidence: float
    found: tuple[str, ...] = ()


def decide(title: str, text: str, tags: Sequence[str] = ()) -> CategoryAnswer:
    """The category with most evidence; of several with the same, the first of the vocabulary."""
    loud = f"{title}\n{' '.join(tags)}"
    none = "nothing in it belongs to a regulated category"
    best = CategoryAnswer(SpecialCategory.NONE, none, 0.7)
    most = 0
    for category, patterns in _WORDS.items():
        named = _hits(patterns, loud)
        said = _hits(patterns, text[:_READ])
        weight = 2 * len(named) + len(said)
        if weight >= 2 and weight > most:
            most = weight
            words = tuple(dict.fromkeys((*named, *said)))
            quoted = ", ".join(f"“{word}”" for word in words[:4])
            best = CategoryAnswer(
                category,
                f"it says {quoted}, so it counts as {category.value}",
                min(0.6 + 0.1 * weight, 0.95),
                words,
            )
    return best


def _hits(patterns: Sequence[str], text: str) -> list[str]:
    """The first words of each pattern that is there, as they stand in the text."""
    found = (re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
    return [match.group(0).lower() for match in found if match is not None]
