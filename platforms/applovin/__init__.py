"""AppLovin: Axon Campaign Management API and Reporting API over plain HTTP."""

from platforms.applovin.adapter import AppLovinNetwork, connect
from platforms.applovin.terms import CAPABILITIES
from platforms.network import Adapter, Host, Secret
from platforms.quota import Rate

__all__ = ["ADAPTER", "CAPABILITIES", "AppLovinNetwork", "connect"]

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={
        "api": Host("https://api.ads.axon.ai/manage", "/applovin/manage"),
        "reports": Host("https://r.applovin.com", "/applovin"),
    },
    secrets=(
        Secret("management_key", ("API_TOKEN", "MANAGEMENT_KEY")),
        Secret("report_key", ("REPORT_KEY",)),
    ),
    connect=connect,
    rates={
        "management": Rate(calls=1000, seconds=60),
        # AppLovin publishes no limit for reports; this one is ours.
        "reporting": Rate(calls=300, seconds=60),
    },
)
