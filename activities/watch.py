"""Watching an ad account: read its figures, keep them, and judge every safety rule at once."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError, OperationalError
from temporalio import activity

from activities import readings
from activities.account_book import AccountBook
from activities.flat_spend import note_flat_spend
from models.contract.account import AdAccount
from models.contract.clock import CampaignClock
from models.contract.guard import Watch, WatchReport
from models.contract.network import MetricsReport
from models.database import Database
from platforms.errors import NetworkError
from platforms.registry import Networks
from policy import safety

_LEAST_LOOK = timedelta(seconds=1)
_LEAST_READING = timedelta(seconds=3)
"""Real time: however fast campaign time runs, a network's quota of calls does not."""
_LEAST_WEEK = timedelta(minutes=1)
_FEW_DAYS, _WEEK = 2, 7
_HOUR, _READINGS_A_WEEK_READING = timedelta(hours=1), 3
"""Conversions come days after their click, so earlier days are read as well, once an hour; where
figures are read more rarely than that, with every third reading."""


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class WatchActivities:
    """One book an account, kept for the life of the process."""

    def __init__(
        self,
        database: Database,
        networks: Networks,
        real_now: Callable[[], datetime] = _wall_clock,
    ) -> None:
        self._database = database
        self._networks = networks
        self._real_now = real_now
        self._books: dict[UUID, AccountBook] = {}

    @activity.defn
    async def watch_account(self, order: Watch) -> WatchReport:
        """Look at the cadence until something is found or the span is over.

        Figures are read when due; between readings the rules judge what is known, what our own
        site saw meanwhile, and what is plausibly spent and not reported. Without the database the
        last known campaigns are judged on the network's own figures.
        """
        account, clock = order.account, order.clock
        over_delivery = (await self._networks.of(account)).capabilities.over_delivery
        book = self._books.setdefault(account.id, AccountBook(account, over_delivery))
        look = max(clock.real_duration(order.cadence.watch), _LEAST_LOOK).total_seconds()
        until = monotonic() + order.span.total_seconds()
        fired = dict(order.fired)
        while True:
            activity.heartbeat()
            now = clock.campaign_time(self._real_now())
            reads = self._is_due(book, order, now)
            if not (reads and book.rebuilt):  # what a reading changes is refreshed after it anyway
                await self._refresh(book, now)
            if reads:
                await self._read(book, order, now)
                now = clock.campaign_time(self._real_now())
                await self._refresh(book, now)
            found = await asyncio.to_thread(safety.judge, book.view(now))
            findings = safety.fresh(found, fired, now)
            if findings or monotonic() + look > until:
                return WatchReport(
                    findings=findings,
                    as_of=book.read_at,
                    spenders=book.spenders(),
                    spend_rate_micros=book.spend_rate(),
                    fired=safety.cooling(findings, fired, now),
                )
            await asyncio.sleep(look)

    @staticmethod
    def _is_due(book: AccountBook, order: Watch, now: datetime) -> bool:
        wait = _spaced(order.clock, order.cadence.figures, _LEAST_READING)
        return book.tried_at is None or now - book.tried_at >= wait

    async def _refresh(self, book: AccountBook, now: datetime) -> None:
        try:
            async with self._database.team(book.account.team_id) as session:
                await book.refresh(session, now)
        except (OperationalError, DBAPIError) as error:
            activity.logger.warning("judging without the database: %s", type(error).__name__)

    async def _read(self, book: AccountBook, order: Watch, now: datetime) -> None:
        account, today = order.account, _account_day(order.account, now)
        book.tried_at = now
        days = _FEW_DAYS
        rarely = max(_HOUR, _READINGS_A_WEEK_READING * order.cadence.figures)
        if book.whole_week_at is None or now - book.whole_week_at >= _spaced(
            order.clock, rarely, _LEAST_WEEK
        ):
            days, book.whole_week_at = _WEEK, now
        try:
            report = await (await self._networks.of(account)).account_metrics(
                today - timedelta(days=days - 1), today
            )
        except NetworkError as error:
            book.reading_failed = True
            activity.logger.warning("account not read: %s", error)
            return
        try:
            await self._keep(book, order.clock, report)
        except (OperationalError, DBAPIError) as error:
            activity.logger.warning("figures not appended: %s", type(error).__name__)
        book.note_reading(report)

    async def _keep(self, book: AccountBook, clock: CampaignClock, report: MetricsReport) -> None:
        account = book.account
        async with self._database.team(account.team_id) as session:
            campaigns = await readings.campaigns_to_read(session, account.id)
            book.known |= campaigns
            await readings.append(session, account, report, campaigns)
            today = _account_day(account, report.as_of)
            await readings.restate_totals(session, list(campaigns.values()), today, report.as_of)
            await readings.restate_budgets(session, today)
            await note_flat_spend(session, account, clock, report.as_of)


def _spaced(clock: CampaignClock, cadence: timedelta, least: timedelta) -> timedelta:
    """A cadence of campaign time that is never shorter than ``least`` in real time."""
    return cadence * max(1.0, least / clock.real_duration(cadence))


def _account_day(account: AdAccount, now: datetime) -> date:
    return now.astimezone(ZoneInfo(account.timezone)).date()
