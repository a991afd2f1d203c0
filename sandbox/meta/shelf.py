"""What the Meta sandbox keeps: one ad account and its objects, on the world's shelf."""

import json
from typing import Any

from sandbox.meta.graph import Node, Parameters, invalid, stamp, unknown_object
from sandbox.world import World

NETWORK = "meta"
ACCOUNT = "1001"
PAGE = "7001"
PIXEL = "8001"
KINDS = ("campaign", "adset", "ad", "adcreative", "adlabel", "adimage", "page", "pixel")
DELIVERING = ("campaign", "adset", "ad")


class MetaShelf:
    """Objects by kind and id. Fields that begin with an underscore are never shown."""

    def __init__(self, world: World) -> None:
        self.world = world
        if world.get(NETWORK, "account", ACCOUNT) is None:
            self._open_account()

    def _open_account(self) -> None:
        put = self.world.put
        put(
            NETWORK,
            "account",
            ACCOUNT,
            {
                "id": f"act_{ACCOUNT}",
                "account_id": ACCOUNT,
                "name": "Sandbox ad account",
                "account_status": 1,
                "currency": "USD",
                "timezone_name": "UTC",
                "timezone_offset_hours_utc": 0,
                "min_daily_budget": 100,
                "created_time": stamp(self.world.now()),
            },
        )
        put(NETWORK, "page", PAGE, {"id": PAGE, "name": "Sandbox page"})
        put(NETWORK, "pixel", PIXEL, {"id": PIXEL, "name": "Sandbox pixel"})

    def account(self, account_id: str, method: str = "get") -> Node:
        found = self.world.get(NETWORK, "account", account_id)
        if found is None:
            raise unknown_object(f"act_{account_id}", method)
        return found

    def get(self, kind: str, object_id: str) -> Node | None:
        return self.world.get(NETWORK, kind, object_id)

    def locate(self, object_id: str, method: str = "get") -> tuple[str, Node]:
        """Kind and node of any id."""
        for kind in KINDS:
            found = self.get(kind, object_id)
            if found is not None:
                return kind, found
        raise unknown_object(object_id, method)

    def every(self, kind: str) -> list[Node]:
        return self.world.every(NETWORK, kind)

    def new(self, kind: str, account_id: str, fields: Node) -> Node:
        """Store a new object under a fresh id (a long number in a string)."""
        now = stamp(self.world.now())
        node: Node = {
            "id": f"1202{self.world.next_number(NETWORK):012d}",
            "account_id": account_id,
            "created_time": now,
            "updated_time": now,
            **{name: value for name, value in fields.items() if value is not None},
        }
        self.put(kind, node)
        return node

    def put(self, kind: str, node: Node) -> None:
        self.world.put(NETWORK, kind, str(node["id"]), node)

    def note(self, kind: str, node: Node) -> None:
        """Write an object's switch into the journal, with the keys it carries."""
        keys = [label["name"] for label in node.get("adlabels", ())]
        detail = {"kind": kind, "id": node["id"], "status": node["status"], "keys": keys}
        self.world.note(NETWORK, "switched", detail)

    def labels(self, account_id: str, parameters: Parameters) -> list[Node] | None:
        """The labels of an ``adlabels`` parameter, by id or by name; names make new ones."""
        wanted: list[Any] | None = parameters.items("adlabels")
        if wanted is None:
            return None
        labels: list[Node] = []
        for each in wanted:
            given: Node = {"id": each} if isinstance(each, str) else each
            label = self.get("adlabel", str(given.get("id", "")))
            if label is None and given.get("name"):
                label = self.new("adlabel", account_id, {"name": given["name"]})
            if label is None:
                raise invalid("adlabels", f"Ad label {json.dumps(given)} does not exist")
            labels.append({"id": label["id"], "name": label["name"]})
        return labels
