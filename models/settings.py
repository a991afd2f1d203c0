"""All settings, typed, in one place. Read from the environment once per process."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.contract.campaign import Cadence
from models.contract.clock import CampaignClock

DEFAULT_TEAM = UUID("5f0c3c1e-0000-4000-8000-000000000001")


def default_directory() -> Path:
    """Where the local stack keeps its data (root's home is closed to the database's user)."""
    if os.geteuid() == 0:
        return Path("/var/lib/adflight")
    return Path.home() / ".local" / "share" / "adflight"


class Settings(BaseSettings):
    """Settings of every process. Names in capitals are the environment variables' own."""

    model_config = SettingsConfigDict(env_prefix="ADFLIGHT_", extra="ignore", frozen=True)

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
    meta_base_url: str = "https://graph.facebook.com"
    meta_api_version: str = "v26.0"
    x_base_url: str = "https://ads-api.x.com"
    x_upload_url: str = "https://api.x.com"
    x_api_version: str = "12"

    web_hosts: dict[str, str] = {}
    web_allow_private: bool = False
    events_url: str = ""
    ui_url: str = ""
    event_secret: SecretStr = SecretStr("")
    notify_url: SecretStr = SecretStr("")
    feed_interval_seconds: float = 300.0

    tempo: float = Field(default=1.0, gt=0, le=100_000)
    clock_origin: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    settle_seconds: float | None = None
    pacing: timedelta = timedelta(hours=4)
    fatigue: timedelta = timedelta(hours=6)
    lease: timedelta = timedelta(hours=6)
    approval_expiry: timedelta = timedelta(hours=48)
    restatement: timedelta = timedelta(days=28)

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    @property
    def clock(self) -> CampaignClock:
        """The stack's campaign clock."""
        return CampaignClock(origin=self.clock_origin, tempo=self.tempo)

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
    def assets(self) -> Path:
        """Where images are kept; network objects refer to them by relative path."""
        return self.directory / "assets"

    @property
    def claude_is_sandbox(self) -> bool:
        """Whether Claude's place is taken by the labelled rule-based planner."""
        return not self.anthropic_api_key.get_secret_value() and bool(self.sandbox_url)
