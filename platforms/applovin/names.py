"""Names that carry our keys: of campaigns (two, because an ad group has no object), creative sets
and files."""

import re
from dataclasses import dataclass

from models.contract.vocabulary import Platform
from platforms.applovin.errors import refused
from platforms.naming import key_of, keyed, pending

NAME_LIMIT = 255
"""AppLovin documents no longest name (unsure); this is what most networks take."""

_NONE = "-"
_REMOVED = "[removed] "
_FILE_KEY = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class CampaignName:
    """``<campaign's key> <ad group's key, or a dash> <name>``.

    Both keys are empty for campaigns that we did not make, the second also before the ad group
    was ordered. ``removed``: it counts as deleted, which AppLovin itself does not know.
    """

    key: str
    group_key: str
    name: str
    removed: bool = False

    def text(self) -> str:
        """As AppLovin keeps it.

        Raises:
            Refused: it is too long, or a key is none.
        """
        for key in (self.key, self.group_key or self.key):
            if key_of(key) != key:
                raise refused(f"key {key!r} is none of ours (k and letters or digits)", field="key")
        return keyed(Platform.APPLOVIN, self.key, f"{self.group_key or _NONE} {self.name}", _ROOM)


_ROOM = NAME_LIMIT - max(len(_REMOVED), len(pending("")))
"""Marks have their room from the beginning, so that nothing is too long to be begun or removed."""


def read_campaign_name(text: str) -> CampaignName:
    """The parts of a campaign's name; of one that we did not make, only the name."""
    removed = text.startswith(_REMOVED)
    whole = text.removeprefix(_REMOVED)
    words = whole.split(" ", 2)
    if not key_of(whole) or len(words) < 2:
        return CampaignName("", "", whole, removed)
    group = key_of(words[1])
    if not group and words[1] != _NONE:
        return CampaignName("", "", whole, removed)
    return CampaignName(words[0], group, words[2] if len(words) > 2 else "", removed)


def ad_name(key: str, name: str) -> str:
    """``<key> <name>`` of a creative set.

    Raises:
        Refused: it is too long, or the key is no single word.
    """
    return keyed(Platform.APPLOVIN, key, name, NAME_LIMIT)


def removed_name(text: str) -> str:
    """The name of a campaign once it counts as deleted: no search for a key finds it."""
    return f"{_REMOVED}{text.removeprefix(_REMOVED)}"[:NAME_LIMIT]


def file_name(key: str, sha256: str, ending: str) -> str:
    """The name of an uploaded file: key and content, so that it is recognised after a lost
    answer. Only letters and digits around the underscore, which no store of files changes."""
    if not _FILE_KEY.fullmatch(key):
        raise refused(f"key {key!r} must be letters and digits", field="key")
    return f"{key}_{sha256[:16]}.{ending}"


def file_key(name: str) -> str:
    """The key in front of a file's name, or empty when there is none."""
    front, mark, rest = name.partition("_")
    return key_of(front) if mark and re.match(r"[0-9a-f]{16}(\.|$)", rest) else ""


def same_file(name: str, wanted: str) -> bool:
    """Whether a file is the one that was named so; its ending may have been dropped."""
    return name in (wanted, wanted.rsplit(".", 1)[0])
