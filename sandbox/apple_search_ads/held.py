"""What the Apple Ads stand-in holds, by the keys in front of names."""

from sandbox.apple_search_ads.store import AD, AD_GROUP, CAMPAIGN, CREATIVE, NETWORK, is_on
from sandbox.held import Held
from sandbox.world import World


def held(world: World) -> list[Held]:
    """Every object with a key that was not deleted."""
    found: list[Held] = []
    for kind in (CAMPAIGN, AD_GROUP, CREATIVE, AD):
        for row in world.every(NETWORK, kind):
            # What is not complete yet says so in front of its key.
            words = [word for word in str(row["name"]).split()[:2] if word != "pending"]
            if words and not row["deleted"]:
                on = kind != CREATIVE and is_on(row)
                found.append(Held(kind, words[0], str(row["id"]), on))
    return found
