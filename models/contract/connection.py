"""Connections: a team's own credentials for a network, and the workflow that keeps them usable.

Token lifetimes are real time, so that everything here is real time, whatever the tempo.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from models.contract.base import Frozen

CONNECTION_REF = "connection:"
"""What the ``credentials_ref`` of an account with team-owned credentials begins with."""


class ConnectionStatus(StrEnum):
    """Whether a connection can be used to raise anything."""

    ACTIVE = "active"
    NEEDS_REAUTH = "needs_reauth"


class ConnectionCadence(Frozen):
    """How often a connection is looked after; ``again`` after a renewal that got no answer, and
    between two looks at calls that were denied."""

    check: timedelta = timedelta(days=1)
    again: timedelta = timedelta(seconds=30)


class ConnectionInput(Frozen):
    """Keep one connection usable. ``told``: the state people were told of last."""

    team_id: UUID
    connection_id: UUID
    platform: str
    name: str
    cadence: ConnectionCadence = ConnectionCadence()
    checked_at: datetime | None = None
    told: str = ""


class ConnectionAsked(Frozen):
    """Ask about one connection."""

    team_id: UUID
    connection_id: UUID


class ConnectionSeen(Frozen):
    """How a connection stands. ``exists`` False: it was removed, nothing is left to look after.

    ``renew_at`` None: its access does not end, or cannot be renewed without a person.
    """

    exists: bool = True
    status: ConnectionStatus = ConnectionStatus.ACTIVE
    reason: str = ""
    renew_at: datetime | None = None
    expires_at: datetime | None = None
    generation: int = 0
    accounts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def connection_workflow_id(connection_id: UUID) -> str:
    """The workflow that keeps a connection usable."""
    return f"connection-{connection_id}"


def connection_id(reference: str) -> UUID | None:
    """The connection that a credentials reference names; None where it names another source."""
    if not reference.startswith(CONNECTION_REF):
        return None
    try:
        return UUID(reference.removeprefix(CONNECTION_REF))
    except ValueError:
        return None
