"""How every campaign of an account was left, as the database knows it, for comparing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.account import AdAccount
from models.contract.campaign import MediaPlan, NetworkTree
from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from models.contract.vocabulary import CampaignStatus
from models.tables import BudgetAdjustment, Campaign, Commitment, Effect
from policy.drift import Expected

_LIVE = (CampaignStatus.PENDING_REVIEW, CampaignStatus.ACTIVE)
_BORDER = timedelta(minutes=20)
"""Campaign time around a change of daypart in which both on and off are right."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compared: an account at ``now`` (campaign time).

    ``lease``: longest that an end is ever set ahead, None when ends are not compared. ``quiet``:
    real time after a campaign's record changed in which it is left alone. ``strict``: after a
    restore nothing is under way; what is not known to be live shall be off. ``leaderless``
    campaigns have no workflow and shall be off as well.
    """

    account: AdAccount
    now: datetime
    tolerance: timedelta
    lease: timedelta | None = None
    quiet: timedelta = timedelta(0)
    strict: bool = False
    leaderless: frozenset[UUID] = frozenset()


@dataclass(slots=True)
class Expectations:
    """How things were left. ``busy`` campaigns are in the middle of a change of ours."""

    objects: list[Expected] = field(default_factory=list[Expected])
    known_ids: set[str] = field(default_factory=set[str])
    keys: dict[str, UUID] = field(default_factory=dict[str, UUID])
    busy: set[UUID] = field(default_factory=set[UUID])
    ads: dict[UUID, tuple[str, ...]] = field(default_factory=dict[UUID, tuple[str, ...]])
    workflows: dict[UUID, str] = field(default_factory=dict[UUID, str])


async def load(session: AsyncSession, scope: Scope) -> Expectations:
    """Every campaign of the account that ever reached the network."""
    account_id = scope.account.id
    rows = await session.scalars(select(Campaign).where(col(Campaign.account_id) == account_id))
    granted = {
        row.campaign_id: row.daily_micros
        for row in await session.scalars(
            select(Commitment).where(
                col(Commitment.account_id) == account_id,
                col(Commitment.state).in_(("reserved", "confirmed")),
            )
        )
    }
    adjusted = await _last_adjustments(session, account_id)
    loaded = Expectations(keys=await _asked_keys(session, scope.account))
    for row in rows:
        _note(loaded, scope, row, granted.get(row.id), adjusted.get(row.id))
    return loaded


def with_rejections(
    loaded: Expectations, found: Mapping[str, NetworkObject], ads: Iterable[NetworkObject]
) -> dict[str, NetworkObject]:
    """``found`` with campaigns shown as rejected where every ad of theirs is."""
    rejected = {one.id: one for one in ads if one.delivery is Delivery.REJECTED}
    shown = dict(found)
    for one in loaded.objects:
        ids = loaded.ads.get(one.campaign_id, ())
        if one.kind is not ObjectKind.CAMPAIGN or one.object_id not in shown:
            continue
        if ids and all(ad in rejected for ad in ids):
            changes = {"delivery": Delivery.REJECTED, "issue": rejected[ids[0]].issue}
            shown[one.object_id] = shown[one.object_id].model_copy(update=changes)
    return shown


def _note(
    loaded: Expectations, scope: Scope, row: Campaign, granted: int | None, adjusted: int | None
) -> None:
    tree = NetworkTree.model_validate(row.tree)
    loaded.known_ids |= {one for one in (tree.campaign_id, tree.ad_group_id) if one}
    loaded.workflows[row.id] = row.workflow_id
    status = CampaignStatus(row.status)
    changed = datetime.now(UTC) - row.updated_at < scope.quiet
    if not scope.strict and (changed or status is CampaignStatus.LAUNCHING):
        loaded.busy.add(row.id)
        return
    if tree.campaign_id is None:
        return
    loaded.ads[row.id] = tuple(tree.ad_ids.values())
    on = _should_be_on(scope, row, status, granted is not None)
    loaded.objects.append(
        Expected(
            row.id,
            ObjectKind.CAMPAIGN,
            tree.campaign_id,
            on,
            under_review=status is CampaignStatus.PENDING_REVIEW,
        )
    )
    if tree.ad_group_id is None or status.is_final:
        return
    budgets = [one for one in (row.live_budget_micros, granted, adjusted) if one is not None]
    live = row.live_budget_micros
    if live is not None and adjusted is not None:
        live = min(live, adjusted)  # the row may be older than our last change
    loaded.objects.append(
        Expected(
            row.id,
            ObjectKind.AD_GROUP,
            tree.ad_group_id,
            True if on else None,
            daily_budget=None if live is None else Money(micros=live, currency=row.currency),
            budget_limit=Money(micros=max(budgets), currency=row.currency) if budgets else None,
            ends_limit=_latest_end(scope, row) if on else None,
            tolerance=scope.tolerance,
            under_review=status is CampaignStatus.PENDING_REVIEW,
        )
    )


def _should_be_on(
    scope: Scope, row: Campaign, status: CampaignStatus, committed: bool
) -> bool | None:
    """Spend is committed before anything is switched on and released after it is off: where the
    two disagree, a change is under way."""
    if row.id in scope.leaderless:
        return False
    if status not in _LIVE:
        return None if committed and not scope.strict else False
    if not committed:
        return None
    hours = MediaPlan.model_validate(row.plan).dayparting
    if hours is None:
        return True
    zone = ZoneInfo(scope.account.timezone)
    around = {(scope.now + side).astimezone(zone).hour for side in (-_BORDER, _BORDER)}
    return True if around <= set(hours.hours) else None


def _latest_end(scope: Scope, row: Campaign) -> datetime | None:
    if scope.lease is None:
        return None
    latest = scope.now + scope.lease
    return latest if row.scheduled_end is None else min(latest, row.scheduled_end)


async def _asked_keys(session: AsyncSession, account: AdAccount) -> dict[str, UUID]:
    rows = await session.execute(
        select(Effect.key, Effect.campaign_id)
        .join(Campaign, col(Campaign.id) == col(Effect.campaign_id))
        .where(
            col(Campaign.account_id) == account.id,
            col(Effect.kind).in_((ObjectKind.CAMPAIGN.value, ObjectKind.AD_GROUP.value)),
        )
    )
    return {row[0]: row[1] for row in rows}


async def _last_adjustments(session: AsyncSession, account_id: UUID) -> dict[UUID, int]:
    newest = (
        select(
            col(BudgetAdjustment.campaign_id),
            col(BudgetAdjustment.new_micros),
            func.row_number()
            .over(
                partition_by=col(BudgetAdjustment.campaign_id),
                order_by=col(BudgetAdjustment.at).desc(),
            )
            .label("age"),
        )
        .join(Campaign, col(Campaign.id) == col(BudgetAdjustment.campaign_id))
        .where(col(Campaign.account_id) == account_id)
        .subquery()
    )
    rows = await session.execute(
        select(newest.c.campaign_id, newest.c.new_micros).where(newest.c.age == 1)
    )
    return {row[0]: row[1] for row in rows}
