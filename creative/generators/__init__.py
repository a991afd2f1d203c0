"""Outside services that make pictures and videos, behind one small interface.

A service either answers at once (``Generated``) or promises (``Ticket``): the ticket is written
down before anything else, because an order cannot be given twice without paying twice. Nothing
here repeats a call by itself; Temporal does, and keeps count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

from pydantic import SecretStr

from models.contract.base import Frozen
from models.contract.money import Money

Kind = Literal["moderation", "credit", "access", "request"]

UNVERIFIED_PRICES: dict[str, Money] = {
    "gpt-image-2.5-flare": Money.of("0.04"),
    "flux-2-klein-4b": Money.of("0.015"),
    "flux-2-klein-9b": Money.of("0.015"),
    "flux-2-pro": Money.of("0.03"),
    "gen4_turbo": Money.of("0.50"),
}
"""By model: one picture, or one clip of up to ten seconds. The requirement's figures, not the
services' own price lists (the first was given for a model that is gone): set your own."""

_NO_KEY = SecretStr("")
_CENT = Money.of("0.01")


class Ticket(Frozen):
    """A promise of a service. ``at`` is where to ask for it, empty where the id is enough.

    ``cost`` is what the service says it takes, else what we expect; None where neither is known.
    """

    generator: str
    id: str
    at: str = ""
    cost: Money | None = None


@dataclass(frozen=True, slots=True)
class Generated:
    """What a service made. ``media_type`` is by its content. ``cost`` as in ``Ticket``."""

    data: bytes = field(repr=False)
    media_type: str
    generator: str
    model: str
    cost: Money | None
    sandbox: bool


class GeneratorRefused(Exception):
    """Final: the same order will be refused again. ``cost`` is what it takes nevertheless, where
    the service says so."""

    def __init__(self, reason: str, kind: Kind, cost: Money | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind: Kind = kind
        self.cost = cost


class GeneratorBusy(Exception):
    """Not now, and nothing was ordered: try again, not before ``retry_after`` seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class GeneratorLost(Exception):
    """The answer to an order was lost: it may have been done, and billed."""


class ImageGenerator(Protocol):
    """A service that makes pictures.

    ``price`` is what one is expected to cost; what it did cost stands in the answer.
    """

    @property
    def name(self) -> str: ...
    @property
    def price(self) -> Money | None: ...

    async def submit(self, prompt: str, size: tuple[int, int], seed: int) -> Ticket | Generated:
        """Order one picture of about the shape of ``size``; its own size is the service's nearest.

        Raises:
            GeneratorRefused, GeneratorBusy, GeneratorLost
        """
        ...

    async def collect(self, ticket: Ticket) -> Generated | None:
        """The picture, or None when it is not ready. Asking costs nothing.

        Raises:
            GeneratorRefused: it will never come.
            GeneratorBusy: no answer now.
        """
        ...


class VideoGenerator(Protocol):
    """A service that makes a still picture move; otherwise as ``ImageGenerator``."""

    @property
    def name(self) -> str: ...
    @property
    def price(self) -> Money | None: ...

    async def submit(
        self, prompt: str, still: bytes, ratio: tuple[int, int], seconds: int, seed: int
    ) -> Ticket | Generated:
        """Order one clip that begins with ``still`` (PNG, JPEG or WebP), of about the shape of
        ``ratio`` and of at least ``seconds``, as far as the service goes.

        Raises:
            GeneratorRefused, GeneratorBusy, GeneratorLost
        """
        ...

    async def collect(self, ticket: Ticket) -> Generated | None:
        """As ``ImageGenerator.collect``."""
        ...


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """What the operator has set.

    ``images`` and ``videos``: ``auto`` takes the first service that has a key or a base URL.
    A base URL that is set is the operator's own: it is spoken to even without a key, and what
    it links to on its own origin is fetched. ``prices`` by model come before
    ``UNVERIFIED_PRICES``. Host patterns (``*.bfl.ai``) say where a service's links may lead.
    """

    images: Literal["auto", "off", "openai", "flux"] = "auto"
    videos: Literal["auto", "off", "runway"] = "auto"
    openai_api_key: SecretStr = _NO_KEY
    openai_base_url: str = ""
    openai_image_model: str = "gpt-image-2.5-flare"
    openai_image_quality: str = "medium"
    flux_api_key: SecretStr = _NO_KEY
    flux_base_url: str = ""
    flux_model: str = "flux-2-pro"
    flux_polling_hosts: tuple[str, ...] = ("*.bfl.ai",)
    flux_delivery_hosts: tuple[str, ...] = ("*.bfl.ai",)
    runway_api_key: SecretStr = _NO_KEY
    runway_base_url: str = ""
    runway_model: str = "gen4_turbo"
    # The outputs' host stands in the service's documentation by example only.
    runway_delivery_hosts: tuple[str, ...] = ("*.cloudfront.net", "*.runwayml.com")
    prices: Mapping[str, Money] = field(default_factory=dict[str, Money])
    # What one credit of a service costs: unverified, as the prices are. None: not counted.
    flux_credit_price: Money | None = _CENT
    runway_credit_price: Money | None = _CENT
    timeout_seconds: float = 180.0
    sandbox_url: str = ""

    def price(self, model: str) -> Money | None:
        """What one picture or clip of ``model`` is expected to cost."""
        return self.prices.get(model) or UNVERIFIED_PRICES.get(model)

    def is_sandbox(self, base_url: str) -> bool:
        """Whether ``base_url`` is the stand-in's."""
        own = self.sandbox_url.rstrip("/")
        return bool(own) and (base_url == own or base_url.startswith(f"{own}/"))


def cost_of(credits_taken: object, price: Money | None) -> Money | None:
    """Credits as a service states them, in money; None where it states nothing usable."""
    if price is None or isinstance(credits_taken, bool):
        return None
    if not isinstance(credits_taken, int | float) or not 0 <= credits_taken <= _MOST_CREDITS:
        return None
    micros = (Decimal(str(credits_taken)) * price.micros).to_integral_value("ROUND_CEILING")
    return Money(micros=int(micros), currency=price.currency)


def own_ticket(ticket: Ticket, name: str) -> None:
    """Ask no service for another one's order.

    Raises:
        GeneratorRefused: the ticket is another service's.
    """
    if ticket.generator != name:
        raise GeneratorRefused(
            f"order {ticket.id[:80]!r} was given to {ticket.generator[:40]!r}, not to {name}; set "
            "the generator back, or make it anew",
            "request",
        )


_MOST_CREDITS = 1_000_000  # anything above is no price but a broken answer
