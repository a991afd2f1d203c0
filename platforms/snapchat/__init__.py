"""Snapchat: Ads API v1 over plain HTTP with OAuth 2.0 access tokens of one hour."""

from platforms.network import Adapter, Host, Secret
from platforms.snapchat.adapter import SnapchatNetwork, connect
from platforms.snapchat.terms import CAPABILITIES
from platforms.snapchat.wire import RATES

__all__ = ["ADAPTER", "CAPABILITIES", "SnapchatNetwork", "connect"]

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={
        "api": Host("https://adsapi.snapchat.com", "/snapchat"),
        "login": Host("https://accounts.snapchat.com", "/snapchat"),
    },
    secrets=(
        Secret("client_id", ("CLIENT_ID",)),
        Secret("client_secret", ("CLIENT_SECRET",)),
        Secret("refresh_token", ("REFRESH_TOKEN",)),
        Secret("access_token", ("ACCESS_TOKEN",), required=False),
    ),
    connect=connect,
    rates=RATES,
)
