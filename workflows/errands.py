"""Running activities so that a stop never waits behind them."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    FailureError,
)
from temporalio.workflow import ActivityCancellationType, ActivityConfig, ActivityHandle

with workflow.unsafe.imports_passed_through():
    from models.contract.effects import (
        CreateObject,
        LeaseRenewal,
        MoveEnd,
        SetBid,
        SetBudget,
        SwitchAds,
        TreeRef,
        VerifyTree,
    )

A = TypeVar("A")
R = TypeVar("R")
Method = Callable[[Any, A], Coroutine[Any, Any, R]]
"""An activity as its class defines it."""


def start(
    method: Method[A, R], argument: A, config: ActivityConfig, summary: str
) -> ActivityHandle[R]:
    """Start an activity under a row of the timeouts table, with what the Web UI shows for it."""
    told = ActivityConfig(**config)
    told["summary"] = summary[:200]
    return workflow.start_activity_method(method, argument, **told)


async def carry_out(method: Method[A, R], argument: A, config: ActivityConfig, summary: str) -> R:
    """Run an activity to its end.

    Raises:
        ActivityError: it failed for good.
    """
    return await start(method, argument, config, summary)


def abandon(handle: ActivityHandle[Any]) -> None:
    """Cancel an activity whose end interests nobody any more."""
    handle.cancel()
    handle.add_done_callback(lambda done: None if done.cancelled() else done.exception())


class Interrupted(Exception):
    """Something more urgent came in; the errand is given up (its effect may still happen)."""


class Errands:
    """Runs one activity at a time for a workflow and gives way to what is urgent."""

    def __init__(self, urgent: Callable[[], bool]) -> None:
        self._urgent = urgent
        self._unfinished: list[tuple[ActivityHandle[Any], timedelta]] = []

    async def run(
        self, method: Method[A, R], argument: A, config: ActivityConfig, summary: str
    ) -> R:
        """Run an activity; raise ``Interrupted`` at once when something urgent comes in.

        Raises:
            ActivityError: the activity failed for good.
            Interrupted: give up; an unfinished write is kept for ``finish``.
        """
        handle = start(method, argument, config, summary)
        await workflow.wait_condition(lambda: handle.done() or self._urgent())
        if not handle.done():
            handle.cancel()
            self._unfinished.append((handle, _settle(argument, config)))
            raise Interrupted
        return await handle

    @property
    def given_up(self) -> bool:
        """Whether an errand was given up that ``finish`` has not yet waited out."""
        return bool(self._unfinished)

    @property
    def unfinished(self) -> bool:
        """Whether a given-up errand may still be under way."""
        return any(not handle.done() for handle, _ in self._unfinished)

    async def finish(self) -> bool:
        """Wait until given-up errands can change nothing any more; whether there were any.

        A write that was cut short (cancelled, or its worker died) may still land: it is waited
        out for the network's longest plausible delay.
        """
        unfinished, self._unfinished = self._unfinished, []
        delay = timedelta(0)
        for handle, settle in unfinished:
            try:
                await handle
            except ActivityError:
                delay = max(delay, settle)
        if delay:
            await workflow.sleep(delay, summary="a write that was cut short may land late")
        return bool(unfinished)


def _settle(argument: object, config: ActivityConfig) -> timedelta:
    """How long after its end an errand's write may still land; zero for what writes nothing."""
    if config.get("cancellation_type") is ActivityCancellationType.WAIT_CANCELLATION_COMPLETED:
        match argument:
            case CreateObject() | TreeRef():
                return argument.settle
            case VerifyTree() | MoveEnd() | SetBudget() | SetBid() | SwitchAds():
                return argument.ref.settle
            case LeaseRenewal():
                return argument.move.ref.settle
            case _:
                pass
    return timedelta(0)


def failure_type(error: FailureError) -> str:
    """The typed reason of a failed activity ("NetworkRefused"), or its cause's class name."""
    cause = _root(error)
    return (cause.type or "") if isinstance(cause, ApplicationError) else type(cause).__name__


def failure_text(error: FailureError) -> str:
    """What to tell a person about a failed activity or child workflow."""
    cause = _root(error)
    return cause.message if isinstance(cause, ApplicationError) else str(cause)


def _root(error: BaseException) -> BaseException:
    """A child workflow's failure wraps its activity's failure, which wraps the reason."""
    while isinstance(error, ActivityError | ChildWorkflowError) and error.cause is not None:
        error = error.cause
    return error
