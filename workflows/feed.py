"""One poll of one feed; a Temporal Schedule runs it at the feed's interval."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.feeds import FeedActivities
    from models.contract.feeds import FeedPoll, FeedPolled
    from workflows import timeouts
    from workflows.errands import carry_out


@workflow.defn(name="feed")
class FeedWorkflow:
    """Poll, and be done; overlap is skipped by the schedule."""

    @workflow.run
    async def run(self, poll: FeedPoll) -> FeedPolled:
        """Poll once."""
        return await carry_out(
            FeedActivities.poll_feed, poll, timeouts.WEB, "Fetch the feed, promote what is new"
        )
