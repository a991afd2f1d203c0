"""One daily budget over several ads, and the prepaid money that backs it.

Telegram knows a daily limit of each ad and no budget above it, so an ad group's budget is the sum
of its ads' limits, to the cent. Ads that rest while others run keep one step of it; the others
share the rest. What goes down is sent before what goes up, so that no order of failures leaves
more room than the larger of the two settings.

Money is moved into an ad only as far as its lease reaches: its limit for every day until its end,
less what it still has and has spent today. An ad can never cost more than was moved into it, so
this is what bounds it when nobody renews and its end was lost.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from models.contract.account import AdAccount
from models.contract.money import Money
from platforms.errors import Ambiguous, Refused
from platforms.telegram.errors import MISMATCH, NOT_ENOUGH, refused
from platforms.telegram.money import micros, number, step
from platforms.telegram.objects import Ad, read_ad
from platforms.telegram.wire import JsonObject, Wire

_A_MICRO = timedelta(microseconds=1)


def shares(
    total: int, awake: Sequence[str], resting: Sequence[str], account: AdAccount
) -> dict[str, int]:
    """Daily limits by ad, which come to ``total`` micros exactly.

    Raises:
        Refused: it is too little for so many ads.
    """
    unit = step(account)
    awake, resting = (awake, resting) if awake else (resting, ())
    left = total // unit - len(resting)
    if left < len(awake):
        budget = Money(micros=total, currency=account.currency)
        raise refused(
            f"daily budget {budget} is too small for {len(awake) + len(resting)} ads; remove some",
            field="daily_budget",
        )
    found = dict.fromkeys(resting, unit)
    each, more = divmod(left, len(awake))
    for index, one in enumerate(awake):
        found[one] = (each + (index < more)) * unit
    return found


def asleep(ads: Sequence[Ad], now: datetime, account: AdAccount) -> list[str]:
    """Ads of a group that rest: off while others are on; with all of them off, those that were
    left one step of the budget while others have more."""
    if any(ad.on(now) for ad in ads):
        return [ad.id for ad in ads if not ad.on(now)]
    unit = step(account)
    if all(ad.limit == unit for ad in ads):
        return []
    return [ad.id for ad in ads if ad.limit == unit]


async def set_limits(
    wire: Wire,
    ads: Sequence[Ad],
    wanted: Mapping[str, int],
    more: Mapping[str, JsonObject] | None = None,
) -> None:
    """Give ads their daily limits, the lowered ones first, with ``more`` fields to edit by ad.
    Setting the same again sends nothing."""
    fields = more or {}
    lowered = [ad for ad in ads if ad.id in wanted and wanted[ad.id] < ad.most_today]
    others = [ad for ad in ads if ad not in lowered]
    # An ad without a limit may spend all it has: any limit lowers it.
    for ad in [*lowered, *others]:
        edit: JsonObject = dict(fields.get(ad.id, {}))
        if wanted.get(ad.id, ad.limit) != ad.limit:
            edit["daily_budget_limit"] = number(wanted[ad.id])
        if edit:
            await wire.write("editAd", {"ad_id": int(ad.id), **edit})


def missing(ad: Ad, limit: int, end: datetime, now: datetime) -> int:
    """Micros an ad lacks to spend its limit every day (UTC) from now to its end."""
    days = ((end.astimezone(UTC) - _A_MICRO).date() - now.astimezone(UTC).date()).days + 1
    return max(0, limit * max(days, 0) - ad.spent_today - ad.remaining)


async def fund(
    wire: Wire,
    ads: Sequence[Ad],
    limits: Mapping[str, int],
    end: datetime,
    now: datetime,
    account: AdAccount,
) -> None:
    """Move the money that ads lack for their lease, as far as the account has any.

    Raises:
        Refused: an ad has no money left and neither has the account.
    """
    for ad in ads:
        need = missing(ad, limits[ad.id], end, now)
        need -= need % step(account)
        if need <= 0:
            continue
        try:
            await _move(wire, ad, need)
        except Refused as error:
            if error.code != NOT_ENOUGH:
                raise
            left = micros((await wire.account()).get("remaining_budget"))
            left = min(need, left - left % step(account))
            if left > 0:
                await _move(wire, ad, left)
            elif ad.remaining <= 0:
                raise


async def _move(wire: Wire, ad: Ad, amount: int) -> None:
    """Raise what was ever moved into an ad to a total: asked twice, it is done once."""
    total = ad.spent + ad.remaining + amount
    key = f"{ad.label.ad if ad.label else 'ad'}.{ad.id}.{total}"
    body = {"ad_id": int(ad.id), "amount": number(amount)}
    try:
        await wire.write("increaseAdBudget", body, key=key)
    except Ambiguous as error:
        if error.code != MISMATCH:
            raise
        # An earlier request for the same total, seen from another balance, came first.
        rows = await wire.ads_by_id([ad.id])
        shown = read_ad(rows[0]) if rows else None
        if shown is None or shown.spent + shown.remaining < total:
            raise


def room_for_one(
    ads: Sequence[Ad], ordered: int, now: datetime, account: AdAccount
) -> dict[str, int]:
    """Limits once a new ad has joined (its own under the key ``""``), paused.

    Beside running ads it gets one step, taken from the largest; so nothing that delivers gets
    more. A group that is off shares the ordered budget anew.
    """
    ids = [ad.id for ad in ads]
    if not any(ad.on(now) for ad in ads):
        rest = asleep(ads, now, account)
        return shares(ordered, [*(one for one in ids if one not in rest), ""], rest, account)
    unit = step(account)
    limits = {ad.id: ad.most_today for ad in ads} | {"": unit}
    largest = max(ads, key=lambda ad: ad.most_today)
    # An attempt whose answer was lost has made that room already.
    if sum(ad.most_today for ad in ads) != ordered - unit and limits[largest.id] > unit:
        limits[largest.id] -= unit
    return limits
