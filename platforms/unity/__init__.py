"""Unity Ads: Advertising Management API v1 and Statistics API v2 over plain HTTP."""

from platforms.network import Adapter, Host, Secret
from platforms.unity.adapter import UnityNetwork, connect
from platforms.unity.terms import CAPABILITIES
from platforms.unity.wire import RATES

__all__ = ["ADAPTER", "CAPABILITIES", "UnityNetwork", "connect"]

ADAPTER = Adapter(
    capabilities=CAPABILITIES,
    hosts={"api": Host("https://services.api.unity.com", "/unity")},
    secrets=(Secret("api_key", ("API_KEY",)),),
    connect=connect,
    rates=RATES,
)
