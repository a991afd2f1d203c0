"""Google's objects on the world's shelf: drafts of a request, ids, and the account there is.

A stored object is the resource as Google answers it (camelCase, int64 as strings), with notes of
the sandbox's own beginning with an underscore.
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.google.failures import Failure, JsonObject
from sandbox.grants import SHELF
from sandbox.world import World

NETWORK = "google"

CUSTOMER_ID = "1000000001"
MANAGER_ID = "1000000009"
REFRESH_TOKEN = "sandbox-google-refresh"
CONVERSION_ACTION_ID = "501"
_SCOPE = "https://www.googleapis.com/auth/adwords"

COLLECTIONS = {
    "campaignBudgets": "campaign_budget",
    "campaigns": "campaign",
    "campaignCriteria": "campaign_criterion",
    "adGroups": "ad_group",
    "adGroupCriteria": "ad_group_criterion",
    "adGroupAds": "ad_group_ad",
    "assets": "asset",
    "labels": "label",
    "userLists": "user_list",
    "offlineUserDataJobs": "offline_user_data_job",
}
"""Kinds on the shelf by the collection in their resource names."""

_SWITCHED = {"campaign": "campaign", "ad_group": "ad"}
"""What the switchable kinds are to Adflight: its ad is a Google ad group with one ad."""


class Draft:
    """The shelf with changes held back until ``commit``: a request is done whole or not at all."""

    def __init__(self, world: World, customer_id: str) -> None:
        self.world = world
        self.customer_id = customer_id
        self.now = world.now()
        self._staged: dict[tuple[str, str], JsonObject] = {}
        self._log: list[tuple[tuple[str, str], JsonObject | None]] = []
        self._loaded: dict[str, dict[str, JsonObject]] = {}

    def get(self, kind: str, resource: str) -> JsonObject | None:
        """An object by its resource name."""
        staged = self._staged.get((kind, resource))
        return staged if staged is not None else self.world.get(NETWORK, kind, resource)

    def every(self, kind: str) -> list[JsonObject]:
        """The customer's objects of a kind, oldest first."""
        return list(self._rows(kind).values())

    def _rows(self, kind: str) -> dict[str, JsonObject]:
        # Read once a request: one with 10,000 operations looks at its neighbours as often.
        if kind not in self._loaded:
            mine = f"customers/{self.customer_id}/"
            rows = {str(row["resourceName"]): row for row in self.world.every(NETWORK, kind)}
            rows |= {name: row for (k, name), row in self._staged.items() if k == kind}
            self._loaded[kind] = {n: row for n, row in rows.items() if n.startswith(mine)}
        return self._loaded[kind]

    def put(self, kind: str, row: JsonObject) -> None:
        key = kind, str(row["resourceName"])
        self._log.append((key, self._staged.get(key)))
        self._staged[key] = row
        if kind in self._loaded:
            self._loaded[kind][key[1]] = row

    def mark(self) -> int:
        """Where the draft stands, for ``back_to``."""
        return len(self._log)

    def back_to(self, mark: int) -> None:
        """Drop what was staged since: of a partial failure the failed operation leaves nothing."""
        while len(self._log) > mark:
            key, before = self._log.pop()
            if before is None:
                del self._staged[key]
            else:
                self._staged[key] = before
            self._loaded.pop(key[0], None)

    def live(self, kind: str, resource: str) -> JsonObject:
        """An object that was not removed, to be changed.

        Raises:
            Failure: there is none, or it was removed.
        """
        row = self.get(kind, resource)
        if row is None:
            raise Failure("mutateError", "RESOURCE_NOT_FOUND", "Resource was not found.",
                          trigger=resource, status=404)  # fmt: skip
        if row.get("status") == "REMOVED":
            raise Failure(
                "contextError",
                "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE",
                "The operation is not allowed for removed resources.",
                trigger=resource,
            )
        return dict(row)

    def name(self, collection: str, object_id: str | int) -> str:
        return f"customers/{self.customer_id}/{collection}/{object_id}"

    def new_id(self) -> str:
        return str(20_000_000_000 + self.world.next_number(NETWORK))

    def zone(self) -> ZoneInfo:
        """The customer's time zone."""
        account = self.world.get(NETWORK, "account", self.customer_id) or {}
        return ZoneInfo(str(account.get("timeZone", "UTC")))

    def commit(self) -> None:
        """Put everything staged on the shelf, and note what was switched on or off."""
        for (kind, resource), row in self._staged.items():
            before = self.world.get(NETWORK, kind, resource)
            self.world.put(NETWORK, kind, resource, row)
            if kind in _SWITCHED and is_on(row) != (before is not None and is_on(before)):
                self.world.note(NETWORK, "switched", _switch_note(kind, row))
        self._staged.clear()


def is_on(row: JsonObject | None) -> bool:
    """Whether an object's own switch is on."""
    return row is not None and row.get("status") == "ENABLED"


def keys_in(name: str) -> list[str]:
    """The keys in front of a name: one, or a campaign's and its ad group's joined by a plus."""
    return [part for part in name.split(" ", 1)[0].split("+") if part]


def _switch_note(kind: str, row: JsonObject) -> JsonObject:
    status = {"ENABLED": "ACTIVE", "REMOVED": "DELETED"}.get(str(row["status"]), "PAUSED")
    keys = keys_in(str(row["name"]))[:1]
    return {"kind": _SWITCHED[kind], "id": row["id"], "status": status, "keys": keys}


def local_moment(text: str, zone: ZoneInfo) -> datetime:
    """``yyyy-MM-dd HH:mm:ss`` of the account's zone as an instant."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone).astimezone(UTC)


def open_account(world: World) -> None:
    """Put the default account on an empty shelf, with a refresh token that is good for ever."""
    if world.get(NETWORK, "account", CUSTOMER_ID) is not None:
        return
    world.put(NETWORK, "account", CUSTOMER_ID, new_customer(CUSTOMER_ID))
    world.put(
        SHELF,
        "refresh",
        REFRESH_TOKEN,
        {"network": NETWORK, "scopes": [_SCOPE], "withdrawn": False},
    )


def new_customer(customer_id: str, currency: str = "USD", timezone: str = "UTC") -> dict[str, Any]:
    """A customer as the shelf keeps it; ``id`` is what ``/control`` knows it by."""
    return {
        "resourceName": f"customers/{customer_id}",
        "id": customer_id,
        "descriptiveName": "Sandbox customer",
        "currencyCode": currency,
        "timeZone": timezone,
        "status": "ENABLED",
        "manager": False,
        "testAccount": True,
        "_billing": "APPROVED",
        "_limit_micros": None,
    }
