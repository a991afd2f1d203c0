"""An ad's title, which only the advertiser sees: the one place for what Telegram has no field for.

Telegram knows ads only. So a title carries the keys of the ad, its ad group, its campaign and its
creative, and the end of its lease for as long as it is paused (pausing clears the ad's own end):
``kad kgroup kcampaign kcreative ~261123T1405 Spring story v1``, in 128 bytes at most.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from platforms.telegram.errors import refused

LIMIT = 128
_KEYS = 4
_LEASE = re.compile(r"~\d{6}T\d{4}")
_FORMAT = "~%y%m%dT%H%M"


@dataclass(frozen=True, slots=True)
class Label:
    """What a title of ours says. ``lease`` is a whole minute, UTC."""

    ad: str
    group: str
    campaign: str
    creative: str
    lease: datetime
    name: str = ""

    def title(self) -> str:
        """As Telegram keeps it. Of a name that is too long the last whole words stay: they tell
        variants apart, and nothing is read from them.

        Raises:
            Refused: a key is not one word, or they leave no room.
        """
        keys = (self.ad, self.group, self.campaign, self.creative)
        for key in keys:
            if not key or key.split() != [key]:
                raise refused(f"key {key!r} must be one word", field="key")
        fixed = " ".join([*keys, self.lease.astimezone(UTC).strftime(_FORMAT)])
        words = self.name.split()
        while words and _size(f"{fixed} {' '.join(words)}") > LIMIT:
            words = words[1:]
        full = " ".join([fixed, *words])
        if _size(full) > LIMIT:
            raise refused(
                f"the keys of the ad need {_size(full)} bytes; Telegram takes {LIMIT} for a title",
                field="key",
            )
        return full


def read_title(title: str) -> Label | None:
    """The label of an ad of ours; None for anybody else's title."""
    words = title.split(" ")
    if len(words) <= _KEYS or not _LEASE.fullmatch(words[_KEYS]):
        return None
    try:
        lease = datetime.strptime(words[_KEYS], _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    ad, group, campaign, creative = words[:_KEYS]
    return Label(ad, group, campaign, creative, lease, " ".join(words[_KEYS + 1 :]))


def whole_minute(moment: datetime) -> datetime:
    """The minute an instant lies in. Ends are rounded down: earlier is the safe side."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _size(text: str) -> int:
    return len(text.encode())
