"""The guard of one ad account: watches all its campaigns at once, and stops them when told to.

It runs on a task queue and worker of its own, so that no backlog delays a stop. Read ``run``
first: an order to stop comes before everything; then the rounds that are due; the rest of the
time it watches. How it stops is told in ``workflows.guard_stops``.
"""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.watch import WatchActivities
    from models.contract.guard import (
        GuardInput,
        GuardView,
        Lift,
        StopOrder,
        StopReport,
        Watch,
        WatchAnswer,
        Watched,
    )
    from models.contract.vocabulary import DecisionType
    from workflows import search, timeouts
    from workflows.errands import abandon, failure_text, start
    from workflows.guard_stops import GuardStops

_LEAST_SPAN = timedelta(seconds=3)
_LONGEST_SPAN = timedelta(minutes=15)


@workflow.defn(name="account-guard")
class AccountGuardWorkflow(GuardStops):
    """One per ad account; sleeps for ever when it has nothing to watch."""

    @workflow.init
    def __init__(self, guard: GuardInput) -> None:
        """Take up what an earlier run watched."""
        super().__init__(guard)
        self._fired = dict(guard.fired)
        first = guard.cadence.stepped or timedelta(0)
        self._next_look = guard.next_look or self._now() + first

    @workflow.run
    async def run(self, guard: GuardInput) -> None:
        """Stop when told to; else make the rounds that are due; else watch."""
        workflow.upsert_search_attributes(search.of_account(guard.account))  # pyright: ignore[reportUnknownMemberType]
        while True:
            if self._orders:
                await self._stop(self._orders[0])
                self._orders.pop(0)
            elif self._findings:
                findings, self._findings = self._findings, []
                await self._act_on(findings)
            elif not self._watched:
                await workflow.wait_condition(lambda: bool(self._orders or self._watched))
            elif self._guard.cadence.stepped and self._now() < self._next_look:
                await self._wait_for_look()
            elif self._now() >= self._next_round:
                await self._make_rounds(lambda: bool(self._orders))
            else:
                await self._watch_account()
            if workflow.info().is_continue_as_new_suggested() and self._may_turn_the_page():
                workflow.continue_as_new(self._carried())

    # -- watching -----------------------------------------------------------------------------

    async def _watch_account(self) -> None:
        """One long look: it ends when a rule fires, a round is due, or a stop comes in."""
        self._forget_final()
        clock = self._guard.clock
        watching = start(
            WatchActivities.watch_account,
            Watch(
                account=self._guard.account,
                clock=clock,
                cadence=self._guard.cadence,
                span=self._span(),
                fired=self._fired,
            ),
            timeouts.watching(clock.real_duration(self._guard.cadence.watch)),
            f"Watch {len(self._watched)} campaign(s)",
        )
        await workflow.wait_condition(
            lambda: watching.done() or bool(self._orders) or not self._watched
        )
        if not watching.done():
            abandon(watching)  # a stop does not wait for figures
            return
        try:
            seen = await watching
        except ActivityError as error:
            workflow.logger.warning("account not watched: %s", failure_text(error))
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: bool(self._orders), timeout=_LEAST_SPAN, timeout_summary="watch again"
                )
            return
        self._seen, self._spenders, self._fired = seen, seen.spenders, dict(seen.fired)
        self._findings.extend(seen.findings)

    def _span(self) -> timedelta:
        """How long to look, in real time: until the next round; only once at a stepped clock."""
        clock, cadence = self._guard.clock, self._guard.cadence
        if cadence.stepped:
            self._next_look = self._now() + cadence.watch
            return timedelta(0)
        until_round = clock.real_duration(self._next_round - self._now())
        return min(max(until_round, _LEAST_SPAN), _LONGEST_SPAN)

    async def _wait_for_look(self) -> None:
        wait = self._guard.clock.real_wait(workflow.now(), self._next_look)
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: bool(self._orders or not self._watched),
                timeout=max(wait, timedelta(milliseconds=1)),
                timeout_summary="the next look",
            )

    def _forget_final(self) -> None:
        """Campaigns whose figures are final need no watching."""
        now = self._now()
        self._watched = {
            key: entry
            for key, entry in self._watched.items()
            if entry.live or entry.until is None or entry.until > now
        }

    # -- messages -----------------------------------------------------------------------------

    @workflow.signal(name="watch", description="Watch a campaign, or change what is known of it")
    def watch_signal(self, entry: Watched) -> None:
        """Watch a campaign; one that comes alive under a standing stop is stopped too."""
        known = self._watched.get(entry.campaign_id)
        self._watched[entry.campaign_id] = entry
        came_alive = entry.live and (known is None or not known.live)
        if came_alive and self._binds(self._standing, entry.author) and not self._orders:
            assert self._standing is not None
            self._orders.append(self._standing)

    @workflow.update(name="watch", description="Watch a campaign; answers what stands in the way")
    def watch(self, entry: Watched) -> WatchAnswer:
        """Watch a campaign before it is switched on, or hear that it must not be."""
        stop = self._binds(self._standing, entry.author) if entry.live else None
        if stop is None:
            self._watched[entry.campaign_id] = entry
            self._paused.discard(entry.campaign_id)
        return WatchAnswer(stop=stop)

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

    @workflow.signal(description="Let campaigns be resumed again; a person says why")
    def lift(self, lift: Lift) -> None:
        """Lift the standing stop when it lies within the scope."""
        standing = self._standing
        if standing is None or not self._lies_within(standing.scope, lift.scope):
            return
        workflow.logger.info("stop lifted by %s: %s", lift.by, lift.reason)
        self._standing, self._credentials_off = None, False
        self._decided(DecisionType.RECOVER, lift.by, lift.reason)

    @workflow.query(name="stops", description="The last stops that were carried out")
    def stops(self) -> tuple[StopReport, ...]:
        """What a waiting command asks for again and again: no more than it needs."""
        return self._reports

    @workflow.query(name="guard", description="What is watched, what stands, what was stopped")
    def view(self) -> GuardView:
        """The guard as it stands."""
        return GuardView(
            account=self._guard.account,
            watched=tuple(self._watched.values()),
            standing=self._standing,
            credentials_off=self._credentials_off,
            orders=len(self._orders),
            reports=self._reports,
            figures_as_of=self._seen.as_of if self._seen else None,
        )

    # -- bookkeeping --------------------------------------------------------------------------

    def _lies_within(self, scope: str, wider: str) -> bool:
        """Whether lifting ``wider`` lifts a stop of ``scope`` for this account."""
        order = [self._scope(), self._guard.account.platform.value, "team", "all"]
        return wider == scope or (
            scope in order and wider in order and order.index(scope) <= order.index(wider)
        )

    def _may_turn_the_page(self) -> bool:
        return (
            not self._orders
            and not self._findings
            and not self._background
            and workflow.all_handlers_finished()
        )

    def _carried(self) -> GuardInput:
        return self._guard.model_copy(
            update={
                "watched": tuple(self._watched.values()),
                "standing": self._standing,
                "credentials_off": self._credentials_off,
                "reports": self._reports,
                "fired": self._fired,
                "spenders": self._spenders,
                "paused": tuple(sorted(self._paused, key=str)),
                "next_round": self._next_round,
                "next_creatives": self._next_creatives,
                "next_look": self._next_look,
            }
        )
