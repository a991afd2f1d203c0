"""What a sandbox network really holds, in the product's words: for tests and demonstrations."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Held:
    """One object that was not deleted and carries a key.

    ``kind``: campaign, ad_group, creative or ad. ``on`` is its own switch, whatever its parents'.
    A level the network does not have is held once, where its settings are.
    """

    kind: str
    key: str
    id: str
    on: bool

    def row(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)
