"""One worker process: connect, register, run until told to stop.

``python -m worker --queues management,creative,analytics`` and, in a process of its own so that
no backlog delays a stop, ``python -m worker --queues guard,watch``.
"""

import argparse
import asyncio
import signal
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from activities.access import AccountAccess
from activities.accounts import AccountActivities
from activities.allowances import SharedQuota
from activities.brands import Brands
from activities.claude import Claude
from activities.connections import secret_source
from activities.copywriting import CopyActivities
from activities.creative_costs import CreativeOrders
from activities.creative_figures import CreativeFiguresActivities
from activities.creative_tests import CreativeTestActivities
from activities.denials import Denials
from activities.digest import DigestActivities
from activities.effects import EffectLog
from activities.evaluation import EvaluationActivities
from activities.failures import FailureCounter
from activities.feeds import FeedActivities
from activities.figures import FiguresActivities
from activities.forecasts import ForecastActivities
from activities.generators import generators
from activities.guard import GuardActivities
from activities.incidents import IncidentActivities
from activities.inspection import InspectionActivities
from activities.landing import LandingActivities
from activities.leases import LeaseActivities
from activities.log_context import LogContext
from activities.network import NetworkActivities
from activities.notify import NotifyActivities
from activities.optimisation import OptimisationActivities
from activities.plans import PlanActivities
from activities.portfolio import PortfolioActivities
from activities.promotions import PromotionActivities
from activities.recommendations import RecommendationActivities
from activities.records import RecordActivities
from activities.rendering import RenderingActivities
from activities.signing import signer
from activities.spend import SpendAuthority
from activities.token_renewal import ConnectionActivities
from activities.visuals import VisualActivities
from activities.watch import WatchActivities
from activities.web import WebReader
from creative.storage import storage_at
from models.contract import queues
from models.contract.account import AdAccount
from models.contract.money import Money
from models.database import Database
from models.settings import Settings
from platforms.errors import NetworkError
from platforms.registry import Networks
from starter import environment, logs
from starter.assets import asset_library
from starter.temporal import TemporalUnreachable, connect, leave
from workflows.account_guard import AccountGuardWorkflow
from workflows.campaign import CampaignWorkflow
from workflows.connection import ConnectionWorkflow
from workflows.creative import CreativeWorkflow
from workflows.digest import AlertChannelsWorkflow, DigestWorkflow
from workflows.feed import FeedWorkflow
from workflows.portfolio import PortfolioWorkflow
from workflows.promotion import PromotionWorkflow

WORKFLOWS: dict[str, list[type]] = {
    queues.MANAGEMENT: [
        PromotionWorkflow,
        CampaignWorkflow,
        CreativeWorkflow,
        FeedWorkflow,
        DigestWorkflow,
        AlertChannelsWorkflow,
        PortfolioWorkflow,
        ConnectionWorkflow,
    ],
    queues.GUARD: [AccountGuardWorkflow],
}
_NAMES = tuple(queue.removeprefix("adflight-") for queue in queues.ALL)
_log = structlog.get_logger("worker")


