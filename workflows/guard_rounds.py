"""The guard's rounds: is all as we left it, do the pages stand, can the account be spent from,
what did each ad do.

One activity a round for all campaigns of the account; a campaign is told only what concerns it.
"""

from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.accounts import AccountActivities, AccountCheck
    from activities.creative_figures import CreativeFiguresActivities, CreativesReading
    from activities.inspection import QUIET, Inspection, InspectionActivities
    from activities.landing import LandingActivities, PagesCheck
    from models.contract.guard import GuardInput
    from models.contract.safety import Severity
    from models.contract.vocabulary import AccountStatus
    from workflows import timeouts
    from workflows.errands import A, Method, R, abandon, failure_text, start
    from workflows.guard_steps import GuardSteps
    from workflows.timeouts import ActivityConfig


_LEAST_CREATIVES = timedelta(seconds=30)
"""Real time: however fast campaign time runs, a network's quota of calls does not."""


class GuardRounds(GuardSteps):
    """Rounds, each at its own cadence of campaign time."""

    def __init__(self, guard: GuardInput) -> None:
        """The first inspection is one cadence after the start; what is slower joins a round."""
        super().__init__(guard)
        now = self._now()
        self._next_round = guard.next_round or now + guard.cadence.inspection
        self._next_pages = now + guard.cadence.landing_page
        self._next_account = now + guard.cadence.account
        self._next_creatives = guard.next_creatives or now + self._creatives_cadence()
        self._urgent: Callable[[], bool] = lambda: False

    async def _make_rounds(self, urgent: Callable[[], bool]) -> None:
        """Do what is due; what is urgent ends the round, the rest waits for the next one."""
        self._urgent = urgent
        now, cadence = self._now(), self._guard.cadence
        self._next_round = now + cadence.inspection
        await self._inspect()
        if now >= self._next_pages and not urgent():
            self._next_pages = now + cadence.landing_page
            await self._check_pages()
        if now >= self._next_account and not urgent():
            self._next_account = now + cadence.account
            await self._check_account()
        if now >= self._next_creatives and not urgent():
            self._next_creatives = now + self._creatives_cadence()
            await self._read_creatives()

    async def _inspect(self) -> None:
        """What a person or the network changed behind our back is undone or adopted."""
        report = await self._round(
            InspectionActivities.inspect,
            Inspection(
                account=self._guard.account,
                clock=self._guard.clock,
                lease=self._guard.cadence.lease,
                quiet=timedelta(0) if self._guard.cadence.stepped else QUIET,
            ),
            timeouts.GUARD_ROUND,
            "Inspect: is everything as we left it?",
        )
        for note in report.drifts if report else ():
            entry = self._watched.get(note.campaign_id)
            if entry is not None:
                await self._signal(entry, "drifted", note)

    async def _check_pages(self) -> None:
        """Paid clicks must not land on a page that is gone or promises something else."""
        report = await self._round(
            LandingActivities.check_pages,
            PagesCheck(account=self._guard.account),
            timeouts.PAGES_ROUND,
            "Check the landing pages",
        )
        for found in report.news if report else ():
            entry = self._watched.get(found.campaign_id)
            if entry is not None:
                await self._signal(entry, "content_news", found.news)

    async def _check_account(self) -> None:
        """A declined card or an empty prepaid balance is said before it surprises anybody."""
        check = await self._round(
            AccountActivities.check,
            AccountCheck(account=self._guard.account),
            timeouts.GUARD_ROUND,
            "Check that the account can be spent from",
        )
        if check is None or not check.changed:
            return
        usable = check.health.status is AccountStatus.ACTIVE
        self._alert(
            f"account/{check.health.status.value}/{self._now():%Y%m%dT%H%M%S}",
            f"{self._guard.account.name}: {check.health.status.value.replace('_', ' ')}",
            " ".join(check.health.problems) or "The account can be spent from again.",
            Severity.MEDIUM if usable else Severity.HIGH,
        )

    def _creatives_cadence(self) -> timedelta:
        cadence, clock = self._guard.cadence.creatives, self._guard.clock
        if self._guard.cadence.stepped:
            return cadence
        return cadence * max(1.0, _LEAST_CREATIVES / clock.real_duration(cadence))

    async def _read_creatives(self) -> None:
        """Figures of single ads, for tests between them and for fatigue."""
        await self._round(
            CreativeFiguresActivities.read_creatives,
            CreativesReading(account=self._guard.account, clock=self._guard.clock),
            timeouts.CREATIVES_ROUND,
            "Read the figures of single ads",
        )

    async def _round(
        self, method: Method[A, R], argument: A, config: ActivityConfig, summary: str
    ) -> R | None:
        """One round's activity; None when it failed or something urgent came in."""
        round_ = start(method, argument, config, summary)
        await workflow.wait_condition(lambda: round_.done() or self._urgent())
        if not round_.done():
            abandon(round_)
            return None
        try:
            return await round_
        except ActivityError as error:
            workflow.logger.warning("%s: %s", summary, failure_text(error))
            return None
