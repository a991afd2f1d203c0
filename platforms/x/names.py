"""Names that carry the idempotency key, and X's spelling of ids and times."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.contract.vocabulary import Platform
from platforms import naming
from platforms.naming import key_of

NAME_LIMIT = 255
POST_NAME_LIMIT = 80
AD_KEY_ROOM = 12
"""Characters of a post's name kept free for the key of the ad that will promote it."""


def keyed(key: str, name: str, limit: int = NAME_LIMIT) -> str:
    """``key name``, once X takes it. See ``platforms.naming.keyed``."""
    return naming.keyed(Platform.X, key, name, limit)


def post_label(key: str, name: str) -> str:
    """``key name`` for a post, which takes 80 characters: of a longer name the last whole words
    stay (they tell variants apart). It is a label for people only; nothing is read from it but
    the keys in front.

    Raises:
        Refused: the key holds a space.
    """
    words = name.split()
    limit = POST_NAME_LIMIT - AD_KEY_ROOM
    while words and len(" ".join([key, *words])) > limit:
        words = words[1:]
    return keyed(key, " ".join(words), limit)


def ad_key_of(post_name: str) -> str:
    """The key of an ad: the second word of its post's name, or the post's own key."""
    words = post_name.split()
    return (key_of(words[1]) if len(words) > 1 else "") or key_of(post_name)


def id_order(object_id: str) -> tuple[int, str]:
    """Sorts ids as X counts them: base 36 (posts: base 10), so a shorter one is lower."""
    return len(object_id), object_id


def iso(moment: datetime) -> str:
    """An aware instant as X writes it: ISO 8601 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole_minute(moment: datetime) -> datetime:
    """The minute an instant lies in. Ends are rounded down: earlier is the safe side."""
    return moment.replace(second=0, microsecond=0)


def day_window(first: date, last: date, zone: ZoneInfo) -> dict[str, str]:
    """``start_time`` and ``end_time`` from the first day's midnight to the midnight after the
    last, in the account's zone."""
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return {"start_time": iso(begin), "end_time": iso(end)}


def instant(text: str | None) -> datetime | None:
    """Read an X time."""
    return datetime.fromisoformat(text) if text else None