class Collaborators:
    """What activities need of the world, opened once per process."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.database = Database(settings.database_url)
        failures = FailureCounter(self.database, settings.campaign_now)
        denials = Denials(self.database, client)

        def failed(account: AdAccount, error: NetworkError) -> None:
            failures.note(account, error)
            denials.note(account, error)

        self.networks = Networks(
            settings,
            settings.campaign_now,
            on_failure=failed,
            secrets=secret_source(settings, self.database),
            quota=partial(SharedQuota, self.database),
        )
        self.claude = Claude(settings, self.database)
        self.web = WebReader(hosts_map=settings.web_hosts, allow_private=settings.web_allow_private)
        records = RecordActivities(self.database)
        notify = NotifyActivities(self.database, settings)
        incidents = IncidentActivities(self.database)
        authority = SpendAuthority(self.database)
        network = NetworkActivities(
            self.networks,
            EffectLog(self.database),
            storage_at(settings.asset_store, settings.assets),
            AccountAccess(self.database),
        )
        guard = GuardActivities(
            self.networks,
            self.database,
            client,
            queues.GUARD,
            "account-guard",
            settings.real_now,
        )
        self.activities: dict[str, list[object]] = {
            queues.MANAGEMENT: [
                records,
                network,
                authority,
                LeaseActivities(authority, network),
                notify,
                incidents,
                DigestActivities(self.database, settings),
                PlanActivities(self.database),
                RecommendationActivities(self.database),
                PromotionActivities(self.database, self.web, settings),
                guard,
                FeedActivities(self.database, self.web, client, settings),
                ConnectionActivities(self.database, settings, self.networks),
            ],
            queues.CREATIVE: [EvaluationActivities(self.claude), *self._creative(settings)],
            queues.ANALYTICS: [
                FiguresActivities(self.database),
                ForecastActivities(self.database, records, settings),
                OptimisationActivities(self.database, records),
                CreativeTestActivities(self.database, records),
                PortfolioActivities(self.database, records),
                LandingActivities(self.database, self.web),
            ],
            queues.GUARD: [guard, network],
            queues.WATCH: [
                guard,
                WatchActivities(self.database, self.networks, settings.real_now),
                InspectionActivities(self.database, self.networks, settings.real_now),
                AccountActivities(self.database, self.networks),
                CreativeFiguresActivities(self.database, self.networks, settings.real_now),
                records,
                notify,
                incidents,
            ],
        }

    def _creative(self, settings: Settings) -> list[object]:
        """Copy, pictures and videos."""
        brands = Brands(self.database)
        library = asset_library(settings, self.database)
        budget = Money.of(settings.creative_budget)
        return [
            CopyActivities(self.claude, self.database, brands),
            VisualActivities(
                library,
                brands,
                self.web,
                CreativeOrders(self.database, budget),
                generators(settings),
            ),
            RenderingActivities(library, brands, signer(settings), settings.font),
        ]

    async def aclose(self) -> None:
        """Release what was opened."""
        await self.web.aclose()
        await self.claude.aclose()
        await self.networks.aclose()
        await self.database.close()


def methods(families: list[object]) -> list[Callable[..., Any]]:
    """Every activity method of the given families."""
    found: list[Callable[..., Any]] = []
    for family in families:
        for name in dir(type(family)):
            method = getattr(family, name)
            if hasattr(method, "__temporal_activity_definition"):
                found.append(method)
    return found


def build(client: Client, queue: str, collaborators: Collaborators) -> Worker:
    """The worker of one task queue."""
    return Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS.get(queue, []),
        activities=methods(collaborators.activities[queue]),
        interceptors=[LogContext()],
        max_concurrent_activities=queues.CONCURRENCY[queue],
        max_cached_workflows=5_000,
        graceful_shutdown_timeout=timedelta(seconds=8),
        # Cancellation reaches an activity with its heartbeat, so beats are not held back.
        max_heartbeat_throttle_interval=timedelta(seconds=2),
        default_heartbeat_throttle_interval=timedelta(seconds=2),
    )


async def run(settings: Settings, names: list[str]) -> None:
    """Serve task queues until SIGTERM or SIGINT."""
    client = await connect(settings)
    collaborators = Collaborators(settings, client)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    workers = [build(client, f"adflight-{name}", collaborators) for name in names]
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(worker.run()) for worker in workers]
            _log.info("worker ready", queues=names, claude=collaborators.claude.label)
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
            for worker in workers:
                group.create_task(worker.shutdown())
    finally:
        await collaborators.aclose()
        _log.info("worker stopped", queues=names)


def main() -> None:
    """Command line of ``python -m worker``."""
    parser = argparse.ArgumentParser(prog="worker", description="Serve task queues.")
    parser.add_argument(
        "--queues",
        default=",".join(_NAMES),
        help=f"comma-separated: {', '.join(_NAMES)}",
    )
    names = parser.parse_args().queues.split(",")
    unknown = [name for name in names if f"adflight-{name}" not in queues.ALL]
    if unknown:
        parser.error(f"unknown queue {unknown[0]!r}; choose of {', '.join(_NAMES)}")
    try:
        settings = environment.load()
    except environment.SettingsRefused as refused:
        parser.error(str(refused))
    logs.configure(settings)
    code = 1
    try:
        asyncio.run(run(settings, names))
        code = 0
    except TemporalUnreachable as error:
        _log.error("worker not started", problem=str(error))
    except Exception:
        _log.exception("worker failed")
    finally:
        leave(code)


if __name__ == "__main__":
    main()
