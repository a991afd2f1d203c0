"""May this copy leave the house? Rules first; what they cannot settle goes to a person."""

import re
import unicodedata

from creative.counting import length, primary_room
from models.contract.briefs import ComplianceOutcome, ComplianceReport, CopyToCheck
from models.contract.creative import AdCopy
from platforms.network import CopyLimits

_FORBIDDEN: tuple[tuple[str, str], ...] = (
    (r"guarantee[ds]?\s+(?:returns?|profits?|income|results?)", "promises a financial result"),
    (r"risk[- ]free", "promises freedom from risk"),
    (r"double\s+your\s+(?:money|investment)", "promises a financial result"),
    (r"\bget\s+rich\b", "promises wealth"),
    (r"price\s+(?:will|is\s+going\s+to)\s+(?:rise|explode|moon)", "predicts a price"),
    (r"financial\s+freedom", "promises wealth"),
    (r"\binvest(?:ment)?\s+(?:opportunity|now)\b", "reads as an investment offer"),
)
_HYPE = re.compile(r"\b(revolutionary|game[- ]changing|world's\s+best|unbelievable)\b", re.I)
_DELICATE = re.compile(
    r"\b(crypto\w*|bitcoin|token\w*|casino|betting|loan\w*|credit|mortgage|weight\s+loss|cure)\b",
    re.I,
)
_TYPOGRAPHY = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-", "\u2013": "-"}
)
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def check(case: CopyToCheck, limits: CopyLimits) -> ComplianceReport:
    """Judge one copy.

    Rejected: over a limit, a forbidden promise, hype, or a number the source does not contain.
    Needs a person: a topic the networks regulate, or a regulated category.
    """
    copy, reasons = case.copy_text, list(too_long(case.copy_text, limits))
    prose = _plain(" ".join((copy.primary_text, copy.headline, copy.description)))
    text = _plain(" ".join((prose, *copy.hashtags)))
    source = _plain(case.source)
    for pattern, why in _FORBIDDEN:
        found = re.search(pattern, text, re.I)
        if found:
            reasons.append(f"{why}: {found.group(0)!r}")
    if found := _HYPE.search(text):
        reasons.append(f"hype the brand voice forbids: {found.group(0)!r}")
    reasons.extend(
        f"number {number!r} is not in the source"
        for number in dict.fromkeys(_NUMBER.findall(prose))
        if not _stands_in(number, source)
    )
    if reasons:
        return ComplianceReport(outcome=ComplianceOutcome.REJECTED, reasons=tuple(reasons))
    doubts: list[str] = []
    if found := _DELICATE.search(text):
        doubts.append(f"a topic networks restrict: {found.group(0)!r}")
    if case.special_category != "none":
        doubts.append(f"regulated category {case.special_category}")
    if doubts:
        return ComplianceReport(outcome=ComplianceOutcome.NEEDS_PERSON, reasons=tuple(doubts))
    return ComplianceReport(outcome=ComplianceOutcome.PASS)


def too_long(copy: AdCopy, limits: CopyLimits) -> list[str]:
    """What is over the network's limits, with measured value and limit."""
    problems: list[str] = []
    for name, text, limit, needed in (
        ("primary_text", copy.primary_text, primary_room(limits), True),
        ("headline", copy.headline, limits.headline, True),
        ("description", copy.description, limits.description, False),
    ):
        measured = length(text)
        if measured > limit:
            problems.append(f"{name} has {measured} characters, the limit is {limit}")
        # A network that has no room for a text does not show one.
        if needed and limit > 0 and not text.strip():
            problems.append(f"{name} must not be empty")
    return problems


def with_hashtags_that_fit(copy: AdCopy, limits: CopyLimits) -> AdCopy:
    """Leave out hashtags that the network does not show, or has no room for."""
    if limits.hashtags == "on top":
        return copy
    if limits.hashtags == "none":
        return copy.model_copy(update={"hashtags": ()})
    room = primary_room(limits) - length(copy.primary_text)
    kept: list[str] = []
    for tag in copy.hashtags:
        room -= length(tag) + 2  # a space, and the # when it is missing
        if room < 0:
            break
        kept.append(tag)
    return copy.model_copy(update={"hashtags": tuple(kept)})


def _plain(text: str) -> str:
    """Wide letters, curly quotes and typographic hyphens as the rules spell them."""
    return unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)


def _stands_in(number: str, source: str) -> bool:
    plain = number.replace(",", "")
    return re.search(rf"(?<![\d.]){re.escape(plain)}(?!\.?\d)", source.replace(",", "")) is not None
