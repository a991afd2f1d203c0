"""Task queues. Stops have a queue and a worker of their own, so that no backlog delays them."""

MANAGEMENT = "adflight-management"
CREATIVE = "adflight-creative"
ANALYTICS = "adflight-analytics"
GUARD = "adflight-guard"

ALL = (MANAGEMENT, CREATIVE, ANALYTICS, GUARD)
CONCURRENCY = {MANAGEMENT: 30, CREATIVE: 4, ANALYTICS: 10, GUARD: 30}
"""Activities at once per worker; creative work is heavy, the rest waits on the network."""
