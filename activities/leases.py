"""Renewing a lease: authorised and carried out in one go, for it happens eight times a day."""

from temporalio import activity

from activities.network import NetworkActivities
from activities.spend import SpendAuthority
from models.contract.effects import LeaseRenewal
from models.contract.limits import SpendGrant


class LeaseActivities:
    """Collaborators: who may say yes, and who moves the end."""

    def __init__(self, authority: SpendAuthority, network: NetworkActivities) -> None:
        self._authority = authority
        self._network = network

    @activity.defn
    async def renew_lease(self, renewal: LeaseRenewal) -> SpendGrant:
        """Ask again to be allowed to spend; only then move the network's end time, and read back.

        Cut short in between, it is asked again under the same key and gets the same answer.

        Raises:
            ApplicationError: the network could not be moved, or refused.
        """
        grant = await self._authority.reserve(renewal.request)
        if grant.granted:
            await self._network.move_end(renewal.move)
        return grant
