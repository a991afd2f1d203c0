"""The safety rules on the simulated market: quiet where all is well, awake where it is not.

A small version of ``python -m bench.alarms``, with the same book, rules and late figures.
"""

import pytest

from bench.alarms_runs import TROUBLES, broken, healthy
from models.contract.safety import Rule


@pytest.mark.parametrize(("network", "seed"), [("meta", 71), ("x", 72)])
def test_healthy_campaigns_are_never_stopped(network: str, seed: int) -> None:
    """Ten campaigns for three days: launch, first full days, learning phase."""
    account = healthy(seed, network, 10, 3)
    assert account.campaign_days > 20
    assert account.judged > 450
    assert account.stops == 0, account.examples
    assert not account.alarms, account.examples


def test_what_breaks_is_noticed_by_the_rule_that_is_meant_for_it() -> None:
    names = (
        "runaway spend x10",
        "currency unit slip x100",
        "burst of API errors",
        "figures stand still",
    )
    quick = [one for one in TROUBLES if one.name in names]
    found = {(one.trouble, one.rule): one for one in broken(73, "meta", quick)}
    minutes = {name: one.minutes for name, one in found.items()}
    slip, runaway = "currency unit slip x100", "runaway spend x10"
    assert minutes[slip, Rule.RAPID_ACCELERATION] <= 60
    assert minutes[slip, Rule.CAMPAIGN_OVERSPEND_HARD] <= 120
    assert min(minutes[runaway, rule] for rule in quick[0].rules if (runaway, rule) in found) <= 240
    assert minutes["burst of API errors", Rule.API_ERRORS] <= 35
    assert 3 * 60 - 30 <= minutes["figures stand still", Rule.FIGURES_STALE] <= 3 * 60 + 10
