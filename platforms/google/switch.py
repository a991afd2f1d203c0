"""Batched activation and pausing: each operation for itself, up to 10,000 in one call."""

from collections.abc import Callable, Sequence
from typing import cast

from models.contract.network import ObjectKind, SwitchResult
from platforms.google.errors import JsonObject
from platforms.google.names import ad_parts, digits
from platforms.google.query import among, select
from platforms.google.views import AD_FIELDS, ad_id, is_gone
from platforms.google.wire import MOST_OPERATIONS, Wire
from platforms.naming import key_of
from platforms.switching import Outcome, in_groups, told

_UNKNOWN = "Google knows no such {kind}, or it was removed"


async def switch_campaigns(wire: Wire, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
    """Set the status of campaigns; one result per id, in order."""
    targets = {one: wire.resource("campaigns", one) for one in ids if digits(one)}
    return await _switched(wire, ids, targets, lambda _: "campaigns", ObjectKind.CAMPAIGN, on=on)


async def switch_ads(wire: Wire, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
    """Set the status of ads. Ours are switched by the Google ad group that holds nothing else;
    an ad of other makers, whose ad group may hold more, by its own."""
    rows = {ad_id(row): row for row in await ad_rows(wire, ids) if not is_gone(row)}
    targets: dict[str, str] = {}
    for one, row in rows.items():
        ours = is_ours(row)
        part = cast(JsonObject, row["adGroup" if ours else "adGroupAd"])
        targets[one] = str(part["resourceName"])
    return await _switched(
        wire,
        ids,
        targets,
        lambda one: "adGroups" if is_ours(rows[one]) else "adGroupAds",
        ObjectKind.AD,
        on=on,
    )


def is_ours(row: JsonObject) -> bool:
    """Whether the Google ad group of an ad was made for it, by its name."""
    return bool(key_of(str(cast(JsonObject, row["adGroup"]).get("name") or "")))


async def ad_rows(wire: Wire, ids: Sequence[str]) -> list[JsonObject]:
    """Ads by their composite ids, removed ones too."""
    wanted = list(dict.fromkeys(one for one in ids if ad_parts(one)[1]))
    found: list[JsonObject] = []
    for start in range(0, len(wanted), MOST_OPERATIONS):
        some = wanted[start : start + MOST_OPERATIONS]
        listed = among("ad_group_ad.ad.id", (ad_parts(one)[1] for one in some))
        query = select(AD_FIELDS, "ad_group_ad", listed)
        # An ad may hang in several ad groups, so the id alone does not decide.
        found += [row for row in await wire.search(query) if ad_id(row) in set(some)]
    return found


async def _switched(
    wire: Wire,
    ids: Sequence[str],
    targets: dict[str, str],
    collection_of: Callable[[str], str],
    kind: ObjectKind,
    *,
    on: bool,
) -> list[SwitchResult]:
    """One call per 10,000 objects of a kind."""
    by_collection: dict[str, list[str]] = {}
    for one in targets:
        by_collection.setdefault(collection_of(one), []).append(one)
    outcomes: dict[str, Outcome] = {}
    for collection, members in by_collection.items():

        async def mutate(some: list[str], collection: str = collection) -> dict[str, Outcome]:
            operations = [_set(targets[one], on) for one in some]
            return dict(zip(some, await wire.mutate_each(collection, operations), strict=True))

        outcomes |= await in_groups(members, MOST_OPERATIONS, mutate)
    return told(ids, outcomes, unknown=_UNKNOWN.format(kind=kind.value), own=())


def _set(resource: str, on: bool) -> JsonObject:
    update = {"resourceName": resource, "status": "ENABLED" if on else "PAUSED"}
    return {"update": update, "updateMask": "status"}
