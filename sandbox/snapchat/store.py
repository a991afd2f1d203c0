"""Snapchat's objects on the world's shelf, their ids, and the account it starts with."""

from datetime import UTC, datetime
from typing import Any

from sandbox.world import World

NETWORK = "snapchat"
JsonObject = dict[str, Any]

ACCOUNT_ID = "8adc3db7-8148-4fbf-999c-8d2266369d74"
ORGANIZATION_ID = "40d6719b-da09-410b-9185-0cc9c0dfed1d"
FUNDING_ID = "e703eb9f-8eac-4eda-a9c7-deec3935222d"
PIXEL_ID = "2a3b4c5d-0000-4000-8000-00000000f1e1"
PROFILE_ID = "b3f1a0de-0000-4000-8000-0000000b0b0b"
APP_ICON_ID = "1c0117c0-0000-4000-8000-00000000a11c"
BRAND_NAME = "Sandbox"
REFRESH_TOKEN = "sandbox-snapchat-refresh"

SWITCHED = ("campaign", "adsquad", "ad")
_OPENED = "2025-01-06T09:00:00.000Z"


class Store:
    """The shelf, with a note of every switch that was turned."""

    def __init__(self, world: World) -> None:
        self.world = world

    def get(self, kind: str, object_id: str) -> JsonObject | None:
        return self.world.get(NETWORK, kind, object_id)

    def every(self, kind: str) -> list[JsonObject]:
        """All objects of a kind, oldest first."""
        return self.world.every(NETWORK, kind)

    def put(self, kind: str, row: JsonObject) -> None:
        """Create or replace an object; note it when that turned its switch."""
        object_id = str(row["id"])
        before = self.get(kind, object_id)
        self.world.put(NETWORK, kind, object_id, row)
        if kind in SWITCHED and is_on(row) != (before is not None and is_on(before)):
            status = "DELETED" if row["deleted"] else row["status"]
            keys = str(row.get("name") or "").split()[:1]
            detail = {"kind": kind, "id": object_id, "status": status, "keys": keys}
            self.world.note(NETWORK, "switched", detail)

    def new_id(self) -> str:
        """A fresh UUID; later ones sort behind earlier ones."""
        return f"{self.world.next_number(NETWORK):08x}-5afe-4c0d-8a7c-0000005a4d00"

    def new_number(self) -> str:
        """A fresh id of a segment: digits."""
        return str(5_600_000_000_000_000 + self.world.next_number(NETWORK))


def is_on(row: JsonObject | None) -> bool:
    """The object's own switch."""
    return row is not None and row["status"] == "ACTIVE" and not row["deleted"]


def stamp(moment: datetime) -> str:
    """Snapchat's spelling of a time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: object) -> datetime:
    """A stored time as an aware instant."""
    return datetime.fromisoformat(str(text)).astimezone(UTC)


def open_account(world: World) -> None:
    """Put the default organisation, account, funding, pixel and app icon on an empty shelf."""
    if world.get(NETWORK, "account", ACCOUNT_ID) is not None:
        return
    dates = {"created_at": _OPENED, "updated_at": _OPENED}
    rows: list[tuple[str, JsonObject]] = [
        (
            "organization",
            {"id": ORGANIZATION_ID, "name": "Sandbox", "type": "ENTERPRISE", "country": "US"},
        ),
        (
            "account",
            {
                "id": ACCOUNT_ID,
                "name": "Sandbox Snapchat account",
                "type": "PARTNER",
                "status": "ACTIVE",
                "organization_id": ORGANIZATION_ID,
                "currency": "USD",
                "timezone": "UTC",
                "advertiser": "Sandbox",
                "billing_type": "REVOLVING",
                "funding_source_ids": [FUNDING_ID],
                "regulations": {"restricted_delivery_signals": False},
                "_profile_ids": [PROFILE_ID],
            },
        ),
        (
            "funding",
            {
                "id": FUNDING_ID,
                "type": "CREDIT_CARD",
                "status": "ACTIVE",
                "currency": "USD",
                "card_type": "VISA",
                "last_4": "0000",
                "_organization_id": ORGANIZATION_ID,
            },
        ),
        (
            "pixel",
            {
                "id": PIXEL_ID,
                "name": "Sandbox pixel",
                "ad_account_id": ACCOUNT_ID,
                "status": "ACTIVE",
                "effective_status": "ACTIVE",
            },
        ),
        (
            "media",
            {
                "id": APP_ICON_ID,
                "name": "App icon",
                "type": "IMAGE",
                "ad_account_id": ACCOUNT_ID,
                "media_status": "READY",
                "deleted": False,
            },
        ),
    ]
    for kind, row in rows:
        world.put(NETWORK, kind, str(row["id"]), {**row, **dates})
