"""Every log line of an activity carries the ids of its campaign, workflow and activity."""

from typing import Any

import structlog
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

_CAMPAIGN = "campaign-"


class LogContext(Interceptor):
    """Binds the ids for as long as an activity runs."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap the next interceptor."""
        return _Bound(next)


class _Bound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        ids: dict[str, object] = {
            "workflow_id": info.workflow_id,
            "activity": info.activity_type,
            "activity_id": info.activity_id,
            "attempt": info.attempt,
        }
        if info.workflow_id and info.workflow_id.startswith(_CAMPAIGN):
            ids["campaign_id"] = info.workflow_id.removeprefix(_CAMPAIGN)
        with structlog.contextvars.bound_contextvars(**ids):
            return await super().execute_activity(input)
