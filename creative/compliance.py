"""May this copy leave the house? Rules first, then Claude's reading; the worse of the two holds.

Rejected is what no network may see: a text over its limit, a promise of money, a statement that
its source does not make, a word the brand forbids. A person decides what rules cannot: regulated
topics, superlatives, a language that the rules do not read. What nobody judged never passes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from creative import language, promises, restrictions
from creative.counting import length, primary_room
from creative.facts import plain, sentences, superlatives, unsupported
from models.contract.account import PERMITTED
from models.contract.brand import Brand
from models.contract.briefs import ComplianceOutcome, ComplianceReport, CopyToCheck
from models.contract.creative import AdCopy
from models.contract.post_length import emoji_in
from models.contract.vocabulary import Platform, SpecialCategory
from platforms.network import CopyLimits

_WEIGHT = {
    ComplianceOutcome.PASS: 0,
    ComplianceOutcome.NEEDS_PERSON: 1,
    ComplianceOutcome.REJECTED: 2,
}
_NO_EMOJI = frozenset({Platform.TIKTOK, Platform.GOOGLE})
_MANY_EMOJI = 2
_NO_PRIMARY_TEXT = frozenset({Platform.SNAPCHAT, Platform.APPLE_SEARCH_ADS})
_DISCLAIMED = frozenset(
    {SpecialCategory.FINANCIAL, SpecialCategory.CREDIT, SpecialCategory.GAMBLING}
)
"""Categories whose ads must say on Meta what law and network want said."""


@dataclass(frozen=True, slots=True)
class Standards:
    """What a team holds its texts to.

    ``permitted``: categories that this ad account may advertise, by the network's own leave; None
    where nobody has said, so that a person is asked. ``competitors``: names no text may use.
    """

    brand: Brand = field(default_factory=Brand)
    competitors: tuple[str, ...] = ()
    permitted: frozenset[SpecialCategory] | None = None


STRICT = Standards()
"""Nothing permitted that needs asking, in the voice every brand begins with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule noticed, with the sentence concerned."""

    outcome: ComplianceOutcome
    why: str
    sentence: str = ""

    def __str__(self) -> str:
        # A sentence that the reason quotes whole is not said twice.
        if not self.sentence or repr(plain(self.sentence)) in self.why:
            return self.why
        return f"{self.why} in “{self.sentence}”"


_REJECTED, _DOUBT = ComplianceOutcome.REJECTED, ComplianceOutcome.NEEDS_PERSON


def check(case: CopyToCheck, limits: CopyLimits, standards: Standards = STRICT) -> ComplianceReport:
    """Judge one copy by rule."""
    return reported(list(findings(case, limits, standards)))


def reported(found: Sequence[Finding]) -> ComplianceReport:
    """The worst of some findings, with the reasons for it; nothing found passes."""
    if not found:
        return ComplianceReport(outcome=ComplianceOutcome.PASS)
    worst = max((one.outcome for one in found), key=lambda one: _WEIGHT[one])
    reasons = dict.fromkeys(str(one) for one in found if one.outcome is worst)
    return ComplianceReport(outcome=worst, reasons=tuple(reasons))


def worse(rules: ComplianceReport, review: ComplianceReport) -> ComplianceReport:
    """The two verdicts as one: the worse holds, with the reasons of both where they agree."""
    if rules.outcome is review.outcome:
        reasons = tuple(dict.fromkeys((*rules.reasons, *review.reasons)))
        return ComplianceReport(outcome=rules.outcome, reasons=reasons)
    return max(rules, review, key=lambda one: _WEIGHT[one.outcome])


def findings(case: CopyToCheck, limits: CopyLimits, standards: Standards) -> Iterator[Finding]:
    """All that the rules notice in one copy."""
    copy, category = case.copy_text, _category(case.special_category)
    yield from (Finding(_REJECTED, told) for told in too_long(copy, limits, case.platform))
    # A disclaimer is the brand's own word and needs no source.
    disclaimer = standards.brand.disclaimers.get(category, "")
    bare = copy.model_copy(
        update={"primary_text": copy.primary_text.removesuffix(disclaimer).rstrip()}
    )
    yield from wording(bare, case.platform, standards, case.source, category)
    for _, sentence in _sentences(bare):
        stated = unsupported(sentence, case.source)
        yield from (Finding(_REJECTED, told, sentence) for told in stated)
        yield from (
            Finding(_DOUBT, f"superlative {word!r} is not in the source", sentence)
            for word in superlatives(sentence, case.source)
        )
    yield from _topics(bare, category, case.platform, standards)
    prose = " ".join((bare.primary_text, bare.headline, bare.description))
    if unread := language.unjudged(prose, case.source):
        yield Finding(_DOUBT, unread)
    if category is not SpecialCategory.NONE:
        yield Finding(_DOUBT, f"regulated category {category.value}")
        if disclaimer and case.platform in _NO_PRIMARY_TEXT:
            yield Finding(
                _DOUBT,
                f"{case.platform.value} shows no primary text, so the disclaimer must stand in the "
                "picture",
            )
        if case.platform is Platform.META and category in _DISCLAIMED and not disclaimer:
            yield Finding(
                _DOUBT,
                f"Meta wants a disclaimer on {category.value} ads and the brand has none; add it "
                "to the brand's disclaimers",
            )


def wording(
    copy: AdCopy,
    platform: Platform,
    standards: Standards,
    source: str = "",
    category: SpecialCategory = SpecialCategory.NONE,
) -> Iterator[Finding]:
    """What is wrong with the words themselves, whatever the source says: all of it can be
    rewritten, so writers are told before a verdict is given."""
    brand, said = standards.brand, plain(source).casefold()
    named = "".join(f"|{re.escape(plain(one))}" for one in brand.forbidden_words if one.strip())
    rivals = "".join(f"|{re.escape(plain(one))}" for one in standards.competitors if one.strip())
    for where, sentence in (*_sentences(copy), *(("hashtags", tag) for tag in copy.hashtags)):
        text = plain(sentence)
        for why, words in promises.forbidden(text):
            yield Finding(_REJECTED, f"{why}: {words!r}", sentence)
        if named and (found := _word(named, text)):
            yield Finding(_REJECTED, f"a word the brand forbids: {found!r}", sentence)
        if rivals and (found := _word(rivals, text)):
            yield Finding(_REJECTED, f"names a competitor: {found!r}", sentence)
        for rule in restrictions.WORDINGS:
            match = rule.pattern.search(text)
            if match is None or rule.category not in (None, category):
                continue
            if platform in rule.refused:
                yield Finding(_REJECTED, f"{rule.why}: {match[0]!r}", sentence)
            elif platform in rule.doubtful:
                yield Finding(_DOUBT, f"{rule.why}: {match[0]!r}", sentence)
        haste = restrictions.SCARCITY.search(text)
        if haste is not None and haste[0].casefold() not in said:
            yield Finding(
                _REJECTED, f"a scarcity that the source does not state: {haste[0]!r}", sentence
            )
        for why, words in restrictions.shouting(text, source):
            yield Finding(_REJECTED, f"{why}: {words!r}", sentence)
        if where != "hashtags":
            yield from _emoji(sentence, platform)
    for where, text in _fields(copy):
        for why, words in restrictions.editorial(where, text, platform):
            yield Finding(_REJECTED, f"{why}: {words!r}", text)


def too_long(copy: AdCopy, limits: CopyLimits, platform: Platform | None = None) -> list[str]:
    """What is over the network's limits, with measured value and limit."""
    problems: list[str] = []
    for name, text, limit, needed in (
        ("primary_text", copy.primary_text, primary_room(limits), True),
        ("headline", copy.headline, limits.headline, True),
        ("description", copy.description, limits.description, False),
    ):
        measured = length(text, platform)
        if measured > limit:
            problems.append(f"{name} has {measured} characters, the limit is {limit}")
        # A network that has no room for a text does not show one.
        if needed and limit > 0 and not text.strip():
            problems.append(f"{name} must not be empty")
    return problems


