"""What names an asset: campaigns that show it, and other rows that its file is kept for."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from models.contract.vocabulary import CampaignStatus
from models.tables import Asset, AssetUse, BrandRow, Campaign, CreativeRow

_OVER = [one.value for one in CampaignStatus if one.is_final]
_NEW = timedelta(days=2)
"""A use is noted before its campaign reports itself. One that never did by then never ran."""


async def campaigns(session: AsyncSession, sha256: str, now: datetime) -> tuple[UUID, ...]:
    """Campaigns of the team that are not over and show an asset, or what was made of it."""
    shown = select(CreativeRow.campaign_id).where(_in_creative(sha256))
    noted = select(AssetUse.campaign_id).where(col(AssetUse.sha256) == sha256)
    running = select(Campaign.id).where(
        col(Campaign.status).not_in(_OVER),
        or_(
            col(Campaign.id).in_(shown),
            col(Campaign.id).in_(noted),
            # Whatever else a plan or a network's tree comes to hold: a digest is no coincidence.
            cast(Campaign.plan, String).contains(sha256),
            cast(Campaign.tree, String).contains(sha256),
        ),
    )
    unreported = noted.where(
        col(AssetUse.campaign_id).not_in(select(Campaign.id)),
        col(AssetUse.created_at) > now - _NEW,
    )
    found = {*(await session.scalars(running)), *(await session.scalars(unreported))}
    return tuple(sorted(found, key=str))


async def names(session: AsyncSession, sha256: str) -> str:
    """What else of the team names a file, in words; empty where nothing does."""
    asset = select(Asset.id).where(
        (col(Asset.sha256) == sha256) | (col(Asset.thumbnail_sha256) == sha256)
    )
    if await session.scalar(asset.limit(1)) is not None:
        return "another asset of the team has the same content"
    creative = select(CreativeRow.campaign_id).where(_in_creative(sha256)).limit(1)
    campaign = await session.scalar(creative)
    return "" if campaign is None else f"the record of what campaign {campaign} showed needs it"


def _in_creative(sha256: str) -> ColumnElement[bool]:
    return or_(
        col(CreativeRow.image_sha256) == sha256,
        col(CreativeRow.video_sha256) == sha256,
        col(CreativeRow.image_path).contains(sha256),
    )


async def is_logo(session: AsyncSession, sha256: str) -> bool:
    """Whether it is the logo of the team's brand."""
    row = await session.scalar(select(BrandRow).order_by(col(BrandRow.version).desc()).limit(1))
    return row is not None and row.brand.get("logo") == sha256
