"""The life of a connection: renewed in time, looked at daily, until a person is needed.

Tokens live by real time, and ``workflow.now()`` is real: nothing here is campaign time. What is
refused is told to people once; a stop goes on with whatever secret there still is.
"""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.notify import Notice, NotifyActivities
    from activities.token_renewal import ConnectionActivities
    from models.contract.connection import (
        ConnectionAsked,
        ConnectionInput,
        ConnectionSeen,
        ConnectionStatus,
    )
    from models.contract.safety import Severity
    from workflows import timeouts
    from workflows.errands import carry_out, failure_text

_LEAST = timedelta(seconds=1)
"""However short access lasts, there is a moment between two renewals."""


@workflow.defn(name="connection")
class ConnectionWorkflow:
    """One connection of one team."""

    @workflow.init
    def __init__(self, order: ConnectionInput) -> None:
        """Take up what an earlier run knew."""
        self._order = order
        self._checked_at = order.checked_at
        self._told = order.told
        self._news = False
        self._doubted = False
        self._silent = False
        self._seen: ConnectionSeen | None = None

    @workflow.run
    async def run(self, order: ConnectionInput) -> None:
        """Renew, look, wait; until the connection is removed."""
        while True:
            seen = await self._look_after()
            if seen is not None and not seen.exists:
                return
            if seen is not None:
                await self._tell(seen)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(
                    order.model_copy(update={"checked_at": self._checked_at, "told": self._told})
                )
            await self._wait(seen)

    # -- messages --------------------------------------------------------------------------------

    @workflow.signal
    def connected(self) -> None:
        """A person connected it anew."""
        self._checked_at = None
        self._news = True

    @workflow.signal
    def denied(self) -> None:
        """A call with its credentials was denied: look soon, but not at every call."""
        self._doubted = self._news = True

    @workflow.query
    def connection(self) -> ConnectionSeen | None:
        """How it stood at the last look."""
        return self._seen

    # -- steps -----------------------------------------------------------------------------------

    async def _look_after(self) -> ConnectionSeen | None:
        """Renew when due, ask the network when that is due; how it stands as far as is known."""
        self._news, self._silent = False, False
        asked = ConnectionAsked(
            team_id=self._order.team_id, connection_id=self._order.connection_id
        )
        try:
            self._seen = await carry_out(
                ConnectionActivities.renew_connection,
                asked,
                timeouts.CONNECTION,
                "Renew access when it is time",
            )
            if self._seen.exists and self._is_check_due():
                began = workflow.now()
                self._seen = await carry_out(
                    ConnectionActivities.check_connection,
                    asked,
                    timeouts.CONNECTION,
                    "Ask the network about token and accounts",
                )
                self._checked_at, self._doubted = began, False
        except ActivityError as error:
            self._silent = True
            await self._tell_of_silence(failure_text(error))
        if self._seen is not None:
            card = _card(self._order, self._seen, self._checked_at)
            workflow.set_current_details(card)
        return self._seen

    def _is_check_due(self) -> bool:
        return workflow.now() >= self._next_check(workflow.now())

    def _next_check(self, now: datetime) -> datetime:
        cadence = self._order.cadence
        if self._checked_at is None:
            return now
        return self._checked_at + (cadence.again if self._doubted else cadence.check)

    async def _wait(self, seen: ConnectionSeen | None) -> None:
        """Until something is due, or somebody says so."""
        now = workflow.now()
        if seen is None or self._silent:
            until = now + self._order.cadence.again
        else:
            until = self._next_check(now)
            if seen.renew_at is not None:
                until = min(until, max(seen.renew_at, now + self._pause(seen, now)))
        try:
            await workflow.wait_condition(
                lambda: self._news,
                timeout=max(until - now, _LEAST),
                timeout_summary="until the next renewal or check",
            )
        except TimeoutError:
            return

    def _pause(self, seen: ConnectionSeen, now: datetime) -> timedelta:
        """What was due and was not renewed cannot be: it is looked at again now and then."""
        overdue = seen.renew_at is not None and seen.renew_at <= now
        return self._order.cadence.again if overdue else _LEAST

    # -- people ----------------------------------------------------------------------------------

    async def _tell(self, seen: ConnectionSeen) -> None:
        """Once for every login that is not taken any more; again when it was connected since."""
        order = self._order
        accounts = ", ".join(seen.accounts) or "no account uses it"
        if seen.status is ConnectionStatus.NEEDS_REAUTH:
            await self._notify(
                f"{seen.generation}/reauth",
                f"{order.platform}: connect {order.name} again",
                f"{accounts}: {order.platform} does not take the credentials any more "
                f"({seen.reason}). Nothing is launched or raised until somebody runs `adflight "
                f"accounts connect {order.platform}`; pausing goes on with what is there.",
                Severity.HIGH,
            )
        elif seen.problems:
            await self._notify(
                f"{seen.generation}/problems/{' '.join(seen.problems)}",
                f"{order.platform}: {order.name} has problems",
                " ".join(seen.problems),
                Severity.MEDIUM,
            )
        elif not self._silent:
            self._told = ""

    async def _tell_of_silence(self, why: str) -> None:
        """A renewal that fails matters to people once access has ended."""
        ends = self._seen.expires_at if self._seen is not None else None
        if ends is None or workflow.now() < ends or self._seen is None:
            workflow.logger.warning("connection not looked after: %s", why)
            return
        await self._notify(
            f"{self._seen.generation}/silent",
            f"{self._order.platform}: access of {self._order.name} ended and is not renewed",
            f"It ended {ends:%Y-%m-%d %H:%M}. The last answer: {why}. It is tried again.",
            Severity.HIGH,
        )

    async def _notify(self, what: str, title: str, body: str, severity: Severity) -> None:
        if self._told == what:
            return
        self._told = what
        try:
            await carry_out(
                NotifyActivities.notify,
                Notice(
                    team_id=self._order.team_id,
                    # The same trouble may come again after it was mended.
                    key=f"connection/{self._order.connection_id}/"
                    f"{workflow.now():%Y%m%d%H%M%S}/{what}",
                    title=title,
                    body=body,
                    severity=severity,
                ),
                timeouts.NOTICE,
                title,
            )
        except ActivityError as error:
            workflow.logger.warning("notice not delivered everywhere: %s", failure_text(error))


def _card(order: ConnectionInput, seen: ConnectionSeen, checked: datetime | None) -> str:
    ends = f"{seen.expires_at:%Y-%m-%d %H:%M}" if seen.expires_at else "never"
    return (
        f"**{order.platform}** {order.name}: {seen.status.value}"
        f"{f' ({seen.reason})' if seen.reason else ''}\n\n"
        f"accounts: {', '.join(seen.accounts) or 'none'}; access ends: {ends}; "
        f"checked: {f'{checked:%Y-%m-%d %H:%M}' if checked else 'not yet'}"
    )
