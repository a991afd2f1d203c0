"""What a text states as fact, and whether its source says so too.

A model may list no claim and still make one, so texts are read for what can be checked by rule:
quantities (with their currency, percent sign or multiplier), dates, quotations, and words that put
something above all others. A number is found in the source by its value and kind: "5.5 %" is
proven by "5.5 percent", never by "5.5 hours"; "$25" by "25 dollars", never by "25 people".
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

_TYPOGRAPHY: Final = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u00a0": " "}
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero gennaio janeiro ocak januari",
            "february feb februar février febrero febbraio fevereiro şubat februari",
            "march mar märz mars marzo março mart maart",
            "april apr avril abril aprile nisan",
            "may mai mayo maggio maio mayıs mei",
            "june jun juni juin junio giugno junho haziran",
            "july jul juli juillet julio luglio julho temmuz",
            "august aug août agosto ağustos augustus",
            "september sep sept septembre septiembre settembre setembro eylül",
            "october oct oktober octobre octubre ottobre outubro ekim",
            "november nov novembre noviembre novembro kasım",
            "december dec dezember décembre diciembre dicembre dezembro aralık",
        ),
        1,
    )
    for name in names.split()
}
_CURRENCIES: Final = {
    "$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "dólares": "USD",
    "dollari": "USD", "us$": "USD",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "avro": "EUR",
    "£": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "pfund": "GBP",
    "¥": "JPY", "jpy": "JPY", "yen": "JPY",
    "₺": "TRY", "tl": "TRY", "lira": "TRY",  # not "try", which is a verb before a number
    "r$": "BRL", "brl": "BRL", "reais": "BRL",
    "chf": "CHF", "franken": "CHF", "₹": "INR", "inr": "INR",
    "cent": "cent", "cents": "cent",
}  # fmt: skip
_PERCENT: Final = {
    "%", "percent", "per cent", "pct", "prozent", "pour cent", "por ciento", "per cento",
    "por cento", "yüzde", "procent",
}  # fmt: skip
_SCALES: Final = {
    "k": 1_000, "thousand": 1_000, "tausend": 1_000, "mille": 1_000, "mil": 1_000, "bin": 1_000,
    "duizend": 1_000, "mila": 1_000,
    "m": 1_000_000, "mn": 1_000_000, "million": 1_000_000, "millions": 1_000_000,
    "millionen": 1_000_000, "millones": 1_000_000, "milioni": 1_000_000, "milhões": 1_000_000,
    "milyon": 1_000_000, "miljoen": 1_000_000, "bn": 10**9, "billion": 10**9,
    "milliarden": 10**9, "milliards": 10**9,
}  # fmt: skip


def _one_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER: Final = r"\d[\d.,]*\d|\d"
_QUANTITY: Final = re.compile(
    rf"(?P<before>us\$|r\$|[$€£¥₺₹]|\b(?:usd|eur|gbp|jpy|chf|brl|inr)\s|%|\byüzde\s)?\s?"
    rf"(?P<number>{_NUMBER})"
    # A scale of one or two letters must touch its number: "5 m" are metres.
    rf"(?P<scale>(?:k|m|mn|bn)\b|\s(?:{_one_of(set(_SCALES) - {'k', 'm', 'mn', 'bn'})})\b)?"
    rf"(?:\s?(?P<after>[$€£¥₺₹%]|(?:{_one_of(set(_CURRENCIES) | (_PERCENT - {'%'}))})\b)"
    rf"|(?P<times>\s?[x×](?!\w)|-fold\b|\s?times\b))?",
    re.I,
)
_DATE: Final = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|º)?\s(?:of\s|de\s)?(?P<month>{_one_of(set(_MONTHS))})"
    rf"|(?P<month2>{_one_of(set(_MONTHS))})\.?\s(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)\b",
    re.I,
)
_ISO_DATE: Final = re.compile(r"\b\d{4}-(\d{2})-(\d{2})\b")
_QUOTATION: Final = re.compile(r'[“"„«]\s?([^“”"„«»]{3,}?)\s?[”"“»]')
SUPERLATIVES: Final = re.compile(
    # English, German, French, Spanish, Italian, Portuguese, Turkish, Dutch
    r"(?<!\w)(?:the (?:best|first|only|most|largest|biggest|fastest|cheapest|leading|newest|safest)"
    r"|world'?s (?:first|largest|only|leading|favou?rite)|number one|no\.? ?1|#1|unrivall?ed"
    r"|market leader|award[- ]winning|clinically proven|proven to|scientifically proven|unbeatable"
    r"|(?:der|die|das) (?:beste|erste|einzige|größte|schnellste|günstigste|meiste|führende)[nrs]?"
    r"|marktführer|nummer (?:eins|één)|preisgekrönt\w*"
    r"|(?:le|la|les) (?:meilleure?|première?|premier|seule?|plus (?:grand|rapide|petit)e?)s?"
    r"|numéro un"
    r"|(?:el|la|los|las) (?:mejor|primer[oa]?|únic[oa]|más \w+)(?:es|s)?|número uno"
    r"|(?:il|la|i|le) (?:migliore?|prim[oa]|unic[oa]|più \w+)|numero uno"
    r"|(?:o|a|os|as) (?:melhor|primeir[oa]|únic[oa]|mais \w+)(?:es|s)?|número um"
    r"|en (?:iyi|büyük|hızlı|ucuz|çok|yeni)|tek ve ilk|bir numaralı"
    r"|(?:de|het) (?:beste|eerste|enige|grootste|snelste|goedkoopste|meeste))(?!\w)",
    re.I,
)
_BETWEEN: Final = re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…][\"”’)»]))\s+|\n+")
_ABBREVIATED: Final = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|Sr|Jr|No|Nr|ca|vs|approx|e\.g|i\.e|z\.\s?B|bzw|p\.\s?ex|Sra?|Inc)"
    r"|\b[A-Z])\.$"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what it counts: ``kind`` is a currency, ``percent``, ``times`` or empty."""

    value: Decimal
    kind: str
    written: str


