"""Apple's spelling of an instant: UTC to the millisecond, without saying so."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """An aware instant as Apple takes it, cut to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000")


def instant(text: object) -> datetime | None:
    """An instant as Apple shows it; it may end in a Z."""
    if not text:
        return None
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
