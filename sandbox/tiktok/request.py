"""What a call to the TikTok API carries, how its values are read, and TikTok's errors.

Almost everything is answered with HTTP 200; ``code`` says whether it worked.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from sandbox.tiktok.store import JsonObject, Store

INVALID = 40002
NO_PERMISSION = 40001
NAME_TAKEN = 40911
_TIME = "%Y-%m-%d %H:%M:%S"
_MOST = 1000
_FEW = 10


class TikTokError(Exception):
    """A failure in TikTok's envelope."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(field: str, value: object, why: str) -> TikTokError:
    """40002 for a value."""
    return TikTokError(INVALID, f"{field}: {value!r} is invalid; {why}.")


def missing(*names: str) -> TikTokError:
    """40002 for fields that are not there."""
    return TikTokError(INVALID, f"Missing required field(s): {', '.join(names)}.")


class Values:
    """A body or a query, TikTok's types read strictly."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    def need(self, *names: str) -> None:
        """Every one of these is there and not empty."""
        lacking = [name for name in names if self.raw.get(name) in (None, "", [])]
        if lacking:
            raise missing(*lacking)

    def text(self, name: str, default: str = "") -> str:
        value = self.raw.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise invalid(name, value, "it must be a string")
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str = "") -> str:
        value = self.text(name, default)
        if value and value not in allowed:
            raise invalid(name, value, f"it must be one of {', '.join(allowed)}")
        return value

    def words(self, name: str) -> list[str]:
        """A list of strings."""
        value = self.raw.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid(name, value, "it must be a list of strings")
        found = cast(list[Any], value)
        if any(not isinstance(one, str) for one in found):
            raise invalid(name, found, "it must be a list of strings")
        return cast(list[str], found)

    def choices(self, name: str, allowed: Sequence[str]) -> list[str]:
        found = self.words(name)
        for one in found:
            if one not in allowed:
                raise invalid(name, one, f"it must be one of {', '.join(allowed)}")
        return found

    def ids(self, name: str, most: int) -> list[str]:
        """A list of ids, each a number as text."""
        found = self.words(name)
        if len(found) > most:
            raise TikTokError(40011, f"{name}: too many ids, at most {most}.")
        for one in found:
            if not one.isdecimal():
                raise invalid(name, one, "an id is a number as text")
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.raw.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid(name, value, "it must be a boolean")
        return value

    def amount(self, name: str) -> float | None:
        """Whole currency units, as a JSON number."""
        value = self.raw.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(name, value, "it must be a number")
        if value <= 0 or round(value * 100) != round(value * 100, 6):
            raise invalid(name, value, "it must be positive, with at most two decimals")
        return float(value)

    def moment(self, name: str) -> datetime | None:
        """A time in UTC without a zone."""
        value = self.text(name)
        if not value:
            return None
        try:
            return datetime.strptime(value, _TIME).replace(tzinfo=UTC)
        except ValueError:
            raise invalid(name, value, "the format is YYYY-MM-DD HH:MM:SS (UTC)") from None

    def named(self, name: str, limit: int) -> str:
        """A text without emoji, in which wide characters count twice."""
        value = self.text(name)
        width = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in value)
        if width > limit:
            raise invalid(name, value, f"it must not exceed {limit} characters")
        if any(ord(char) >= 0x1F000 or 0x2600 <= ord(char) <= 0x27BF for char in value):
            raise invalid(name, value, "emojis are not supported")
        return value

    def part(self, name: str) -> "Values":
        """An object within."""
        value = self.raw.get(name)
        if value is None:
            return Values({})
        if not isinstance(value, dict):
            raise invalid(name, value, "it must be an object")
        return Values(cast(JsonObject, value))


@dataclass(slots=True)
class Call:
    """One admitted call."""

    store: Store
    now: datetime
    values: Values
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    @property
    def advertiser_id(self) -> str:
        return self.values.text("advertiser_id")

    def page(self, rows: list[JsonObject], *, usual: int = _FEW, most: int = _MOST) -> JsonObject:
        """One page of a list."""
        number, size = self._number("page", 1), self._number("page_size", usual)
        if number < 1:
            raise invalid("page", number, "it must be 1 or more")
        if not 1 <= size <= most:
            raise invalid("page_size", size, f"it must be 1 to {most}")
        shown = rows[(number - 1) * size : number * size]
        return {
            "list": shown,
            "page_info": {
                "page": number,
                "page_size": size,
                "total_number": len(rows),
                "total_page": max(1, -(-len(rows) // size)),
            },
        }

    def _number(self, name: str, default: int) -> int:
        value = self.values.raw.get(name, default)
        if isinstance(value, bool) or not str(value).isdecimal():
            raise invalid(name, value, "it must be a number")
        return int(value)


def stamp(moment: datetime) -> str:
    """TikTok's spelling of a time: UTC, no zone."""
    return moment.astimezone(UTC).strftime(_TIME)


def read_stamp(text: str) -> datetime:
    """A stored time as an aware instant."""
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def public(row: JsonObject) -> JsonObject:
    """A stored object without the sandbox's own notes: ``id``, and names with an underscore."""
    return {name: value for name, value in row.items() if name != "id" and not name.startswith("_")}
