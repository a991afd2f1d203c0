"""A network that changes its mind about ads it had approved."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from sandbox.apple_search_ads import store as apple_store
from sandbox.applovin import store as applovin_store
from sandbox.google import store as google_store
from sandbox.meta import shelf as meta_shelf
from sandbox.snapchat import store as snapchat_store
from sandbox.telegram import store as telegram_store
from sandbox.tiktok import store as tiktok_store
from sandbox.unity import shelf as unity_shelf
from sandbox.world import World
from sandbox.x import store as x_store

_AD_KINDS = {
    apple_store.NETWORK: "ad",
    applovin_store.NETWORK: "asset",
    google_store.NETWORK: "ad_group_ad",
    meta_shelf.NETWORK: "ad",
    snapchat_store.NETWORK: "ad",
    tiktok_store.NETWORK: "ad",
    x_store.NETWORK: "promoted_tweet",
    telegram_store.NETWORK: "ad",
    unity_shelf.NETWORK: "creative",
}


class ReviewOrder(BaseModel):
    """What POST /control/reviews takes: disapprove every ad of a network, from now on."""

    model_config = ConfigDict(extra="forbid")

    network: str


def disapprove(world: World, order: ReviewOrder) -> int:
    """Disapprove; how many ads.

    Raises:
        ValueError: no such network.
    """
    kind = _AD_KINDS.get(order.network)
    if kind is None:
        raise ValueError(f"network {order.network!r} reviews no ads; known: {sorted(_AD_KINDS)}")
    world.settle()  # what was shown until now was shown with approval
    ads = world.every(order.network, kind)
    for ad in ads:
        verdict: dict[str, Any] = (
            {"_disapproved": True} if kind == "ad" else {"_verdict": "REJECTED"}
        )
        # Google's ads have no id of their own, but a name.
        shelved = str(ad.get("id") or ad["resourceName"])
        world.put(order.network, kind, shelved, {**ad, **verdict})
    world.note(order.network, "disapproved", {"ads": len(ads)})
    return len(ads)
