"""A promotion's paperwork: read the article, claim it once, gather what Claude should know."""

import asyncio
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.exposure import promises
from activities.heartbeat import heartbeating
from activities.outcomes import INPUT_REFUSED
from activities.page import PageRefused, read_article
from activities.teams import ad_account, exchange_rates, frozen, get_team, team_limits
from activities.web import WebReader, WebRefused, WebUnavailable
from models.contract.base import Frozen
from models.contract.content import Article, ContentType
from models.contract.money import Money
from models.contract.promotion import (
    PlatformOffer,
    PromotionContext,
    PromotionInput,
    RunningCampaign,
)
from models.contract.vocabulary import Objective, Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, Campaign, Promotion, Snapshot
from models.tables.columns import now_utc
from platforms.app_store import store_app
from platforms.registry import capabilities, over_delivery
from policy.exchange import NoRate, total

_TRIES = 3

_MOST_NETWORKS = 2
"""Unless the team's promotion rules say ``most_networks``."""
_FOR_APPS = frozenset({Objective.APP_INSTALLS})


class Claim(Frozen):
    """Claim a piece of content for one promotion."""

    promotion: PromotionInput
    article: Article


class ClaimAnswer(Frozen):
    """``owner`` is the promotion that has it: ours, or the one that was first.

    ``closed``: it was decided before, so an event that comes again years later starts nothing.

    ``barred`` says why the team's own rules exclude the article, when they do.
    """

    owner: str
    closed: bool
    enabled: bool
    barred: str | None = None


class ContextQuestion(Frozen):
    """Gather context at campaign time ``now``."""

    team_id: UUID
    now: datetime
    url: str = ""


class PromotionClose(Frozen):
    """What became of a promotion."""

    team_id: UUID
    promotion_id: str
    status: str
    reasoning: str


