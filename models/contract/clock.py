"""Campaign time: real time in production, faster on a sandbox stack.

The *tempo* is campaign seconds per real second. It belongs to the stack and is copied into
every workflow's input. This table says which durations are campaign time and which are real:

============================================  =========
pacing, fatigue and report cadences           campaign
flights, dayparting, leases, edit quotas      campaign
approval expiry and reminders                 campaign
reporting lag and restatement                 campaign
network timeouts, retries, settling           real
signature windows, token lifetimes            real
============================================  =========
"""

from datetime import UTC, datetime, timedelta

from pydantic import Field

from models.contract.base import Frozen

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class CampaignClock(Frozen):
    """Maps real instants to campaign instants: ``origin + (real - origin) * tempo``."""

    origin: datetime = _EPOCH
    tempo: float = Field(default=1.0, gt=0)

    def campaign_time(self, real: datetime) -> datetime:
        """The campaign instant at a real instant (both aware)."""
        if self.tempo == 1.0:
            return real
        return self.origin + (real - self.origin) * self.tempo

    def real_time(self, campaign: datetime) -> datetime:
        """The real instant of a campaign instant (both aware)."""
        if self.tempo == 1.0:
            return campaign
        return self.origin + (campaign - self.origin) / self.tempo

    def real_duration(self, campaign: timedelta) -> timedelta:
        """How long a campaign duration lasts on the wall."""
        return campaign / self.tempo
