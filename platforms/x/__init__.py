"""X: Ads API over plain HTTP with OAuth 1.0a."""

from platforms.network import Adapter, Host, Secret
from platforms.x.adapter import CAPABILITIES, XNetwork, connect
from platforms.x.wire import RATES

__all__ = ["ADAPTER", "CAPABILITIES", "XNetwork", "connect"]

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={
        "api": Host("https://ads-api.x.com", "/x"),
        "upload": Host("https://api.x.com", "/x"),
    },
    secrets=tuple(
        Secret(name, (name.upper(),))
        for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    ),
    connect=connect,
    rates=RATES,
)
