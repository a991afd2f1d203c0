"""Timeouts and retries: one row per family of activities. All durations are real time."""

from datetime import timedelta

from temporalio.common import Priority, RetryPolicy
from temporalio.workflow import ActivityCancellationType, ActivityConfig

from models.contract.queues import ANALYTICS, CREATIVE, GUARD, WATCH

_BEAT = timedelta(seconds=8)  # activities beat every two seconds; a dead worker shows in eight

DATABASE = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=300), maximum_interval=timedelta(seconds=10)
    ),
)
FIGURES = ActivityConfig(
    task_queue=ANALYTICS,
    start_to_close_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
    priority=Priority(priority_key=4),
)
NETWORK_READ = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
)
NETWORK_WRITE = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=5),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
    # A write must be over, one way or the other, before a stop trusts its own read-back.
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)
STOP = ActivityConfig(
    task_queue=GUARD,
    start_to_close_timeout=timedelta(minutes=1),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=10)
    ),
    priority=Priority(priority_key=1),
)
GUARD_ROUND = ActivityConfig(
    task_queue=WATCH,
    start_to_close_timeout=timedelta(minutes=2),
    heartbeat_timeout=_BEAT,
    # The next round is never far: a failed one is not chased for long.
    retry_policy=RetryPolicy(maximum_attempts=3),
    priority=Priority(priority_key=3),
)
PAGES_ROUND = ActivityConfig(
    task_queue=ANALYTICS,
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(maximum_attempts=3),
    priority=Priority(priority_key=4),
)
CREATIVES_ROUND = ActivityConfig(
    task_queue=WATCH,
    start_to_close_timeout=timedelta(minutes=2),
    schedule_to_close_timeout=timedelta(minutes=2),
    heartbeat_timeout=_BEAT,
    # The guard does not watch meanwhile, and a network that has had enough may ask for a quarter
    # of an hour: what was missed comes with the next reading.
    retry_policy=RetryPolicy(maximum_attempts=1),
    priority=Priority(priority_key=4),
)
RECORD = ActivityConfig(
    task_queue=WATCH,
    start_to_close_timeout=timedelta(seconds=20),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=300), maximum_interval=timedelta(seconds=30)
    ),
)
ALERT = ActivityConfig(
    task_queue=WATCH,
    start_to_close_timeout=timedelta(seconds=30),
    schedule_to_close_timeout=timedelta(hours=1),
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
    priority=Priority(priority_key=2),
)


def watching(look: timedelta) -> ActivityConfig:
    """A long look at an account that beats with every look (real time between two)."""
    return ActivityConfig(
        task_queue=WATCH,
        start_to_close_timeout=timedelta(minutes=30),
        heartbeat_timeout=max(look * 2.5, timedelta(seconds=10)),
        retry_policy=RetryPolicy(maximum_attempts=3),
        priority=Priority(priority_key=3),
    )


CLAUDE = ActivityConfig(
    task_queue=CREATIVE,
    start_to_close_timeout=timedelta(minutes=5),
    schedule_to_close_timeout=timedelta(hours=6),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=2)),
)
MEDIA = ActivityConfig(
    task_queue=CREATIVE,
    start_to_close_timeout=timedelta(minutes=2),
    schedule_to_close_timeout=timedelta(hours=1),
    heartbeat_timeout=_BEAT,
    # What cannot be used is refused for good by name: only our own stores are waited for.
    retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=20)),
)
REVIEW = ActivityConfig(
    task_queue=CREATIVE,
    start_to_close_timeout=timedelta(minutes=5),
    schedule_to_close_timeout=timedelta(minutes=15),
    heartbeat_timeout=_BEAT,
    # Without an answer a person reads: nobody waits for hours.
    retry_policy=RetryPolicy(maximum_attempts=3),
)
GENERATOR = ActivityConfig(
    task_queue=CREATIVE,
    start_to_close_timeout=timedelta(minutes=15),
    schedule_to_close_timeout=timedelta(hours=2),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=2)
    ),
)
RENDERING = ActivityConfig(
    task_queue=CREATIVE,
    start_to_close_timeout=timedelta(minutes=5),
    heartbeat_timeout=_BEAT,
    # Minutes without PostgreSQL cost no ad; what kills a worker is not tried for ever.
    retry_policy=RetryPolicy(maximum_attempts=20, maximum_interval=timedelta(seconds=20)),
)
WEB = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(maximum_attempts=5, maximum_interval=timedelta(seconds=30)),
)
NOTICE = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=30),
    schedule_to_close_timeout=timedelta(hours=1),
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
)
CONNECTION = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),
    schedule_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
)
PORTFOLIO = ActivityConfig(
    task_queue=ANALYTICS,
    start_to_close_timeout=timedelta(minutes=15),
    heartbeat_timeout=_BEAT,
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1), maximum_attempts=10),
    priority=Priority(priority_key=5),
)
