"""What networks restrict: topics that need permission, and wordings that they refuse.

Read from the networks' published advertising policies (Meta's standards on personal attributes and
financial products, Google's editorial requirements, Telegram's guidelines, X's and Snapchat's
policies on financial products and gambling) and put in our own words. Policies change: a rule
errs to the strict side, where a person looks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from models.contract.vocabulary import Platform, SpecialCategory

_EVERY: Final = frozenset(Platform)
_GAMES: Final = frozenset({Platform.UNITY, Platform.APPLOVIN})
"""Shown inside games, which children play as well."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A wording that networks refuse (``refused``), or that a person must judge (``doubtful``)."""

    why: str
    pattern: re.Pattern[str]
    refused: frozenset[Platform] = frozenset()
    doubtful: frozenset[Platform] = _EVERY
    category: SpecialCategory | None = None


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.I)


TOPICS: Final[tuple[tuple[SpecialCategory, re.Pattern[str]], ...]] = (
    (
        SpecialCategory.FINANCIAL,
        _any(
            r"\bcrypto\w*|\bkrypto\w*|\bkripto\w*|\bcripto\w*",
            r"\bbitcoins?\b|\bethereum\b|\btokens?\b|\bnfts?\b|\bdefi\b|\bblockchain\b|\bstaking\b",
            r"\bforex\b|\btrading\b|\bstocks?\s+tips?\b|\binvest(?:ing|ments?|ieren)\b",
            r"\binsurance\b|\bversicherung\w*|\bassurances?\s+vie\b|\bpension\s+(?:plan|fund)s?\b",
        ),
    ),
    (
        SpecialCategory.GAMBLING,
        _any(
            r"\bcasinos?\b|\bkasino\w*|\bbetting\b|\bsports?\s+bets?\b|\bplace\s+(?:a|your)\s+bets?\b",
            r"\bgambl\w+|\bglücksspiel\w*|\bwetten\b|\bjeux?\s+d'argent|\bparis\s+sportifs?",
            r"\bapuestas?\b|\bscommess[ae]\b|\bapostas?\b|\bbahis\b|\bkumar\b|\bgokken\b",
            r"\bfree\s+spins?\b|\bfreispiele?\b|\bno[- ]deposit\b|\bjackpots?\b",
            r"\bslot\s+machines?\b|\bpoker\b|\blotter(?:y|ies)\b|\broulette\b|\bwin\s+(?:real\s+)?(?:money|cash)\b",
        ),
    ),
    (
        SpecialCategory.CREDIT,
        _any(
            r"\bloans?\b|\bcredit(?:s|\s+cards?)?\b(?!\s+to\b)|\bmortgages?\b|\bpayday\b|\bAPR\b",
            r"\bkredit\w*|\bdarlehen\b|\bprêts?\s+(?:personnels?|immobiliers?)|\bcrédit\w*",
            r"\bpréstamos?\b|\bprestit[oi]\b|\bempréstimos?\b|\bkredisi?\b|\bleningen?\b",
            r"\bbuy\s+now,?\s+pay\s+later\b",
        ),
    ),
)
"""Regulated topics by the category they must be declared as."""

HEALTH: Final = _any(
    r"\bweight\s+loss\b|\blose\s+weight\b|\bcures?\b(?!\s+for\s+boredom)|\bmiracle\b|\bdetox\b",
    r"\babnehmen\b|\bheilt\b|\bperdre\s+du\s+poids\b|\bperder\s+peso\b|\bemagrec\w+|\bzayıfla\w+",
    r"\bafvallen\b|\bdimagri\w+|\banti[- ]?aging\b",
)

