"""Google Ads on the bench."""

from models.contract.vocabulary import Objective, Platform
from tests.platforms.contract.bench import Bench

BENCH = Bench(
    platform=Platform.GOOGLE,
    objective=Objective.TRAFFIC,
    unoffered=Objective.CATALOG_SALES,
    secret="refresh_token",
)