def with_hashtags_that_fit(
    copy: AdCopy, limits: CopyLimits, platform: Platform | None = None
) -> AdCopy:
    """Leave out hashtags that the network does not show, or has no room for."""
    if limits.hashtags == "on top":
        return copy
    if limits.hashtags == "none":
        return copy.model_copy(update={"hashtags": ()})
    room = primary_room(limits) - length(copy.primary_text, platform)
    kept: list[str] = []
    for tag in copy.hashtags:
        room -= length(tag, platform) + 2  # a space, and the # when it is missing
        if room < 0:
            break
        kept.append(tag)
    return copy.model_copy(update={"hashtags": tuple(kept)})


def with_disclaimer(
    copy: AdCopy,
    category: SpecialCategory,
    brand: Brand,
    limits: CopyLimits,
    platform: Platform,
) -> AdCopy:
    """The copy ending with what the brand must say in a category; the same one without.

    Raises:
        ValueError: both do not fit; with the measured length, the limit and the way out.
    """
    disclaimer = brand.disclaimers.get(category, "").strip()
    if not disclaimer or copy.primary_text.endswith(disclaimer):
        return copy
    text = f"{copy.primary_text.rstrip()} {disclaimer}"
    measured, room = length(text, platform), primary_room(limits)
    if measured > room:
        raise ValueError(
            f"primary_text with the brand's {category.value} disclaimer has {measured} characters, "
            f"the limit is {room}; shorten the disclaimer or leave {platform.value} out"
        )
    return copy.model_copy(update={"primary_text": text})


