"""Ad copy by rule: the article's own sentences, chosen by angle and fitted to the limits.

The rules:

* facts come from the article and the brief's offer alone; every sentence used is listed as a
  claim with its source. Sentences that address a machine ("ignore previous instructions"), that
  promise money, or that hold a word the brief forbids are not used;
* each angle takes the unused sentence that fits whole and shows most signs of it (a question, a
  number, "but"), then the sentence that follows it in the article where there is room, else a
  short invitation that fits the call to action;
* a text that is too long gives way to a shorter sentence, then to a leading clause that stands by
  itself. Nothing ends in the middle of a phrase: what cannot be said whole is left out;
* the offer, if there is one, stands in the benefit and the urgency variant, else in the first;
* variants that would say nearly the same, or have nothing left for a headline of their own, are
  not written: a short article gives fewer of them;
* a complaint about length makes the next attempt shorter by what was over.

An article in another language than English gets its own sentences and no English ones; where they
give no more headlines, plain words of its language.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sandbox.copy_headlines import LAST_RESORT, MORE, choose, headlines, plain_words
from sandbox.copy_sentences import (
    NOT_OURS,
    TO_A_MACHINE,
    dependent,
    fit,
    has_emoji,
    hashtags,
    same,
    sentences_of,
    texts,
)

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
    "urgency": r"\b(today|now|until|deadline|this (week|month)|soon|open\w*|closes?|\d+ [A-Z]\w+)",
    "problem_solution": r"\b(but|however|instead|problem\w*|without|because|solv\w*|solution\w*)\b",
}
_INVITATIONS: Final = {
    "learn_more": {
        "curiosity": "The story behind it is worth a read.",
        "benefit": "Here is how.",
        "social_proof": "See for yourself.",
        "urgency": "Read it today.",
        "problem_solution": "Read how it was done.",
    },
    "shop_now": {"curiosity": "Have a closer look.", "benefit": "Made for every day.",
                 "social_proof": "See for yourself.", "urgency": "Have a look today."},
    "apply_now": {"curiosity": "See what the work is like.", "benefit": "Find out more.",
                  "social_proof": "Meet the team.", "urgency": "Apply today."},
    "sign_up": {"curiosity": "Have a look inside.", "benefit": "Join in.",
                "social_proof": "Join them.", "urgency": "Sign up today."},
    "download": {"curiosity": "Have a look inside.", "benefit": "Try it yourself.",
                 "social_proof": "Try it yourself.", "urgency": "Get it today."},
}  # fmt: skip
_ACTIONS: Final = {
    "purchases": "shop_now",
    "catalog_sales": "shop_now",
    "applications": "apply_now",
    "signups": "sign_up",
    "leads": "sign_up",
    "app_installs": "download",
}
_ENGLISH: Final = frozenset(
    [
        "the",
        "and",
        "of",
        "to",
        "in",
        "is",
        "for",
        "with",
        "on",
        "that",
        "it",
        "you",
        "are",
        "by",
        "from",
        "a",
    ]
)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What one batch is written from."""

    sentences: list[str]
    english: bool
    plain: Sequence[str]
    wide: bool
    most: Mapping[str, int]
    action: str
    offer: str

    def size(self, text: str) -> int:
        """Length as the brief counts it."""
        if not self.wide:
            return len(text)
        return sum(2 if ord(one) > 0x1100 and not 0x2000 <= ord(one) <= 0x201F else 1
                   for one in text)  # fmt: skip

    def fits(self, text: str, field: str) -> bool:
        return 0 < self.size(text) <= self.most[field]


