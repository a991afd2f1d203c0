"""Ad labels: how our key is attached to an object and how the object is found again."""

from collections.abc import Callable
from typing import Any

from models.contract.vocabulary import Platform
from platforms.errors import Ambiguous, Transient
from platforms.meta.connection import Connection

_PAGE = 500


class Labels:
    """The labels of one ad account, by name."""

    def __init__(self, connection: Connection, account: Any) -> None:
        self._connection = connection
        self._account = account
        self._known: dict[str, str] = {}

    async def named(self, key: str) -> list[str]:
        """Ids of all labels named ``key``, lowest first. There can be two: the creation of a
        label whose answer was lost is repeated."""
        listed = await self._connection.read(lambda: self._named(key))
        # The listing may lag behind a label made a moment ago.
        known = {self._known[key]} if key in self._known else set[str]()
        return sorted(known.union(listed), key=int)

    async def of(self, key: str) -> str:
        """The id of the label named ``key``, which is created where it does not exist.

        Raises:
            Transient: also for a lost answer; a label delivers nothing, may exist twice, and
                the order it is for was not sent yet.
        """
        if key not in self._known:
            labels = await self.named(key) or [await self._create(key)]
            self._known[key] = labels[0]
        return self._known[key]

    async def _create(self, key: str) -> str:
        return await before_the_order(
            self._connection,
            lambda: str(self._account.create_ad_label(params={"name": key})["id"]),
        )

    def _named(self, key: str) -> list[str]:
        # The filter saves pages where Meta honours it; the comparison is what decides.
        labels = self._account.get_ad_labels(
            fields=["id", "name"],
            params={
                "filtering": [{"field": "name", "operator": "EQUAL", "value": key}],
                "limit": _PAGE,
            },
        )
        return [str(each["id"]) for each in labels if each["name"] == key]


async def before_the_order(connection: Connection, call: Callable[[], str]) -> str:
    """A repeatable write an order depends on (label, image): its lost answer is ``Transient``,
    because what was asked for certainly does not exist yet."""
    try:
        return await connection.write(call)
    except Ambiguous as error:
        message = f"{error.message}; the order itself was not sent"
        raise Transient(Platform.META, message, code=error.code) from None
