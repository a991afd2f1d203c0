"""Review of ad copy by rule, in Claude's place. It reads words, never meanings, and says so.

A variant is *rejected* for a sentence that promises money or results, that addresses a machine
(whoever writes "ignore previous instructions" into an ad wants something), that holds a word the
brief forbids, or a number that the article does not hold. It *needs a person* for a regulated
topic, a superlative, or a regulated category. Else it passes.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from sandbox.copy_sentences import TO_A_MACHINE, texts

_PROMISE: Final = re.compile(
    r"guarantee\w*|risk[- ]free|get\s+rich|double\s+your|financial\s+freedom|passive\s+income"
    r"|invest\s+now|price\s+will\s+(rise|explode)|garantiert\w*|sans\s+risque|sin\s+riesgo",
    re.IGNORECASE,
)
_REGULATED: Final = re.compile(
    r"\b(crypto\w*|bitcoin|tokens?|casino|betting|jackpots?|free\s+spins?|loans?|mortgages?"
    r"|credit|weight\s+loss|cures?|insurance)\b",
    re.IGNORECASE,
)
_SUPERLATIVE: Final = re.compile(
    r"\b(best|only|first|most|largest|fastest|cheapest|leading)\b", re.I
)
_ORDER: Final = ("pass", "needs_person", "rejected")


def review_copy(
    brief: Mapping[str, Any], copy: Mapping[str, Any], article: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One verdict for each variant, with the sentences concerned."""
    source = " ".join(str(value) for value in article.values()).casefold()
    held = set(_numbers(source))
    brand: Mapping[str, Any] = brief.get("brand") or {}
    words = [re.escape(word) for word in texts(brand.get("forbidden_words")) if word.strip()]
    ban = re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.I) if words else None
    disclaimer = str(brand.get("disclaimer") or "")
    category = str(brief.get("regulated_category") or "none")
    verdicts: list[dict[str, Any]] = []
    variants = cast("list[Mapping[str, Any]]", copy.get("variants") or [])
    for variant in variants:
        outcome, concerns = "pass", list[dict[str, str]]()
        for sentence in _sentences(variant, disclaimer):
            for grade, policy, reason in _concerns(sentence, source, held, ban):
                outcome = max(outcome, grade, key=_ORDER.index)
                concerns.append({"sentence": sentence, "policy": policy, "reason": reason})
        if category != "none" and not concerns:
            outcome = "needs_person"
            first = next(iter(_sentences(variant, "")), "")
            concerns.append(
                {
                    "sentence": first,
                    "policy": f"regulated category {category}",
                    "reason": "a person looks at every ad of a regulated category",
                }
            )
        number = int(variant.get("variant") or 0)
        verdicts.append({"variant": number, "outcome": outcome, "concerns": concerns})
    return verdicts


def _sentences(variant: Mapping[str, Any], disclaimer: str) -> Iterator[str]:
    for field in ("headline", "primary_text", "description"):
        text = str(variant.get(field) or "")
        if disclaimer:
            text = text.replace(disclaimer, " ")
        yield from (one.strip() for one in re.split(r"(?<=[.!?])\s+|\n+", text) if one.strip())
    yield from texts(variant.get("hashtags"))


def _concerns(
    sentence: str, source: str, held: set[str], ban: re.Pattern[str] | None
) -> Iterator[tuple[str, str, str]]:
    """(grade, policy, reason) of what a rule finds in one sentence."""
    if found := _PROMISE.search(sentence):
        yield "rejected", "no promises", f"“{found[0]}” promises a result"
    if TO_A_MACHINE.search(sentence):
        yield "rejected", "copy is data", "it addresses a machine, not a reader"
    if ban and (found := ban.search(sentence)):
        yield "rejected", "forbidden words", f"the brand forbids “{found[0]}”"
    if missing := [one for one in _numbers(sentence) if one not in held]:
        yield "rejected", "facts from the article", f"the article holds no {missing[0]}"
    if found := _REGULATED.search(sentence):
        yield "needs_person", "regulated topics", f"“{found[0]}” may need the network's leave"
    found = _SUPERLATIVE.search(sentence)
    if found and found[0].casefold() not in source:
        yield "needs_person", "facts from the article", f"the article does not say “{found[0]}”"


def _numbers(text: str) -> list[str]:
    return [found.replace(",", "") for found in re.findall(r"\d[\d.,]*\d|\d", text)]
