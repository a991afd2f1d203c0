"""A network that changes its mind about ads it had approved."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from sandbox.meta import shelf as meta_shelf
from sandbox.world import World
from sandbox.x import store as x_store

_AD_KINDS = {meta_shelf.NETWORK: "ad", x_store.NETWORK: "promoted_tweet"}


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
        world.put(order.network, kind, str(ad["id"]), {**ad, **verdict})
    world.note(order.network, "disapproved", {"ads": len(ads)})
    return len(ads)
