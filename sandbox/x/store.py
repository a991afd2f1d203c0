"""X's objects on the world's shelf: staged changes, ids, and the account it starts with."""

from datetime import UTC, datetime
from typing import Any

from sandbox.world import World

NETWORK = "x"
JsonObject = dict[str, Any]

ACCOUNT_ID = "18ce54d4x5t"
FUNDING_INSTRUMENT_ID = "lygyi"
USER_ID = "756201191646691328"
WEB_EVENT_TAG = "o2kt4"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FIRST_ID = 30_000_000
_FIRST_POST = 1_990_000_000_000_000_000
_OPENED = "2025-01-06T09:00:00Z"
_SWITCHED = ("campaign", "line_item", "promoted_tweet")


def _is_on(row: JsonObject) -> bool:
    return row["entity_status"] == "ACTIVE" and not row["deleted"]


class Store:
    """A view of the shelf that keeps changes back until ``commit``: a batch is all-or-nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._staged: dict[tuple[str, str], JsonObject] = {}

    def get(self, kind: str, object_id: str) -> JsonObject | None:
        staged = self._staged.get((kind, object_id))
        return staged if staged is not None else self.world.get(NETWORK, kind, object_id)

    def every(self, kind: str, id_field: str = "id") -> list[JsonObject]:
        """All objects of a kind, oldest first."""
        rows = {str(row[id_field]): row for row in self.world.every(NETWORK, kind)}
        rows.update({oid: row for (k, oid), row in self._staged.items() if k == kind})
        return list(rows.values())

    def put(self, kind: str, object_id: str, value: JsonObject) -> None:
        self._staged[kind, object_id] = value

    def commit(self) -> None:
        """Put everything staged on the shelf, and note what was switched on or off."""
        for (kind, object_id), value in self._staged.items():
            before = self.world.get(NETWORK, kind, object_id)
            self.world.put(NETWORK, kind, object_id, value)
            if kind in _SWITCHED and _is_on(value) != (before is not None and _is_on(before)):
                self.world.note(NETWORK, "switched", self._switch_note(kind, value))
        self._staged.clear()

    def _switch_note(self, kind: str, row: JsonObject) -> JsonObject:
        """The switch of an object, with the key in front of its name (of its post's name)."""
        named = row
        if kind == "promoted_tweet":
            named = self.get("tweet", row["tweet_id"]) or {}
        status = "DELETED" if row["deleted"] else row["entity_status"]
        keys = str(named.get("name") or "").split()[:1]
        return {"kind": kind, "id": row["id"], "status": status, "keys": keys}

    def new_id(self) -> str:
        """A fresh base-36 id."""
        number, text = _FIRST_ID + self.world.next_number(NETWORK), ""
        while number:
            number, digit = divmod(number, 36)
            text = _DIGITS[digit] + text
        return text

    def new_number(self) -> int:
        """A fresh id of a post, card or medium: too large for a double."""
        return _FIRST_POST + self.world.next_number(NETWORK)


def open_account(world: World) -> None:
    """Put the default account, its funding and its user on an empty shelf."""
    if world.get(NETWORK, "account", ACCOUNT_ID) is not None:
        return
    dates = {"created_at": _OPENED, "updated_at": _OPENED, "deleted": False}
    world.put(
        NETWORK,
        "account",
        ACCOUNT_ID,
        {
            "id": ACCOUNT_ID,
            "name": "Sandbox X account",
            "business_name": "Sandbox",
            "business_id": None,
            "timezone": "UTC",
            "timezone_switch_at": _OPENED,
            "approval_status": "ACCEPTED",
            "industry_type": None,
            "country_code": "US",
            **dates,
            "_campaign_limit": 200,
            "_line_item_limit": 256,
            "_permissions": ["ACCOUNT_ADMIN", "TWEET_COMPOSER"],
        },
    )
    world.put(
        NETWORK,
        "funding_instrument",
        FUNDING_INSTRUMENT_ID,
        {
            "id": FUNDING_INSTRUMENT_ID,
            "account_id": ACCOUNT_ID,
            "description": "Visa ending in 0000",
            "type": "CREDIT_CARD",
            "currency": "USD",
            "credit_limit_local_micro": None,
            "credit_remaining_local_micro": None,
            "funded_amount_local_micro": None,
            "start_time": _OPENED,
            "end_time": None,
            "entity_status": "ACTIVE",
            "able_to_fund": True,
            "reasons_not_able_to_fund": [],
            "io_header": None,
            **dates,
        },
    )
    world.put(
        NETWORK,
        "promotable_user",
        "l310s",
        {
            "id": "l310s",
            "account_id": ACCOUNT_ID,
            "user_id": USER_ID,
            "promotable_user_type": "FULL",
            **dates,
        },
    )
    world.put(
        NETWORK,
        "web_event_tag",
        WEB_EVENT_TAG,
        {"id": WEB_EVENT_TAG, "account_id": ACCOUNT_ID, "name": "Conversion", **dates},
    )


def read_stamp(text: str) -> datetime:
    """A stored time as an aware instant."""
    return datetime.fromisoformat(text).astimezone(UTC)
