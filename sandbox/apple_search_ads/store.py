"""Apple's objects on the world's shelf: staged changes, ids, and the account it starts with."""

from datetime import UTC, datetime
from typing import Any

from sandbox.world import World

NETWORK = "apple_search_ads"
JsonObject = dict[str, Any]

ORG_ID = 27154130
ACCOUNT_ID = 40669820
APP_ID = "1600000001"
STOREFRONTS = ("AU", "CA", "DE", "ES", "FR", "GB", "IT", "JP", "MX", "NL", "NZ", "SE", "US")
PRODUCT_PAGE_ID = "76659d7a-d146-43d3-b6b8-b7a12f74bf6b"

CAMPAIGN, AD_GROUP, AD = "campaign", "ad_group", "ad"
CREATIVE, KEYWORD = "creative", "keyword"
_SWITCHED = (CAMPAIGN, AD_GROUP, AD)
_FIRST_ID = 540_000_000


class Store:
    """A view of the shelf that keeps changes back until ``commit``: a refused call changes
    nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._staged: dict[tuple[str, str], JsonObject] = {}

    def get(self, kind: str, object_id: object) -> JsonObject | None:
        staged = self._staged.get((kind, str(object_id)))
        return staged if staged is not None else self.world.get(NETWORK, kind, str(object_id))

    def every(self, kind: str) -> list[JsonObject]:
        """All objects of a kind, oldest first."""
        rows = {str(row["id"]): row for row in self.world.every(NETWORK, kind)}
        rows.update({oid: row for (k, oid), row in self._staged.items() if k == kind})
        return list(rows.values())

    def put(self, kind: str, row: JsonObject) -> None:
        self._staged[kind, str(row["id"])] = row

    def commit(self) -> None:
        """Put everything staged on the shelf, and note what was switched on or off."""
        for (kind, object_id), row in self._staged.items():
            before = self.world.get(NETWORK, kind, object_id)
            self.world.put(NETWORK, kind, object_id, row)
            if kind in _SWITCHED and is_on(row) != (before is not None and is_on(before)):
                self.world.note(NETWORK, "switched", _switch_note(kind, row))
        self._staged.clear()

    def new_id(self) -> int:
        """A fresh id."""
        return _FIRST_ID + self.world.next_number(NETWORK)


def is_on(row: JsonObject) -> bool:
    """The object's own switch."""
    return row.get("status") == "ENABLED" and not row["deleted"]


def stamp(moment: datetime) -> str:
    """Apple's spelling of an instant: UTC to the millisecond, without saying so."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")


def read_stamp(text: str) -> datetime:
    """An instant as Apple takes and shows it."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def new_row(store: Store, now: datetime) -> JsonObject:
    """What every new object begins with."""
    return {
        "id": store.new_id(),
        "adAccountId": ACCOUNT_ID,
        "creationTime": stamp(now),
        "modificationTime": stamp(now),
        "deleted": False,
    }


def open_account(world: World) -> None:
    """Put the default account and its app on an empty shelf."""
    if world.get(NETWORK, "account", str(ACCOUNT_ID)) is not None:
        return
    opened = {
        "creationTime": "2025-01-10T08:00:00.000",
        "modificationTime": "2025-01-10T08:00:00.000",
    }
    account: JsonObject = {
        "id": ACCOUNT_ID,
        "name": "Sandbox Apple Ads account",
        "orgId": ORG_ID,
        "timezone": "UTC",
        "currency": "USD",
        "paymentModel": "PAYG",
        "systemStatus": "ACTIVE",
        "systemStatusReasons": [],
        "productFeatures": ["APPSTORE_APP_MANUAL"],
        "delegations": [
            {
                "resourceId": "12345678",
                "resourceType": "CONTENT_PROVIDER",
                "resourceName": "Sandbox Apps",
            }
        ],
        **opened,
        "_roles": ["API Account Manager"],
    }
    world.put(NETWORK, "account", str(ACCOUNT_ID), account)
    app: JsonObject = {
        "id": APP_ID,
        "appName": "Sandbox App",
        "artistName": "Sandbox Apps",
        "primaryLanguage": "en-US",
        "primaryGenre": "Games",
        "secondaryGenre": "Entertainment",
        "deviceClasses": ["IPHONE", "IPAD"],
        "iconPictureUrl": None,
        "isPreorder": False,
        "availableStorefronts": list(STOREFRONTS),
        "_pages": [PRODUCT_PAGE_ID],
    }
    world.put(NETWORK, "app", APP_ID, app)


def _switch_note(kind: str, row: JsonObject) -> JsonObject:
    status = "ACTIVE" if row["status"] == "ENABLED" else "PAUSED"
    return {
        "kind": kind,
        "id": str(row["id"]),
        "status": "DELETED" if row["deleted"] else status,
        "keys": str(row["name"]).split()[:1],
    }
