"""Which live campaigns the spend authority would not grant again what they have."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from activities.exposure import Promise, Promises, promises
from activities.spend import with_own_limits
from models.contract.base import Frozen
from models.contract.exchange import Rates
from models.contract.limits import SpendLimits, SpendRequest
from models.contract.money import Money
from models.contract.vocabulary import Platform
from models.tables import Account, Campaign
from policy.authority import Amounts, Exposure, Verdict, authorise


class AboveLimit(Frozen):
    """A live campaign that the limits would not grant again: its lease is not renewed."""

    campaign_id: UUID
    name: str
    reason: str


async def above_limits(
    session: AsyncSession,
    team_id: UUID,
    now: datetime,
    limits: SpendLimits,
    rates: Rates,
    *,
    own: tuple[UUID, dict[str, Money | None]] | None = None,
) -> tuple[AboveLimit, ...]:
    """Judge every live commitment as its next renewal will be.

    Args:
        session: Of the team.
        team_id: The team.
        now: Campaign time.
        limits: The team's limits to judge by, stored or not.
        rates: Today's exchange rates.
        own: Limits of one account that are not stored (yet), by field of ``SpendLimits``.
    """
    book = await promises(session, now)
    ids = [one.campaign_id for one in book.live]
    campaigns = {
        one.id: one
        for one in await session.scalars(select(Campaign).where(col(Campaign.id).in_(ids)))
    }
    accounts: dict[UUID, SpendLimits] = {}
    for account in await session.scalars(select(Account)):
        accounts[account.id] = with_own_limits(limits, account)
        if own is not None and own[0] == account.id:
            accounts[account.id] = accounts[account.id].model_copy(update=own[1])
    team = book.exposure()
    platforms = {one.platform: book.exposure(platform=one.platform) for one in book.live}
    of_accounts = {one.account_id: book.exposure(account=one.account_id) for one in book.live}
    found: list[AboveLimit] = []
    for one in book.live:
        campaign = campaigns.get(one.campaign_id)
        alone = Promises(now=now, live=(one,), spent=()).exposure()
        verdict = _renewed(
            _request(one, team_id, now, campaign),
            accounts.get(one.account_id, limits),
            rates,
            campaign,
            account=_without(of_accounts[one.account_id], alone),
            platform=_without(platforms[one.platform], alone),
            team=_without(team, alone),
        )
        if not verdict.granted:
            name = campaign.name if campaign is not None else str(one.campaign_id)
            found.append(AboveLimit(campaign_id=one.campaign_id, name=name, reason=verdict.reason))
    return tuple(found)


def _request(one: Promise, team_id: UUID, now: datetime, campaign: Campaign | None) -> SpendRequest:
    lifetime = campaign.lifetime_budget_micros if campaign is not None else None
    return SpendRequest(
        key="",
        team_id=team_id,
        account_id=one.account_id,
        campaign_id=one.campaign_id,
        platform=Platform(one.platform),
        daily=one.daily,
        over_delivery=one.over_delivery,
        balanced=one.balanced,
        until=one.until,
        now=now,
        lifetime=None if lifetime is None else one.daily.model_copy(update={"micros": lifetime}),
    )


def _renewed(
    request: SpendRequest,
    limits: SpendLimits,
    rates: Rates,
    campaign: Campaign | None,
    *,
    account: Exposure,
    platform: Exposure,
    team: Exposure,
) -> Verdict:
    spent = 0 if campaign is None else campaign.spend_micros
    return authorise(
        request,
        limits,
        rates,
        campaign_spent=request.daily.model_copy(update={"micros": spent}),
        account=account,
        platform=platform,
        team=team,
    )


def _without(scope: Exposure, one: Exposure) -> Exposure:
    return Exposure(
        daily=_less(scope.daily, one.daily),
        month_spent=scope.month_spent,
        month_committed=_less(scope.month_committed, one.month_committed),
    )


def _less(whole: Amounts, part: Amounts) -> Amounts:
    return {currency: micros - part.get(currency, 0) for currency, micros in whole.items()}
