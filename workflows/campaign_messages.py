"""The messages of a campaign: signals and updates of the same names, and the query.

A handler only notes a wish; the story in ``workflows.campaign`` acts on it. Signals are kept even
while no worker runs; updates answer their caller. Both pass the same objections.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.contract.campaign import (
        Approve,
        CampaignInput,
        CampaignView,
        ChangeAd,
        ChangeBudget,
        ContentNews,
        Kill,
        Modify,
        Optimise,
        Pause,
        Receipt,
        Reject,
        Resume,
    )
    from models.contract.creative import GivenCreative
    from models.contract.drift import DriftNote
    from models.contract.safety import Finding
    from models.contract.vocabulary import Author, CampaignStatus, StopLevel
    from workflows.campaign_steps import LIVE, CampaignSteps
    from workflows.errands import Interrupted


class CampaignMessages(CampaignSteps):
    """Wishes, and the doors they come through."""

    def __init__(self, campaign: CampaignInput) -> None:
        """Begin without wishes."""
        super().__init__(campaign)
        self._resume: Resume | None = None
        self._approve: Approve | None = None
        self._reject: Reject | None = None
        self._modify: Modify | None = None
        self._budget: ChangeBudget | None = None
        self._optimise_now: Optimise | None = None
        self._ad_change: ChangeAd | None = None
        self._news: ContentNews | None = None
        self._finding: Finding | None = None
        self._drift: DriftNote | None = None

    # -- messages ---------------------------------------------------------------------------
    # Each exists as a signal (kept even while no worker runs) and as an update of the same name
    # (answers the caller); one private method serves both.

    @workflow.signal(name="approve", description="Agree to the proposal version that was seen")
    async def approve_signal(self, message: Approve) -> None:
        """Agree."""
        self._accept("approve", message)

    @workflow.update(name="approve", description="Agree to the proposal version that was seen")
    async def approve(self, message: Approve) -> Receipt:
        """Agree, with an answer."""
        before = self._state.refused
        self._accept("approve", message)
        await self._until(
            lambda: (
                self._approve is not message
                or self._state.status is not CampaignStatus.PENDING_APPROVAL
            )
        )
        self._raise_if_refused(before)
        if self._state.approved_by != message.by:
            raise _refused(f"not approved: the campaign is {self._state.status.value}")
        return self._receipt(f"approved by {message.by}")

    @workflow.signal(name="reject", description="Decline the proposal")
    async def reject_signal(self, message: Reject) -> None:
        """Decline."""
        self._accept("reject", message)

    @workflow.update(name="reject", description="Decline the proposal")
    async def reject(self, message: Reject) -> Receipt:
        """Decline, with an answer."""
        self._accept("reject", message)
        await self._until(lambda: False)
        return self._receipt(f"declined by {message.by}")

    @workflow.signal(name="modify", description="Change the proposal; it is asked again")
    async def modify_signal(self, message: Modify) -> None:
        """Change the proposal."""
        self._accept("modify", message)

    @workflow.update(name="modify", description="Change the proposal; it is asked again")
    async def modify(self, message: Modify) -> Receipt:
        """Change the proposal, with an answer."""
        before = self._state.refused
        self._accept("modify", message)
        await self._until(lambda: self._modify is not message)
        self._raise_if_refused(before)
        return self._receipt(f"proposal is now version {self._state.version}")

    @workflow.signal(name="change_ad", description="A person's own ad in the place of another")
    async def change_ad_signal(self, message: ChangeAd) -> None:
        """Change an ad."""
        self._accept("change_ad", message)

    @workflow.update(name="change_ad", description="A person's own ad in the place of another")
    async def change_ad(self, message: ChangeAd) -> Receipt:
        """Change an ad; answers when it is proposed or read back, or with the refusal."""
        before, version = self._state.refused, self._state.version
        self._accept("change_ad", message)
        await self._until(lambda: self._ad_change is not message)
        self._raise_if_refused(before)
        if self._state.status.is_final:
            raise _refused(f"not changed: the campaign is {self._state.status.value}")
        if self._state.version != version:
            return self._receipt(
                f"{message.variant} changed; the proposal is now version {self._state.version}"
            )
        own = self._state.creatives[-1].id
        if self._state.status is CampaignStatus.PAUSED:
            return self._receipt(f"{own} runs in the place of {message.variant} when it resumes")
        return self._receipt(f"{own} runs in the place of {message.variant}, confirmed")

    @workflow.signal(name="pause", description="Stop delivery; can be resumed")
    async def pause_signal(self, message: Pause | None = None) -> None:
        """Pause."""
        self._accept("pause", message or Pause())

    @workflow.update(name="pause", description="Stop delivery; can be resumed")
    async def pause(self, message: Pause) -> Receipt:
        """Pause; answers when the network shows it off."""
        self._accept("pause", message)
        await self._until(lambda: self._pause is None)
        return self._receipt("paused, confirmed by read-back")

    @workflow.signal(name="resume", description="Deliver again, if the limits allow it")
    async def resume_signal(self, message: Resume | None = None) -> None:
        """Resume."""
        self._accept("resume", message or Resume())

    @workflow.update(name="resume", description="Deliver again, if the limits allow it")
    async def resume(self, message: Resume) -> Receipt:
        """Resume; answers when the network shows it on, or with the refusal."""
        before = self._state.refused
        self._accept("resume", message)
        await self._until(lambda: self._resume is not message)
        self._raise_if_refused(before)
        return self._receipt("resumed")

    @workflow.signal(name="kill", description="Stop for good; works without database or Claude")
    async def kill_signal(self, message: Kill | None = None) -> None:
        """Kill."""
        self._accept("kill", message or Kill())

    @workflow.update(name="kill", description="Stop for good; answers when confirmed")
    async def kill(self, message: Kill) -> Receipt:
        """Kill; answers when the network shows it off."""
        self._accept("kill", message)
        # A soft stop ends as a pause, and concerns only what the AI made.
        await self._until(lambda: self._kill is None and self._pause is None)
        if message.level is StopLevel.SOFT and self._state.status in LIVE:
            return self._receipt("left as it is: a soft stop concerns only what the AI made")
        return self._receipt("stopped, confirmed by read-back")

    @workflow.signal(name="change_budget", description="Set the daily budget of a live campaign")
    async def change_budget_signal(self, message: ChangeBudget) -> None:
        """Change the budget."""
        self._accept("change_budget", message)

    @workflow.update(name="change_budget", description="Set the daily budget of a live campaign")
    async def change_budget(self, message: ChangeBudget) -> Receipt:
        """Change the budget; answers when it is read back, or with the refusal."""
        before = self._state.refused
        self._accept("change_budget", message)
        await self._until(lambda: self._budget is None)
        self._raise_if_refused(before)
        if self._state.status is CampaignStatus.PAUSED:
            agreed = self._state.plan.daily_budget
            return self._receipt(f"daily budget will be {agreed} when it resumes")
        return self._receipt(f"daily budget is {self._state.live_budget}")

    @workflow.signal(name="optimise", description="Decide now instead of at the next cycle")
    async def optimise_signal(self, message: Optimise | None = None) -> None:
        """Decide now."""
        self._accept("optimise", message or Optimise())

    @workflow.update(name="optimise", description="Decide now instead of at the next cycle")
    async def optimise(self, message: Optimise) -> Receipt:
        """Decide now; answers when the cycle is over."""
        self._accept("optimise", message)
        await self._until(lambda: self._optimise_now is not message)
        return self._receipt("decided; `adflight decisions --campaign` says what and why")

    @workflow.signal(name="content_news", description="The promoted page changed or vanished")
    async def content_news(self, news: ContentNews) -> None:
        """The promoted page changed or vanished: pause and ask."""
        if not self._state.status.is_final:
            self._news = news

    @workflow.signal(name="safety", description="The guard asks for less, or for the end")
    async def safety(self, finding: Finding) -> None:
        """A safety rule fired that asks for no pause; of several the latest counts."""
        if self._state.status in LIVE:
            self._finding = finding

    @workflow.signal(name="drifted", description="It was changed on the network")
    async def drifted(self, note: DriftNote) -> None:
        """The guard saw it changed on the network."""
        if self._state.status in LIVE:
            self._drift = note

    @approve.validator
    def _check_approve(self, message: Approve) -> None:
        self._validate("approve", message)

    @reject.validator
    def _check_reject(self, message: Reject) -> None:
        self._validate("reject", message)

    @modify.validator
    def _check_modify(self, message: Modify) -> None:
        self._validate("modify", message)

    @change_ad.validator
    def _check_change_ad(self, message: ChangeAd) -> None:
        self._validate("change_ad", message)

    @pause.validator
    def _check_pause(self, message: Pause) -> None:
        self._validate("pause", message)

    @resume.validator
    def _check_resume(self, message: Resume) -> None:
        self._validate("resume", message)

    @kill.validator
    def _check_kill(self, message: Kill) -> None:
        self._validate("kill", message)

    @change_budget.validator
    def _check_change_budget(self, message: ChangeBudget) -> None:
        self._validate("change_budget", message)

    @optimise.validator
    def _check_optimise(self, message: Optimise) -> None:
        self._validate("optimise", message)

    @workflow.query(name="campaign", description="Everything a person may want to know")
    def view(self) -> CampaignView:
        """The campaign as it stands."""
        state, account = self._state, self._campaign.account
        return CampaignView(
            campaign_id=self._campaign.campaign_id,
            name=state.plan.name,
            platform=account.platform.value,
            account=account.name,
            status=state.status,
            version=state.version,
            plan=state.plan,
            approval=state.approval,
            forecast=state.forecast,
            live_budget=state.live_budget,
            spend=state.spend,
            figures_as_of=state.figures_as_of,
            lease_until=state.lease_until,
            next_check=self._due.at if self._due else None,
            tree=state.tree,
            pause=state.pause,
            visits=state.visits,
            by_ai=self._campaign.author is Author.AI,
            refused_messages=state.refused,
            error=state.error,
        )

    def _validate(self, name: str, message: Any) -> None:
        problem = self._objection(name, message)
        if problem is not None:
            raise _refused(problem)

    def _accept(self, name: str, message: Any) -> None:
        """Note a wish. A signal cannot be refused to its sender, so a refusal is kept to read."""
        problem = self._objection(name, message)
        if problem is not None:
            self._refuse(problem)
            return
        wishes = {
            "change_budget": "_budget",
            "change_ad": "_ad_change",
            "optimise": "_optimise_now",
        }
        setattr(self, wishes.get(name, f"_{name}"), message)

    def _objection(self, name: str, message: Any) -> str | None:
        """Why a message cannot be followed now, or None."""
        status, version = self._state.status, self._state.version
        if status.is_final:
            return f"cannot {name}: the campaign is {status.value}"
        if name in ("approve", "reject", "modify"):
            if status is not CampaignStatus.PENDING_APPROVAL:
                by = f" (approved by {self._state.approved_by})" if self._state.approved_by else ""
                return f"cannot {name}: nothing waits for approval, it is {status.value}{by}"
            if self._approve is not None or self._reject is not None:
                return f"cannot {name}: it was answered a moment ago"
            # Once the new version stands, whoever sees it may answer it.
            change = self._modify
            if name != "reject" and change is not None and change.version == version:
                return f"cannot {name}: it is being modified by {change.by}; look again"
            if name != "reject" and self._ad_change is not None:
                by = self._ad_change.by
                return f"cannot {name}: its ads are being changed by {by}; look again"
            if isinstance(message, Approve | Modify) and message.version != version:
                return (
                    f"cannot {name}: version {message.version} was seen, version {version} is "
                    "the proposal now; look again"
                )
        if isinstance(message, ChangeAd):
            return self._objection_to_ad(message)
        coming_back = status is CampaignStatus.PAUSED and self._resume is not None
        if name == "pause" and status not in (*LIVE, CampaignStatus.LAUNCHING) and not coming_back:
            return f"cannot pause: the campaign is {status.value}"
        if name == "resume" and status is not CampaignStatus.PAUSED:
            return f"cannot resume: the campaign is {status.value}, not paused"
        if name == "optimise" and (status not in LIVE or self._state.resting):
            return f"cannot optimise: the campaign is {status.value}, not delivering"
        if isinstance(message, ChangeBudget):
            if status not in (*LIVE, CampaignStatus.PAUSED):
                return f"cannot change the budget: the campaign is {status.value}"
            if message.daily_budget.currency != self._campaign.account.currency:
                return (
                    f"daily budget currency {message.daily_budget.currency} is not the account's "
                    f"{self._campaign.account.currency}"
                )
            minimum = self._campaign.minimum
            if minimum is not None and message.daily_budget.micros < minimum.micros:
                return (
                    f"daily budget {message.daily_budget} is below the network's minimum {minimum}"
                )
        return None

    def _objection_to_ad(self, wish: ChangeAd) -> str | None:
        status, version = self._state.status, self._state.version
        proposed = status in (CampaignStatus.PENDING_APPROVAL, CampaignStatus.SCHEDULED)
        gone = (*self._state.replaced, *(one.id for one in self._state.prepared))
        present = [one.id for one in self._state.creatives if one.id not in gone]
        cannot = f"cannot change {wish.variant}:"
        if not proposed and status not in (*LIVE, CampaignStatus.PAUSED):
            return f"{cannot} the campaign is {status.value}"
        if proposed and self._state.tree.campaign_id is not None:
            return f"{cannot} its launch began; reject it and propose it anew"
        if not proposed and self._state.next_pacing is None:
            return f"{cannot} it was paused before it ran; resume or kill it"
        if wish.ad == GivenCreative():
            return f"{cannot} nothing is given; give a headline, text, image or video"
        if wish.variant not in present:
            return f"{cannot} there is no such ad; it has {', '.join(present) or 'none'}"
        if self._ad_change is not None:
            return f"{cannot} {self._ad_change.by} changes {self._ad_change.variant} just now"
        if status is CampaignStatus.PENDING_APPROVAL and (self._approve or self._modify):
            return f"{cannot} the proposal was answered a moment ago; look again"
        if proposed and wish.version is not None and wish.version != version:
            return (
                f"{cannot} version {wish.version} was seen, version {version} is the proposal "
                "now; look again"
            )
        return None

    async def _until(self, done: Callable[[], bool]) -> None:
        """Wait for a wish to be fulfilled, or for the campaign to be over."""
        await workflow.wait_condition(lambda: done() or self._state.status.is_final)

    def _raise_if_refused(self, before: tuple[str, ...]) -> None:
        if self._state.refused != before:
            raise _refused(self._state.refused[-1])

    def _forget_wishes(self) -> None:
        """Nothing can be wished of what is over."""
        self._kill = self._pause = self._resume = self._approve = self._reject = None
        self._modify = self._budget = self._news = self._finding = self._drift = None
        self._optimise_now = self._ad_change = None

    def _forget_outdated(self) -> None:
        """Drop what was fulfilled just before a stop came in: no chapter would take it up."""
        status = self._state.status
        if status is not CampaignStatus.PENDING_APPROVAL:
            self._approve = self._reject = self._modify = None
        elif self._modify is not None and self._modify.version != self._state.version:
            self._modify = None
        if status is not CampaignStatus.PAUSED:
            self._resume = None
        if status not in (*LIVE, CampaignStatus.PAUSED):
            self._budget = None
        if status not in LIVE:
            self._finding = self._drift = self._optimise_now = None

    def _receipt(self, message: str) -> Receipt:
        return Receipt(status=self._state.status, message=message)

    async def _wait_for_message(self, until: datetime | None, summary: str) -> None:
        """Sleep until a campaign instant (None: for ever) or until somebody wants something."""
        timeout = None
        if until is not None:
            real = self._campaign.clock.real_wait(workflow.now(), until)
            timeout = max(real, timedelta(milliseconds=1))
        with suppress(TimeoutError):
            await workflow.wait_condition(self._is_wanted, timeout=timeout, timeout_summary=summary)
        if self._is_urgent():
            raise Interrupted

    def _is_wanted(self) -> bool:
        return not self._is_quiet()

    def _is_quiet(self) -> bool:
        wishes = (self._kill, self._pause, self._resume, self._approve, self._reject)
        told = (self._news, self._finding, self._drift, self._optimise_now)
        changes = (self._modify, self._budget, self._ad_change)
        return all(wish is None for wish in (*wishes, *changes, *told))


def _refused(problem: str) -> ApplicationError:
    return ApplicationError(problem, type="Refused", non_retryable=True)
