"""What people are told: single notices, alerts of incidents, and the daily digest."""

from hashlib import sha256
from uuid import UUID, uuid5

from pydantic import field_validator

from models.contract.base import Frozen
from models.contract.incident import IncidentReport
from models.contract.safety import Severity
from models.contract.vocabulary import StopLevel

_LONGEST_KEY = 160  # room for what is appended to a key that escalates


class Notice(Frozen):
    """One message. ``key`` makes a repeated notice one notice.

    Critical goes to every channel at once, high to the chosen ones; medium and low wait for the
    daily digest. Notices of one ``incident_key`` alert once, and again when it got worse.
    ``link`` is a web page that shows the matter. ``digest``: this is the digest itself, it goes
    to the chosen channels whatever its severity.
    """

    team_id: UUID
    key: str
    title: str
    body: str = ""
    severity: Severity = Severity.LOW
    incident_key: str | None = None
    link: str = ""
    digest: bool = False

    @field_validator("severity", mode="before")
    @classmethod
    def _former_name(cls, value: object) -> object:
        # Histories of campaigns that run now carry it.
        return Severity.LOW if value == "info" else value

    @field_validator("key")
    @classmethod
    def _fits_its_column(cls, value: str) -> str:
        if len(value) <= _LONGEST_KEY:
            return value
        return f"{value[: _LONGEST_KEY - 33]}-{sha256(value.encode()).hexdigest()[:32]}"


def incident_id(team_id: UUID, key: str) -> UUID:
    """The id of the incident of a key, as ``IncidentReport.id``."""
    return uuid5(team_id, f"incident/{key}")


def incident_notice(report: IncidentReport) -> Notice:
    """The alert of an incident: what, why, with the numbers, and what was done.

    Its key is the incident's and its severity, so that a worse report is told anew.
    """
    emergency = report.level == StopLevel.EMERGENCY.value
    lines = [report.text]
    if report.numbers:
        lines.append(", ".join(f"{name}: {value:,.10g}" for name, value in report.numbers.items()))
    if report.money_at_risk is not None:
        lines.append(f"At risk: {report.money_at_risk.rounded()}")
    lines += report.done
    return Notice(
        team_id=report.team_id,
        key=f"incident/{report.key}/{report.severity.value}",
        title=f"EMERGENCY STOP: {report.title}" if emergency else report.title,
        body="\n".join(line for line in lines if line),
        severity=Severity.CRITICAL if emergency else report.severity,
        incident_key=report.key,
    )


class DigestOrder(Frozen):
    """Compose and send one team's digest."""

    team_id: UUID


class Digest(Frozen):
    """A digest to send, and the notices it tells (ids of their rows)."""

    notice: Notice
    told: tuple[UUID, ...] = ()


class DigestSent(Frozen):
    """What became of a digest; ``sent`` False: there was nothing to say."""

    sent: bool
    told: int = 0


class ChannelsAsked(Frozen):
    """Ask the worker for its alert channels; with ``send`` it tries them (all, or ``only``)."""

    team_id: UUID
    only: str | None = None
    send: bool = False


class ChannelState(Frozen):
    """One alert channel. ``scheme`` is the kind of service, never an address.

    ``outcome`` of a trial: "delivered", or "failed: why".
    """

    name: str
    scheme: str
    high: bool
    outcome: str = ""


class ChannelsAnswer(Frozen):
    """The worker's channels, and what is wrong with their settings."""

    channels: tuple[ChannelState, ...] = ()
    problems: tuple[str, ...] = ()
