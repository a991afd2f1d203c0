"""What the Google stand-in really holds, by Adflight's keys."""

from sandbox.google.store import NETWORK, is_on, keys_in
from sandbox.held import Held
from sandbox.world import World


def held(world: World) -> list[Held]:
    """Every object with a key that was not removed.

    A campaign's name holds its ad group's key too: the ad group is the campaign's settings. An
    ad is a Google ad group, a creative a label.
    """
    found: list[Held] = []
    removed: set[str] = set()
    for row in world.every(NETWORK, "campaign"):
        if row["status"] == "REMOVED":
            removed.add(str(row["resourceName"]))
            continue
        kinds = ("campaign", "ad_group")
        for kind, key in zip(kinds, keys_in(str(row["name"])), strict=False):
            found.append(Held(kind, key, str(row["id"]), is_on(row)))
    alive = {
        str(ad["adGroup"]): str(ad["ad"]["id"])
        for ad in world.every(NETWORK, "ad_group_ad")
        if ad["status"] != "REMOVED"
    }
    for row in world.every(NETWORK, "ad_group"):
        if row["status"] == "REMOVED" or str(row["campaign"]) in removed:
            continue
        if (ad := alive.get(str(row["resourceName"]))) is not None:
            key = keys_in(str(row["name"]))[0]
            found.append(Held("ad", key, f"{row['id']}~{ad}", is_on(row)))
    for row in world.every(NETWORK, "label"):
        if row["status"] == "ENABLED":
            found.append(Held("creative", str(row["name"]), str(row["id"]), True))
    return found
