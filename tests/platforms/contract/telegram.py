"""Telegram on the bench: an account in euros, for Telegram has none in dollars."""

from models.contract.money import Money
from models.contract.vocabulary import Objective, Platform
from tests.platforms.contract.bench import Bench

BENCH = Bench(
    platform=Platform.TELEGRAM,
    objective=Objective.TRAFFIC,
    unoffered=Objective.CATALOG_SALES,
    budget=Money.of("60.00", "EUR"),
    lowered=Money.of("55.00", "EUR"),
    raised=Money.of("70.00", "EUR"),
    too_small=Money.of("0.01", "EUR"),
    too_long="primary_text",
)
