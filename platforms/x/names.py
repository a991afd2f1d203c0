"""Names that carry the idempotency key, and X's spelling of ids and times."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from platforms.x.errors import refused

NAME_LIMIT = 255
POST_NAME_LIMIT = 80
AD_KEY_ROOM = 12
"""Characters of a post's name kept free for the key of the ad that will promote it."""

_KEY = re.compile(r"k[a-z2-7]{10}|k(?=[a-z]*[0-9])[a-z0-9]{4,20}")
_PENDING = "pending "


def keyed(key: str, name: str, limit: int = NAME_LIMIT) -> str:
    """``key name``: the key stands in front because X's name search may match prefixes only.

    Raises:
        Refused: the key holds a space, or both together are longer than X takes.
    """
    if not key or key.split() != [key]:
        raise refused(f"key {key!r} must be one word", field="key")
    full = f"{key} {name}".strip()
    if len(full) > limit:
        raise refused(
            f"name {full!r} has {len(full)} characters; X takes {limit}: shorten it", field="name"
        )
    return full


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


def pending(full_name: str) -> str:
    """The name of an object that is still being put together, so that no search for its key
    takes it for a whole one."""
    return _PENDING + full_name


def front(name: str) -> str:
    """The first word of a name: where the key is, if it has one."""
    return name.split(" ", 1)[0]


def key_of(name: str) -> str:
    """The key in front of a name, or empty when the first word does not look like one
    (``models.contract.effects.effect_key``; other keys begin with k and hold a digit)."""
    word = front(name)
    return word if _KEY.fullmatch(word) else ""


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
