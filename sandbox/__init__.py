"""Local stand-ins that speak each network's and Claude's wire protocol, over the simulated market.

The product never imports this package: it reaches it over HTTP, as it does the real networks.
"""
