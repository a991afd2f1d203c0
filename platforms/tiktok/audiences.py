"""Custom audiences: hashed addresses uploaded as a file, and lookalikes of an audience."""

import hashlib
import re
from collections.abc import Sequence

from models.contract.vocabulary import Platform
from platforms.naming import front, keyed
from platforms.tiktok.errors import JsonObject, refused
from platforms.tiktok.targeting import Catalogues
from platforms.tiktok.text import checked
from platforms.tiktok.wire import Wire

_NAME_LIMIT = 128
_HASH = re.compile(r"[0-9a-f]{64}")
_CALCULATE = "EMAIL_SHA256"
_PER_PAGE = 100
_SIZES = ((1, 3, "NARROW"), (4, 6, "BALANCED"), (7, 10, "BROAD"))
"""TikTok sizes a lookalike in three steps and not in percent; this is our reading of them."""


class Audiences:
    """Custom audiences of one account.

    TikTok has no audience without people: it is made from its first file. Until then, and just as
    well afterwards, our id for one is its whole name, whose key in front finds it.
    """

    def __init__(self, wire: Wire, catalogues: Catalogues) -> None:
        self._wire = wire
        self._catalogues = catalogues

    @staticmethod
    def begun(name: str, key: str) -> str:
        """Our id of an audience that is yet to be made.

        Raises:
            Refused: the name is too long or holds an emoji, or the key holds a space.
        """
        return checked("name", keyed(Platform.TIKTOK, key, name, _NAME_LIMIT), _NAME_LIMIT)

    async def add(self, audience: str, hashed: Sequence[str]) -> None:
        """Add people to an audience, making it if these are the first; nobody counts twice.

        Raises:
            Refused: something that is no hash, or fewer people than TikTok takes.
            Ambiguous: the answer was lost; adding them again is safe.
        """
        path = await self._file(front(audience), hashed)
        known = await self._known(audience)
        if known is None:
            body: JsonObject = {
                "custom_audience_name": audience,
                "file_paths": [path],
                "calculate_type": _CALCULATE,
            }
            await self._wire.post("dmp/custom_audience/create", body)
            return
        body = {"custom_audience_id": known, "action": "APPEND", "file_paths": [path]}
        await self._wire.post("dmp/custom_audience/update", body)

    async def lookalike(self, source_id: str, country: str, percent: int) -> str:
        """People of a country who are like an audience's.

        Raises:
            Refused: TikTok has no such size or country.
        """
        size = next((word for low, high, word in _SIZES if low <= percent <= high), None)
        if size is None:
            raise refused(
                f"a lookalike of {percent} % is not offered; use 1 to 10", field="percent"
            )
        source = await self._known(source_id)
        if source is None:
            raise refused(f"audience {source_id!r} has no people yet; add some", field="source_id")
        name = f"Lookalike {size.lower()} {country.upper()} of {source}"
        rows = await self._audiences()
        if (made := next((row for row in rows if row.get("name") == name), None)) is not None:
            return str(made["audience_id"])
        body: JsonObject = {
            "custom_audience_name": name,
            "lookalike_spec": {
                "source_audience_id": source,
                "include_source": False,
                "mobile_os": "ALL",
                "placements": ["TikTok"],
                "location_ids": await self._catalogues.location_ids([country], "TRAFFIC"),
                "audience_size": size,
            },
        }
        data = await self._wire.post("dmp/custom_audience/lookalike/create", body)
        return str(data["custom_audience_id"])

    async def _known(self, audience: str) -> str | None:
        """TikTok's own id of an audience, if it was made."""
        if audience.isdecimal():
            return audience
        for row in await self._audiences():
            if front(str(row.get("name") or "")) == front(audience):
                return str(row["audience_id"])
        return None

    async def _audiences(self) -> list[JsonObject]:
        return await self._wire.rows("dmp/custom_audience/list", size=_PER_PAGE)

    async def _file(self, label: str, hashed: Sequence[str]) -> str:
        wrong = [one for one in hashed if not _HASH.fullmatch(one)]
        if wrong or not hashed:
            said = f"{len(wrong)} of {len(hashed)} entries are" if hashed else "there is"
            raise refused(
                f"{said} no SHA-256 in 64 small hexadecimal digits; hash the normalised addresses "
                "first, nothing else may be uploaded",
                field="hashed",
            )
        content = "\n".join(dict.fromkeys(hashed)).encode()
        fields = {
            "file_signature": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "calculate_type": _CALCULATE,
        }
        # A file that no audience was made from reaches nobody.
        data = await self._wire.upload(
            "dmp/custom_audience/file/upload",
            fields,
            ("file", f"{label}.csv", content, "text/csv"),
            changes=False,
        )
        return str(data["file_path"])
