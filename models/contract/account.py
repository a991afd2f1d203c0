"""Ad accounts: where campaigns live and whose money they spend."""

from uuid import UUID

from models.contract.base import Frozen
from models.contract.vocabulary import Platform


class AdAccount(Frozen):
    """One ad account of one team.

    ``credentials_ref`` names where the secrets are (``platforms.credentials`` has the forms); they
    themselves never travel. ``options`` holds what a network needs beside the id and is not secret:
    Meta ``page_id`` and ``pixel_id``; X ``funding_instrument_id`` and ``as_user_id``.
    """

    id: UUID
    team_id: UUID
    platform: Platform
    name: str
    external_id: str
    currency: str = "USD"
    timezone: str = "UTC"
    credentials_ref: str = ""
    sandbox: bool = False
    options: dict[str, str] = {}
