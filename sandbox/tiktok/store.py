"""TikTok's objects on the world's shelf: ids, switches, and the account it starts with."""

from typing import Any

from sandbox.world import World

NETWORK = "tiktok"
JsonObject = dict[str, Any]

ADVERTISER_ID = "7301112223334445567"
IDENTITY_ID = "7302223334445556678"
DISPLAY_NAME = "Sandbox Journal"
PIXEL_ID = "7303334445556667789"
APP_ID = "7304445556667778890"
TOKEN = "sandbox-tiktok-token"
BALANCE = 5000.0

_FIRST_ID = 1_809_000_000_000_000_000
_OPENED = 1736154000
SWITCHED = ("campaign", "adgroup", "ad")
_SHOWN = {"ENABLE": "ACTIVE", "DISABLE": "PAUSED", "DELETE": "DELETED"}


class Store:
    """The shelf in TikTok's terms; a row's ``id`` is the sandbox's own copy of its id."""

    def __init__(self, world: World) -> None:
        self.world = world

    def get(self, kind: str, object_id: str) -> JsonObject | None:
        return self.world.get(NETWORK, kind, object_id)

    def every(self, kind: str, advertiser_id: str = "") -> list[JsonObject]:
        """All objects of a kind, oldest first; those of one account where one is named."""
        rows = self.world.every(NETWORK, kind)
        return [r for r in rows if r["advertiser_id"] == advertiser_id] if advertiser_id else rows

    def put(self, kind: str, row: JsonObject) -> None:
        """Keep an object, and note when its own switch was turned."""
        object_id = str(row["id"])
        before = self.get(kind, object_id)
        self.world.put(NETWORK, kind, object_id, row)
        if kind not in SWITCHED:
            return
        status = row["operation_status"]
        old = before["operation_status"] if before is not None else "DISABLE"
        if status != old:
            keys = str(row.get(f"{kind}_name") or "").split()[:1]
            detail = {"kind": kind, "id": object_id, "status": _SHOWN[status], "keys": keys}
            self.world.note(NETWORK, "switched", detail)

    def new_id(self) -> str:
        """A fresh id: a number too large for a double."""
        return str(_FIRST_ID + self.world.next_number(NETWORK))


def open_account(world: World) -> None:
    """Put the default account with its identity, pixel and app on an empty shelf."""
    if world.get(NETWORK, "account", ADVERTISER_ID) is not None:
        return
    world.put(
        NETWORK,
        "account",
        ADVERTISER_ID,
        {
            "id": ADVERTISER_ID,
            "advertiser_id": ADVERTISER_ID,
            "name": "Sandbox TikTok account",
            "company": "Sandbox",
            "status": "STATUS_ENABLE",
            "role": "ROLE_ADVERTISER",
            "rejection_reason": "",
            "currency": "USD",
            "timezone": "UTC",
            "display_timezone": "UTC",
            "country": "US",
            "language": "en",
            "industry": "290303",
            "balance": BALANCE,
            "can_use_custom_identity": True,
            "create_time": _OPENED,
        },
    )
    own = {"advertiser_id": ADVERTISER_ID}
    identity = {
        "id": IDENTITY_ID,
        "identity_id": IDENTITY_ID,
        "identity_type": "CUSTOMIZED_USER",
        "display_name": DISPLAY_NAME,
        "profile_image": "",
    }
    pixel = {"id": PIXEL_ID, "pixel_id": PIXEL_ID, "pixel_code": "C0SANDBOX", "pixel_name": "Site"}
    app = {
        "id": APP_ID,
        "app_id": APP_ID,
        "app_name": "Story",
        "package_name": "com.example.story",
        "platform": "ANDROID",
        "download_url": "https://play.google.com/store/apps/details?id=com.example.story",
    }
    for kind, row in (("identity", identity), ("pixel", pixel), ("app", app)):
        world.put(NETWORK, kind, str(row["id"]), {**row, **own})
