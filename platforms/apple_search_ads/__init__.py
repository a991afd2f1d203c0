"""Apple Ads: Platform API v1 over plain HTTP, with access tokens for a signed client secret."""

from platforms.apple_search_ads.adapter import CAPABILITIES, AppleAds, connect
from platforms.apple_search_ads.login import SECRETS
from platforms.apple_search_ads.wire import BUCKET
from platforms.network import Adapter, Host, Secret
from platforms.quota import Rate

__all__ = ["ADAPTER", "CAPABILITIES", "AppleAds", "connect"]

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={
        "api": Host("https://api.ads.apple.com", "/apple_search_ads"),
        "login": Host("https://appleid.apple.com", "/apple_search_ads"),
    },
    secrets=tuple(Secret(name, (name.upper(),)) for name in SECRETS),
    connect=connect,
    # Apple publishes no number (unsure): other clients keep to ten calls a second. The headers of
    # every answer win over it.
    rates={BUCKET: Rate(10, 1.0)},
)
