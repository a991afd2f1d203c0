"""Unity's objects on the world's shelf, and the organisation it starts with."""

from datetime import UTC, datetime
from typing import Any

from sandbox.world import World

NETWORK = "unity"
JsonObject = dict[str, Any]

ORGANIZATION_ID = "5772680389521"
KEY_ID = "b3f1c2d4-sandbox-unity-key"
SECRET_KEY = "sandbox-unity-secret"
BEARER = "sandbox-unity-bearer"
APPLE_APP, APPLE_STORE_ID = "66f0a1b2c3d4e5f600000001", "1600000001"
GOOGLE_APP, GOOGLE_STORE_ID = "66f0a1b2c3d4e5f600000002", "com.example.game"

_ID_PREFIX = "66f0a1b2c3d4e5f6"
_FIRST = 0x10
"""Ids below it are the organisation's apps."""
_OPENED = "2025-01-06T09:00:00.000Z"


class Shelf:
    """A view of the world's shelf; rows that were deleted stay, marked."""

    def __init__(self, world: World) -> None:
        self.world = world

    def get(self, kind: str, object_id: str) -> JsonObject | None:
        """An object that was not deleted."""
        row = self.world.get(NETWORK, kind, object_id)
        return None if row is None or row.get("_deleted") else row

    def every(self, kind: str, app: str | None = None) -> list[JsonObject]:
        """All objects of a kind (of one app) that were not deleted, oldest first."""
        return [
            row
            for row in self.world.every(NETWORK, kind)
            if not row.get("_deleted") and app in (None, row.get("_app"))
        ]

    def put(self, kind: str, row: JsonObject) -> None:
        """Keep an object; what was switched on or off by it is noted."""
        before = self.world.get(NETWORK, kind, str(row["id"])) or {}
        self.world.put(NETWORK, kind, str(row["id"]), row)
        if kind == "campaign" and _enabled(before) != _enabled(row):
            status = "DELETED" if row.get("_deleted") else "ACTIVE" if row["enabled"] else "PAUSED"
            self._note("campaign", str(row["id"]), status, campaign_keys(str(row["name"])))
        if kind == "pack":
            was, now = assigned(before), assigned(row)
            for campaign in [*(now - was), *(was - now)]:
                key = ad_keys(str(row["name"])).get(campaign)
                status = "ACTIVE" if campaign in now else "PAUSED"
                self._note("ad", f"{campaign}:{row['id']}", status, [key] if key else [])

    def _note(self, kind: str, object_id: str, status: str, keys: list[str]) -> None:
        detail = {"kind": kind, "id": object_id, "status": status, "keys": keys}
        self.world.note(NETWORK, "switched", detail)

    def new_id(self) -> str:
        """24 hexadecimal digits."""
        return f"{_ID_PREFIX}{_FIRST + self.world.next_number(NETWORK):08x}"


def campaign_keys(name: str) -> list[str]:
    """The keys of a campaign and of the ad group within it: the first two words of its name."""
    # What is not complete yet says so in front of its key.
    words = name.removeprefix("pending ").split(" ")[:2]
    keys = [word for word in words if _is_key(word)]
    return keys if _is_key(words[0]) else []


def ad_keys(name: str) -> dict[str, str]:
    """The keys of a pack's ads by campaign: words such as ``KEY.CAMPAIGNID`` behind the first."""
    found: dict[str, str] = {}
    for word in name.split(" ")[1:]:
        key, dot, campaign = word.partition(".")
        if not dot or len(campaign) != 24:
            break
        found[campaign] = key
    return found


def assigned(pack: JsonObject) -> set[str]:
    """Campaigns a pack is assigned to."""
    return set() if pack.get("_deleted") else set(pack.get("campaignIds") or [])


def _is_key(word: str) -> bool:
    return word.startswith("k") and word.isalnum() and word.islower() and 5 <= len(word) <= 24


def _enabled(row: JsonObject) -> bool:
    return bool(row.get("enabled")) and not row.get("_deleted")


def stamp(moment: datetime) -> str:
    """Unity's spelling of a time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def open_organization(world: World) -> None:
    """Put the default organisation and its two apps on an empty shelf."""
    if world.get(NETWORK, "account", ORGANIZATION_ID) is not None:
        return
    account = {"id": ORGANIZATION_ID, "_status": "active"}
    world.put(NETWORK, "account", ORGANIZATION_ID, account)
    for app, store, store_id, name in (
        (APPLE_APP, "apple", APPLE_STORE_ID, "Example Game iOS"),
        (GOOGLE_APP, "google", GOOGLE_STORE_ID, "Example Game Android"),
    ):
        row = {
            "id": app,
            "name": name,
            "store": store,
            "storeId": store_id,
            "adomain": "example.com",
            "gameId": int(app[-4:], 16),
            "createdAt": _OPENED,
            "updatedAt": _OPENED,
            "appAttributionClickUrl": None,
            "appAttributionStartUrl": None,
        }
        world.put(NETWORK, "app", app, row)
