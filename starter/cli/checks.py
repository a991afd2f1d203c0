"""Looking at the stack from outside: what runs, what is wrong, how to mend it."""

import asyncio
import shutil
from typing import Any

import httpx
from sqlalchemy import func
from sqlmodel import col, select
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from models.contract import queues
from models.database import Database
from models.settings import Settings
from models.tables import Campaign
from starter import environment
from starter.stack import local, processes
from starter.team import live_platforms
from starter.temporal import TemporalUnreachable, connect


async def stack_status() -> dict[str, Any]:
    """What runs, for people and programs."""
    settings = environment.load()
    directory = environment.directory()
    state = local.running(directory)
    parts: list[dict[str, str]] = []
    urls = {
        "temporal": settings.ui_url or settings.temporal_address,
        "sandbox": settings.sandbox_url,
        "events": settings.events_url,
    }
    found: dict[str, dict[str, Any]] = state["processes"] if state else {}
    for name, known in found.items():
        alive = processes.is_same(known["pid"], known["began"] or 0.0)
        parts.append(
            {
                "part": name,
                "state": f"running (pid {known['pid']})" if alive else "dead",
                "where": urls.get(name, ""),
            }
        )
    live = live_platforms()
    return {
        "directory": str(directory),
        "running": state is not None,
        "parts": parts,
        "networks": ", ".join(one.value for one in live)
        or ("sandbox (simulated market)" if settings.sandbox_url else "none configured"),
        "claude": _planner(settings),
        "tempo": settings.tempo,
        "campaigns": await _campaign_counts(settings),
    }


async def diagnose() -> list[dict[str, Any]]:
    """Every check with what was found and the way to mend it."""
    settings = environment.load()
    checks: list[dict[str, Any]] = []

    def add(check: str, ok: bool, found: str, mend: str) -> None:
        checks.append({"check": check, "ok": ok, "found": found, "mend": "" if ok else mend})

    free = shutil.disk_usage(environment.directory().anchor or "/").free / 2**30
    add("disk", free > 1, f"{free:.1f} GiB free", "free at least 1 GiB")
    add(
        "switched on",
        settings.enabled,
        "yes" if settings.enabled else "no",
        "set AI_ADS_MANAGER_ENABLED=true",
    )
    ok, found = await _database(settings)
    add("PostgreSQL", ok, found, "start it with `adflight up`, or set DATABASE_URL")
    try:
        client = await connect(settings)
    except TemporalUnreachable as error:
        add("Temporal", False, str(error), "start it with `adflight up`, or set TEMPORAL_ADDRESS")
    else:
        add("Temporal", True, "answers", "")
        polling = await asyncio.gather(*(_pollers(client, queue) for queue in queues.ALL))
        for queue, pollers in zip(queues.ALL, polling, strict=True):
            add(
                f"worker on {queue}",
                pollers > 0,
                f"{pollers} poller(s)",
                "start it with `adflight up`, or "
                f"`python -m worker --queues {queue.removeprefix('adflight-')}`",
            )
    for name, url in (("event endpoint", settings.events_url), ("sandbox", settings.sandbox_url)):
        if url:
            answers = await asyncio.to_thread(_answers, url)
            add(name, answers, url if answers else f"no answer at {url}", "run `adflight up`")
    planner = _planner(settings)
    add(
        "Claude",
        planner != "none configured",
        planner,
        "set ANTHROPIC_API_KEY, or run `adflight up` for the sandbox planner",
    )
    return checks


def _planner(settings: Settings) -> str:
    if settings.anthropic_api_key.get_secret_value():
        return settings.model
    return "rule-based sandbox planner" if settings.sandbox_url else "none configured"


async def _database(settings: Settings) -> tuple[bool, str]:
    if not settings.database_url:
        return False, "not configured"
    from migrations.apply import pending  # heavy, and only needed here

    database = Database(settings.database_url, pool_size=1)
    try:
        await database.ping()
        late = await asyncio.to_thread(pending, settings.database_url)
        return (not late, "schema is older than this release" if late else "answers")
    except Exception as error:
        return False, f"does not answer ({type(error).__name__})"
    finally:
        await database.close()


async def _campaign_counts(settings: Settings) -> dict[str, int]:
    if not settings.database_url:
        return {}
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.team(settings.team_id) as session:
            rows = await session.execute(
                select(col(Campaign.status), func.count()).group_by(col(Campaign.status))
            )
            return {str(row[0]): int(row[1]) for row in rows}
    except Exception:
        return {}
    finally:
        await database.close()


async def _pollers(client: Client, queue: str) -> int:
    """A worker that has just come up is seen by Temporal a moment later: three looks."""
    for patience in (1.0, 2.0, 0.0):
        answer = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            )
        )
        if answer.pollers:
            return len(answer.pollers)
        await asyncio.sleep(patience)
    return 0


def _answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/healthz", timeout=2)
    except httpx.HTTPError:
        return False
    return True
