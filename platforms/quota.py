"""Allowances of calls: how many a network takes, and a say in who may use them first."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

_urgent: ContextVar[bool] = ContextVar("urgent", default=False)


@dataclass(frozen=True, slots=True)
class Rate:
    """``calls`` in every ``seconds`` (real time), for one account or for all of one app."""

    calls: int
    seconds: float
    scope: Literal["account", "app"] = "account"


class Quota(Protocol):
    """One account's allowances, shared by all worker processes."""

    async def take(self, bucket: str, cost: int = 1) -> None:
        """Wait for room and use it. Never waits inside ``urgent()``: that is what the headroom is
        kept for.

        Raises:
            RateLimited: there will be none for longer than a caller should wait.
        """
        ...

    def heard(
        self, bucket: str, *, remaining: float | None = None, reset_in: float | None = None
    ) -> None:
        """What the network says of an allowance: calls left, and real seconds until it is whole
        again. It returns at once and wins over what was counted."""
        ...


class FreeQuota:
    """No allowance to keep."""

    async def take(self, bucket: str, cost: int = 1) -> None:
        return

    def heard(
        self, bucket: str, *, remaining: float | None = None, reset_in: float | None = None
    ) -> None:
        return


FREE = FreeQuota()


@contextmanager
def urgent(lowers: bool = True) -> Generator[None, None, None]:
    """Calls made inside lower spend, or serve to: they wait for no allowance."""
    token = _urgent.set(lowers)
    try:
        yield
    finally:
        _urgent.reset(token)


def is_urgent() -> bool:
    """Whether the present call lowers spend."""
    return _urgent.get()
