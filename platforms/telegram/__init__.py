"""Telegram: the official Ads API for paid ads, and the Bot API for posts beside it.

Ads go through ``ADAPTER``; posts through ``platforms.telegram.bot``.
"""

from platforms.network import Adapter, Host, Secret
from platforms.quota import Rate
from platforms.telegram.adapter import TelegramNetwork, connect
from platforms.telegram.bot_wire import ALL_CHATS, ONE_CHAT
from platforms.telegram.terms import CAPABILITIES
from platforms.telegram.wire import ADS

__all__ = ["ADAPTER", "CAPABILITIES", "TelegramNetwork", "connect"]

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={
        "ads": Host("https://promoteapi.telegram.org", "/telegram/ads"),
        "bot": Host("https://api.telegram.org", "/telegram/bots"),
    },
    secrets=(
        Secret("access_token", ("ADS_ACCESS_TOKEN", "ACCESS_TOKEN")),
        Secret("bot_token", ("BOT_TOKEN",), required=False),
    ),
    connect=connect,
    rates={
        # Ours: Telegram publishes no limit for the Ads API.
        ADS: Rate(calls=600, seconds=60.0),
        ALL_CHATS: Rate(calls=30, seconds=1.0, scope="app"),
        ONE_CHAT: Rate(calls=20, seconds=60.0),
    },
)
