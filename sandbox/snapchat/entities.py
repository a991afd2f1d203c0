"""Entities over HTTP: create, list, read, write back whole, patch, delete."""

from collections.abc import Callable
from typing import cast

from sandbox.snapchat.checks import KINDS, PARENTS, Kind, account_of, fixed, living
from sandbox.snapchat.delivery import Forest
from sandbox.snapchat.patches import patched
from sandbox.snapchat.request import (
    IMMUTABLE,
    Call,
    ItemError,
    SnapError,
    entities,
    envelope,
    failure,
    gone,
    page,
    success,
)
from sandbox.snapchat.store import NETWORK, JsonObject, stamp

_IDS_PER_READ = 30
_COMPUTED = ("created_at", "updated_at", "deleted", "delivery_status")


def create(call: Call) -> JsonObject:
    """POST of a collection: each item by itself."""
    kind = _kind(call)
    parent = _parent(call, kind)

    def one(body: JsonObject) -> JsonObject:
        row = {name: value for name, value in body.items() if name not in ("id", *_COMPUTED)}
        if row.setdefault(kind.parent, parent) != parent:
            raise ItemError(IMMUTABLE, f"{kind.parent} is not that of the path", kind.parent)
        row |= _defaults(call, kind, row)
        kind.check(call.store, row, call.now)
        row |= {"id": call.store.new_id(), "deleted": False}
        row |= {"created_at": stamp(call.now), "updated_at": stamp(call.now)}
        call.store.put(kind.singular, row)
        return row

    return _each(call, kind, one)


def replace(call: Call) -> JsonObject:
    """PUT of a collection with whole entities: what is left out is reset."""
    kind = _kind(call)
    parent = _parent(call, kind)

    def one(body: JsonObject) -> JsonObject:
        object_id = str(body.get("id") or "")
        before = call.store.get(kind.singular, object_id)
        if before is None or before["deleted"] or before[kind.parent] != parent:
            raise ItemError("E3003", f"{kind.singular} {object_id} could not be found", "id")
        kept = {name: before[name] for name in before if name in _COMPUTED or name[:1] == "_"}
        stated = {name: value for name, value in body.items() if name not in _COMPUTED}
        row = {**kept, **stated, "id": object_id}
        row.setdefault(kind.parent, parent)
        _store(call, kind, before, row)
        return row

    return _each(call, kind, one)


def patch(call: Call) -> JsonObject:
    """PATCH of one entity."""
    kind = _kind(call)
    before = living(call.store, kind.singular, call.path["id"])
    try:
        row = patched(before, call.body)
        _store(call, kind, before, row)
        entry = success(kind.singular, _shown(call, kind, [row])[0])
    except ItemError as error:
        raise SnapError(400, error.code, error.reason) from None
    return envelope(call, kind.plural, [entry])


def delete(call: Call) -> JsonObject:
    """DELETE of one entity, for good; what is below stays as it is."""
    kind = _kind(call)
    if kind.plural == "creatives":
        raise SnapError(405, "E1000", "creatives cannot be deleted")
    row = living(call.store, kind.singular, call.path["id"])
    call.store.put(kind.singular, {**row, "deleted": True, "updated_at": stamp(call.now)})
    return envelope(call, kind.plural, [])


def read(call: Call) -> JsonObject:
    """GET of one entity. A deleted one says so (unsure)."""
    kind = _kind(call)
    row = call.store.get(kind.singular, call.path["id"])
    if row is None:
        raise gone(kind.singular, call.path["id"])
    entries = [success(kind.singular, one) for one in _shown(call, kind, [row])]
    return envelope(call, kind.plural, entries)


