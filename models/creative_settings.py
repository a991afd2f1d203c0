"""What the operator sets about making creatives: services, prices, storage, signing, a font."""

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, ByteSize, Field, SecretStr
from pydantic_settings import BaseSettings


class CreativeSettings(BaseSettings):
    """Part of ``Settings``. Without a key nothing outside is spoken to: pictures are drawn here.

    ``prices``, by model and in US dollars, come before the requirement's figures, which nobody
    verified. A base URL that is set is the operator's own and is spoken to even without a key.
    """

    images: Literal["auto", "off", "openai", "flux"] = "auto"
    videos: Literal["auto", "off", "runway"] = "auto"
    openai_api_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("OPENAI_API_KEY")
    )
    openai_base_url: str = Field(default="", validation_alias=AliasChoices("OPENAI_BASE_URL"))
    openai_image_model: str = "gpt-image-2.5-flare"
    openai_image_quality: str = "medium"
    flux_api_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("BFL_API_KEY")
    )
    flux_base_url: str = ""
    flux_model: str = "flux-2-pro"
    flux_polling_hosts: tuple[str, ...] = ("*.bfl.ai",)
    flux_delivery_hosts: tuple[str, ...] = ("*.bfl.ai",)
    flux_credit_price: Decimal | None = Decimal("0.01")
    runway_api_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("RUNWAYML_API_SECRET")
    )
    runway_base_url: str = Field(default="", validation_alias=AliasChoices("RUNWAYML_BASE_URL"))
    runway_model: str = "gen4_turbo"
    runway_delivery_hosts: tuple[str, ...] = ("*.cloudfront.net", "*.runwayml.com")
    runway_credit_price: Decimal | None = Decimal("0.01")
    generator_timeout_seconds: float = Field(default=180.0, gt=0)
    generator_prices: dict[str, Decimal] = {}

    # Most that the creatives of one campaign may cost, in US dollars, all services together.
    creative_budget: Decimal = Field(default=Decimal("5.00"), ge=0)

    # Most that a team's asset library may hold, as 10GiB or in bytes: uploads end there, what
    # campaigns need never does.
    asset_quota: ByteSize = Field(default=ByteSize(10 * 1024**3), gt=0)

    # Content credentials: the operator's own certificate chain and key; else a test identity.
    signing_chain: Path | None = None
    signing_key: Path | None = None
    signing_timestamps: str = ""
    trusted_signers: Path | None = None

    # A typeface of the operator's own for what is written on pictures (TTF or OTF).
    font: Path | None = None