_ATTRIBUTES: Final = (
    r"depress\w*|anxious|overweight|obese|fat|single|divorced|unemployed|jobless|broke|bankrupt"
    r"|in\s+debt|diabetic|disabled|pregnant|infertile|bald|gay|lesbian|trans(?:gender)?|bisexual"
    r"|christian|muslim|jewish|hindu|black|asian|hispanic|latin[oax]|an?\s+(?:addict|alcoholic"
    r"|felon|immigrant|veteran)|suffering\s+from|struggling\s+with\s+(?:debt|depression|anxiety"
    r"|addiction|your\s+weight)|over\s+\d\d"
)
_PERSON: Final = Wording(
    "speaks of the reader's own person",
    _any(
        rf"\bare\s+you\s+(?:also\s+|still\s+|feeling\s+|really\s+)?(?:{_ATTRIBUTES})\b",
        r"\byour\s+(?:own\s+)?(?:depression|anxiety|diabetes|debts?|disability|illness|religion|race"
        r"|criminal\s+record|bankruptcy|obesity|weight\s+problem|acne|addiction|medical\s+condition"
        r"|bad\s+credit|credit\s+score|sexuality|divorce)\b",
        r"\b(?:meet|join)\s+(?:other\s+)?(?:christian|muslim|jewish|black|asian|latin[oax]|gay"
        r"|lesbian|single|senior)s?\b",
        r"\b(?:sind\s+sie|bist\s+du|seid\s+ihr)\s+(?:auch\s+)?(?:depressiv|übergewichtig|arbeitslos"
        r"|verschuldet|schwanger|single|alleinstehend|krank|schwul|pleite)\b",
        r"\b(?:êtes-vous|es-tu|vous\s+êtes)\s+(?:déprimée?|célibataire|au\s+chômage|endettée?"
        r"|enceinte|en\s+surpoids|diabétique)\b",
        r"\b(?:estás|está\s+usted|eres|es\s+usted)\s+(?:deprimid[oa]|solter[oa]|gord[oa]"
        r"|desemplead[oa]|endeudad[oa]|embarazada|diabétic[oa])\b",
        r"\b(?:sei|è)\s+(?:depress[oa]|single|disoccupat[oa]|indebitat[oa]|incinta|sovrappeso"
        r"|diabetic[oa])\s*\?",
        r"\bvocê\s+(?:está|é)\s+(?:deprimid[oa]|desempregad[oa]|endividad[oa]|solteir[oa]|grávida"
        r"|diabétic[oa]|acima\s+do\s+peso)\b",
        r"\b(?:depresyonda|borçlu|işsiz|bekar|hamile|kilolu|şeker\s+hastası)\s+m[ıiuü]s[ıiuü]n",
        r"\bben\s+je\s+(?:ook\s+)?(?:depressief|werkloos|single|zwanger|te\s+dik|blut|diabeet)\b",
    ),
    refused=frozenset({Platform.META}),
)
_CLICKBAIT: Final = Wording(
    "reads as clickbait",
    _any(
        r"\byou\s+won't\s+believe\b|\bthis\s+one\s+(?:weird\s+)?trick\b|\bwill\s+shock\s+you\b",
        r"\bwhat\s+happens?(?:ed)?\s+next\b|\bdoctors\s+hate\b|\bclick\s+here\b|\bgone\s+wrong\b",
        r"\bklicken?\s+(?:sie\s+)?hier\b|\bdas\s+glaub(?:st|en)\b.{0,12}\bnicht\b"
        r"|\bcliquez\s+ici\b|\bvous\s+n'allez\s+pas\s+(?:le\s+)?croire\b|\bhaz\s+clic\s+aquí\b"
        r"|\bno\s+(?:te\s+)?lo\s+vas\s+a\s+creer\b|\bclicca\s+qui\b|\bnon\s+ci\s+crederai\b"
        r"|\bclique\s+aqui\b|\bvocê\s+não\s+vai\s+acreditar\b|\btıkla\s?yın?\b|\binanamayacaksın\w*"
        r"|\bklik\s+hier\b|\bje\s+gelooft\s+(?:het\s+)?nooit\b",
    ),
    refused=_EVERY,
)
_PHONE: Final = Wording(
    "holds a telephone number",
    re.compile(r"(?<!\w)\+?\d[\d ()/.-]{7,}\d(?!\w)"),
    refused=frozenset({Platform.GOOGLE}),
    doubtful=frozenset(),
)
_PROFANITY: Final = Wording(
    "holds a vulgar word",
    _any(
        r"\bf[u*]c?[k*]+\w*|\bsh[i*]t\w*|\bbullshit\b|\bbitch\w*|\bassholes?\b|\bscheiß\w*|\bmerde\b"
        r"|\bputain\b|\bmierda\b|\bcazzo\b|\bcaralho\b|\bkut\b"
    ),
    refused=frozenset({Platform.TELEGRAM, Platform.GOOGLE}) | _GAMES,
)
_JARGON: Final = Wording(
    "uses jargon the brand voice wants explained",
    _any(r"\bhodl\w*|\bdegens?\b|\bgas\s+fees?\b|\byield\s+farming\b|\bapes?\s+in\b|\bwagmi\b"),
)
_LINKS: Final = Wording(
    "holds a shortened link",
    _any(r"\b(?:bit\.ly|tinyurl\.com|t\.co|goo\.gl|ow\.ly|is\.gd)/\S+"),
    refused=frozenset({Platform.TELEGRAM, Platform.GOOGLE, Platform.META}),
)
_TRAITS: Final = (
    r"\b(?:young|youthful)\s+(?:and\s+\w+\s+)?(?:team|people|professionals|tenants?)\b"
    r"|\b(?:recent|new)\s+graduates\s+only\b|\b(?:men|women|males?|females?|christians?|whites?)"
    r"\s+(?:only|preferred)\b|\bno\s+(?:children|kids|foreigners|dss)\b|\bnative\s+speakers?\b"
    r"|\b(?:between|aged?)\s+\d\d\s*(?:and|to|-)\s*\d\d\b|\bjunges\s+team\b|\bjeune\s+équipe\b"
    r"|\bequipo\s+joven\b|\bjong\s+team\b|\bable[- ]bodied\b"
    r"|\bperfect\s+for\s+(?:singles|families)\b"
)
WORDINGS: Final[tuple[Wording, ...]] = (
    _PERSON,
    _CLICKBAIT,
    _PHONE,
    _PROFANITY,
    _JARGON,
    _LINKS,
    Wording(
        "may leave people out of a job by their person",
        re.compile(_TRAITS, re.I),
        category=SpecialCategory.EMPLOYMENT,
    ),
    Wording(
        "may leave people out of a home by their person",
        re.compile(_TRAITS, re.I),
        category=SpecialCategory.HOUSING,
    ),
    Wording(
        "promises that credit will be granted",
        _any(
            r"\bguaranteed\s+(?:approval|loan|credit)\b|\bno\s+credit\s+checks?\b|\binstant\s+approval"
            r"|\b(?:kredit\s+)?ohne\s+schufa\b|\bcrédit\s+sans\s+justificatif\b"
            r"|\bsin\s+(?:buró|asnef)\b|\bapproved\s+in\s+minutes\b|\beveryone\s+is\s+approved\b"
        ),
        refused=_EVERY,
    ),
    Wording(
        "makes winning sound likely",
        _any(
            r"\b(?:easy|sure|certain)\s+(?:wins?|bets?|money)\b|\bwin\s+(?:big|every\s+time)\b"
            r"|\bbeat\s+the\s+(?:odds|house)\b|\bup\s+to\s+\d[\d.,]*\s?[x×]\b|\bsichere[rn]?\s+gewinn"
        ),
        refused=_EVERY,
        category=SpecialCategory.GAMBLING,
    ),
)