def listed(call: Call) -> JsonObject:
    """GET of a collection: of the account, or below a parent; deleted ones are left out."""
    kind = _kind(call)
    above = call.path.get("above")
    if above is None:
        call.account()
        rows = [
            row
            for row in call.store.every(kind.singular)
            if (account_of(call.store, kind.singular, row) or {}).get("id") == call.account_id
        ]
    else:
        parent = _parent(call, kind)
        rows = [row for row in call.store.every(kind.singular) if row[kind.parent] == parent]
    rows = [row for row in rows if not row["deleted"]]
    shown, paging = page(call, rows)
    entries = [success(kind.singular, row) for row in _shown(call, kind, list(shown))]
    return envelope(call, kind.plural, entries, paging=paging)


def campaigns_by_ids(call: Call) -> JsonObject:
    """POST that reads: campaigns by id; unknown ones are left out."""
    call.account()
    kind = KINDS["campaigns"]
    ids = [str(one.get("id")) for one in entities(call, "entity_ids", _IDS_PER_READ)]
    found = [call.store.get("campaign", one) for one in ids]
    rows = [row for row in found if row is not None and row["ad_account_id"] == call.account_id]
    entries = [success("campaign", row) for row in _shown(call, kind, rows)]
    return envelope(call, "campaigns", entries)


def _each(call: Call, kind: Kind, one: Callable[[JsonObject], JsonObject]) -> JsonObject:
    entries: list[JsonObject] = []
    for body in entities(call, kind.plural, kind.most):
        try:
            row = one(body)
            entries.append(success(kind.singular, _shown(call, kind, [row])[0]))
        except ItemError as error:
            entries.append(failure(error))
    return envelope(call, kind.plural, entries)


def _store(call: Call, kind: Kind, before: JsonObject, row: JsonObject) -> None:
    fixed(kind, before, row)
    kind.check(call.store, row, call.now)
    row["updated_at"] = stamp(call.now)
    call.store.put(kind.singular, row)


def _defaults(call: Call, kind: Kind, row: JsonObject) -> JsonObject:
    """What Snapchat fills in by itself."""
    if kind.plural == "campaigns":
        return {"buy_model": row.get("buy_model", "AUCTION")}
    if kind.plural == "creatives":
        return {"packaging_status": "SUCCESS", "review_status": "PENDING_REVIEW"}
    if kind.plural == "ads":
        rejected = call.store.world.fault(NETWORK, "disapproved_ad")
        return {
            "render_type": "STATIC",
            "_made_at": call.now.isoformat(),
            "_disapproved": rejected,
        }
    targeting = row.get("targeting")
    if isinstance(targeting, dict):
        # Expansion is on unless it was said to be off.
        on = {"enabled": True}
        options = {"interest_expansion_option": on, "custom_audience_expansion_option": on}
        stated = cast(JsonObject, targeting)
        targeting = {
            "regulated_content": False,
            "enable_targeting_expansion": True,
            "auto_expansion_options": options,
            **stated,
        }
    return {
        "start_time": row.get("start_time") or stamp(call.now),
        "pacing_type": row.get("pacing_type", "STANDARD"),
        "targeting": targeting,
        "targeting_reach_status": "VALID",
    }


def _shown(call: Call, kind: Kind, rows: list[JsonObject]) -> list[JsonObject]:
    if kind.plural == "creatives" or not rows:
        return rows
    forest = Forest(call.store, call.now)
    return [forest.shown(kind.singular, row) for row in rows]


def _kind(call: Call) -> Kind:
    return KINDS[call.path["plural"]]


def _parent(call: Call, kind: Kind) -> str:
    """The id of what the path hangs the collection below.

    Raises:
        SnapError: it does not exist, or such things do not hang below it.
    """
    above = call.path.get("above")
    if above is None:
        if kind.parent != "ad_account_id":
            raise SnapError(405, "E1000", f"{kind.plural} are made below their parent")
        return str(call.account()["id"])
    wanted = {"adsquads": "campaigns", "ads": "adsquads"}.get(kind.plural)
    if above != wanted:
        raise gone(kind.plural, above)
    return str(living(call.store, PARENTS[above], call.path["parent_id"])["id"])