def write_copy(
    brief: Mapping[str, Any], article: Mapping[str, Any], complaints: str = ""
) -> list[dict[str, Any]]:
    """``brief["variants"]`` variants (1 to 8), each with its own angle and main sentence."""
    count = min(max(int(brief.get("variants") or 1), 1), 8)
    desk = _desk(brief, article, complaints)
    title = " ".join(str(article.get("title") or "").split())
    named = [str(one.get("angle")) for one in _objects(brief.get("angles"))]
    asked = [one for one in named if one in ANGLES] or list(ANGLES)
    tags = hashtags(texts(article.get("tags")))
    offered_headlines = headlines(
        title,
        texts(article.get("tags")),
        desk.sentences,
        desk.plain,
        desk.most["headline"],
        lambda one: desk.fits(one, "headline"),
    )
    taken = texts(brief.get("running_headlines"))
    offered = {"benefit", "urgency"} & set(asked[:count]) or {asked[0]}
    told = [" ".join(words.split()) for words in texts(brief.get("already_running"))]
    variants: list[dict[str, Any]] = []
    used: set[str] = set()
    for index in range(count):
        angle = asked[index % len(asked)]
        offer = desk.offer if angle in offered else ""
        made = _variant(angle, desk, used, told, offer, title)
        if made is None:
            continue
        text, claims = made
        # Where the network has no room for a headline, none is missed.
        chosen = choose(offered_headlines, text, taken) if offered_headlines else ("", "")
        if chosen is None:
            continue
        used.update(claim["source_sentence"] for claim in claims)
        told.append(text)
        headline, headline_source = chosen
        taken.append(headline)
        if headline_source:
            claims.append({"text": headline, "source_sentence": headline_source})
        aside, remark = _aside(desk, (text, headline, *(one["description"] for one in variants)))
        if aside:
            claims.append({"text": aside, "source_sentence": remark})
        variants.append(
            {
                "angle": angle,
                "primary_text": text,
                "headline": headline,
                "description": aside,
                "call_to_action": desk.action,
                "hashtags": _shown(tags, text, brief, desk),
                "claims": claims,
            }
        )
    return variants


def _desk(brief: Mapping[str, Any], article: Mapping[str, Any], complaints: str) -> _Desk:
    limits: Mapping[str, Any] = brief.get("limits") or {}
    most = {
        name: usual if limits.get(name) is None else int(limits[name])
        for name, usual in (("primary_text", 125), ("headline", 40), ("description", 30))
    }
    for field, over in _overruns(complaints):
        most[field] = max(most.get(field, 0) - over, 1)
    brand: Mapping[str, Any] = brief.get("brand") or {}
    banned = [re.escape(word) for word in texts(brand.get("forbidden_words")) if word.strip()]
    ban = re.compile(rf"(?<!\w)(?:{'|'.join(banned)})(?!\w)", re.I) if banned else None
    usable = [
        one
        for one in sentences_of(article)
        if not NOT_OURS.search(one) and not has_emoji(one) and not (ban and ban.search(one))
    ]
    words = re.findall(r"[^\W\d_]+", f"{article.get('title')} {' '.join(usable)}".lower())
    actions = texts(brief.get("calls_to_action"))
    action = _ACTIONS.get(str(brief.get("objective")), "learn_more")
    if actions and action not in actions:
        action = "learn_more" if "learn_more" in actions else actions[0]
    english = sum(word in _ENGLISH for word in words) * 8 >= len(words)
    invitations = [one.rstrip(".") for one in _INVITATIONS.get(action, {}).values()]
    return _Desk(
        sentences=usable,
        english=english,
        plain=[*LAST_RESORT, *invitations, *MORE] if english else plain_words(words),
        wide="are two" in str(brief.get("counting")),
        most=most,
        action=action,
        offer=" ".join(str(brief.get("offer") or "").split()),
    )


def _overruns(complaints: str) -> Iterator[tuple[str, int]]:
    """Field and characters over, for every text that was called too long."""
    found = re.findall(r"(\w+) has (\d+) characters, the limit is (\d+)", complaints)
    for field in dict.fromkeys(name for name, _, _ in found):
        yield field, max(int(size) - int(limit) for name, size, limit in found if name == field)


