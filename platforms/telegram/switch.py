"""Pausing and resuming. Telegram has one switch an ad and no batch.

Pausing clears an ad's end, so resuming sets it: an ad that has an end runs until then, whatever
its switch says. Before anything is resumed the group's one budget is shared among the ads that
will run, and money is moved for no longer than the lease.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from models.contract.account import AdAccount
from models.contract.network import ObjectKind, SwitchResult
from platforms.errors import NetworkError
from platforms.telegram.budgets import fund, set_limits, shares
from platforms.telegram.errors import refused
from platforms.telegram.objects import Ad, group_end, of_kind, read_ad, read_ads
from platforms.telegram.wire import JsonObject, Wire

_AT_ONCE = 4
"""Calls side by side; Telegram publishes no limit, and a stop must not take a minute."""
_SOON = timedelta(minutes=1)
Failures = dict[str, NetworkError | None]


async def switch(
    wire: Wire,
    kind: ObjectKind,
    ids: Sequence[str],
    account: AdAccount,
    now: datetime,
    *,
    on: bool,
) -> list[SwitchResult]:
    """Pause or resume; one result per id, in order.

    A campaign or ad group is paused with all its ads. It is on when one of them is: resuming it
    resumes none, so that no ad that rests comes back with the others. When nothing at all went
    through, the first error is raised.
    """
    unique = list(dict.fromkeys(ids))
    if kind is ObjectKind.AD:
        failures = await (_resume(wire, unique, account, now) if on else _pause(wire, unique))
    else:
        held = of_kind(kind, read_ads(await wire.ads()))
        failures = _mirror(held, unique, now) if on else await _pause_held(wire, held, unique, now)
    errors = [failures[one] for one in unique]
    sent = [one for one in errors if one is not None and one.code != _OURS]
    if errors and len(sent) == len(errors):
        raise sent[0]
    return [_result(one, failures[one]) for one in ids]


async def pause_ad(wire: Wire, ad_id: str) -> None:
    """Pause one ad.

    Raises:
        Refused: Telegram shows it running all the same.
    """
    answer = await wire.write("editAd", {"ad_id": int(ad_id), "is_paused": True})
    if not read_ad(cast(JsonObject, answer.result)).paused:
        raise refused(f"ad {ad_id} still reads as running after it was paused")


async def _pause(wire: Wire, ids: Sequence[str]) -> Failures:
    failures: Failures = {one: _unknown("ad", one) for one in ids if not _is_id(one)}
    known = [one for one in ids if one not in failures]
    return failures | await _each({one: pause_ad(wire, one) for one in known})


async def _pause_held(
    wire: Wire, held: Mapping[str, list[Ad]], ids: Sequence[str], now: datetime
) -> Failures:
    failures: Failures = {}
    running: dict[str, str] = {}
    for one in ids:
        failures[one] = None if one in held else _unknown("object", one)
        running |= {ad.id: one for ad in held.get(one, []) if ad.on(now)}
    done = await _each({ad_id: pause_ad(wire, ad_id) for ad_id in running})
    for ad_id, error in done.items():
        failures[running[ad_id]] = failures[running[ad_id]] or error
    return failures


def _mirror(held: Mapping[str, list[Ad]], ids: Sequence[str], now: datetime) -> Failures:
    failures: Failures = {}
    for one in ids:
        ads = held.get(one, [])
        off = refused(f"{one} has no ad that is on; switch its ads on", code=_OURS)
        on = any(ad.on(now) for ad in ads)
        failures[one] = None if on else off if ads else _unknown("object", one)
    return failures


async def _resume(wire: Wire, ids: Sequence[str], account: AdAccount, now: datetime) -> Failures:
    ads = read_ads(await wire.ads())
    there = {ad.id for ad in ads}
    failures: Failures = {one: None if one in there else _unknown("ad", one) for one in ids}
    for group in of_kind(ObjectKind.AD_GROUP, ads).values():
        mine = [ad for ad in group if ad.id in failures]
        if not mine:
            continue
        try:
            await _make_ready(wire, group, mine, account, now)
        except NetworkError as error:
            failures |= dict.fromkeys((ad.id for ad in mine), error)
            continue
        end = group_end(group, now)
        for ad in mine:
            try:
                await _run(wire, ad, end, now)
            except NetworkError as error:
                failures[ad.id] = error
    return failures


async def _make_ready(
    wire: Wire, group: Sequence[Ad], mine: Sequence[Ad], account: AdAccount, now: datetime
) -> None:
    """Share the budget and move the money before anything runs.

    Raises:
        Refused: the lease is over; nothing was changed.
    """
    end = group_end(group, now)
    if end is None:
        if any(ad.label for ad in group):
            raise refused("an ad of the group runs without an end; set the end first", code=_OURS)
        return  # somebody else's ad: its money and limits are theirs
    if end <= now + _SOON:
        raise refused(
            f"the lease ended at {end:%Y-%m-%d %H:%M} UTC; move the end first", code=_OURS
        )
    awake = [ad for ad in group if ad.on(now) or ad in mine]
    resting = [ad.id for ad in group if ad not in awake]
    total = sum(ad.most_today for ad in group)
    limits = shares(total, [ad.id for ad in awake], resting, account)
    await set_limits(wire, group, limits)
    await fund(wire, awake, limits, end, now, account)


async def _run(wire: Wire, ad: Ad, end: datetime | None, now: datetime) -> None:
    """Let an ad run until ``end``, and be sure that it has that end."""
    if ad.status == "ready_for_review":
        (shown,) = read_ads(await wire.ads_by_id([ad.id])) or (ad,)
        if shown.status == "ready_for_review":
            await wire.write("submitAdForReview", {"ad_id": int(ad.id)})
    until: JsonObject = {"deactivate_date": int(end.timestamp())} if end is not None else {}
    shown = await _edit(wire, ad.id, {"is_paused": False, **until})
    if not shown.on(now) or shown.paused:
        shown = await _edit(wire, ad.id, {"is_paused": False})
    if end is not None and shown.deactivate != end:
        try:
            shown = await _edit(wire, ad.id, until)
        except NetworkError:
            await pause_ad(wire, ad.id)
            raise
    if not shown.on(now):
        raise refused(f"ad {ad.id} still reads as paused after it was resumed")


async def _edit(wire: Wire, ad_id: str, fields: JsonObject) -> Ad:
    answer = await wire.write("editAd", {"ad_id": int(ad_id), **fields})
    return read_ad(cast(JsonObject, answer.result))


async def _each(calls: Mapping[str, Coroutine[Any, Any, None]]) -> Failures:
    """Run calls a few at a time; the error of each that failed."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(call: Coroutine[Any, Any, None]) -> NetworkError | None:
        async with turn:
            try:
                await call
            except NetworkError as error:
                return error
            return None

    results = await asyncio.gather(*(one(call) for call in calls.values()))
    return dict(zip(calls, results, strict=True))


_OURS = "NOT_SWITCHED"
"""Code of a refusal that Telegram had no part in: it is one id's own, never the account's."""


def _unknown(what: str, object_id: str) -> NetworkError:
    return refused(f"Telegram knows no such {what} {object_id}, or it was removed", code=_OURS)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _result(object_id: str, error: NetworkError | None) -> SwitchResult:
    return SwitchResult(id=object_id, accepted=error is None, error=str(error) if error else None)
