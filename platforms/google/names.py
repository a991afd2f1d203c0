"""Names that carry keys, and Google's spelling of ids, resources and times.

A campaign is named ``key name``; once it has an ad group (whose settings Google keeps on the
campaign) ``key+group-key name``. A Google ad group holds one ad of ours and is named by the ad.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from platforms.google.errors import refused
from platforms.naming import front, key_of

NAME_LIMIT = 255
GROUP_KEY_ROOM = 22
"""Characters of a campaign's name kept free for the key of its ad group."""

_DAY_END = time(23, 59, 59)
_FORM = "%Y-%m-%d %H:%M:%S"


def keys_of(campaign_name: str) -> tuple[str, str]:
    """The campaign's key and its ad group's, empty where there is none."""
    campaign, _, group = front(campaign_name).partition("+")
    return key_of(campaign), key_of(group)


def with_group(campaign_name: str, group_key: str) -> str:
    """The campaign's name with its ad group's key beside its own.

    Raises:
        Refused: it has another ad group already, or none of our keys to stand beside.
    """
    word = front(campaign_name)
    own, there = keys_of(campaign_name)
    if not own:
        raise refused(
            f"campaign {campaign_name!r} was not made by Adflight; make a campaign for the ad "
            "group first",
            field="campaign_id",
        )
    if there not in ("", group_key):
        raise refused(
            f"campaign {campaign_name!r} has its ad group already; on Google budget, places and "
            "end belong to the campaign, so make another campaign for another ad group",
            field="campaign_id",
        )
    return f"{own}+{group_key}{campaign_name[len(word) :]}"


def digits(text: str) -> str:
    """An id, or empty when the text is none (ids are digits)."""
    return text if text.isascii() and text.isdigit() else ""


def ad_parts(ad_id: str) -> tuple[str, str]:
    """Ad group and ad of Google's composite id; both empty when it is none."""
    group, _, ad = ad_id.partition("~")
    return (group, ad) if digits(group) and digits(ad) else ("", "")


def id_order(object_id: str) -> tuple[int, ...]:
    """Sorts ids as numbers, composite ones by their parts."""
    return tuple(int(part) for part in object_id.split("~"))


def end_text(moment: datetime, zone: ZoneInfo) -> str:
    """``endDateTime``: the last second of the account day that an end falls in. Google ends
    Display and App campaigns only there; midnight is the end of the day before."""
    last = moment.astimezone(zone) - timedelta(microseconds=1)
    return datetime.combine(last.date(), _DAY_END).strftime(_FORM)


def start_text(moment: datetime, now: datetime, zone: ZoneInfo) -> str | None:
    """``startDateTime``: midnight of the account day; None for today and earlier, because
    Google starts at once by default and takes no day that is past."""
    day = moment.astimezone(zone).date()
    if day <= now.astimezone(zone).date():
        return None
    return datetime.combine(day, time()).strftime(_FORM)


def instant(text: str | None, zone: ZoneInfo) -> datetime | None:
    """The instant until which a campaign runs: a day's last second is the next midnight."""
    if not text:
        return None
    local = datetime.strptime(text, _FORM).replace(tzinfo=zone)
    if local.time() == _DAY_END:
        local = datetime.combine(local.date() + timedelta(days=1), time(), zone)
    return local.astimezone(UTC)
