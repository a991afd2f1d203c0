"""What the sandbox networks really hold, by the keys under which it was asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

KINDS = {
    "meta": ("campaign", "adset", "adcreative", "ad"),
    "x": ("campaign", "line_item", "tweet", "promoted_tweet"),
}
"""Kinds of objects that carry a key, as each network names them."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object that was not deleted. ``on`` is its own switch, whatever its parents'."""

    network: str
    kind: str
    id: str
    on: bool


def words(network: str, row: Mapping[str, Any]) -> list[str]:
    """The keys an object carries: its labels on Meta, the front of its name on X.

    A post on X carries its own key and that of its ad, which has no name there.
    """
    if network == "meta":
        return [str(label["name"]) for label in row.get("adlabels") or ()]
    found = str(row.get("name") or "").split()
    # What is not complete yet says so in front of its key.
    return [word for word in found[:3] if word != "pending"][:2]


def is_deleted(row: Mapping[str, Any]) -> bool:
    """Whether the network counts an object as gone."""
    return row.get("status") == "DELETED" or bool(row.get("deleted"))


def is_on(row: Mapping[str, Any]) -> bool:
    """Whether an object is switched on, as the network has it."""
    return "ACTIVE" in (row.get("status"), row.get("entity_status")) and not is_deleted(row)


def by_key(network: str, shelf: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[Found]]:
    """Every object that is not deleted, by its key.

    Args:
        network: ``meta`` or ``x``.
        shelf: What ``/control/objects/{network}`` answers: rows by kind.
    """
    found: dict[str, list[Found]] = defaultdict(list)
    of_ads = {
        str(row["tweet_id"]): words("x", row)[1]
        for row in shelf.get("tweet", ())
        if len(words("x", row)) > 1
    }
    for kind in KINDS[network]:
        for row in shelf.get(kind, ()):
            if is_deleted(row):
                continue
            if kind == "promoted_tweet":
                keys = [of_ads[str(row["tweet_id"])]] if str(row["tweet_id"]) in of_ads else []
            else:
                keys = words(network, row)[: 1 if network == "x" else None]
            identity = str(row["tweet_id"]) if kind == "tweet" else str(row["id"])
            for key in keys:
                found[key].append(Found(network, kind, identity, is_on(row)))
    return dict(found)


class Switches:
    """Reads the networks' journals: which objects of a key are switched on, at every instant.

    ``twice`` holds every (network, key) of which two objects were on together, ever.
    """

    def __init__(self) -> None:
        self.last = 0
        self._on: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self.twice: dict[tuple[str, str], str] = {}
        self._campaigns: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
        self.notes = 0

    def take(self, notes: Iterable[Mapping[str, Any]]) -> None:
        """Take notes in, in order."""
        for note in notes:
            self.last = max(self.last, int(note["number"]))
            if note["kind"] != "switched":
                continue
            self.notes += 1
            network, detail = str(note["network"]), note["detail"]
            for key in detail["keys"]:
                self._switch(network, str(key), detail, str(note["at"]))

    def _switch(self, network: str, key: str, detail: Mapping[str, Any], at: str) -> None:
        on = self._on[network, str(detail["kind"]), key]
        if detail["status"] == "ACTIVE":
            on.add(str(detail["id"]))
        else:
            on.discard(str(detail["id"]))
        if len(on) > 1:
            together = ", ".join(sorted(on))
            self.twice[network, key] = f"{detail['kind']} {together} on together at {at}"
        if detail["kind"] == "campaign":
            self._campaigns[key].append((datetime.fromisoformat(at), bool(on)))

    def on_since(self, key: str, at: datetime) -> bool:
        """Whether a campaign of the key was on at an instant (campaign time) or ever after."""
        state = False
        for when, on in self._campaigns.get(key, ()):
            if when <= at:
                state = on
            elif on:
                return True
        return state
