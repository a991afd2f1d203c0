"""Ad accounts: where campaigns live and whose money they spend."""

from collections.abc import Mapping
from uuid import UUID

from models.contract.base import Frozen
from models.contract.vocabulary import Platform, SpecialCategory

PERMITTED = "permitted_categories"
"""The option that names, separated by commas, the regulated categories permitted in writing; none
where the network permits none of them."""


def kept_options(given: Mapping[str, str]) -> dict[str, str]:
    """Options that a person states, as an account keeps them.

    Raises:
        ValueError: ``permitted_categories`` names what is no category; one sentence.
    """
    if PERMITTED not in given:
        return dict(given)
    named = {one.strip().lower() for one in given[PERMITTED].split(",")} - {""}
    unknown = sorted(named - set(SpecialCategory))
    if unknown:
        raise ValueError(
            f"{PERMITTED} {unknown[0][:40]!r} is no regulated category; name those that the "
            f"network permits this account in writing, of {', '.join(_REGULATED)}, or none"
        )
    if not named or (SpecialCategory.NONE in named and len(named) > 1):
        raise ValueError(
            f"{PERMITTED} {given[PERMITTED][:40]!r} says nothing; name categories of "
            f"{', '.join(_REGULATED)}, separated by commas, or none alone"
        )
    return {**given, PERMITTED: ",".join(one for one in SpecialCategory if one in named)}


_REGULATED = tuple(one.value for one in SpecialCategory if one is not SpecialCategory.NONE)


class AdAccount(Frozen):
    """One ad account of one team.

    ``credentials_ref`` names where the secrets are (``platforms.credentials`` has the forms); they
    themselves never travel. ``options`` holds what a network needs beside the id and is not secret:
    Meta ``page_id`` and ``pixel_id``; X ``funding_instrument_id`` and ``as_user_id``; of every
    network ``permitted_categories``.
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

    @property
    def permitted(self) -> tuple[SpecialCategory, ...] | None:
        """Regulated categories that the network permits this account; None: nobody has said.

        What is no category permits nothing: the option is checked where it is set, and a campaign
        must not trip over it.
        """
        stated = self.options.get(PERMITTED)
        if stated is None:
            return None
        named = {one.strip() for one in stated.split(",")}
        return tuple(one for one in SpecialCategory if one.value in named)
