"""Structured logs: one line an event, carrying campaign, workflow and activity ids."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from models.settings import Settings

_QUIET = (
    "httpx", "httpx2", "httpcore", "urllib3", "apprise", "curlify", "trafilatura", "openai",
)  # fmt: skip


def configure(settings: Settings) -> None:
    """Send the standard library's and structlog's records to stderr in one shape."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _temporal_ids,
    ]
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                final,
            ],
        )
    )
    logging.basicConfig(
        handlers=[handler], level=settings.log_level.upper(), force=True, format="%(message)s"
    )
    for name in _QUIET:  # they log URLs, and URLs can hold tokens
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _temporal_ids(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Lift the ids out of the SDK's context and drop the rest of it."""
    record = event.get("_record")
    for name in ("temporal_workflow", "temporal_activity"):
        details = getattr(record, name, None) if record is not None else None
        if isinstance(details, dict):
            for key in ("workflow_id", "run_id", "activity_type", "activity_id", "attempt"):
                if key in details:
                    event[key] = details[key]
    workflow_id = event.get("workflow_id")
    if isinstance(workflow_id, str) and workflow_id.startswith("campaign-"):
        event["campaign_id"] = workflow_id.removeprefix("campaign-")
    return event
