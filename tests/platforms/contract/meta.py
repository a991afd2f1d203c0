"""Meta on the bench."""

from models.contract.vocabulary import Objective, Platform
from tests.platforms.contract.bench import Bench

BENCH = Bench(platform=Platform.META, objective=Objective.TRAFFIC, unoffered=None)
