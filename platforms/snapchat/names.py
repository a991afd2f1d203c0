"""Names that carry the idempotency key, and Snapchat's spelling of times."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.contract.vocabulary import Platform
from platforms import naming
from platforms.snapchat.errors import JsonObject

NAME_LIMIT = 375
_LET_GO = "removed "


def keyed(key: str, name: str) -> str:
    """``key name`` (``platforms.naming``), as long as Snapchat takes it."""
    return naming.keyed(Platform.SNAPCHAT, key, name, NAME_LIMIT)


def let_go(name: str) -> str:
    """The name of a creative that is given up: Snapchat deletes none, so it only stops carrying
    its key."""
    return (_LET_GO + name)[:NAME_LIMIT]


def is_let_go(name: str) -> bool:
    """Whether a creative was given up."""
    return name.startswith(_LET_GO)


def oldest_first(rows: list[JsonObject]) -> list[JsonObject]:
    """Sorted by age: ids are UUIDs and have no order of their own."""
    return sorted(rows, key=lambda row: (str(row.get("created_at") or ""), str(row["id"])))


def iso(moment: datetime) -> str:
    """An aware instant as Snapchat writes it: ISO 8601 in UTC with milliseconds, here whole
    seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def instant(text: object) -> datetime | None:
    """Read a Snapchat time."""
    return datetime.fromisoformat(str(text)) if text else None


def midnight(day: date, zone: ZoneInfo) -> str:
    """The beginning of an account day with its offset, as reports by day demand."""
    return datetime.combine(day, time(), zone).isoformat(timespec="milliseconds")


def days(first: date, last: date, most: int) -> list[tuple[date, date]]:
    """Stretches of at most so many days."""
    found: list[tuple[date, date]] = []
    while first <= last:
        end = min(last, first + timedelta(days=most - 1))
        found.append((first, end))
        first = end + timedelta(days=1)
    return found
