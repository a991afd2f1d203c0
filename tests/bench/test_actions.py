"""What the cost benchmark counts: one history, event by event."""

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from bench.actions import count

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
E = EventType


def event(number: int, kind: E.ValueType, seconds: float, **attributes: dict[str, object]):
    made = HistoryEvent(event_id=number, event_type=kind, **attributes)
    made.event_time.FromDatetime(START + timedelta(seconds=seconds))
    return made


def activity(number: int, name: str, begins: float, ends: float, *, beats: bool, attempt: int = 1):
    """Scheduled, and begun a second later."""
    scheduled = event(
        number,
        E.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
        begins,
        activity_task_scheduled_event_attributes={"activity_type": {"name": name}},
    )
    if beats:
        told = scheduled.activity_task_scheduled_event_attributes
        told.heartbeat_timeout.FromSeconds(8)
    started = event(
        number + 1,
        E.EVENT_TYPE_ACTIVITY_TASK_STARTED,
        begins + 1,
        activity_task_started_event_attributes={
            "scheduled_event_id": number,
            "attempt": attempt,
        },
    )
    ended = event(
        number + 2,
        E.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
        ends,
        activity_task_completed_event_attributes={"scheduled_event_id": number},
    )
    return [scheduled, started, ended]


def test_every_kind_of_action_is_counted_by_its_rule() -> None:
    """Starts, timers, attempts, beats, signals, upserts and children; not what is free."""
    events = [
        event(1, E.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, 0),
        event(2, E.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, 1),
        event(3, E.EVENT_TYPE_TIMER_STARTED, 2),
        event(4, E.EVENT_TYPE_TIMER_CANCELED, 3),
        event(5, E.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, 4),
        event(6, E.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, 5),
        event(7, E.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED, 6),
        *activity(10, "reserve", 10, 12, beats=False),
        *activity(20, "move_end", 20, 26, beats=True, attempt=3),
        event(99, E.EVENT_TYPE_TIMER_STARTED, 100),
    ]

    found = count(events, START, START + timedelta(seconds=100), look_seconds=30)

    assert found.actions["workflow run"] == 1
    assert found.actions["timer"] == 1, "the one after the window is not counted"
    assert found.actions["signal"] == 1
    assert found.actions["search attributes"] == 1
    assert found.actions["child workflow"] == 2
    assert found.actions["activity"] == 4, "two activities, and two attempts more"
    # move_end ran from 21 to 26 s and beats every two: at 23 and 25.
    assert found.actions["heartbeat"] == 2
    assert found.total == 12
    assert found.activities["reserve"] == found.activities["move_end"] == 1
    assert found.events == 13
    assert found.lasted == [2.0, 6.0]


def test_a_watch_beats_at_every_look_within_the_window() -> None:
    """Also when it began before the window and is not over at its end."""
    under_way, _, _ = activity(1, "watch_account", -45, 0, beats=True)

    found = count([under_way], START, START + timedelta(minutes=5), look_seconds=30)

    # Beats fall at -45, -15, 15, 45, … : ten of them in five minutes.
    assert found.actions == {"heartbeat": 10}
    assert found.events == 0
