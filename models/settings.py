"""All settings, typed, in one place. Read from the environment once per process."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from models.contract.campaign import Cadence
from models.contract.clock import CampaignClock
from models.contract.vocabulary import Platform
from models.creative_settings import CreativeSettings
from models.sealing import Keyring, keyring
from models.stepped_clock import SteppedClock

_MOST_OVER_DELIVERY = 10
DEFAULT_TEAM = UUID("5f0c3c1e-0000-4000-8000-000000000001")


def default_directory() -> Path:
    """Where the local stack keeps its data (root's home is closed to the database's user)."""
    if os.geteuid() == 0:
        return Path("/var/lib/adflight")
    return Path.home() / ".local" / "share" / "adflight"


class Usual(BaseModel):
    """Usual rates of one market, in units of ``currency``: cost per 1,000 impressions, clicks per
    impression, conversions per click, revenue per conversion (0: none is counted on).

    The defaults are round figures of the trade, not anybody's data: set your own.
    """

    currency: str = "USD"
    cpm: float = Field(default=10.0, gt=0)
    ctr: float = Field(default=0.01, gt=0, le=1)
    cvr: float = Field(default=0.02, gt=0, le=1)
    value: float = Field(default=0.0, ge=0)


class Settings(CreativeSettings):
    """Settings of every process. Names in capitals are the environment variables' own."""

    # A refused value may be a secret: the message names the setting only.
    model_config = SettingsConfigDict(
        env_prefix="ADFLIGHT_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    directory: Path = Field(default_factory=default_directory)
    enabled: bool = Field(
        default=False, validation_alias=AliasChoices("AI_ADS_MANAGER_ENABLED", "ADFLIGHT_ENABLED")
    )
    team_id: UUID = DEFAULT_TEAM
    person: str = Field(default_factory=lambda: os.environ.get("USER", "operator"))

    database_url: str = Field(
        default="",
        repr=False,
        validation_alias=AliasChoices("DATABASE_URL", "ADFLIGHT_DATABASE_URL"),
    )
    temporal_address: str = Field(
        default="", validation_alias=AliasChoices("TEMPORAL_ADDRESS", "ADFLIGHT_TEMPORAL_ADDRESS")
    )
    temporal_profile: str = Field(default="", validation_alias=AliasChoices("TEMPORAL_PROFILE"))

    anthropic_api_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("ANTHROPIC_API_KEY")
    )
    anthropic_base_url: str = Field(default="", validation_alias=AliasChoices("ANTHROPIC_BASE_URL"))
    model: str = "claude-sonnet-5-5"
    model_timeout_seconds: float = 120.0
    # Prices are the operator's to set: providers change them; no verified table ships with us.
    model_input_price_per_million: Decimal | None = None
    model_output_price_per_million: Decimal | None = None

    sandbox_url: str = ""
    # Other hosts and API versions than the adapters' own: {"meta.api": "https://…"} and
    # {"meta": "v27.0"}.
    network_hosts: dict[str, str] = {}
    network_versions: dict[str, str] = {}

    web_hosts: dict[str, str] = {}
    web_allow_private: bool = False
    events_url: str = ""
    ui_url: str = ""
    event_secret: SecretStr = SecretStr("")

    # Keys that team-owned secrets are sealed with: one, or several by id and the active one.
    encryption_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("ENCRYPTION_KEY", "ADFLIGHT_ENCRYPTION_KEY"),
    )
    keys: dict[str, SecretStr] = {}
    key: str = ""
    # Sources of secrets of the operator's own, by scheme: {"vault": "our_vault:VaultSecrets"}.
    secret_sources: dict[str, str] = {}
    # Where networks send a person back to after a login; the event endpoint unless set.
    public_url: str = ""

    # Where pictures and videos lie: "s3://bucket/prefix" (endpoint, region and credentials by AWS's
    # own variables), or `assets` on disk. Links to them are signed with the secret.
    asset_store: str = ""
    link_secret: SecretStr = SecretStr("")

    # Where people are told: a name of one's own (email, slack, sms, …) to an apprise URL. The one
    # URL of `notify_url` is the channel "default". High alerts go to `alert_high`: when unset, to
    # all but channels whose name begins with "sms", which are kept for what is critical.
    alert_channels: dict[str, SecretStr] = {}
    alert_high: tuple[str, ...] | None = None
    alerts_per_hour: int = Field(default=20, ge=1)
    notify_url: SecretStr = SecretStr("")
    digest_hour: int = Field(default=8, ge=0, le=23)
    feed_interval_seconds: float = 300.0

    # What is usual, for forecasts of an account that has no campaigns of its own yet.
    benchmark: Usual | None = Usual()

    # How many times a daily budget a network may spend on one day, where ours is not believed.
    over_delivery: dict[str, float] = {}

    tempo: float = Field(default=1.0, gt=0, le=100_000)
    clock_origin: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    # A rehearsal's clock: see models.contract.clock and models.stepped_clock.
    clock_ahead: timedelta = timedelta(0)
    clock_grain: timedelta | None = None
    stepped_clock: Path | None = None
    settle_seconds: float | None = None
    pacing: timedelta = timedelta(hours=4)
    fatigue: timedelta = timedelta(hours=6)
    lease: timedelta = timedelta(hours=6)
    approval_expiry: timedelta = timedelta(hours=48)
    restatement: timedelta = timedelta(days=28)

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @field_validator("over_delivery")
    @classmethod
    def _at_least_the_budget(cls, value: dict[str, float]) -> dict[str, float]:
        named = {Platform.parse(name).value: multiple for name, multiple in value.items()}
        for name, multiple in named.items():
            if not 1 <= multiple <= _MOST_OVER_DELIVERY:
                raise ValueError(
                    f"over-delivery of {name} is {multiple:g}; give a multiple of the daily budget "
                    f"from 1 to {_MOST_OVER_DELIVERY}"
                )
        return named

    @property
    def clock(self) -> CampaignClock:
        """The stack's campaign clock."""
        return CampaignClock(
            origin=self.clock_origin,
            tempo=self.tempo,
            ahead=self.clock_ahead,
            grain=self.clock_grain,
        )

    def real_now(self) -> datetime:
        """What campaign time is derived from: the wall clock, or the instant stepped to."""
        if self.stepped_clock is not None:
            return SteppedClock(self.stepped_clock).now()
        return datetime.now(UTC)

    def campaign_now(self) -> datetime:
        """Campaign time at this moment."""
        return self.clock.campaign_time(self.real_now())

    @property
    def cadence(self) -> Cadence:
        """How often campaigns look after themselves."""
        return Cadence(
            pacing=self.pacing,
            fatigue=self.fatigue,
            lease=self.lease,
            approval_expiry=self.approval_expiry,
            restatement=self.restatement,
        )

    @property
    def keyring(self) -> Keyring:
        """The keys that secrets are sealed with.

        Raises:
            KeysRefused: one cannot be used; nothing but sealing and opening needs them.
        """
        return keyring(
            self.encryption_key.get_secret_value(),
            {name: key.get_secret_value() for name, key in self.keys.items()},
            self.key,
        )

    @property
    def assets(self) -> Path:
        """Where images are kept; network objects refer to them by relative path."""
        return self.directory / "assets"

    @property
    def claude_is_sandbox(self) -> bool:
        """Whether Claude's place is taken by the labelled rule-based planner."""
        return not self.anthropic_api_key.get_secret_value() and bool(self.sandbox_url)
