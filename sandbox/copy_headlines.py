"""Headlines by rule: what an article offers as one, and which of them an ad gets."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from sandbox.copy_sentences import NOT_OURS, TO_A_MACHINE, dependent, fit, has_emoji, heard

LAST_RESORT: Final = ("Read the full story", "Read the story", "Have a look")
"""Plain English words that state nothing."""
MORE: Final = ("See for yourself", "Find out more", "Have a closer look", "Here is the story")
"""Such words that are a headline, and say too little to be a text."""
_ELSEWHERE: Final = {
    "der die das und ist für mit im den ein eine": (
        "Mehr dazu", "Jetzt lesen", "Zum Artikel", "Die ganze Geschichte", "Einen Blick wert",
        "Selbst nachlesen", "Mehr erfahren", "Genauer hingesehen",
    ),
    "le les des et est pour avec dans une du": (
        "À lire", "En savoir plus", "Toute l'histoire", "Lire l'article", "À voir de près",
    ),
    "el los las y es para con una del en": (
        "Para leer", "Más sobre esto", "La historia entera", "Leer el artículo", "Ver de cerca",
    ),
    "il gli e è per con una della di nel": (
        "Da leggere", "Per saperne di più", "Tutta la storia", "Vai all'articolo",
    ),
    "os as é para com uma do da não em": (
        "Para ler", "Saiba mais", "A história toda", "Ler o artigo", "Ver de perto",
    ),
    "de het een en van is voor op niet": (
        "Lees verder", "Meer hierover", "Het hele verhaal", "Naar het artikel",
    ),
    "ve bir bu için ile da çok olan": (
        "Devamını oku", "Daha fazlası", "Hikâyenin tamamı", "Yazıyı oku",
    ),
}  # fmt: skip
"""The same in other languages, by words that every text in them holds."""

Headline = tuple[str, str]
"""The words, and the sentence they come from; plain words come from none."""


def headlines(
    title: str,
    tags: Sequence[str],
    sentences: Sequence[str],
    plain: Iterable[str],
    limit: int,
    fits: Callable[[str], bool],
) -> list[Headline]:
    """Different headlines, the best first: the title, its parts, short sentences, clauses that
    stand by themselves; ``plain`` words and tags for when nothing else is left."""
    parts = [title, *(part.strip() for part in re.split(r"\s*[:|–—]\s+", title))]
    safe = [one for one in parts if not TO_A_MACHINE.search(one) and not NOT_OURS.search(one)]
    found = [(one[:1].upper() + one[1:], title) for one in safe if not has_emoji(one)]
    own = [(one, one) for one in sentences if len(one.split()) <= 9]
    own += [(fit(one, limit), one) for one in (title, *sentences) if not TO_A_MACHINE.search(one)]
    found += sorted(own, key=lambda one: dependent(one[0]))
    found = [one for one in found if len(one[0].split()) >= 2 and "!" not in one[0]]
    found += [(words, "") for words in plain]
    found += [(tag[:1].upper() + tag[1:], "") for tag in tags if not tag.isdigit()]
    kept: dict[str, Headline] = {}
    for words, source in found:
        bare = words.rstrip(".")
        if fits(bare):
            kept.setdefault(heard(bare), (bare, source))
    return list(kept.values())


def plain_words(words: Sequence[str]) -> Sequence[str]:
    """What states nothing in the language of a text other than English; nothing where its words
    (in lower case) tell none."""
    shares = {
        plain: sum(one in told.split() for one in words) for told, plain in _ELSEWHERE.items()
    }
    best = max(shares, key=lambda one: shares[one])
    return best if shares[best] * 8 >= max(len(words), 1) else ()


def choose(offered: Sequence[Headline], text: str, taken: Collection[str]) -> Headline | None:
    """The best headline for a text that none of the ``taken`` repeats; None where all are taken.

    One that the text says again is half an ad, so even plain words come before it. A part of what
    is taken, or what holds it, comes after everything else the article states.
    """

    def faults(one: Headline) -> tuple[bool, bool, bool]:
        words = heard(one[0])
        parts = any(_holds(words, other) or _holds(other, words) for other in others)
        return _holds(heard(text), words), not one[1], parts

    others = {heard(one) for one in taken} - {""}
    fresh = [one for one in offered if heard(one[0]) not in others]
    return min(fresh, key=faults, default=None)


def _holds(whole: str, part: str) -> bool:
    return f" {part} " in f" {whole} "
