"""The guard of one ad account: watches all its campaigns at once, and stops them when told to.

It runs on a task queue and worker of its own, so that no backlog delays a stop. Read ``run``
first: an order to stop comes before everything; then the rounds that are due; the rest of the
time it watches. To stop, the network is asked first, in its own batches; the campaigns are told
after; what happened is written down last.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.guard import GuardActivities
    from activities.watch import WatchActivities
    from models.contract.campaign import Kill, Pause
    from models.contract.guard import (
        CredentialsOff,
        GuardInput,
        GuardView,
        Lift,
        SpreadStop,
        StandingOrder,
        StopOrder,
        StopReport,
        Watch,
        WatchAnswer,
        Watched,
        WatchReport,
    )
    from models.contract.incident import (
        FIRST_CALL,
        LAST_CONFIRMED,
        PRESSED,
        IncidentReport,
        TimelineEntry,
    )
    from models.contract.money import Money
    from models.contract.safety import Finding, SafetyAction, Severity
    from models.contract.vocabulary import DecisionType, StopLevel
    from workflows import search, timeouts
    from workflows.errands import abandon, failure_text, start
    from workflows.guard_rounds import GuardRounds
    from workflows.guard_steps import GUARD

_LEAST_SPAN = timedelta(seconds=3)
_LONGEST_SPAN = timedelta(minutes=15)
_PAUSES = (SafetyAction.PAUSE_CAMPAIGN, SafetyAction.EMERGENCY_PAUSE)
_STOPS = {
    SafetyAction.SOFT_STOP_ACCOUNT: StopLevel.SOFT,
    SafetyAction.SOFT_STOP_TEAM: StopLevel.SOFT,
    SafetyAction.EMERGENCY_STOP_TEAM: StopLevel.EMERGENCY,
}
_OF_TEAM = (SafetyAction.SOFT_STOP_TEAM, SafetyAction.EMERGENCY_STOP_TEAM)
_WEIGHT = {StopLevel.SOFT: 0, StopLevel.EMERGENCY: 1, StopLevel.HARD: 2}


@workflow.defn(name="account-guard")
class AccountGuardWorkflow(GuardRounds):
    """One per ad account; sleeps for ever when it has nothing to watch."""

    @workflow.init
    def __init__(self, guard: GuardInput) -> None:
        """Take up what an earlier run watched."""
        super().__init__(guard)
        self._fired = dict(guard.fired)
        self._reports = guard.reports
        self._orders: list[StopOrder] = []
        self._findings: list[Finding] = []
        self._seen: WatchReport | None = None
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

    # -- when a rule fires --------------------------------------------------------------------

    async def _act_on(self, findings: list[Finding]) -> None:
        """Pause on the network first, in one batch; then tell campaigns; then write it down."""
        began = workflow.now()
        pauses = {
            one.campaign_id: one
            for one in reversed(findings)
            if one.action in _PAUSES
            and one.campaign_id in self._watched
            and one.campaign_id not in self._paused
        }
        findings = [
            one for one in findings if one.action not in _PAUSES or one.campaign_id in pauses
        ]
        entries = [self._watched[key] for key in pauses if key is not None]
        timeline: tuple[TimelineEntry, ...] = ()
        if entries:
            done = await self._pause_until_confirmed(entries, "SAFETY")
            self._paused.update(entry.campaign_id for entry in entries)
            timeline = _instants(began, done.first_call_at, done.confirmed_at, self._name())
            await asyncio.gather(
                *(
                    self._signal(
                        entry,
                        "pause",
                        Pause(
                            by=GUARD,
                            reason=pauses[entry.campaign_id].text,
                            confirmed_off=began,
                        ),
                    )
                    for entry in entries
                )
            )
        for finding in findings:
            self._record_finding(finding, began, timeline)
            entry = self._watched.get(finding.campaign_id) if finding.campaign_id else None
            if finding.action in _STOPS:
                self._orders.append(self._order_of(finding, began))
            elif entry is not None and finding.action not in (*_PAUSES, SafetyAction.NOTIFY):
                await self._signal(entry, "safety", finding)

    def _record_finding(
        self, finding: Finding, began: datetime, timeline: tuple[TimelineEntry, ...]
    ) -> None:
        key = f"{finding.key}/{self._guard.account.id}/{began:%Y%m%dT%H%M%S}"
        title = f"{finding.rule.value.replace('_', ' ')} on {self._name()}"
        serious = finding.severity in (Severity.HIGH, Severity.CRITICAL)
        if serious:
            self._report(
                IncidentReport(
                    key=key,
                    team_id=self._guard.account.team_id,
                    at=self._now(),
                    severity=finding.severity,
                    cause=finding.rule.value,
                    title=title,
                    text=finding.text,
                    scope=f"campaign:{finding.campaign_id}" if finding.campaign_id else "account",
                    level=_level(finding),
                    platform=self._guard.account.platform.value,
                    account_id=self._guard.account.id,
                    campaign_id=finding.campaign_id,
                    numbers=finding.numbers,
                    timeline=timeline if finding.action in _PAUSES else (),
                    money_at_risk=self._at_risk(began),
                    done=(f"{finding.action.value.replace('_', ' ')} by {GUARD}",),
                )
            )
        else:
            self._alert(key, title, finding.text, finding.severity)
        self._decided(DecisionType.SAFETY, GUARD, finding.text, finding.campaign_id)

    def _order_of(self, finding: Finding, began: datetime) -> StopOrder:
        scope = "team" if finding.action in _OF_TEAM else self._scope()
        return StopOrder(
            by=GUARD,
            level=_STOPS[finding.action],
            reason=finding.text,
            scope=scope,
            pressed_at=began,
            # Every guard of the team sees the same trouble on the same day: one incident.
            incident=f"stop/{finding.rule.value}/{scope}/{self._now():%Y-%m-%d}",
        )

    # -- stopping -----------------------------------------------------------------------------

    async def _stop(self, given: StopOrder) -> None:
        """Network first, in batch; then the campaigns; then the record. It stands until lifted."""
        received = workflow.now()
        order = self._complete_order(given, received)
        if self._standing is None or _WEIGHT[order.level] >= _WEIGHT[self._standing.level]:
            self._standing = order
        if order.by == GUARD and order.scope == "team":
            self._write_down(
                GuardActivities.spread_stop,
                SpreadStop(
                    team_id=self._guard.account.team_id,
                    order=order.model_copy(update={"by": f"{GUARD} of {self._name()}"}),
                ),
                timeouts.STOP,
                f"STOP ({order.level.value}): tell the other guards",
            )
        concerned = self._concerned(order.level)
        done = await self._pause_until_confirmed(concerned, f"STOP ({order.level.value})")
        kill = Kill(
            by=order.by,
            reason=order.reason or "account stop",
            level=order.level,
            confirmed_off=received,
        )
        # Who asks learns at once that all is off; telling a thousand campaigns takes longer.
        report = StopReport(
            order=given,
            at=self._now(),
            received_at=received,
            first_call_at=done.first_call_at,
            confirmed_at=done.confirmed_at,
            paused=done.paused,
        )
        before, self._reports = self._reports, (*self._reports, report)[-20:]
        await self._tell_all(concerned, "kill", kill)
        if order.level is not StopLevel.SOFT:
            self._count_as_over(concerned)
        if concerned:
            # A campaign may have been switching something on when it was told.
            late = await self._pause_until_confirmed(
                concerned, f"STOP ({order.level.value}), once more", look_first=True
            )
            done = done.model_copy(update={"confirmed_at": late.confirmed_at or done.confirmed_at})
        if order.level is StopLevel.HARD:
            # Only now: without credentials nothing could have been paused.
            self._credentials_off = True
            self._write_down(
                GuardActivities.credentials_off,
                CredentialsOff(account=self._guard.account, by=order.by, reason=order.reason),
                timeouts.RECORD,
                "Let nobody write with the account's credentials",
            )
        report = report.model_copy(
            update={"confirmed_at": done.confirmed_at, "told_at": workflow.now()}
        )
        self._reports = (*before, report)[-20:]
        self._record_stop(order, report)
        workflow.set_current_details(
            f"**Stopped** ({order.level.value}) by {order.by}: {order.reason}. "
            f"{len(done.paused)} campaign(s) paused and read back."
        )

    def _count_as_over(self, killed: list[Watched]) -> None:
        """Killed campaigns need not come back to say so; only their late figures matter."""
        until = self._now() + self._guard.cadence.restatement
        for entry in killed:
            self._watched[entry.campaign_id] = entry.model_copy(
                update={"live": False, "until": until}
            )

    def _complete_order(self, order: StopOrder, received: datetime) -> StopOrder:
        """Fill in what the stock CLI does not send."""
        scope, pressed = order.scope or self._scope(), order.pressed_at or received
        return order.model_copy(
            update={
                "scope": scope,
                "pressed_at": pressed,
                "incident": order.incident or f"stop/{scope}/{pressed:%Y%m%dT%H%M%S.%f}",
            }
        )

    def _record_stop(self, order: StopOrder, report: StopReport) -> None:
        assert order.pressed_at is not None
        assert order.incident is not None
        account = self._guard.account
        self._write_down(
            GuardActivities.record_standing,
            StandingOrder(account=account, order=order, since=self._now()),
            timeouts.RECORD,
            "Remember that the stop stands",
        )
        done = [f"{len(report.paused)} campaign(s) paused and read back on {self._name()}"]
        if order.level is StopLevel.HARD:
            done.append(f"credentials of {self._name()} disabled after the pauses were confirmed")
        self._report(
            IncidentReport(
                key=order.incident,
                team_id=account.team_id,
                at=self._now(),
                severity=Severity.HIGH if order.level is StopLevel.SOFT else Severity.CRITICAL,
                cause=order.by,
                title=f"{order.level.value} stop of {order.scope} by {order.by}",
                text=order.reason,
                scope=order.scope,
                level=order.level.value,
                timeline=_instants(
                    order.pressed_at, report.first_call_at, report.confirmed_at, self._name()
                ),
                money_at_risk=self._at_risk(order.pressed_at),
                done=tuple(done),
            )
        )
        self._decided(DecisionType.STOP, order.by, f"{order.level.value} stop: {order.reason}")

    def _at_risk(self, since: datetime) -> Money | None:
        """Rate × (age of the figures + time to act): what may have been spent unseen."""
        if self._seen is None or self._seen.as_of is None:
            return None
        acted = self._guard.clock.campaign_time(workflow.now()) - self._guard.clock.campaign_time(
            since
        )
        hours = (max(self._now() - self._seen.as_of, timedelta(0)) + acted) / timedelta(hours=1)
        return Money(
            micros=round(self._seen.spend_rate_micros * hours),
            currency=self._guard.account.currency,
        )

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

    def _scope(self) -> str:
        return f"account:{self._guard.account.id}"

    def _name(self) -> str:
        return self._guard.account.name

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


def _level(finding: Finding) -> str | None:
    """How an incident is headed: only what stops at once is called an emergency."""
    emergency = finding.action is SafetyAction.EMERGENCY_PAUSE
    return StopLevel.EMERGENCY.value if emergency else None


def _instants(
    pressed: datetime, first_call: datetime | None, confirmed: datetime | None, account: str
) -> tuple[TimelineEntry, ...]:
    told = [TimelineEntry(at=pressed, what=PRESSED)]
    if first_call is not None:
        told.append(TimelineEntry(at=first_call, what=f"{FIRST_CALL} ({account})"))
    if confirmed is not None:
        told.append(TimelineEntry(at=confirmed, what=f"{LAST_CONFIRMED} ({account})"))
    return tuple(told)