def plain(text: str) -> str:
    """Wide letters, curly quotes and typographic hyphens as rules spell them."""
    return unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)


def flat(text: str) -> str:
    """``plain`` on one line, in lower case: for comparing sentences."""
    return " ".join(plain(text).casefold().split())


@lru_cache(maxsize=8)
def one_line(text: str) -> str:
    """``plain`` with every run of white space as one blank: for finding quotations."""
    return " ".join(plain(text).split())


def sentences(text: str) -> list[str]:
    """The sentences of a text, as they stand; "Dr. Ruiz" ends none."""
    found: list[str] = []
    for part in _BETWEEN.split(text):
        words = " ".join(part.split())
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] = f"{found[-1]} {words}".rstrip()
        elif words:
            found.append(words)
    return found


def quantities(text: str) -> list[Quantity]:
    """The numbers of a text, in order."""
    return [_quantity(match) for match in _QUANTITY.finditer(plain(text))]


def unsupported(text: str, source: str) -> list[str]:
    """What ``text`` states that ``source`` does not, each in a few words quoting it.

    Superlatives are left to ``superlatives``: they may be harmless ("the best of summer").
    """
    told = [
        f"number {one.written!r} is not in the source" for one in quantities_missing(text, source)
    ]
    days = _dates_of(source)
    told += [
        f"date {written!r} is not in the source"
        for day, written in _days(text).items()
        if day not in days
    ]
    said = one_line(source).casefold()
    told += [
        f"quotation {quoted!r} is not in the source"
        for quoted in _QUOTATION.findall(text)
        if flat(quoted).strip(" .,!?") not in said
    ]
    return list(dict.fromkeys(told))


def quantities_missing(text: str, source: str) -> list[Quantity]:
    """Quantities of ``text`` whose value and kind ``source`` does not hold."""
    held = _held(source)
    return [one for one in quantities(text) if (one.value, one.kind) not in held]


def superlatives(text: str, source: str) -> list[str]:
    """Words of ``text`` that put something above all else and are not the source's own."""
    said = one_line(source).casefold()
    found = (match.group(0) for match in SUPERLATIVES.finditer(plain(text)))
    return [word for word in dict.fromkeys(found) if flat(word) not in said]


@lru_cache(maxsize=64)  # the same source is asked for every sentence of every variant
def _held(source: str) -> frozenset[tuple[Decimal, str]]:
    return frozenset((one.value, one.kind) for one in quantities(source))


@lru_cache(maxsize=8)
def _dates_of(source: str) -> frozenset[tuple[int, int]]:
    return frozenset(_days(source))


def _quantity(match: re.Match[str]) -> Quantity:
    value = _value(match["number"])
    if match["scale"]:
        value *= _SCALES[match["scale"].strip().casefold()]
    unit = (match["before"] or match["after"] or "").strip().casefold()
    kind = "percent" if unit in _PERCENT else _CURRENCIES.get(unit, "")
    if match["times"]:
        kind = "times"
    return Quantity(value.normalize(), kind, match[0].strip())


def _value(number: str) -> Decimal:
    """Read either way of writing: groups of three are thousands, the last other mark decimals."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        return Decimal(number.replace(",", ""))
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", number):
        return Decimal(number.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d+[.,]\d+", number):
        return Decimal(number.replace(",", "."))
    # Versions and lists ("1.2.3", "1,2,5"): told apart by their marks, so kept as they are.
    head, *rest = re.split(r"[.,]+", number)
    return Decimal(head) if not rest else Decimal(f"{head}.{'0'.join(rest)}00001")


def _days(text: str) -> dict[tuple[int, int], str]:
    """(month, day) of every date with a named month or in ISO form, with how it is written."""
    found: dict[tuple[int, int], str] = {}
    for match in _DATE.finditer(plain(text)):
        month = _MONTHS[(match["month"] or match["month2"]).casefold()]
        found.setdefault((month, int(match["day"] or match["day2"])), match[0])
    for match in _ISO_DATE.finditer(text):
        found.setdefault((int(match[1]), int(match[2])), match[0])
    return found
