"""Polling a watched feed."""

from uuid import UUID

from models.contract.base import Frozen


class FeedPoll(Frozen):
    """Poll one feed of one team."""

    team_id: UUID
    feed_id: UUID


class FeedPolled(Frozen):
    """What a poll found: promotions started, entries refused, or why it failed."""

    started: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    error: str | None = None
