"""The sentences copy by rule is made of: found, fitted, compared."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

TO_A_MACHINE: Final = re.compile(
    r"\b(ignore|disregard|forget)\b.*\b(instruction|prompt|rule)s?\b|system prompt"
    r"|\b(set|raise|increase)\b.*\bbudget\b|\bas an ai\b|\byou must call\b|<\s*/?\s*\w+\s*>",
    re.IGNORECASE,
)
_FRAGMENT: Final = re.compile(
    r"(if|because|although|though|while|when|unless|as|since|after|before|and|but|or|for|with"
    r"|despite|instead|aber|und|weil|denn|mais|car|pero|porque|ma|perché|mas|ama|maar)\b",
    re.IGNORECASE,
)
_LEANS: Final = re.compile(
    r"(it|its|they|their|he|she|his|her|this|that|these|those|such|so|then|also|there)\b", re.I
)
"""Begins with what a sentence before it named."""
_TURN: Final = re.compile(r"\W*(but|however|unless|if|except|though|although|only|or)\b", re.I)
NOT_OURS: Final = re.compile(
    r"guarantee|risk[- ]free|get rich|financial freedom|revolutionary|game[- ]chang|unbelievable"
    r"|world['’]s best|passive income|invest(ment)? (now|opportunity)|click here|last chance|hurry"
    r"|[!?]{2,}",
    re.IGNORECASE,
)
"""Words that no network would take, whoever wrote them."""
_SAME: Final = 0.7


def texts(value: object) -> list[str]:
    """A JSON list as texts; anything else as no texts."""
    return [str(each) for each in cast("list[object]", value)] if isinstance(value, list) else []


def sentences_of(article: Mapping[str, Any]) -> list[str]:
    """The article's usable sentences, description first, each of four words or more."""
    found: list[str] = []
    for part in (article.get("description"), article.get("text")):
        for raw in re.split(r"(?<=[.!?])[\"”’)]*\s+|\n+", str(part or "")):
            sentence = " ".join(raw.split())
            fresh = sentence not in found and len(sentence.split()) >= 4
            if fresh and not TO_A_MACHINE.search(sentence):
                found.append(sentence)
    return found


def fit(text: str, limit: int) -> str:
    """``text`` within ``limit`` characters: whole, else its longest leading clause that stands by
    itself, else nothing."""
    text = text.strip()
    if len(text) <= limit:
        return text
    # A beginning that depends on what follows says something else without it.
    if _FRAGMENT.match(text):
        return ""
    for match in reversed(list(re.finditer(r"(?:[,;:]|\s[–—-])\s", text))):
        clause = text[: match.start()].rstrip(" ,;:–—-")
        stands = len(clause.split()) >= 4 and not _TURN.match(text[match.end() :])
        if len(clause) <= limit and stands:
            return clause
    return ""


def hashtags(tags: Sequence[str]) -> list[str]:
    """Up to three tags as hashtags: letters and digits, words capitalised, with the ``#``."""
    names = ("".join(w[:1].upper() + w[1:] for w in re.findall(r"\w+", t)) for t in tags)
    return [f"#{name}" for name in dict.fromkeys(names) if not name.isdigit() and name][:3]


def dependent(sentence: str) -> bool:
    """Whether a sentence means little without the one before it."""
    return bool(_FRAGMENT.match(sentence) or _LEANS.match(sentence))


def same(one: str, other: str) -> bool:
    first, second = (set(re.findall(r"\w+", each.casefold())) for each in (one, other))
    return len(first & second) >= _SAME * max(len(first | second), 1)


def heard(text: str) -> str:
    """What a reader hears: the words alone, in lower case."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def has_emoji(text: str) -> bool:
    return any(unicodedata.category(one) == "So" and ord(one) > 0x2000 for one in text)
