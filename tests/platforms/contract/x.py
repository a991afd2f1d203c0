"""X on the bench."""

from models.contract.vocabulary import Objective, Platform
from tests.platforms.contract.bench import Bench

BENCH = Bench(
    platform=Platform.X,
    objective=Objective.TRAFFIC,
    unoffered=Objective.CATALOG_SALES,
    too_long="primary_text",
)
