"""Names that carry the idempotency keys.

==============  ==================================================================================
campaign        ``KEY name``; with its ad group's: ``KEY GROUPKEY name``; while it is being put
                together: ``pending KEY name``
creative pack   ``KEY name``; with the ads that show it: ``KEY ADKEY.CAMPAIGNID name``
upload          ``asset SHA256 WHAT``: equal files are kept once an app
==============  ==================================================================================
"""

import re

from models.contract.vocabulary import Platform
from platforms.naming import front, key_of, keyed

NAME_LIMIT = 255
_MARK = re.compile(r"([a-z0-9]+)\.([0-9a-f]{24})")


def named(key: str, name: str) -> str:
    """The name of a campaign or pack.

    Raises:
        Refused: too long, or a key that is no word.
    """
    return keyed(Platform.UNITY, key, name.strip(), NAME_LIMIT)


def campaign_keys(name: str) -> tuple[str, str]:
    """Keys of a campaign and of its ad group; empty where the name has none of ours."""
    key = key_of(name)
    return key, key_of(_rest(name)) if key else ""


def with_group(name: str, group_key: str) -> str:
    """A campaign's name with its ad group's key. An earlier one gives way: there is room for one
    ad group.

    Raises:
        Refused: as ``named``.
    """
    key, earlier = campaign_keys(name)
    rest = _rest(name) if key else name
    group = named(group_key, _rest(rest) if earlier else rest)
    return named(key, group) if key else group


def marks(name: str) -> dict[str, str]:
    """The ads that show a pack: their keys by campaign id."""
    found: dict[str, str] = {}
    for word in name.split(" ")[1:]:
        match = _MARK.fullmatch(word)
        if match is None:
            break
        found[match.group(2)] = match.group(1)
    return found


def with_marks(name: str, wanted: dict[str, str]) -> str:
    """A pack's name with other marks.

    Raises:
        Refused: it would be too long.
    """
    rest = " ".join(name.split(" ")[1 + len(marks(name)) :])
    for campaign_id, key in reversed(wanted.items()):
        rest = named(f"{key}.{campaign_id}", rest)
    return named(front(name), rest)


def asset_name(sha256: str, what: str) -> str:
    """The name of an upload."""
    return f"asset {sha256} {what}"


def ad_id(campaign_id: str, pack_id: str) -> str:
    """An ad is a pack in a campaign: that pair is its id."""
    return f"{campaign_id}:{pack_id}"


def parts_of(ad: str) -> tuple[str, str]:
    """Campaign and pack of an ad's id; empty ones of an id that is none."""
    campaign_id, _, pack_id = ad.partition(":")
    return campaign_id, pack_id


def _rest(name: str) -> str:
    return name.split(" ", 1)[1] if " " in name else ""
