"""What the Meta stand-in holds, by the labels that carry our keys."""

from collections.abc import Mapping
from typing import Any

from sandbox.held import Held
from sandbox.meta.shelf import NETWORK
from sandbox.world import World

_KINDS = {"campaign": "campaign", "adset": "ad_group", "adcreative": "creative", "ad": "ad"}


def held(world: World) -> list[Held]:
    """Every object with a label that was not deleted."""
    found: list[Held] = []
    for kind, ours in _KINDS.items():
        for row in world.every(NETWORK, kind):
            if row.get("status") == "DELETED":
                continue
            on = row.get("status") == "ACTIVE"
            found += [Held(ours, key, str(row["id"]), on) for key in _labels(row)]
    return found


def _labels(row: Mapping[str, Any]) -> list[str]:
    return [str(label["name"]) for label in row.get("adlabels") or ()]
