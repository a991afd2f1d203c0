"""Meta (Facebook and Instagram): Marketing API through ``facebook-business``."""

from platforms.meta.adapter import CAPABILITIES, MetaNetwork, connect
from platforms.network import Adapter, Host, Secret

__all__ = ["ADAPTER", "CAPABILITIES", "MetaNetwork", "connect"]

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={"api": Host("https://graph.facebook.com", "/meta")},
    secrets=(
        Secret("access_token", ("ACCESS_TOKEN", "TOKEN")),
        Secret("app_id", ("APP_ID",)),
        Secret("app_secret", ("APP_SECRET",)),
    ),
    connect=connect,
)
