"""Budget, price and end of an ad group: what its ads carry for it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from models.contract.account import AdAccount
from platforms.telegram.budgets import asleep, fund, set_limits, shares
from platforms.telegram.money import number
from platforms.telegram.objects import Ad, group_end
from platforms.telegram.switch import pause_ad
from platforms.telegram.wire import JsonObject, Wire


async def set_budget(
    wire: Wire, ads: Sequence[Ad], total: int, now: datetime, account: AdAccount
) -> None:
    """Share a daily budget (micros), what is lowered first; then move the money that running ads
    lack for it until their end."""
    limits = await _share(wire, ads, total, now, account)
    running = [ad for ad in ads if ad.on(now)]
    end = group_end(ads, now)
    if running and end is not None:
        await fund(wire, running, limits, end, now, account)


async def set_price(wire: Wire, ads: Sequence[Ad], price: int) -> None:
    """Let a thousand views cost ``price`` micros at most."""
    for ad in ads:
        if ad.cpm != price:
            await wire.write("editAd", {"ad_id": int(ad.id), "cpm": number(price)})


async def set_end(
    wire: Wire, ads: Sequence[Ad], end: datetime, now: datetime, account: AdAccount
) -> None:
    """Move the end, a whole minute; one that has come pauses the group.

    Running ads get it as their own end, and the money they lack until then. While all are paused
    it is kept in their titles, for a paused ad has no end.
    """
    running = [ad for ad in ads if ad.on(now)]
    if running and end > now:
        until: dict[str, JsonObject] = {
            ad.id: {"deactivate_date": int(end.timestamp())}
            for ad in running
            if ad.deactivate != end
        }
        total = sum(ad.most_today for ad in ads)
        limits = await _share(wire, ads, total, now, account, until)
        await fund(wire, running, limits, end, now, account)
        return
    for ad in running:
        await pause_ad(wire, ad.id)
    for ad in ads:
        if ad.label is not None and ad.label.lease != end:
            title = replace(ad.label, lease=end).title()
            await wire.write("editAd", {"ad_id": int(ad.id), "title": title})


async def _share(
    wire: Wire,
    ads: Sequence[Ad],
    total: int,
    now: datetime,
    account: AdAccount,
    more: dict[str, JsonObject] | None = None,
) -> dict[str, int]:
    rest = asleep(ads, now, account)
    limits = shares(total, [ad.id for ad in ads if ad.id not in rest], rest, account)
    await set_limits(wire, ads, limits, more)
    return limits
