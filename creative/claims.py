"""Is what a copy states borne out by its source, and what remains of it without the rest?

A claim is proven when its sentence stands in the source letter by letter (but for spaces, case
and typography), holds the claim's figures, and speaks of the same thing. What is not proven takes
its own sentence with it; no sentence is ever shortened.
"""

import re
from typing import Any, Final

from creative.facts import (
    flat,
    one_line,
    quantities,
    quantities_missing,
    sentences,
    superlatives,
    unsupported,
)
from creative.language import detect
from models.contract.creative import AdCopy, Claim

_ENDS: Final = '.!?…:;"”»)'
_OPENS: Final = '"“„«(¿¡'


def proven_by(claim: Claim, source: str) -> bool:
    """Whether the claim's sentence stands in the source and bears the claim out: its figures are
    the sentence's, and in one language they share a word that says something."""
    if not stands_whole(claim.sentence, source) or quantities_missing(claim.text, claim.sentence):
        return False
    words, others = _telling(claim.text), _telling(claim.sentence)
    translated = detect(claim.text) not in ("", detect(claim.sentence))
    if not words or words & others or translated:
        return True
    # Not one word in common, and no figure either: the sentence is about something else.
    return bool(quantities(claim.text))


def stands_whole(sentence: str, source: str) -> bool:
    """Whether a sentence is the source's own, whole: a part may leave out the "no" before it.

    Where a page lost its full stops, a capital begins a sentence.
    """
    wanted, line = one_line(sentence), one_line(source)
    if not wanted:
        return False
    for match in re.finditer(re.escape(wanted), line):
        before, after = line[: match.start()], line[match.end() :]
        begins = not before or (
            before[-1].isspace()
            and (before.rstrip()[-1:] in _ENDS or wanted[0].isupper() or wanted[0] in _OPENS)
        ) or before[-1] in _OPENS  # fmt: skip
        ends = (
            not after
            or wanted[-1] in _ENDS
            or after[0] in _ENDS
            or (after[0].isspace() and after.lstrip()[:1].isupper())
        )
        if begins and ends:
            return True
    return False


def _telling(text: str) -> set[str]:
    """The first letters of longer words, so that "mend" and "mending" meet."""
    return {word[:5] for word in re.findall(r"[^\W\d_]{4,}", flat(text))}


def unstated(sentence: str, source: str) -> list[str]:
    """What a sentence states without the source, whether a claim of it was listed or not."""
    told = unsupported(sentence, source)
    return told + [f"{word!r}" for word in superlatives(sentence, source)]


def without_unproven(copy: AdCopy, source: str) -> tuple[AdCopy | None, list[str]]:
    """The copy without what its source does not prove, and what was left out.

    A sentence is left out of primary text or description whole. None where the headline makes the
    claim or nothing would remain: then the variant falls.
    """
    proven = tuple(claim for claim in copy.claims if proven_by(claim, source))
    false = [claim for claim in copy.claims if claim not in proven]
    notes: list[str] = []
    changes: dict[str, Any] = {"claims": proven}
    for field, text in texts(copy):
        kept: list[str] = []
        for sentence in sentences(text):
            why = [f"claim without proof {claim.text!r}" for claim in false
                   if makes(sentence, claim)] or unstated(sentence, source)  # fmt: skip
            if not why:
                kept.append(sentence)
            elif field == "headline":
                return None, [*notes, f"the headline states what the source does not: {why[0]}"]
            else:
                notes.append(f"left out “{sentence}” of the {field}: {why[0]}")
        if len(kept) < len(sentences(text)):
            changes[field] = " ".join(kept)
    if copy.primary_text and not changes.get("primary_text", copy.primary_text):
        return None, [*notes, "nothing of the primary text is proven"]
    settled = copy.model_copy(update=changes)
    shown = flat(" ".join(text for _, text in texts(settled)))
    # A claim that went with its sentence is no claim of this copy any more.
    remaining = tuple(
        one for one in proven if not notes or any(makes(s, one) for s in sentences(shown))
    )
    return settled.model_copy(update={"claims": remaining}), notes


def makes(sentence: str, claim: Claim) -> bool:
    """Whether a sentence makes a claim: word by word, or with most of its telling words."""
    words = flat(claim.text).strip(" .")
    if words and words in flat(sentence):
        return True
    telling = _telling(claim.text)
    return bool(telling) and len(telling & _telling(sentence)) / len(telling) >= 0.6


def texts(copy: AdCopy) -> tuple[tuple[str, str], ...]:
    """Field and text, for what a reader sees."""
    return (
        ("headline", copy.headline),
        ("primary_text", copy.primary_text),
        ("description", copy.description),
    )
