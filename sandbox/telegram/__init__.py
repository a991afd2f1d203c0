"""A stand-in for the Telegram Ads API and the Bot API.

The default account is ``ACCOUNT_ID`` in euros with the token ``TOKEN``; the bot of ``BOT_TOKEN``
is an administrator of the channel ``CHANNEL``.
"""

from sandbox.held import Held
from sandbox.telegram.app import build
from sandbox.telegram.store import (
    ACCOUNT_ID,
    BOT_TOKEN,
    CHANNEL,
    EVENT_ID,
    NETWORK,
    TOKEN,
    Store,
    is_on,
)
from sandbox.world import World

__all__ = ["ACCOUNT_ID", "BOT_TOKEN", "CHANNEL", "EVENT_ID", "NETWORK", "TOKEN", "build", "held"]

_LEVELS = ("ad", "ad_group", "campaign", "creative")
"""What the first words of an advertiser's label name; all but the first live in it alone."""


def held(world: World) -> list[Held]:
    """Every ad that is there, and once each what its label says it belongs to."""
    found: dict[tuple[str, str], Held] = {}
    ads: list[Held] = []
    for row in Store(world).every("ad"):
        words = str(row["title"]).split(" ")
        if row["deleted"] or len(words) <= len(_LEVELS) or not words[4].startswith("~"):
            continue
        on = is_on(row)
        ads.append(Held("ad", words[0], str(row["ad_id"]), on))
        for kind, key in zip(_LEVELS[1:], words[1:4], strict=True):
            known = found.get((kind, key))
            found[kind, key] = Held(kind, key, key, on or (known is not None and known.on))
    return [*found.values(), *ads]
