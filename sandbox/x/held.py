"""What the X stand-in holds, by the keys in front of names."""

from collections.abc import Mapping
from typing import Any

from sandbox.held import Held
from sandbox.world import World
from sandbox.x.store import NETWORK

_KINDS = {"campaign": "campaign", "line_item": "ad_group"}


def held(world: World) -> list[Held]:
    """Every object with a key that was not deleted.

    An ad has no name on X: its key stands behind that of its post.
    """
    found: list[Held] = []
    for kind, ours in _KINDS.items():
        for row in world.every(NETWORK, kind):
            if not row["deleted"]:
                found += [Held(ours, key, str(row["id"]), _on(row)) for key in _keys(row)[:1]]
    posts: dict[str, list[str]] = {}
    for post in world.every(NETWORK, "tweet"):
        if post["deleted"]:
            continue
        keys = posts[str(post["tweet_id"])] = _keys(post)
        found += [Held("creative", key, str(post["tweet_id"]), False) for key in keys[:1]]
    for ad in world.every(NETWORK, "promoted_tweet"):
        if not ad["deleted"]:
            keys = posts.get(str(ad["tweet_id"]), [])
            found += [Held("ad", key, str(ad["id"]), _on(ad)) for key in keys[1:2]]
    return found


def _keys(row: Mapping[str, Any]) -> list[str]:
    # What is not complete yet says so in front of its key.
    words = str(row.get("name") or "").split()[:3]
    return [word for word in words if word != "pending"][:2]


def _on(row: Mapping[str, Any]) -> bool:
    return row.get("entity_status") == "ACTIVE"
