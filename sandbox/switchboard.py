"""The switchboard: faults that are armed, and how often each was played.

A fault is armed for one network and kind, with optional filters (HTTP method, a regular
expression searched in the path), a count and a chance. Without a chance the count defaults to
one; with a chance and no count it stays armed until it is cleared.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from market.noise import uniform
from sandbox.database import Database

TRANSPORT_KINDS: Final = frozenset({"lost_answer", "late_write", "delay", "duplicate"})
"""Played by the server around the network's application."""

_request: ContextVar[tuple[str, str] | None] = ContextVar("request", default=None)


@contextmanager
def request_context(method: str, path: str) -> Generator[None, None, None]:
    """Let faults taken while one request is served see its method and path."""
    token = _request.set((method, path))
    try:
        yield
    finally:
        _request.reset(token)


class FaultOrder(BaseModel):
    """What POST /control/faults takes. ``seconds`` is real time (delay, late_write)."""

    model_config = ConfigDict(extra="forbid")

    network: str
    kind: Literal[
        "lost_answer",
        "late_write",
        "delay",
        "duplicate",
        "rate_limited",
        "server_error",
        "expired_token",
        "disapproved_ad",
        "overloaded",
        "invalid_answer",
        "refusal",
        "moderated",
        "no_credit",
    ]
    method: str | None = None
    path: str | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    chance: Annotated[float, Field(gt=0, le=1)] | None = None
    seconds: Annotated[float, Field(ge=0, le=3600)] = 1.0

    @field_validator("path")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"path {value!r} is no regular expression: {error}") from None
        return value


@dataclass(slots=True)
class _Armed:
    number: int
    order: FaultOrder
    armed: int | None
    asked: int
    fired: int

    def fits(self, method: str, path: str) -> bool:
        wanted = self.order
        if wanted.method and wanted.method.upper() != method.upper():
            return False
        return not wanted.path or re.search(wanted.path, path) is not None

    @property
    def spent(self) -> bool:
        return self.armed is not None and self.fired >= self.armed


class Switchboard:
    """Armed faults, oldest first; kept in the sandbox file so that a restart keeps them."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed
        self._faults: list[_Armed] = []
        with database.lock:
            for (
                number,
                network,
                kind,
                method,
                path,
                armed,
                chance,
                seconds,
                asked,
                fired,
            ) in database.connection.execute("SELECT * FROM fault ORDER BY number"):
                order = FaultOrder(
                    network=network,
                    kind=kind,
                    method=method,
                    path=path,
                    count=armed,
                    chance=chance,
                    seconds=seconds,
                )
                self._faults.append(_Armed(number, order, armed, asked, fired))

    def arm(self, order: FaultOrder) -> int:
        """Arm a fault; its number."""
        armed = 1 if order.count is None and order.chance is None else order.count
        with self._database.transaction() as connection:
            row = connection.execute(
                "INSERT INTO fault (network, kind, method, path, armed, chance, seconds, asked,"
                " fired) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0) RETURNING number",
                (
                    order.network,
                    order.kind,
                    order.method,
                    order.path,
                    armed,
                    order.chance,
                    order.seconds,
                ),
            ).fetchone()
            self._faults.append(_Armed(int(row[0]), order, armed, 0, 0))
        return int(row[0])

    def take(self, network: str, kind: str) -> FaultOrder | None:
        """Take one armed fault that fits the request being served, and count it."""
        method, path = _request.get() or ("", "")
        with self._database.lock:
            for fault in self._faults:
                order = fault.order
                if (order.network, order.kind) != (network, kind) or fault.spent:
                    continue
                if not fault.fits(method, path):
                    continue
                fault.asked += 1
                # Seeded by the fault and how often it was asked, so a run can be repeated.
                hit = order.chance is None or (
                    uniform(self._seed, "fault", fault.number, fault.asked) < order.chance
                )
                fault.fired += hit
                with self._database.transaction() as connection:
                    connection.execute(
                        "UPDATE fault SET asked = ?, fired = ? WHERE number = ?",
                        (fault.asked, fault.fired, fault.number),
                    )
                if hit:
                    return order
        return None

    def clear(self, network: str | None = None, kind: str | None = None) -> int:
        """Disarm faults (all, one network's, or one kind); how many were still armed."""
        with self._database.transaction() as connection:
            gone = [
                fault
                for fault in self._faults
                if network in (None, fault.order.network) and kind in (None, fault.order.kind)
            ]
            for fault in gone:
                self._faults.remove(fault)
                connection.execute("DELETE FROM fault WHERE number = ?", (fault.number,))
        return sum(not fault.spent for fault in gone)

    def report(self) -> dict[str, Any]:
        """Every fault with its counts, and the sums by network and kind.

        ``armed`` is null where a fault stays armed until cleared.
        """
        with self._database.lock:
            faults = [
                {
                    "number": fault.number,
                    **fault.order.model_dump(exclude={"count"}, exclude_none=True),
                    "armed": fault.armed,
                    "asked": fault.asked,
                    "fired": fault.fired,
                }
                for fault in self._faults
            ]
            counts: dict[str, dict[str, dict[str, int | None]]] = {}
            for fault in self._faults:
                of_network = counts.setdefault(fault.order.network, {})
                of_kind = of_network.setdefault(fault.order.kind, {"armed": 0, "fired": 0})
                before = of_kind["armed"]
                of_kind["armed"] = (
                    None if before is None or fault.armed is None else before + fault.armed
                )
                of_kind["fired"] = (of_kind["fired"] or 0) + fault.fired
        return {"faults": faults, "counts": counts}
