"""AppLovin's objects on the world's shelf, and the account it starts with."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from sandbox.held import Held
from sandbox.world import World

NETWORK = "applovin"
JsonObject = dict[str, Any]

ACCOUNT_ID = "412345"
MANAGEMENT_KEY = "sandbox-applovin-management-key"
REPORT_KEY = "sandbox-applovin-report-key"

_FIRST_ID = 7_100_000
_KEY = re.compile(r"k[a-z2-7]{10}")
_STATUS = {"LIVE": "ACTIVE", "PAUSED": "PAUSED", "DELETED": "DELETED"}


class Store:
    """A view of the shelf."""

    def __init__(self, world: World) -> None:
        self.world = world

    def get(self, kind: str, object_id: str) -> JsonObject | None:
        return self.world.get(NETWORK, kind, object_id)

    def every(self, kind: str) -> list[JsonObject]:
        """All objects of a kind, oldest first."""
        return self.world.every(NETWORK, kind)

    def put(self, kind: str, row: JsonObject) -> None:
        self.world.put(NETWORK, kind, str(row["id"]), row)

    def new_id(self) -> str:
        return str(_FIRST_ID + self.world.next_number(NETWORK))

    def switched(self, kind: str, row: JsonObject, status: str) -> None:
        """Note what became of an object's own switch."""
        detail = {"kind": kind, "id": row["id"], "status": _STATUS[status], "keys": keys(row)}
        self.world.note(NETWORK, "switched", detail)


def hashed(object_id: str) -> str:
    """The external id of an object, which reports use."""
    return hashlib.md5(object_id.encode(), usedforsecurity=False).hexdigest()


def keys(row: JsonObject) -> list[str]:
    """The product's keys in an object's name: those words at its front that look like one."""
    found: list[str] = []
    for word in re.split(r"[ _.]", str(row.get("name") or "")):
        if not _KEY.fullmatch(word):
            break
        found.append(word)
    return found


def stamp(moment: datetime) -> str:
    """AppLovin's spelling of a time: UTC without a zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def read_stamp(text: str) -> datetime:
    """A stored time as an aware instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def open_account(world: World) -> None:
    """Put the default account on an empty shelf.

    ``_number_ids`` and ``_bare_reports`` are for tests: sources disagree on whether AppLovin
    writes ids as strings or numbers, and report rows under ``results`` or bare.
    """
    if world.get(NETWORK, "account", ACCOUNT_ID) is None:
        account = {
            "id": ACCOUNT_ID,
            "type": "APP",
            "_standing": "active",
            "_number_ids": False,
            "_bare_reports": False,
        }
        world.put(NETWORK, "account", ACCOUNT_ID, account)


def held(world: World) -> list[Held]:
    """Campaigns (and the ad groups in their names), creatives and ads that carry a key."""
    store, found = Store(world), list[Held]()
    for row in store.every("campaign"):
        # A name the product gives to what it takes for deleted does not begin with a key.
        on = row["status"] == "LIVE"
        for kind, key in zip(("campaign", "ad_group"), keys(row), strict=False):
            found.append(Held(kind, key, row["id"], on))
    pairs: dict[str, list[str]] = {}
    for row in store.every("asset"):
        for key in keys(row):
            pairs.setdefault(key, []).append(row["id"])
    # A creative is as many files as it takes: one video and one end card.
    for key, ids in pairs.items():
        for number in range(0, len(ids) - 1, 2):
            found.append(Held("creative", key, "-".join(ids[number : number + 2]), True))
    for row in store.every("creative_set"):
        for campaign_id in row["_campaigns"]:
            for key in keys(row)[:1]:
                on = row["status"] == "LIVE"
                found.append(Held("ad", key, f"{campaign_id}:{row['id']}", on))
    return found
