"""Task queues. Stops have a queue and a worker of their own, so that no backlog delays them."""

MANAGEMENT = "adflight-management"
CREATIVE = "adflight-creative"
ANALYTICS = "adflight-analytics"
GUARD = "adflight-guard"
WATCH = "adflight-watch"

ALL = (MANAGEMENT, CREATIVE, ANALYTICS, GUARD, WATCH)
CONCURRENCY = {MANAGEMENT: 30, CREATIVE: 12, ANALYTICS: 10, GUARD: 30, WATCH: 200}
"""Activities at once per worker; creative work is heavy, the rest waits on the network.

Each guard holds one slot of the watch queue all the time, and none of the guard queue, where a
stop must find one free.
"""