SCARCITY: Final = _any(
    r"\bonly\s+\d+\s+(?:\w+\s+)?(?:left|remain(?:ing)?|available)\b|\blast\s+chance\b",
    r"\b(?:selling|going)\s+(?:out\s+)?fast\b|\balmost\s+(?:gone|sold\s+out)\b",
    r"\bends?\s+(?:tonight|today|soon|at\s+midnight)\b|\blimited[- ](?:time|offer|edition|stock)\b",
    r"\bwhile\s+(?:supplies|stocks?)\s+lasts?\b|\bhurry\b|\bbefore\s+it's\s+(?:gone|too\s+late)\b",
    r"\bnur\s+noch\s+\d+\b|\bletzte\s+chance\b|\bnur\s+(?:heute|kurze\s+zeit)\b",
    r"\bdernière\s+chance\b|\bplus\s+que\s+\d+\b|\boffre\s+limitée\b",
    r"\búltima\s+oportunidad\b|\bsolo\s+quedan\b|\bpor\s+tiempo\s+limitado\b",
    r"\bultima\s+(?:occasione|possibilità)\b|\btempo\s+limitato\b|\búltima\s+chance\b",
    r"\brestam\s+apenas\b|\bson\s+(?:fırsat|şans)\b|\bsınırlı\s+(?:süre|sayıda)\b",
    r"\blaatste\s+kans\b|\bnog\s+maar\s+\d+\b|\bop\s*=\s*op\b",
)
"""Scarcity and haste: only where the source says the same."""

_SPACED: Final = re.compile(r"(?<!\w)(?:\w[ .,_-]){4,}\w(?!\w)")
_CAMEL: Final = re.compile(r"\b(?:[a-z][A-Z]){2,}\w*|\b(?:[A-Z][a-z]){1}[A-Z][a-z][A-Z]\w*\b")
_REPEATED: Final = re.compile(r"[!?]{2,}|[.,]{4,}|([$€£*#~=_-])\1{2,}")
_CAPITALS: Final = re.compile(r"\b[^\W\d_a-z]{4,}(?:\s+[^\W\d_a-z]{4,})+\b")
_BULLET: Final = re.compile(r"(?m)^\s*(?:[•‣▪●◦✓✔*-]|\d+[.)])\s")
_LINK: Final = re.compile(r"https?://\S+|\bt\.me/\S+|(?<!\w)@\w{4,}")


def shouting(text: str, source: str = "") -> Iterator[tuple[str, str]]:
    """Typography that begs for attention: (why, words). What the source writes so is a name."""
    for match in _CAPITALS.finditer(text):
        if match[0] == match[0].upper() != match[0].lower() and match[0] not in source:
            yield "shouts in capitals", match[0]
    if found := _REPEATED.search(text):
        yield "repeats its punctuation", found[0]
    if found := _SPACED.search(text):
        yield "spaces its letters out", found[0]


def editorial(field: str, text: str, platform: Platform) -> Iterator[tuple[str, str]]:
    """What one network's editorial rules refuse in a field: (why, words)."""
    if platform is Platform.GOOGLE and field == "headline" and "!" in text:
        yield "Google takes no exclamation mark in a headline", "!"
    if platform is Platform.TELEGRAM:
        if "\n" in text.strip():
            yield "Telegram takes no line breaks", text.strip().splitlines()[0]
        if found := _BULLET.search(text):
            yield "Telegram takes no lists", found[0].strip()
        links = _LINK.findall(text)
        if len(links) > 1:
            yield "Telegram takes one link at most", links[1]
        if found := _CAMEL.search(text):
            yield "Telegram takes no playful capitals", found[0]
