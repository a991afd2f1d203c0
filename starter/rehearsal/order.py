"""What to rehearse, and how often things are looked after in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.contract.campaign import Cadence
from models.contract.content import Article
from starter.campaign_file import CampaignFile, CampaignFileRefused, midnight
from starter.rehearsal.scenarios import Scenario

FIRST_DAY = midnight(datetime(2026, 1, 5).date())  # noqa: DTZ001
"""A Monday: what begins on no day of its own begins here, so that a run is the same every day."""

GUARD_EVERY = 4
"""Hours between two looks of a guard, unless told otherwise: one before each pacing decision. In
production there are thirty seconds between them; a month of that has 86,400 looks."""

BEFORE = timedelta(minutes=10)
"""Guards look so long before the full hours on which campaigns decide, which then know the news."""


@dataclass(frozen=True, slots=True)
class RehearsalOrder:
    """What to rehearse."""

    file: CampaignFile
    days: int
    seed: int
    scenarios: tuple[Scenario, ...] = ()
    guard_every: int = GUARD_EVERY

    @property
    def article(self) -> Article:
        """What is promoted.

        Raises:
            CampaignFileRefused: the file does not say, and nobody is contacted to find out.
        """
        found = self.file.content()
        if found is None:
            raise CampaignFileRefused(
                "give the article, as article (title and text) or as article_file: a rehearsal "
                "contacts nobody, so it cannot read the page itself"
            )
        return found

    @property
    def cadence(self) -> Cadence:
        """How often campaigns and guards look after things.

        Leases last a week instead of six hours, for nobody dies here. Whatever a campaign
        decides, it decides as often as in production.
        """
        between = timedelta(hours=self.guard_every)
        return Cadence(
            watch=between,
            figures=between,
            inspection=2 * between - BEFORE,
            creatives=2 * between - BEFORE,
            landing_page=timedelta(days=1),
            account=timedelta(days=1),
            review=timedelta(minutes=20),
            lease=timedelta(days=7),
            stepped=between - BEFORE,
        )

    @property
    def start(self) -> datetime:
        """The first instant."""
        day = self.file.flight.start
        return FIRST_DAY if day is None else midnight(day)

    @property
    def end(self) -> datetime:
        """The last instant."""
        return self.start + timedelta(days=self.days)
