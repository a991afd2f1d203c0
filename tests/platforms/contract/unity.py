"""Unity on the bench."""

from models.contract.vocabulary import CallToAction, Objective, Platform
from tests.platforms.contract.bench import Bench

BENCH = Bench(
    platform=Platform.UNITY,
    objective=Objective.APP_INSTALLS,
    unoffered=Objective.TRAFFIC,
    link="https://apps.apple.com/us/app/example-game/id1600000001",
    call_to_action=CallToAction.DOWNLOAD,
    secret="api_key",
)
