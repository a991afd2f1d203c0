"""A person's own ads: their files looked at before anything happens, then kept in the library."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from creative import uploads
from creative.library import AssetLibrary
from creative.uploads import Inspected, UploadRefused
from models.contract.creative import GivenCreative, Origin
from starter.campaign_file import AdParts


class AdRefused(Exception):
    """An ad's file cannot be used; one clear sentence."""


@dataclass(frozen=True, slots=True)
class OwnAd:
    """An ad as it was written, with its files as they were found to be."""

    ad: AdParts
    image: Inspected | None = None
    video: Inspected | None = None


async def read_ads(ads: Sequence[AdParts]) -> list[OwnAd]:
    """Look at every file; nothing is kept yet.

    Raises:
        AdRefused: a file is missing, or is not what it should be.
    """
    return [
        OwnAd(
            ad,
            await _inspected(number, "image", ad.image),
            await _inspected(number, "video", ad.video),
        )
        for number, ad in enumerate(ads, 1)
    ]


async def keep_ads(
    library: AssetLibrary, team_id: UUID, ads: Sequence[OwnAd], by: str
) -> tuple[GivenCreative, ...]:
    """Keep the files in the team's library; the ads as a campaign takes them.

    Raises:
        AdRefused: a file is over the team's quota.
    """

    async def kept(file: Inspected | None, path: Path | None) -> str | None:
        if file is None or path is None:
            return None
        try:
            asset = await library.add(
                team_id, file.data, source=Origin.ADMIN.value, label=path.name[:200], added_by=by,
                name=path.name,
            )  # fmt: skip
        except UploadRefused as refused:
            raise AdRefused(str(refused)) from None
        return asset.sha256

    return tuple(
        [
            GivenCreative(
                headline=one.ad.headline,
                primary_text=one.ad.text,
                description=one.ad.description,
                call_to_action=one.ad.action,
                hashtags=one.ad.hashtags,
                image=await kept(one.image, one.ad.image),
                video=await kept(one.video, one.ad.video),
            )
            for one in ads
        ]
    )


async def _inspected(number: int, kind: str, path: Path | None) -> Inspected | None:
    if path is None:
        return None
    where = f"ads.{number}.{kind}"
    try:
        data = await asyncio.to_thread(path.read_bytes)
        found = await asyncio.to_thread(uploads.inspect, data, name=path.name)
    except OSError as error:
        raise AdRefused(f"{where}: {path} cannot be read ({error.strerror})") from None
    except UploadRefused as refused:
        raise AdRefused(f"{where}: {refused}") from None
    if found.kind != kind:
        raise AdRefused(f"{where}: {path.name} is a {found.kind}; name it under {found.kind}")
    return found
