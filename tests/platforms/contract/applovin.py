"""AppLovin on the contract."""

from models.contract.vocabulary import CallToAction, Objective, Platform
from tests.platforms.contract.bench import Bench

BENCH = Bench(
    platform=Platform.APPLOVIN,
    objective=Objective.APP_INSTALLS,
    unoffered=Objective.TRAFFIC,
    link="https://play.google.com/store/apps/details?id=example.journal",
    call_to_action=CallToAction.DOWNLOAD,
    secret="management_key",
)
