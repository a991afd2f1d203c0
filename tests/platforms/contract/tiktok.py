"""TikTok on the contract bench: its default objective is clicks on a page."""

from models.contract.money import Money
from models.contract.network import Targeting
from models.contract.vocabulary import Objective, Platform
from tests.platforms.contract.bench import Bench

BENCH = Bench(
    platform=Platform.TIKTOK,
    objective=Objective.TRAFFIC,
    unoffered=Objective.CATALOG_SALES,
    too_small=Money.of("20.00"),
    targeting=Targeting(locations=("US", "GB"), interests=("Education",)),
    too_long="primary_text",
)
