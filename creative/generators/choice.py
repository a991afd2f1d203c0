"""Which generator the operator's settings give."""

from creative.generators import (
    GeneratorRefused,
    GeneratorSettings,
    ImageGenerator,
    VideoGenerator,
)
from creative.generators.flux import Flux
from creative.generators.runway import Runway


def image_generator(settings: GeneratorSettings) -> ImageGenerator | None:
    """The service for pictures; None where none is set, and the caller draws its own.

    A service without a key is never spoken to, unless at a base URL of the operator's own.

    Raises:
        GeneratorRefused: the service asked for by name has neither.
    """
    wanted = settings.images
    openai = bool(settings.openai_api_key.get_secret_value() or settings.openai_base_url)
    flux = bool(settings.flux_api_key.get_secret_value() or settings.flux_base_url)
    if wanted == "openai" and not openai:
        raise _unset("images", "openai", "OPENAI_API_KEY")
    if wanted == "flux" and not flux:
        raise _unset("images", "flux", "BFL_API_KEY")
    if openai and wanted in ("auto", "openai"):
        # Its package takes a second to import, and most processes never need it.
        from creative.generators.openai_images import OpenAIImages

        return OpenAIImages(settings)
    if flux and wanted in ("auto", "flux"):
        return Flux(settings)
    return None


def video_generator(settings: GeneratorSettings) -> VideoGenerator | None:
    """The service for videos; None where none is set, and the caller moves a still itself.

    Raises:
        GeneratorRefused: the service asked for by name has neither key nor base URL.
    """
    known = bool(settings.runway_api_key.get_secret_value() or settings.runway_base_url)
    if settings.videos == "runway" and not known:
        raise _unset("videos", "runway", "RUNWAYML_API_SECRET")
    return Runway(settings) if known and settings.videos != "off" else None


def _unset(what: str, service: str, variable: str) -> GeneratorRefused:
    return GeneratorRefused(
        f"{what} are to come from {service}, which has no key; set {variable}, or set {what} to "
        "auto or off",
        "access",
    )
