"""Google Ads: the Google Ads API over REST, Display and App campaigns."""

from platforms.google.adapter import GoogleNetwork, connect
from platforms.google.terms import CAPABILITIES
from platforms.google.wire import OPERATIONS
from platforms.network import Adapter, Host, Secret
from platforms.quota import Rate

__all__ = ["ADAPTER", "CAPABILITIES", "GoogleNetwork", "connect"]

_BASIC_ACCESS = 15_000
"""Operations a day of a Cloud project with basic access; Explorer has 2,880, standard no limit."""

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={
        "api": Host("https://googleads.googleapis.com", "/google"),
        "login": Host("https://oauth2.googleapis.com", "/login/google"),
    },
    secrets=(
        Secret("client_id", ("CLIENT_ID",)),
        Secret("client_secret", ("CLIENT_SECRET",)),
        Secret("refresh_token", ("REFRESH_TOKEN",)),
        Secret("access_token", ("ACCESS_TOKEN",), required=False),
        Secret("developer_token", ("DEVELOPER_TOKEN",), required=False),
    ),
    connect=connect,
    rates={OPERATIONS: Rate(_BASIC_ACCESS, 86_400.0, "app")},
)
