"""Telegram's objects on the world's shelf, and the account it starts with. Money in micros."""

from datetime import datetime
from typing import Any

from sandbox.world import World

NETWORK = "telegram"
JsonObject = dict[str, Any]

ACCOUNT_ID = "Fq3kAdflightSandbox"
TOKEN = "sandbox-telegram-ads-token"
BOT_TOKEN = "7000000001:sandbox-telegram-bot-token"
CHANNEL_ID = -1002000000001
CHANNEL = "adflight_journal"
BALANCE = 100_000_000_000
EVENT_ID = "sandbox-purchase"
_FIRST_AD = 5_000_000_000  # ids outgrow 32 bits


class Store:
    """The account's shelf at one moment."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now: datetime = world.now()

    @property
    def account(self) -> JsonObject:
        found = self.world.get(NETWORK, "account", ACCOUNT_ID)
        assert found is not None
        return found

    def get(self, kind: str, object_id: object) -> JsonObject | None:
        return self.world.get(NETWORK, kind, str(object_id))

    def every(self, kind: str) -> list[JsonObject]:
        return self.world.every(NETWORK, kind)

    def put(self, kind: str, object_id: object, value: JsonObject) -> None:
        self.world.put(NETWORK, kind, str(object_id), value)

    def new_id(self) -> int:
        return _FIRST_AD + self.world.next_number(NETWORK)

    def put_ad(self, ad: JsonObject) -> None:
        """Keep an ad, and note when its own switch moved."""
        before = self.get("ad", ad["ad_id"])
        self.put("ad", ad["ad_id"], ad)
        if is_on(ad) != (before is not None and is_on(before)):
            status = "DELETED" if ad["deleted"] else "ACTIVE" if is_on(ad) else "PAUSED"
            note = {"kind": "ad", "id": str(ad["ad_id"]), "status": status}
            self.world.note(NETWORK, "switched", {**note, "keys": ad["title"].split()[:1]})

    def pay(self, amount: int, peer: JsonObject) -> None:
        """Move money into the account budget (out of it when negative), for the record."""
        account = self.account
        account["balance"] += amount
        self.put("account", ACCOUNT_ID, account)
        number = self.world.next_number(NETWORK)
        row = {"id": number, "at": self.now.timestamp(), "amount": amount, "peer": peer}
        self.put("account_transaction", number, row)


def is_on(ad: JsonObject) -> bool:
    """An ad's own switch: an end or a beginning of its own overrides it."""
    dated = ad["activate_date"] is not None or ad["deactivate_date"] is not None
    return not ad["deleted"] and (dated or not ad["is_paused"])


def open_account(world: World) -> None:
    """Put the default account, its pixel event and its channel on an empty shelf."""
    if world.get(NETWORK, "account", ACCOUNT_ID) is not None:
        return
    account = {
        "id": ACCOUNT_ID,
        "account_id": ACCOUNT_ID,
        "title": "Sandbox advertiser",
        "currency": "EUR",
        "balance": BALANCE,
        "state": "active",
        "info": {
            "full_name": "Sandbox Advertiser",
            "email": "ads@journal.example",
            "phone_number": "+10005550100",
            "country": "Germany",
            "city": "Berlin",
            "legal_name": "Sandbox Advertiser Ltd",
        },
    }
    world.put(NETWORK, "account", ACCOUNT_ID, account)
    event = {
        "event_id": EVENT_ID,
        "title": "Purchase",
        "type": "purchase",
        "status": "active",
        "created_date": int(world.now().timestamp()),
        "auto_created": False,
    }
    world.put(NETWORK, "pixel_event", EVENT_ID, event)
    channel = {"id": CHANNEL_ID, "type": "channel", "title": "Journal", "username": CHANNEL}
    world.put(NETWORK, "chat", str(CHANNEL_ID), {**channel, "_members": 4200, "_posts": 0})
