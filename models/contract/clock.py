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
_TICK = timedelta(milliseconds=1)


class CampaignClock(Frozen):
    """Maps real instants to campaign instants: ``origin + (real - origin) * tempo``.

    A rehearsal runs at tempo 1 with two more fields: campaign time is ``ahead`` of the server's,
    and shows whole multiples of ``grain`` (rounded down), so that the milliseconds which its
    work takes on the wall are in no decision and a run can be repeated.
    """

    origin: datetime = _EPOCH
    tempo: float = Field(default=1.0, gt=0)
    ahead: timedelta = timedelta(0)
    grain: timedelta | None = None

    def campaign_time(self, real: datetime) -> datetime:
        """The campaign instant at a real instant (both aware)."""
        if self.tempo != 1.0:
            return self.origin + (real - self.origin) * self.tempo
        moment = real + self.ahead
        return moment - (moment - self.origin) % self.grain if self.grain else moment

    def real_time(self, campaign: datetime) -> datetime:
        """The (first) real instant of a campaign instant (both aware)."""
        if self.tempo == 1.0:
            return campaign - self.ahead
        return self.origin + (campaign - self.origin) / self.tempo

    def real_wait(self, real: datetime, until: datetime) -> timedelta:
        """How long to wait from a real instant until a campaign instant; negative when past.

        With a grain a tick more: a server that counts milliseconds must not fire just before.
        """
        if self.grain is not None:
            return self.real_time(until) + _TICK - real
        return self.real_duration(until - self.campaign_time(real))

    def real_duration(self, campaign: timedelta) -> timedelta:
        """How long a campaign duration lasts on the wall."""
        return campaign / self.tempo
