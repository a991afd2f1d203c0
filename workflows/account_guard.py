"""The guard of one ad account: reads all its campaigns at once, and stops them when told to.

It runs on a task queue and worker of its own, so that no backlog delays a stop.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.figures import FiguresActivities
    from activities.guard import GuardActivities
    from models.contract.campaign import Kill
    from models.contract.figures import AccountFigures, AccountReading
    from models.contract.guard import (
        BatchPause,
        BatchPaused,
        GuardInput,
        GuardView,
        StopOrder,
        StopReport,
        Watched,
    )
    from models.contract.vocabulary import Author, StopLevel
    from workflows import timeouts
    from workflows.errands import carry_out, failure_text, start

_TRY_AGAIN = timedelta(seconds=5)
_PATIENCE = timedelta(minutes=5)  # the history must outlast a network that refuses for weeks


@workflow.defn(name="account-guard")
class AccountGuardWorkflow:
    """One per ad account; sleeps for ever when it has nothing to watch."""

    @workflow.init
    def __init__(self, guard: GuardInput) -> None:
        """Take up what an earlier run watched."""
        self._guard = guard
        self._watched = {entry.campaign_id: entry for entry in guard.watched}
        self._standing = guard.standing
        self._reports = guard.reports
        self._next_reading = guard.next_reading or self._now()
        self._orders: list[StopOrder] = []
        self._figures: AccountFigures | None = None

    @workflow.run
    async def run(self, guard: GuardInput) -> None:
        """Stop when told to; else read figures at the cadence."""
        while True:
            if self._orders:
                await self._stop(self._orders[0])
                self._orders.pop(0)
            elif self._watched and self._now() >= self._next_reading:
                self._next_reading = self._now() + guard.cadence
                await self._read()
            else:
                await self._sleep()
            if (
                workflow.info().is_continue_as_new_suggested()
                and not self._orders
                and workflow.all_handlers_finished()
            ):
                workflow.continue_as_new(self._carried())

    async def _sleep(self) -> None:
        timeout = None
        if self._watched:
            wait = self._guard.clock.real_duration(self._next_reading - self._now())
            timeout = max(wait, timedelta(milliseconds=1))
        had = bool(self._watched)
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: bool(self._orders) or bool(self._watched) != had,
                timeout=timeout,
                timeout_summary="next reading of the account",
            )

    async def _read(self) -> None:
        """Read every watched campaign in one call; forget those whose figures are final."""
        now = self._now()
        self._watched = {
            key: entry
            for key, entry in self._watched.items()
            if entry.live or entry.until is None or entry.until > now
        }
        reading = start(
            FiguresActivities.read_account,
            AccountReading(
                account=self._guard.account,
                campaigns={one.network_id: one.campaign_id for one in self._watched.values()},
                clock=self._guard.clock,
            ),
            timeouts.GUARD_READ,
            f"Read figures of {len(self._watched)} campaign(s)",
        )
        await workflow.wait_condition(lambda: reading.done() or bool(self._orders))
        if not reading.done():
            reading.cancel()  # a stop does not wait for figures
            return
        try:
            self._figures = await reading
        except ActivityError as error:
            workflow.logger.warning("account not read: %s", failure_text(error))

    async def _stop(self, order: StopOrder) -> None:
        """Network first, in batch; then tell the campaigns; remember what stands."""
        self._standing = order
        concerned = [
            entry
            for entry in self._watched.values()
            if entry.live and (order.level is not StopLevel.SOFT or entry.author is Author.AI)
        ]
        paused: tuple[str, ...] = ()
        unconfirmed = tuple(entry.network_id for entry in concerned)
        wait = _TRY_AGAIN
        while unconfirmed:
            try:
                done: BatchPaused = await carry_out(
                    GuardActivities.pause_batch,
                    BatchPause(account=self._guard.account, network_ids=unconfirmed),
                    timeouts.STOP,
                    f"STOP ({order.level.value}): pause {len(unconfirmed)} campaign(s)",
                )
            except ActivityError as error:
                workflow.logger.error("stop not carried out: %s", failure_text(error))
                await workflow.sleep(wait, summary="ask the network again to pause")
                wait = min(wait * 2, _PATIENCE)
                continue
            paused += done.paused
            unconfirmed = done.unconfirmed
        for entry in concerned:
            await self._tell(entry, order)
        report = StopReport(order=order, at=self._now(), paused=paused, unconfirmed=unconfirmed)
        self._reports = (*self._reports, report)[-20:]
        workflow.set_current_details(
            f"**Stopped** ({order.level.value}) by {order.by}: {order.reason}. "
            f"{len(paused)} campaign(s) paused and read back."
        )

    async def _tell(self, entry: Watched, order: StopOrder) -> None:
        kill = Kill(by=order.by, reason=order.reason or "account stop", level=order.level)
        try:
            await workflow.get_external_workflow_handle(entry.workflow_id).signal("kill", kill)
        except FailureError as error:
            workflow.logger.info("campaign %s is over: %s", entry.workflow_id, error)

    @workflow.signal(description="Watch a campaign, or change what is known of it")
    def watch(self, entry: Watched) -> None:
        """Watch a campaign; one that comes alive under a standing stop is stopped too."""
        known = self._watched.get(entry.campaign_id)
        self._watched[entry.campaign_id] = entry
        came_alive = entry.live and (known is None or not known.live)
        if self._standing is not None and came_alive and not self._orders:
            self._orders.append(self._standing)

    @workflow.signal(name="stop", description="Stop every campaign of the account")
    def stop_signal(self, order: StopOrder) -> None:
        """Stop everything."""
        self._orders.append(order)

    @workflow.update(name="stop", description="Stop every campaign of the account, with an answer")
    async def stop(self, order: StopOrder) -> StopReport:
        """Stop everything; answers when the network shows all of it off."""
        self._orders.append(order)
        await workflow.wait_condition(lambda: order not in self._orders)
        return next(report for report in reversed(self._reports) if report.order == order)

    @workflow.signal(description="Lift the standing stop")
    def lift(self, by: str) -> None:
        """Let campaigns be resumed again."""
        workflow.logger.info("stop lifted by %s", by)
        self._standing = None

    @workflow.query(name="guard", description="What is watched, what stands, what was stopped")
    def view(self) -> GuardView:
        """The guard as it stands."""
        return GuardView(
            account=self._guard.account,
            watched=tuple(self._watched.values()),
            standing=self._standing,
            reports=self._reports,
            figures_as_of=self._figures.as_of if self._figures else None,
        )

    def _now(self) -> datetime:
        return self._guard.clock.campaign_time(workflow.now())

    def _carried(self) -> GuardInput:
        return self._guard.model_copy(
            update={
                "watched": tuple(self._watched.values()),
                "standing": self._standing,
                "reports": self._reports,
                "next_reading": self._next_reading,
            }
        )
