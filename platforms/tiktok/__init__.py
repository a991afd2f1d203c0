"""TikTok: API for Business (Marketing API v1.3) over plain HTTP."""

from platforms.network import Adapter, Host, Secret
from platforms.tiktok.adapter import TikTokNetwork, connect
from platforms.tiktok.terms import CAPABILITIES
from platforms.tiktok.wire import RATES

__all__ = ["ADAPTER", "CAPABILITIES", "TikTokNetwork", "connect"]

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={"api": Host("https://business-api.tiktok.com", "/tiktok")},
    secrets=(
        Secret("access_token", ("ACCESS_TOKEN",)),
        # Needed only to connect an account; the token itself does not end.
        Secret("app_id", ("APP_ID",), required=False),
        Secret("app_secret", ("APP_SECRET",), required=False),
    ),
    connect=connect,
    rates=RATES,
)
