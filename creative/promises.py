"""Wordings that no ad of ours may hold, in the languages they are written in.

Four families: promises of money, predictions of prices, invitations to invest, and freedom from
risk. All languages are tried on every text: an English promise in a German ad is one as well.
Patterns are met on ``facts.plain`` text, without regard to case.
"""

import re
from collections.abc import Iterator
from typing import Final

MONEY = "promises a financial result"
RISK = "promises freedom from risk"
WEALTH = "promises wealth"
PRICE = "predicts a price"
INVEST = "reads as an investment offer"
HYPE = "hype the brand voice forbids"

_ENGLISH: Final = (
    (r"guarantee[ds]?\s+(?:returns?|profits?|income|results?|earnings|wins?)", MONEY),
    (r"(?:returns?|profits?|income|earnings)\s+(?:are\s+|is\s+)?guaranteed", MONEY),
    (r"risk[- ]free", RISK),
    (r"\b(?:no|zero|without(?:\s+any)?)\s+(?:financial\s+)?risks?\b(?!\s+(?:of|to|in)\b)", RISK),
    (r"can(?:no|')t\s+lose", RISK),
    (r"(?:double|triple|multiply|10x)\s+your\s+(?:money|investment|savings|income)", MONEY),
    (r"\bearn\s+(?:up\s+to\s+)?[$€£]\s?\d[\d.,]*\s*(?:k\b|/|a|per|every|each)", MONEY),
    (r"\bpassive\s+income\b", MONEY),
    (
        r"\b(?:make|earn)\s+(?:fast|quick|easy)\s+(?:money|cash)|\b(?:fast|quick|easy)\s+money\b",
        MONEY,
    ),
    (r"\bget\s+rich\b", WEALTH),
    (r"financial\s+freedom", WEALTH),
    (r"\bbecome\s+a\s+millionaire", WEALTH),
    (r"price\s+(?:will|is\s+going\s+to)\s+(?:rise|explode|moon|soar|double)", PRICE),
    (r"\b(?:coins?|tokens?|bitcoin|prices?)\b[^.!?]{0,30}\bto\s+the\s+moon\b", PRICE),
    (r"\binvest(?:ment)?\s+(?:opportunity|now|today|early)\b", INVEST),
    (r"\b(?:high|steady|monthly|daily)\s+returns\b", INVEST),
)
_GERMAN: Final = (
    (r"(?:garantiert|sicher)e?[nrs]?\s+(?:rendite\w*|gewinne?\w*|erträge?|einkommen)", MONEY),
    (r"(?:rendite|gewinn|einkommen)\s+(?:ist\s+)?garantiert", MONEY),
    (r"\b(?:ohne|kein|null)\s+risiko\b|risikofrei\w*|risikolos\w*", RISK),
    (r"verdopp(?:le|eln)\w*\s+(?:sie\s+)?(?:dein|ihr)\w*\s+(?:geld|einsatz|vermögen)", MONEY),
    (r"schnelle[snr]?\s+geld|passives\s+einkommen", MONEY),
    (r"(?:werde|werden\s+sie)\s+reich|reich\s+werden|finanzielle\s+freiheit", WEALTH),
    (r"(?:kurs|preis)\s+wird\s+(?:steigen|explodieren)", PRICE),
    (r"jetzt\s+investieren|investiere?n?\s+(?:sie\s+)?jetzt|investitionsmöglichkeit|geldanlage\s+mit",
     INVEST),
)  # fmt: skip
_FRENCH: Final = (
    (r"(?:rendements?|profits?|gains?|revenus?)\s+garantis?", MONEY),
    (r"sans\s+(?:aucun\s+)?risques?|zéro\s+risque", RISK),
    (r"doublez\s+votre\s+(?:argent|mise|investissement)", MONEY),
    (r"argent\s+(?:facile|rapide)|revenus?\s+passifs?", MONEY),
    (r"deven(?:ez|ir)\s+riche|liberté\s+financière", WEALTH),
    (r"(?:prix|cours)\s+va\s+(?:monter|exploser|grimper)", PRICE),
    (r"investissez\s+(?:maintenant|dès)|opportunité\s+d'investissement", INVEST),
)
_SPANISH: Final = (
    (r"(?:ganancias?|beneficios?|rentabilidad|ingresos|rendimientos?)\s+garantizad[oa]s?", MONEY),
    (r"sin\s+(?:ningún\s+)?riesgos?|cero\s+riesgos?|libre\s+de\s+riesgo", RISK),
    (r"dupli(?:ca|que)\s+(?:tu|su)\s+(?:dinero|inversión)", MONEY),
    (r"dinero\s+(?:fácil|rápido)|ingresos\s+pasivos", MONEY),
    (r"hazte\s+rico|hágase\s+rico|libertad\s+financiera", WEALTH),
    (r"precio\s+(?:va\s+a\s+subir|subirá|explotará)", PRICE),
    (r"invier(?:te|ta)\s+(?:ahora|hoy|ya)|oportunidad\s+de\s+inversión", INVEST),
)
_ITALIAN: Final = (
    (r"(?:guadagn[oi]|rendiment[oi]|profitt[oi]|entrate)\s+(?:garantit|assicurat)[oaie]", MONEY),
    (r"senza\s+(?:alcun\s+)?risch[io]o?|zero\s+rischi|privo\s+di\s+rischi", RISK),
    (
        r"raddoppia(?:te)?\s+(?:il\s+(?:tuo|vostro)\s+)?(?:denaro|capitale|investimento|soldi)",
        MONEY,
    ),
    (r"soldi\s+facili|denaro\s+facile|reddito\s+passivo", MONEY),
    (r"divent(?:a|are)\s+ricc\w+|libertà\s+finanziaria", WEALTH),
    (r"prezzo\s+(?:salirà|esploderà|aumenterà)", PRICE),
    (r"investi\s+(?:ora|subito|oggi)|opportunità\s+d(?:i|')\s?investimento", INVEST),
)
_PORTUGUESE: Final = (
    (r"(?:ganhos?|lucros?|rendimentos?|retornos?|renda)\s+garantid[oa]s?", MONEY),
    (r"sem\s+(?:nenhum\s+)?riscos?|risco\s+zero|livre\s+de\s+risco", RISK),
    (r"(?:dobre|duplique)\s+(?:o\s+)?seu\s+(?:dinheiro|investimento)", MONEY),
    (r"dinheiro\s+(?:fácil|rápido)|renda\s+passiva", MONEY),
    (r"fique\s+rico|liberdade\s+financeira", WEALTH),
    (r"preço\s+(?:vai\s+(?:subir|disparar)|subirá)", PRICE),
    (r"invista\s+(?:agora|já|hoje)|oportunidade\s+de\s+investimento", INVEST),
)
_TURKISH: Final = (
    (r"(?:garantili|kesin)\s+(?:kazanç|getiri|kâr|kar|gelir)|(?:kazanç|getiri|kâr)\s+garantisi",
     MONEY),
    (r"risksiz|risk\s+yok|sıfır\s+risk", RISK),
    (r"paran\w*\s+(?:ikiye\s+)?katla\w*", MONEY),
    (r"kolay\s+para|pasif\s+gelir", MONEY),
    (r"zengin\s+ol\w*|finansal\s+özgürlük", WEALTH),
    (r"fiyat\w*\s+(?:yükselecek|artacak|patlayacak)", PRICE),
    (r"(?:hemen|şimdi)\s+yatırım|yatırım\s+fırsatı", INVEST),
)  # fmt: skip
_DUTCH: Final = (
    (r"(?:gegarandeerd|verzekerd)e?\s+(?:rendement\w*|winst\w*|inkomen|opbrengst\w*)", MONEY),
    (r"zonder\s+(?:enig\s+)?risico|risicovrij|risicoloos|geen\s+risico", RISK),
    (r"verdubbel\s+(?:je|uw)\s+(?:geld|inleg|investering)", MONEY),
    (r"snel\s+geld|makkelijk\s+geld|passief\s+inkomen", MONEY),
    (r"word\s+rijk|rijk\s+worden|financiële\s+vrijheid", WEALTH),
    (r"(?:prijs|koers)\s+(?:gaat|zal)\s+(?:stijgen|exploderen|omhoog)", PRICE),
    (r"investeer\s+(?:nu|vandaag)|investeringskans", INVEST),
)
_HYPE: Final = (
    r"\b(?:revolutionary|game[- ]chang(?:ing|er)|world's\s+best|unbelievable|mind[- ]blowing"
    r"|insane|revolutionär\w*|bahnbrechend\w*|unglaublich\w*|révolutionnaires?|incroyables?"
    r"|revolucionari[oa]s?|increíbles?|rivoluzionari[oa]|incredibil[ei]|revolucionári[oa]s?"
    r"|inacreditáve(?:l|is)|devrim\s+niteliğinde|inanılmaz|revolutionaire?|ongelo(?:of|fe)lijke?)\b"
)

_RULES: Final = tuple(
    (re.compile(pattern, re.I), why)
    for pattern, why in (
        *_ENGLISH, *_GERMAN, *_FRENCH, *_SPANISH, *_ITALIAN, *_PORTUGUESE, *_TURKISH, *_DUTCH,
        (_HYPE, HYPE),
    )
)  # fmt: skip


def forbidden(text: str) -> Iterator[tuple[str, str]]:
    """What a text may not say: the reason and the words. ``text`` must be ``facts.plain``.

    Turkish capitals are lowered the Turkish way as well: there I is the large ı, and İ the large i.
    """
    turkish = text.replace("İ", "i").replace("I", "ı").lower()
    for pattern, why in _RULES:
        if found := pattern.search(text) or pattern.search(turkish):
            yield why, found.group(0)
