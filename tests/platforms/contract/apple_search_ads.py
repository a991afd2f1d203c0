"""Apple Ads on the bench."""

from models.contract.vocabulary import CallToAction, Objective, Platform
from tests.platforms.contract.bench import Bench

BENCH = Bench(
    platform=Platform.APPLE_SEARCH_ADS,
    objective=Objective.APP_INSTALLS,
    unoffered=Objective.TRAFFIC,
    link="https://apps.apple.com/us/app/sandbox/id1600000001",
    call_to_action=CallToAction.DOWNLOAD,
    # A key that signs nothing is refused before anything is sent; another key's id, by Apple.
    secret="key_id",
)
