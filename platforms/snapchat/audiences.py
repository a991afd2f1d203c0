"""Custom audiences: customer lists by hashed e-mail, and lookalikes of them."""

import re
from collections.abc import Sequence

from platforms.naming import front
from platforms.snapchat.errors import JsonObject, items, refused
from platforms.snapchat.names import keyed, oldest_first
from platforms.snapchat.wire import PAGE, Wire

PEOPLE_PER_CALL = 10_000
"""Older documentation says up to 100,000 identifiers (unsure); less is taken for sure."""
_RETENTION_DAYS = 180
_HASH = re.compile(r"[0-9a-f]{64}")
_TYPES = ((3, "SIMILARITY"), (7, "BALANCE"), (20, "REACH"))
"""Up to which percent of a country a lookalike is which of Snapchat's three kinds. Snapchat takes
no percentage; the borders are ours."""


class Audiences:
    """The segments of one ad account."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def create(self, name: str, key: str) -> str:
        """A customer list; the one already made under ``key`` where there is one. Its id."""
        body: JsonObject = {"source_type": "FIRST_PARTY", "retention_in_days": _RETENTION_DAYS}
        return await self._segment(name, key, body)

    async def add(self, audience_id: str, hashed: Sequence[str]) -> None:
        """Add people by the SHA-256 of their normalised e-mail addresses. Adding somebody again
        changes nothing.

        Raises:
            Refused: one of them is no hash; nothing was sent.
        """
        wrong = sum(1 for one in hashed if not _HASH.fullmatch(one))
        if wrong:
            raise refused(
                f"{wrong} of {len(hashed)} entries are no SHA-256 in 64 hexadecimal digits, lower "
                "case; hash the addresses first",
                field="hashed",
            )
        for start in range(0, len(hashed), PEOPLE_PER_CALL):
            some = hashed[start : start + PEOPLE_PER_CALL]
            users = {"schema": ["EMAIL_SHA256"], "data": [[one] for one in some]}
            await self._wire.post_users(f"segments/{audience_id}/users", {"users": [users]})

    async def lookalike(self, source_id: str, country: str, percent: int, key: str) -> str:
        """People like those of a customer list; its id.

        Raises:
            Refused: ``percent`` is not 1 to 20.
        """
        kind = next((word for most, word in _TYPES if 1 <= percent <= most), None)
        if kind is None:
            raise refused(
                f"a lookalike of {percent} % is not offered; use 1 to {_TYPES[-1][0]}",
                field="percent",
            )
        body: JsonObject = {
            "source_type": "LOOKALIKE",
            "retention_in_days": _RETENTION_DAYS,
            "creation_spec": {
                "seed_segment_id": source_id,
                "countries": [country.upper()],
                "type": kind,
            },
        }
        return await self._segment(f"like {source_id} {country.upper()} {percent} %", key, body)

    async def _segment(self, name: str, key: str, body: JsonObject) -> str:
        found = await self._by_key(key)
        if found is None:
            named = {"name": keyed(key, name), "ad_account_id": self._wire.account_id, **body}
            path = self._wire.account("segments")
            found = await self._wire.post(path, "segments", "segment", named)
        return str(found["id"])

    async def _by_key(self, key: str) -> JsonObject | None:
        rows = [
            item.taken()
            for answer in await self._wire.pages(self._wire.account("segments"), {"limit": PAGE})
            for item in items(answer, "segments", "segment")
        ]
        mine = [row for row in rows if front(str(row.get("name") or "")) == key]
        return oldest_first(mine)[0] if mine else None