class PromotionActivities:
    """Collaborators: the web, the database and the settings."""

    def __init__(self, database: Database, web: WebReader, settings: Settings) -> None:
        self._database = database
        self._web = web
        self._settings = settings

    @activity.defn
    async def gather_article(self, promotion: PromotionInput) -> Article:
        """Read the page behind the event.

        What the event carried is used only where the page cannot be read; its fingerprint is
        then left empty, for it is no measure of what the page will say later.

        Raises:
            ApplicationError: the page is refused or is no article; one clear sentence.
        """
        carried = promotion.article
        async with heartbeating():
            try:
                page = await self._web.fetch(promotion.url)
                kind = promotion.content_type
                # "article" is only the default of an event: the page knows better.
                told = None if kind is ContentType.ARTICLE else kind
                return await asyncio.to_thread(read_article, page, content_type=told)
            except WebUnavailable:
                if carried is None or activity.info().attempt < _TRIES:
                    raise
            except (WebRefused, PageRefused) as refused:
                if carried is None:
                    raise ApplicationError(
                        str(refused), type=INPUT_REFUSED, non_retryable=True
                    ) from None
        return carried.model_copy(update={"fingerprint": ""})

    @activity.defn
    async def claim(self, claim: Claim) -> ClaimAnswer:
        """One promotion per team and canonical URL, whichever door the content came through."""
        promotion, article = claim.promotion, claim.article
        async with self._database.team(promotion.team_id) as session:
            await session.execute(
                insert(Promotion)
                .values(
                    id=promotion.promotion_id,
                    team_id=promotion.team_id,
                    canonical_url=article.canonical_url,
                    title=article.title,
                    content_type=article.content_type.value,
                    source=promotion.source,
                    status="evaluating",
                    reasoning="",
                    fingerprint=article.fingerprint,
                    created_at=now_utc(),
                )
                .on_conflict_do_nothing()
            )
            row = await session.scalar(
                select(Promotion).where(col(Promotion.canonical_url) == article.canonical_url)
            )
            team = await get_team(session, promotion.team_id)
            held = await frozen(session)
        return ClaimAnswer(
            owner=row.id if row else promotion.promotion_id,
            closed=row is not None and row.closed_at is not None,
            enabled=team.enabled and self._settings.enabled,
            barred=held or _barred(team.promotion_rules, article),
        )

    @activity.defn
    async def gather_context(self, question: ContextQuestion) -> PromotionContext:
        """Accounts, running campaigns, budget left and recent results."""
        async with self._database.team(question.team_id) as session:
            limits = await team_limits(session, question.team_id)
            rates = await exchange_rates(session, question.team_id, limits, now_utc().date())
            book = await promises(session, question.now)
            accounts = (
                await session.scalars(
                    select(Account)
                    .where(
                        col(Account.status) == "active",
                        col(Account.credentials_off_at).is_(None),
                        col(Account.is_default).is_(True),
                    )
                    .order_by(col(Account.account_name))
                )
            ).all()
            team = await get_team(session, question.team_id)
            campaigns = (
                await session.scalars(
                    select(Campaign)
                    .where(col(Campaign.status).in_(["active", "paused", "pending_review"]))
                    .order_by(col(Campaign.created_at).desc())
                    .limit(20)
                )
            ).all()
            results = {
                row[0]: (int(row[1]), int(row[2]))
                for row in await session.execute(
                    select(
                        Snapshot.campaign_id,
                        func.max(col(Snapshot.clicks)),
                        func.max(col(Snapshot.conversions)),
                    ).group_by(col(Snapshot.campaign_id))
                )
            }
        unconvertible: str | None = None

        def used(platform: str | None = None) -> int | None:
            """What commitments count against a day; None where a currency has no rate."""
            nonlocal unconvertible
            try:
                return total(book.exposure(platform=platform).daily, currency, rates)
            except NoRate as unknown:
                unconvertible = str(unknown)
                return None

        def left(cap: Money, taken: int | None) -> Money:
            # Whoever does not know what is promised may promise nothing more.
            return Money(
                micros=max(cap.micros - (cap.micros if taken is None else taken), 0),
                currency=currency,
            )

        currency = limits.team_daily.currency
        committed = used()
        offers: list[PlatformOffer] = []
        first = list(Platform)
        for row in sorted(accounts, key=lambda one: first.index(Platform(one.platform))):
            able = capabilities(Platform(row.platform))
            if able.objectives <= _FOR_APPS and store_app(question.url) is None:
                continue  # there is no app to install
            offers.append(
                PlatformOffer(
                    account=ad_account(row),
                    min_daily_budget=able.min_daily_budget.get(
                        row.currency, Money(micros=0, currency=row.currency)
                    ),
                    remaining_daily=left(limits.platform_daily, used(row.platform)),
                    objectives=tuple(sorted(one.value for one in able.objectives)),
                    over_delivery=over_delivery(able.platform, self._settings),
                    balanced=able.balanced,
                    settle=able.settle
                    if self._settings.settle_seconds is None
                    else timedelta(seconds=self._settings.settle_seconds),
                    edit_quota=able.budget_edits_per_hour,
                    first_time=row.first_activated_at is None,
                )
            )
        return PromotionContext(
            now=question.now,
            limits=limits,
            remaining_daily=left(limits.team_daily, committed),
            committed_daily=Money(micros=committed or 0, currency=currency),
            offers=tuple(offers),
            rates=rates,
            rules=(unconvertible,) if unconvertible else (),
            most_campaigns=_most_networks(team.promotion_rules),
            running=tuple(
                RunningCampaign(
                    name=one.name,
                    platform=one.platform,
                    status=one.status,
                    daily_budget=Money(micros=one.daily_budget_micros, currency=one.currency),
                    spend=Money(micros=one.spend_micros, currency=one.currency),
                    clicks=results.get(one.id, (0, 0))[0],
                    conversions=results.get(one.id, (0, 0))[1],
                )
                for one in campaigns
            ),
        )

    @activity.defn
    async def close_promotion(self, close: PromotionClose) -> None:
        """Note what became of a promotion."""
        async with self._database.team(close.team_id) as session:
            await session.execute(
                update(Promotion)
                .where(col(Promotion.id) == close.promotion_id)
                .values(status=close.status, reasoning=close.reasoning, closed_at=now_utc())
            )


def _most_networks(rules: dict[str, object]) -> int:
    """On how many networks one content may be promoted; untested content earns a first look."""
    most = rules.get("most_networks")
    return most if isinstance(most, int) and most > 0 else _MOST_NETWORKS


def _barred(rules: dict[str, object], article: Article) -> str | None:
    """Why the team's promotion rules exclude an article, or None."""
    tags = {tag.lower() for tag in article.tags}
    only = {str(tag).lower() for tag in cast("list[object]", rules.get("only_tags", []))}
    never = {str(tag).lower() for tag in cast("list[object]", rules.get("never_tags", []))}
    if only and not tags & only:
        return f"the team promotes only articles tagged {', '.join(sorted(only))}"
    if tags & never:
        return f"the team never promotes articles tagged {', '.join(sorted(tags & never))}"
    return None
