"""Team-owned credentials, sealed, and the attempts to get them.

``sealed`` opens only with the operator's key and only in its own row (``models.sealing``).
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.tables.columns import document, documents, instant, instant_now, maybe_instant, team


class Connection(SQLModel, table=True):
    """What a person let us do on a network. ``subject`` is who it was there, where it says so.

    ``expires_at`` is when the access token ends (real time; None: it does not). ``generation``
    counts how often the secrets were replaced.
    """

    __tablename__ = "connections"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "one_connection_a_subject",
            "team_id",
            "platform",
            "sandbox",
            "subject",
            unique=True,
            postgresql_where=text("subject <> ''"),
        ),
    )
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    platform: str = Field(max_length=20)
    name: str = Field(max_length=100)
    sandbox: bool = False
    subject: str = Field(default="", max_length=255)
    sealed: str
    key_id: str = Field(max_length=40, index=True)
    scopes: list[str] = documents()
    expires_at: datetime | None = maybe_instant()
    status: str = Field(default="active", max_length=20)
    status_reason: str = ""
    generation: int = 1
    connected_by: str = Field(default="", max_length=100)
    renewed_at: datetime = instant_now()
    checked_at: datetime | None = maybe_instant()
    created_at: datetime = instant_now()


class ConnectAttempt(SQLModel, table=True):
    """One walk to a network's login page and back.

    ``state_hash`` is the SHA-256 of what the network hands back; ``sealed`` holds what only we may
    know meanwhile. ``outcome``: pending, exchanging, connected or failed; ``told`` is what the
    person was told, ``found`` what the login reaches (nothing secret).
    """

    __tablename__ = "connect_attempts"  # pyright: ignore[reportAssignmentType]
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    team_id: UUID = team()
    platform: str = Field(max_length=20)
    sandbox: bool = False
    person: str = Field(max_length=100)
    wanted: str = Field(default="", max_length=255)
    redirect_uri: str
    state_hash: str = Field(max_length=64, unique=True)
    token_hash: str | None = Field(default=None, max_length=64, index=True)
    sealed: str
    key_id: str = Field(max_length=40, index=True)
    outcome: str = Field(default="pending", max_length=20)
    told: str = ""
    found: dict[str, object] = document()
    connection_id: UUID | None = None
    created_at: datetime = instant_now()
    expires_at: datetime = instant()
    used_at: datetime | None = maybe_instant()
