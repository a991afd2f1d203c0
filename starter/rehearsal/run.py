"""One rehearsal from its order to its record."""

import asyncio
import signal

from starter.rehearsal.driver import Driver, Progress
from starter.rehearsal.ground import ground
from starter.rehearsal.order import RehearsalOrder
from starter.rehearsal.reading import read
from starter.rehearsal.record import Record


async def rehearse(order: RehearsalOrder, progress: Progress, *, keep: bool = False) -> Record:
    """Rehearse on a ground of its own, gone afterwards unless ``keep``.

    ``progress`` hears what is counted, how much is done, and of how much.

    Raises:
        CampaignFileRefused: the plan is refused by limits or by its network.
        StackFailed: a part did not come up or ended, or a workflow's code failed.
    """
    _ = order.article  # what is no article is said before anything is started
    task = asyncio.current_task()
    assert task is not None
    # Like Ctrl-C: what was started must be ended.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with ground(seed=order.seed, start=order.start, url=order.file.url, keep=keep) as stage:
        driver = Driver(stage, order, progress)
        await driver.drive()
        return await read(driver)
