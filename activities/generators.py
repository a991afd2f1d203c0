"""The generators that the operator's settings give, and what they are called on screen."""

from dataclasses import dataclass

from creative.generators import GeneratorSettings, ImageGenerator, VideoGenerator
from creative.generators.choice import image_generator, video_generator
from creative.studio import DRAWN
from models.contract.money import Money
from models.settings import Settings

MOVED = "adflight's own pan over a still (sandbox: no video service is configured)"


@dataclass(frozen=True, slots=True)
class Generators:
    """The services that are configured; None where the product draws by itself."""

    images: ImageGenerator | None
    videos: VideoGenerator | None

    @property
    def labels(self) -> tuple[str, str]:
        """What makes pictures and what makes videos, in words."""
        return (
            self.images.name if self.images else DRAWN,
            self.videos.name if self.videos else MOVED,
        )


def generators(settings: Settings) -> Generators:
    """Open what is configured; nothing is contacted yet.

    Raises:
        GeneratorRefused: a service is asked for by name and has no key, or a setting is unusable.
    """
    told = GeneratorSettings(
        images=settings.images,
        videos=settings.videos,
        openai_api_key=settings.openai_api_key,
        openai_base_url=settings.openai_base_url,
        openai_image_model=settings.openai_image_model,
        openai_image_quality=settings.openai_image_quality,
        flux_api_key=settings.flux_api_key,
        flux_base_url=settings.flux_base_url,
        flux_model=settings.flux_model,
        flux_polling_hosts=settings.flux_polling_hosts,
        flux_delivery_hosts=settings.flux_delivery_hosts,
        flux_credit_price=_dollars(settings.flux_credit_price),
        runway_api_key=settings.runway_api_key,
        runway_base_url=settings.runway_base_url,
        runway_model=settings.runway_model,
        runway_delivery_hosts=settings.runway_delivery_hosts,
        runway_credit_price=_dollars(settings.runway_credit_price),
        prices={model: Money.of(price) for model, price in settings.generator_prices.items()},
        timeout_seconds=settings.generator_timeout_seconds,
        sandbox_url=settings.sandbox_url,
    )
    return Generators(image_generator(told), video_generator(told))


def _dollars(price: object) -> Money | None:
    return None if price is None else Money.of(str(price))