def _topics(
    copy: AdCopy, category: SpecialCategory, platform: Platform, standards: Standards
) -> Iterator[Finding]:
    """Regulated topics: declared and permitted they go to a person, else they stop here."""
    sayings = [sentence for _, sentence in _sentences(copy)] + list(copy.hashtags)
    for sentence in sayings:
        text = plain(sentence)
        for topic, pattern in restrictions.TOPICS:
            match = pattern.search(text)
            if match is None:
                continue
            told = f"a topic networks restrict: {match[0]!r}"
            if standards.permitted is None or topic in standards.permitted:
                if topic is not category:
                    yield Finding(_DOUBT, f"{told}, not declared as {topic.value}", sentence)
                continue
            wanted = ",".join(sorted({*standards.permitted, topic} - {SpecialCategory.NONE}))
            yield Finding(
                _REJECTED,
                f"{told}; the account has no leave of {platform.value} for {topic.value} ads: ask "
                f"the network for it, then `adflight accounts set ACCOUNT {PERMITTED}={wanted}`",
                sentence,
            )
        if match := restrictions.HEALTH.search(text):
            yield Finding(_DOUBT, f"a topic networks restrict: {match[0]!r}", sentence)


def _emoji(sentence: str, platform: Platform) -> Iterator[Finding]:
    found = emoji_in(sentence)
    if found and platform in _NO_EMOJI:
        yield Finding(_REJECTED, f"{platform.value} takes no emoji: {found[0]!r}", sentence)
    elif len(found) > _MANY_EMOJI:
        yield Finding(_DOUBT, f"more than {_MANY_EMOJI} emoji: {''.join(found)!r}", sentence)


def _fields(copy: AdCopy) -> tuple[tuple[str, str], ...]:
    return (
        ("primary_text", copy.primary_text),
        ("headline", copy.headline),
        ("description", copy.description),
    )


def _sentences(copy: AdCopy) -> list[tuple[str, str]]:
    """Field and sentence, for every sentence of a copy."""
    return [(name, one) for name, text in _fields(copy) for one in sentences(text)]


def _word(alternatives: str, text: str) -> str:
    """The first of some words that stands in a text by itself."""
    found = re.search(rf"(?<!\w)(?:{alternatives[1:]})(?!\w)", text, re.I)
    return found.group(0) if found else ""


def _category(name: str) -> SpecialCategory:
    try:
        return SpecialCategory(name)
    except ValueError:
        # Written by a newer release: regulated in a way not known here.
        return SpecialCategory.FINANCIAL
