"""Whether an ad account can still be spent from, asked of its network and remembered."""

from sqlmodel import col, select
from temporalio import activity

from activities.heartbeat import heartbeating
from activities.outcomes import network_errors
from models.contract.account import AdAccount
from models.contract.base import Frozen
from models.contract.network import AccountHealth
from models.contract.vocabulary import AccountStatus
from models.database import Database
from models.tables import Account
from models.tables.columns import now_utc
from platforms.registry import Networks


class AccountCheck(Frozen):
    """Ask how an account stands."""

    account: AdAccount


class AccountChecked(Frozen):
    """How it stands. ``changed``: its status is another than the one remembered before."""

    health: AccountHealth
    changed: bool = False


class AccountActivities:
    """Collaborators: the database and the networks."""

    def __init__(self, database: Database, networks: Networks) -> None:
        self._database = database
        self._networks = networks

    @activity.defn(name="check_account")
    async def check(self, ask: AccountCheck) -> AccountChecked:
        """``examine``, as an activity.

        Raises:
            ApplicationError: the network could not answer, or refused the credential.
        """
        async with heartbeating(), network_errors():
            return await self.examine(ask.account)

    async def examine(self, account: AdAccount) -> AccountChecked:
        """Ask the network how the account stands and remember what is new.

        The spend authority refuses raises on an account whose remembered status is not active.
        An account that was switched off here stays off, whatever its network says; of one that
        could not be read the last status stands.

        Raises:
            NetworkError: the network could not answer, or the credentials are not there.
        """
        network = await self._networks.of(account)
        health = await network.check_account()
        async with self._database.team(account.team_id) as session:
            row = await session.scalar(
                select(Account).where(col(Account.id) == account.id).with_for_update()
            )
            if row is None:
                return AccountChecked(health=health)
            if switched_off_here(row) or not health.read:
                return AccountChecked(
                    health=health.model_copy(update={"status": AccountStatus(row.status)})
                )
            changed = row.status != health.status.value
            if changed:
                row.status, row.status_at = health.status.value, now_utc()
            fine = health.status is AccountStatus.ACTIVE
            row.status_reason = "" if fine else " ".join(health.problems)
        return AccountChecked(health=health, changed=changed)


def switched_off_here(account: Account) -> bool:
    """Whether we disabled the account ourselves: what a network said of it has a time."""
    return account.status == AccountStatus.DISABLED.value and account.status_at is None
