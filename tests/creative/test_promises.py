"""Forbidden wordings in eight languages, and innocent neighbours of each (D5, D6, D24)."""

import pytest

from creative.facts import plain
from creative.promises import forbidden

MONEY, RISK, WEALTH = (
    "promises a financial result",
    "promises freedom from risk",
    "promises wealth",
)
PRICE, INVEST = "predicts a price", "reads as an investment offer"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Returns are guaranteed for members", MONEY),
        ("Earn up to $500 a week", MONEY),
        ("There is no risk, you can't lose", RISK),
        ("The coin is going to the moon", PRICE),
        ("Garantierte Rendite für alle", MONEY),
        ("Verdoppeln Sie Ihr Geld", MONEY),
        ("Ganz ohne Risiko anlegen", RISK),
        ("So werden Sie reich", WEALTH),
        ("Jetzt investieren", INVEST),
        ("Gains garantis chaque mois", MONEY),
        ("Sans aucun risque pour vous", RISK),
        ("Devenez riche en un an", WEALTH),
        ("Le prix va exploser", PRICE),
        ("Ganancias garantizadas", MONEY),
        ("Invierte ahora sin riesgo", RISK),
        ("Libertad financiera para todos", WEALTH),
        ("Guadagni garantiti ogni giorno", MONEY),
        ("Zero rischi per te", RISK),
        ("Investi ora nel futuro", INVEST),
        ("Lucros garantidos todo mês", MONEY),
        ("Renda passiva sem risco", RISK),
        ("Invista agora", INVEST),
        ("Garantili kazanç fırsatı", MONEY),
        ("RİSKSİZ kazanın", RISK),
        ("Paranızı ikiye katlayın", MONEY),
        ("Zengin olmak ister misin", WEALTH),
        ("Gegarandeerd rendement voor iedereen", MONEY),
        ("Zonder enig risico", RISK),
        ("Investeer nu in de toekomst", INVEST),
        ("Ein revolutionäres Netz", "hype the brand voice forbids"),
    ],
)
def test_promises_are_found(text: str, why: str) -> None:
    assert why in {found for found, _ in forbidden(plain(text))}


@pytest.mark.parametrize(
    "text",
    [
        "There is no risk of rain in the lofts",
        "NASA returns to the moon",
        "The guarantee covers two years",
        "Die Stadt investiert in neue Netze",
        "Der Preis wird am Abend verliehen",
        "Ce gain de temps est réel",
        "El precio va incluido",
        "Il rischio è calcolato",
        "O preço vai no rótulo",
        "Yatırım ofisi bugün açık",
        "Het risico is klein",
        "High yields of potatoes this autumn",
    ],
)
def test_innocent_sentences_are_left_alone(text: str) -> None:
    assert not list(forbidden(plain(text)))