def _variant(
    angle: str, desk: _Desk, used: set[str], told: Sequence[str], offer: str, title: str
) -> tuple[str, list[dict[str, str]]] | None:
    """Primary text and claims; None where all would say the same again."""
    for source in _ranked(desk.sentences, angle, used, desk):
        for text, claims in _tellings(angle, source, desk, offer, used):
            if desk.fits(text, "primary_text") and not any(same(text, one) for one in told):
                return text, claims
    usable = "" if TO_A_MACHINE.search(title) or NOT_OURS.search(title) else title
    plain = [(one, "") for one in LAST_RESORT] if desk.english else []
    for words, source in ((offer, offer), (usable, usable), *plain):
        text = words if words.endswith((".", "?", "!")) else f"{words}."
        if words and desk.fits(text, "primary_text") and not any(same(text, t) for t in told):
            claims = [{"text": words, "source_sentence": source}] if source else []
            return text, claims
    return None


def _tellings(
    angle: str, source: str, desk: _Desk, offer: str, used: set[str]
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Ways to say one sentence, the fullest first, each with its claims."""
    said = source if desk.fits(source, "primary_text") else fit(source, desk.most["primary_text"])
    if not said:
        return
    main = said if said.endswith((".", "!", "?")) else f"{said}."
    claims = [{"text": said, "source_sentence": source}]
    if offer:
        offered = offer if offer.endswith((".", "!", "?")) else f"{offer}."
        proof = {"text": offer, "source_sentence": offer}
        yield f"{main} {offered}", [*claims, proof]
        yield offered, [proof]
    place = desk.sentences.index(source) + 1
    follow = desk.sentences[place] if said == source and place < len(desk.sentences) else ""
    follow = "" if follow in used else follow
    asks = angle == "question" and desk.english and "?" not in main and not dependent(main)
    ask = "Did you know? " if asks else ""
    # A question wants its answer, and a problem its solution: the sentence that follows.
    if follow and (angle in ("question", "problem_solution") or len(main) < 50):
        yield f"{ask}{main} {follow}", [*claims, {"text": follow, "source_sentence": follow}]
    invitation = _INVITATIONS.get(desk.action, {}).get(angle, "")
    if invitation and desk.english and "?" not in main:
        yield f"{main} {invitation}", claims
    if ask:
        yield f"{ask}{main}", claims
    yield main, claims


def _ranked(sentences: Sequence[str], angle: str, used: set[str], desk: _Desk) -> list[str]:
    """Unused sentences: those that fit whole first, then by signs of the angle, then in order."""

    def worth(sentence: str) -> tuple[bool, bool, bool, int, int]:
        signs = len(re.findall(_SIGNS.get(angle, r"$^"), sentence, re.IGNORECASE))
        fitting = desk.fits(sentence, "primary_text")
        # A question is left for the variant that asks one.
        asks = (sentence.endswith("?")) is (angle == "question")
        place = sentences.index(sentence)
        return (not fitting, dependent(sentence), not asks and angle != "question",
                -min(signs + 2 * (asks and angle == "question"), 3), place)  # fmt: skip

    return sorted((one for one in sentences if one not in used), key=worth)


def _aside(desk: _Desk, told: Sequence[str]) -> tuple[str, str]:
    """A short remark that nothing else says already, and its sentence; or nothing."""
    for sentence in desk.sentences:
        words = sentence if desk.fits(sentence, "description") else ""
        words = (words or fit(sentence, desk.most["description"])).rstrip(".")
        new = bool(words) and not any(words in one for one in told)
        if new and not dependent(words) and desk.fits(words, "description"):
            return words, sentence
    return "", ""


def _shown(tags: Sequence[str], text: str, brief: Mapping[str, Any], desk: _Desk) -> list[str]:
    """Hashtags if the brief asks for any, and as many as fit where they count."""
    asked = str(brief.get("hashtags") or "none")
    if asked.startswith("none"):
        return []
    if "counted" not in asked:
        return list(tags)
    kept: list[str] = []
    for tag in tags:
        if desk.size(" ".join([text, *kept, tag])) <= desk.most["primary_text"]:
            kept.append(tag)
    return kept


def _objects(value: object) -> list[Mapping[str, Any]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Mapping[str, Any]", one) for one in items if isinstance(one, dict)]
