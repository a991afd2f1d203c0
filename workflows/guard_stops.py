"""What the guard does when a rule fires, and how it stops an account.

The network is asked first, in its own batches; the campaigns are told after; what happened is
written down last.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.guard import GuardActivities
    from models.contract.campaign import Kill, Pause
    from models.contract.guard import (
        CredentialsOff,
        GuardInput,
        SpreadStop,
        StandingOrder,
        StopOrder,
        StopReport,
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
    from workflows import timeouts
    from workflows.guard_rounds import GuardRounds
    from workflows.guard_steps import GUARD

_PAUSES = (SafetyAction.PAUSE_CAMPAIGN, SafetyAction.EMERGENCY_PAUSE)
_STOPS = {
    SafetyAction.SOFT_STOP_ACCOUNT: StopLevel.SOFT,
    SafetyAction.SOFT_STOP_TEAM: StopLevel.SOFT,
    SafetyAction.EMERGENCY_STOP_TEAM: StopLevel.EMERGENCY,
}
_OF_TEAM = (SafetyAction.SOFT_STOP_TEAM, SafetyAction.EMERGENCY_STOP_TEAM)
_WEIGHT = {StopLevel.SOFT: 0, StopLevel.EMERGENCY: 1, StopLevel.HARD: 2}


class GuardStops(GuardRounds):
    """Findings and orders, carried out on the network before anything else."""

    def __init__(self, guard: GuardInput) -> None:
        """Nothing fired yet; what stands and what was reported is taken over."""
        super().__init__(guard)
        self._reports = guard.reports
        self._orders: list[StopOrder] = []
        self._findings: list[Finding] = []
        self._seen: WatchReport | None = None

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

    def _scope(self) -> str:
        return f"account:{self._guard.account.id}"

    def _name(self) -> str:
        return self._guard.account.name


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
