"""What the TikTok stand-in holds, by the keys in front of names."""

from sandbox.held import Held
from sandbox.tiktok.delivery import Forest
from sandbox.tiktok.store import NETWORK, JsonObject, Store
from sandbox.world import World


def held(world: World) -> list[Held]:
    """Every object with a key that was not deleted, itself or by what is above it."""
    store = Store(world)
    forest = Forest(store, world.now())
    found: list[Held] = []
    for kind, ours, status in (
        ("campaign", "campaign", forest.campaign),
        ("adgroup", "ad_group", forest.group),
        ("ad", "ad", forest.ad),
    ):
        for row in store.every(kind):
            if not status(row).endswith("_DELETE"):
                on = row["operation_status"] == "ENABLE"
                found += [Held(ours, key, row["id"], on) for key in _keys(row, f"{kind}_name")]
    for video in world.every(NETWORK, "video"):
        found += [Held("creative", key, video["id"], False) for key in _keys(video, "file_name")]
    return found


def _keys(row: JsonObject, field: str) -> list[str]:
    return str(row.get(field) or "").split()[:1]
