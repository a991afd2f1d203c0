"""Temporal actions, counted event by event from real histories.

The rules are those of docs.temporal.io (pricing, "Actions"), as noted in facts/local-stack.md,
section 4. What costs nothing (replay, completions, workflow tasks) is not counted.
"""

import math
import re
import urllib.request
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

RULES = {
    "workflow run": "1 each start or continue-as-new (WorkflowExecutionStarted)",
    "timer": "1 each timer, those of a wait with a timeout included (TimerStarted)",
    "activity": "1 each attempt (ActivityTaskScheduled, and attempts after the first as its "
    "ActivityTaskStarted tells)",
    "heartbeat": "1 each that reaches the server; not in a history: an activity that beats, by "
    "its attempt's length over the interval at which it beats, and the first beat; checked "
    "against the server's own meter",
    "signal": "1 each received (WorkflowExecutionSignaled)",
    "update": "1 each accepted (WorkflowExecutionUpdateAccepted)",
    "search attributes": "1 each upsert (UpsertWorkflowSearchAttributes)",
    "child workflow": "2 each start (StartChildWorkflowExecutionInitiated)",
    "local activities": "1 each marker (MarkerRecorded)",
}
_E = EventType
_PLAIN = {
    _E.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: ("workflow run", 1),
    _E.EVENT_TYPE_TIMER_STARTED: ("timer", 1),
    _E.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: ("signal", 1),
    _E.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: ("update", 1),
    _E.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: ("search attributes", 1),
    _E.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: ("child workflow", 2),
    _E.EVENT_TYPE_MARKER_RECORDED: ("local activities", 1),
}
_ENDED = {
    _E.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: "activity_task_completed_event_attributes",
    _E.EVENT_TYPE_ACTIVITY_TASK_FAILED: "activity_task_failed_event_attributes",
    _E.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: "activity_task_timed_out_event_attributes",
    _E.EVENT_TYPE_ACTIVITY_TASK_CANCELED: "activity_task_canceled_event_attributes",
}
_WATCH = "watch_account"
_BEAT_SECONDS = 2.0
"""``activities.heartbeat``: what waits on a network beats so often."""
_COUNTER = re.compile(r'^action\{action_type="(\w+)".*\} (\S+)$', re.MULTILINE)


@dataclass(slots=True)
class Tally:
    """Actions by kind, activities by name, and history events of some workflows together.

    ``lasted``: real seconds of each activity, its wait for a worker included.
    """

    actions: Counter[str] = field(default_factory=Counter[str])
    activities: Counter[str] = field(default_factory=Counter[str])
    events: int = 0
    lasted: list[float] = field(default_factory=list[float])

    @property
    def total(self) -> int:
        """All actions."""
        return self.actions.total()

    def add(self, other: "Tally") -> None:
        """Add another workflow's."""
        self.actions += other.actions
        self.activities += other.activities
        self.events += other.events
        self.lasted += other.lasted


async def tally(
    client: Client, workflow_id: str, since: datetime, until: datetime, look_seconds: float
) -> Tally:
    """What one workflow's runs cost between two real instants.

    ``look_seconds``: real time between two looks of a guard, each of which beats.
    """
    return count(await _events(client, workflow_id, since), since, until, look_seconds)


def count(
    events: Iterable[HistoryEvent], since: datetime, until: datetime, look_seconds: float
) -> Tally:
    """What events cost between two real instants; they begin before ``since``, run by run."""
    found = Tally()
    waiting: dict[int, HistoryEvent] = {}
    started: dict[int, datetime] = {}
    for event in events:
        at = event.event_time.ToDatetime(tzinfo=UTC)
        inside = since <= at < until
        found.events += inside
        if event.event_type == _E.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            waiting.clear()  # of the run before, whose numbers begin anew
            started.clear()
        if inside and event.event_type in _PLAIN:
            kind, price = _PLAIN[event.event_type]
            found.actions[kind] += price
        elif event.event_type == _E.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            waiting[event.event_id] = event
            if inside:
                name = event.activity_task_scheduled_event_attributes.activity_type.name
                found.actions["activity"] += 1
                found.activities[name] += 1
        elif event.event_type == _E.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            told = event.activity_task_started_event_attributes
            started[told.scheduled_event_id] = at
            again = max(told.attempt - 1, 0) if inside else 0
            found.actions["activity"] += again
            found.activities["(attempts after the first)"] += again
        elif event.event_type in _ENDED:
            number = getattr(event, _ENDED[event.event_type]).scheduled_event_id
            begun = started.get(number, at)
            span = (max(begun, since), min(at, until))
            scheduled = waiting.pop(number)
            found.actions["heartbeat"] += _beats(scheduled, begun, *span, look_seconds)
            if inside:
                waited = at - scheduled.event_time.ToDatetime(tzinfo=UTC)
                found.lasted.append(waited.total_seconds())
    for scheduled in waiting.values():  # still under way: its start is not in the history yet
        begun = scheduled.event_time.ToDatetime(tzinfo=UTC)
        span = (max(begun, since), until)
        found.actions["heartbeat"] += _beats(scheduled, begun, *span, look_seconds)
    return found


def _beats(
    scheduled: HistoryEvent, begun: datetime, since: datetime, until: datetime, look_seconds: float
) -> int:
    """Heartbeats of one activity within the window: a look beats when it begins, what waits on a
    network only once it has lasted."""
    told = scheduled.activity_task_scheduled_event_attributes
    if not told.heartbeat_timeout.ToTimedelta():
        return 0
    watching = told.activity_type.name == _WATCH
    every = look_seconds if watching else _BEAT_SECONDS
    first = begun if watching else begun + timedelta(seconds=_BEAT_SECONDS)

    def before(instant: datetime) -> int:
        return max(math.ceil((instant - first).total_seconds() / every), 0)

    return max(before(until) - before(since), 0)


async def _events(client: Client, workflow_id: str, since: datetime) -> list[HistoryEvent]:
    """Events of the newest run and of those before it that reach into the window, oldest first."""
    runs: list[list[HistoryEvent]] = []
    run_id: str | None = None
    while True:
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        runs.append(list(history.events))
        first = history.events[0]
        before = first.workflow_execution_started_event_attributes.continued_execution_run_id
        if not before or first.event_time.ToDatetime(tzinfo=UTC) < since:
            break
        run_id = before
    return [event for run in reversed(runs) for event in run]


def metered(temporal_log: Path) -> Counter[str]:
    """What the Temporal server itself has metered so far, by its own names of actions.

    The stock server counts actions as its makers' cloud does (its metric ``action``), heartbeats
    included. It is one counter for the whole server.
    """
    found = re.search(r"Temporal Metrics:\s+(http://\S+)", temporal_log.read_text())
    if found is None:
        raise RuntimeError(f"{temporal_log} does not name the server's metrics address")
    with urllib.request.urlopen(found[1], timeout=10) as answer:  # noqa: S310
        text = answer.read().decode()
    counted = Counter[str]()
    for name, value in _COUNTER.findall(text):
        counted[name] += round(float(value))
    return counted
