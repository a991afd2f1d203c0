"""Ad copy by rule: the article's own sentences, chosen by angle and fitted to the limits.

Facts come only from the article; every sentence used is listed as a claim with its source. A
text that is too long is replaced by a shorter sentence, then by whole clauses, and only then
ends at a word boundary that reads complete. Sentences that address a machine ("ignore
previous instructions") are not used.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

ANGLES: Final = (
    "curiosity",
    "benefit",
    "question",
    "social_proof",
    "urgency",
    "problem_solution",
)
_SIGNS: Final = {
    "curiosity": r"\b(why|how|what|secret|surpris\w+|behind|discover\w*|reveal\w*|first)\b",
    "benefit": r"\b(help\w*|save\w*|free|easier|faster|better|learn\w*|new|gain\w*|improv\w+)\b",
    "question": r"\?|\b(how|why|what|which|whether)\b",
    "social_proof": r"\d|\b(people|readers|customers|teams|said|says|users|percent|many)\b",
    "urgency": r"\b(today|now|until|deadline|this (week|month)|soon|last|only|closes?)\b",
    "problem_solution": r"\b(but|however|instead|problem\w*|without|until|because|solution\w*)\b",
}
_LEADS: Final = {
    "curiosity": "Here is what stands out:",
    "benefit": "Worth knowing:",
    "question": "Have you thought about this?",
    "social_proof": "In the article’s own words:",
    "urgency": "Worth reading now:",
    "problem_solution": "The point in short:",
}
_ACTIONS: Final = {
    "purchases": "shop_now",
    "catalog_sales": "shop_now",
    "applications": "apply_now",
    "signups": "sign_up",
    "leads": "sign_up",
    "app_installs": "download",
}
_TO_A_MACHINE: Final = re.compile(
    r"\b(ignore|disregard|forget)\b.*\b(instruction|prompt|rule)s?\b|system prompt"
    r"|\b(set|raise|increase)\b.*\bbudget\b|\bas an ai\b|\byou must call\b|<\s*/?\s*\w+\s*>",
    re.IGNORECASE,
)
_DANGLING: Final = re.compile(
    r"(a|an|the|and|or|but|of|to|in|on|at|by|for|with|from|as|is|are|was|were|be|that|which|who"
    r"|than|into|its|their|his|her|our|your|this|these|those|not|no|if|because|while)",
    re.IGNORECASE,
)


def write_copy(brief: Mapping[str, Any], article: Mapping[str, Any]) -> list[dict[str, Any]]:
    """``brief["variants"]`` variants (1 to 8), each with its own angle and main sentence."""
    count = min(max(int(brief.get("variants") or 1), 1), 8)
    limits: Mapping[str, Any] = brief.get("limits") or {}
    title = " ".join(str(article.get("title") or "").split())
    sentences = sentences_of(article) or [title]
    actions = texts(brief.get("calls_to_action"))
    action = _ACTIONS.get(str(brief.get("objective")), "learn_more")
    if actions and action not in actions:
        action = "learn_more" if "learn_more" in actions else actions[0]
    headlines = _headlines(title, sentences, _limit(limits, "headline", 40))
    most, aside_most = _limit(limits, "primary_text", 125), _limit(limits, "description", 30)
    variants: list[dict[str, Any]] = []
    used: set[str] = set()
    for index in range(count):
        angle = ANGLES[index % len(ANGLES)]
        source = _pick(sentences, angle, used, most)
        used.add(source)
        text, claims = _primary(angle, source, sentences, most)
        remark = _pick(sentences, "benefit", {source}, aside_most)
        aside = fit(remark, aside_most)
        if aside:
            claims.append({"text": aside, "source_sentence": remark})
        variants.append(
            {
                "angle": angle,
                "primary_text": text,
                "headline": headlines[index % len(headlines)],
                "description": aside,
                "call_to_action": action,
                "hashtags": hashtags(texts(article.get("tags"))),
                "claims": claims,
            }
        )
    return variants


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
            if fresh and not _TO_A_MACHINE.search(sentence):
                found.append(sentence)
    return found


def fit(text: str, limit: int) -> str:
    """``text`` within ``limit`` characters: whole, else its leading clauses, else its leading
    words up to one that can end a phrase. Empty when not even one word fits."""
    text = text.strip()
    if len(text) <= limit:
        return text
    ends = [match.start() for match in re.finditer(r"(?:[,;:]|\s[–—-])\s", text)]
    clauses = [text[:end].rstrip(" ,;:–—-") for end in ends if end <= limit]
    # A clause is only worth it if it still says something.
    if clauses and len(clauses[-1].split()) >= 3:
        return clauses[-1]
    words: list[str] = []
    for word in text.split():
        if len(" ".join([*words, word])) > limit:
            break
        words.append(word)
    while words and _DANGLING.fullmatch(words[-1].strip(",;:–—-")):
        words.pop()
    return " ".join(words).rstrip(" ,;:–—-")


def hashtags(tags: Sequence[str]) -> list[str]:
    """Up to three tags as hashtags: letters and digits, words capitalised, with the ``#``."""
    names = ("".join(w[:1].upper() + w[1:] for w in re.findall(r"\w+", t)) for t in tags)
    return [f"#{name}" for name in dict.fromkeys(names) if name][:3]


def _limit(limits: Mapping[str, Any], name: str, default: int) -> int:
    value = limits.get(name)
    return default if value is None else int(value)


def _pick(sentences: Sequence[str], angle: str, used: set[str], limit: int) -> str:
    """The unused sentence that fits whole and shows most signs of the angle; early ones
    first."""
    left = [each for each in sentences if each not in used] or list(sentences)

    def worth(sentence: str) -> tuple[bool, int, int]:
        signs = len(re.findall(_SIGNS[angle], sentence, re.IGNORECASE))
        return (len(sentence) > limit, -min(signs, 2), sentences.index(sentence))

    return min(left, key=worth)


def _primary(
    angle: str, source: str, sentences: Sequence[str], limit: int
) -> tuple[str, list[dict[str, str]]]:
    """The primary text and the claims it makes, each with the sentence it comes from."""
    said = fit(source, limit)
    claims = [{"text": said, "source_sentence": source}]
    text = said
    if len(_LEADS[angle]) + 1 + len(source) <= limit:
        text = f"{_LEADS[angle]} {source}"
    follow = sentences.index(source) + 1
    # A second sentence where there is room: the one that follows in the article as well.
    if said == source and follow < len(sentences):
        after = sentences[follow]
        if len(text) + 1 + len(after) <= limit:
            text = f"{text} {after}"
            claims.append({"text": after, "source_sentence": after})
    return text, claims


def _headlines(title: str, sentences: Sequence[str], limit: int) -> list[str]:
    """Different headlines: the title, its parts, then sentences that fit as they are."""
    parts = [title, *(part.strip() for part in re.split(r"\s*[:|–—]\s+", title))]
    short = [each.rstrip(".") for each in sentences]
    whole = [each for each in (*parts, *short) if 0 < len(each) <= limit]
    cut = [piece for each in (title, *short) if (piece := fit(each, limit))]
    choice = [each for each in (*whole, *cut) if len(each.split()) >= 2] or cut or [""]
    return list(dict.fromkeys(choice))[:8]
