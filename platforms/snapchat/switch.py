"""Activation and pausing on Snapchat.

In bulk there is only the PUT of whole entities, 30 to a request, which would also write back
every other field. So a handful is switched one by one, by a patch of the status alone; and many
are written back from copies that are fresh. In a stop even an old copy is used: then only the
writes are needed, and what somebody changed since the copy was read may be undone by it.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from models.contract.network import ObjectKind, SwitchResult
from platforms.errors import AccessDenied, NetworkError, RateLimited, Refused
from platforms.quota import is_urgent
from platforms.snapchat.errors import Item, JsonObject, refused
from platforms.snapchat.wire import ENTITIES, Wire
from platforms.switching import Outcome, in_groups, told

BATCH = 30
ONE_BY_ONE = 5
"""Up to so many are patched: half a second at ten calls a second."""
FRESH = timedelta(seconds=60)
"""A copy that old may be written back without reading again (real time)."""
_COMPUTED = frozenset({"created_at", "updated_at", "delivery_status", "deleted"})
"""Fields that Snapchat computes and does not take back."""
_LAST = (RateLimited, AccessDenied)
"""After these more calls would only prolong the block or be denied again."""
_KEPT = 20_000
"""Copies of one account, the longest unseen forgotten first: more than a stop can write back."""

Read = Callable[[ObjectKind, Sequence[str]], Awaitable[list[JsonObject]]]
"""Reads entities by id and keeps their copies; those Snapchat does not know are left out."""


class Copies:
    """Whole entities as last seen, so that a stop needs only the writes."""

    def __init__(self, real_now: Callable[[], datetime]) -> None:
        self._now = real_now
        self._held: dict[str, tuple[datetime, JsonObject]] = {}

    def keep(self, rows: Sequence[JsonObject]) -> None:
        """Take over what was just read or answered; of two, the one changed last."""
        for row in rows:
            object_id = str(row["id"])
            held = self._held.pop(object_id, None)
            if held is not None and _changed(held[1]) > _changed(row):
                row = held[1]
            self._held[object_id] = (self._now(), row)
        while len(self._held) > _KEPT:
            del self._held[next(iter(self._held))]

    def get(self, object_id: str) -> JsonObject | None:
        """The copy of an object, however old."""
        held = self._held.get(object_id)
        return None if held is None else held[1]

    def is_fresh(self, object_id: str) -> bool:
        """Whether there is a copy that may be written back."""
        held = self._held.get(object_id)
        return held is not None and timedelta(0) <= self._now() - held[0] < FRESH


def _changed(row: JsonObject) -> str:
    return str(row.get("updated_at") or "")


class Switch:
    """The switches of one account's objects."""

    def __init__(self, wire: Wire, copies: Copies, read: Read) -> None:
        self._wire = wire
        self._copies = copies
        self._read = read

    async def set(self, kind: ObjectKind, ids: Sequence[str], *, on: bool) -> list[SwitchResult]:
        """One result per id, in order.

        Raises:
            NetworkError: nothing was accepted, and not for reasons of the objects.
        """
        unique = list(dict.fromkeys(ids))
        single = on or len(unique) <= ONE_BY_ONE
        if single:
            found = await self._one_by_one(kind, unique, on)
        else:
            found = await self._together(kind, unique)
        return told(ids, found)

    async def _one_by_one(
        self, kind: ObjectKind, ids: Sequence[str], on: bool
    ) -> dict[str, Outcome]:
        ops = [{"op": "replace", "path": "/status", "value": _status(on)}]

        async def patch(one: list[str]) -> dict[str, Outcome]:
            self._copies.keep([await self._wire.patch(ENTITIES[kind], one[0], ops)])
            return dict.fromkeys(one)

        return await in_groups(ids, 1, patch, last=_LAST)

    async def _together(self, kind: ObjectKind, ids: Sequence[str]) -> dict[str, Outcome]:
        """Pause many. Campaigns go by the account, ad squads by their campaign, ads by their ad
        squad: so says the path they are written back on."""
        urgent = is_urgent()
        stale = [
            one
            for one in ids
            if not self._copies.is_fresh(one) and not (urgent and self._copies.get(one))
        ]
        if stale:
            await self._read(kind, stale)
        found: dict[str, Outcome] = {}
        below: defaultdict[str, list[JsonObject]] = defaultdict(list)
        for one in ids:
            row = self._copies.get(one)
            if row is None or row.get("deleted"):
                found[one] = refused(f"Snapchat knows no {kind.value} {one}")
            else:
                below[self._path(kind, row)].append({**_writable(row), "status": _status(False)})
        stop: NetworkError | None = None
        for path, rows in below.items():
            for start in range(0, len(rows), BATCH):
                some = rows[start : start + BATCH]
                if stop is not None:
                    found |= {str(row["id"]): stop for row in some}
                    continue
                answered = await self._put(kind, path, some)
                found |= answered
                stop = next((e for e in answered.values() if isinstance(e, _LAST)), None)
        return found

    async def _put(
        self, kind: ObjectKind, path: str, rows: Sequence[JsonObject]
    ) -> dict[str, Outcome]:
        ids = [str(row["id"]) for row in rows]
        try:
            answered = await self._wire.put(path, ENTITIES[kind], rows)
        except Refused:
            # One entity that cannot be written back must not keep the others on.
            return await self._one_by_one(kind, ids, False)
        except NetworkError as error:
            return dict.fromkeys(ids, error)
        self._copies.keep([item.entity for item in answered if item.entity is not None])
        found: dict[str, Outcome] = {
            one: _failure(item) for one, item in zip(ids, answered, strict=True)
        }
        again = [one for one, error in found.items() if error is not None]
        # A copy may be out of date in a field that is checked; the status alone may still go.
        return {**found, **await self._one_by_one(kind, again, False)} if again else found

    def _path(self, kind: ObjectKind, row: JsonObject) -> str:
        if kind is ObjectKind.AD_GROUP:
            return f"campaigns/{row['campaign_id']}/adsquads"
        if kind is ObjectKind.AD:
            return f"adsquads/{row['ad_squad_id']}/ads"
        return self._wire.account("campaigns")


def _writable(row: JsonObject) -> JsonObject:
    return {name: value for name, value in row.items() if name not in _COMPUTED}


def _failure(item: Item) -> NetworkError | None:
    return None if item.entity is not None else refused(item.reason, code=item.code)


def _status(on: bool) -> str:
    return "ACTIVE" if on else "PAUSED"
