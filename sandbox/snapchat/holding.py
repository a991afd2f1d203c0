"""What the network really holds, in the product's words."""

import re

from sandbox.held import Held
from sandbox.snapchat.store import NETWORK, is_on
from sandbox.world import World

_KINDS = {"campaign": "campaign", "adsquad": "ad_group", "creative": "creative", "ad": "ad"}
_KEY = re.compile(r"k[a-z0-9]{4,20}")


def held(world: World) -> list[Held]:
    """Every object that was not deleted and carries a key in front of its name."""
    found: list[Held] = []
    for kind, name in _KINDS.items():
        for row in world.every(NETWORK, kind):
            key = (str(row.get("name") or "").split() or [""])[0]
            if _KEY.fullmatch(key) and not row["deleted"]:
                on = kind != "creative" and is_on(row)  # a creative has no switch
                found.append(Held(kind=name, key=key, id=str(row["id"]), on=on))
    return found
