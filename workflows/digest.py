"""The daily digest of a team, and the trial of the alert channels."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.digest import DigestActivities
    from activities.notify import NotifyActivities
    from models.contract.notice import ChannelsAnswer, ChannelsAsked, DigestOrder, DigestSent
    from workflows import timeouts
    from workflows.errands import carry_out, failure_text


@workflow.defn(name="digest")
class DigestWorkflow:
    """Compose, send, mark; a schedule runs it daily."""

    @workflow.run
    async def run(self, order: DigestOrder) -> DigestSent:
        """Send one digest. A channel that stays silent for an hour does not hold it back."""
        digest = await carry_out(
            DigestActivities.compose_digest, order, timeouts.DATABASE, "Compose the digest"
        )
        if digest is None:
            return DigestSent(sent=False)
        try:
            await carry_out(
                NotifyActivities.notify, digest.notice, timeouts.NOTICE, "Send the digest"
            )
        except ActivityError as error:
            workflow.logger.warning("digest not delivered everywhere: %s", failure_text(error))
        told = await carry_out(
            DigestActivities.mark_told, digest, timeouts.DATABASE, "Mark what it told"
        )
        return DigestSent(sent=True, told=told)


@workflow.defn(name="alert-channels")
class AlertChannelsWorkflow:
    """Ask the worker for its alert channels, because its environment decides, not the shell's."""

    @workflow.run
    async def run(self, asked: ChannelsAsked) -> ChannelsAnswer:
        """Ask once, or try them once."""
        return await carry_out(
            NotifyActivities.alert_channels, asked, timeouts.NOTICE, "Ask for the alert channels"
        )
