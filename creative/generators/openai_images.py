"""Pictures by OpenAI: ``POST /images/generations`` of the official package, answered at once."""

import asyncio
import base64
import binascii
import json
import ssl
from functools import cache
from json import JSONDecodeError
from typing import Any, cast

import httpx2
import openai
from pydantic import SecretStr

from creative.generators import (
    Generated,
    GeneratorBusy,
    GeneratorLost,
    GeneratorRefused,
    GeneratorSettings,
    Kind,
    Ticket,
    access,
)
from creative.generators.content import MOST_PICTURE_BYTES, picture_type
from creative.generators.shapes import Grid, nearest_ratio, on_grid
from creative.generators.wire import clean, retry_after
from models.contract.money import Money

LIVE = "https://api.openai.com/v1"
MOST_PROMPT = 32_000
# The fact sheet: sides divisible by 16, ratio up to 3:1, above 2560x1440 experimental. The least
# is ours: two thirds of a megapixel, below which a picture is too poor for any placement.
_ANY = Grid(16, (16, 2_560), (655_360, 2_560 * 1_440), 3.0)
_STANDARD = ((1_024, 1_024), (1_536, 1_024), (1_024, 1_536))
_ONLY_STANDARD = ("gpt-image-1", "chatgpt-image")  # families that make no other sizes
_MODERATED = frozenset({"moderation_blocked", "content_policy_violation"})
_NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_NOTHING_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
# Base64 takes a third more, and the rest of the answer a few lines.
_MOST_ANSWER = MOST_PICTURE_BYTES * 4 // 3 + 100_000


class OpenAIImages:
    """One model. It takes no seed: the same order gives another picture."""

    name = "openai"

    def __init__(self, settings: GeneratorSettings) -> None:
        self._settings = settings
        # An operator's own gateway may want no key, and the package insists on one.
        self._key = SecretStr(access.key(settings.openai_api_key, "openai_api_key"))
        self._base_url = access.base_url(settings.openai_base_url, LIVE, "openai_base_url")
        self._model = settings.openai_image_model
        self._sandbox = settings.is_sandbox(self._base_url)

    @property
    def price(self) -> Money | None:
        return self._settings.price(self._model)

    async def submit(self, prompt: str, size: tuple[int, int], seed: int) -> Generated:
        """One picture, at once; ``seed`` is not used."""
        if len(prompt) > MOST_PROMPT:
            raise GeneratorRefused(
                f"prompt has {len(prompt):,} characters, the limit of {self.name} is "
                f"{MOST_PROMPT:,}; shorten it",
                "request",
            )
        width, height = size_for(self._model, size)
        answer = await self._ask(prompt, f"{width}x{height}")
        data = _picture(answer)
        return Generated(
            data=data,
            media_type=await asyncio.to_thread(picture_type, data, self.name, self.price),
            generator=self.name,
            model=self._model,
            cost=self.price,
            sandbox=self._sandbox,
        )

    async def collect(self, ticket: Ticket) -> Generated | None:
        """Nothing is ever promised here."""
        raise GeneratorRefused(
            f"{self.name} answers at once and has no order {ticket.id[:80]!r}", "request"
        )

    async def _ask(self, prompt: str, size: str) -> bytes:
        """The answer as it came, no larger than a picture may be."""
        timeout = self._settings.timeout_seconds
        try:
            async with (
                asyncio.timeout(timeout),
                openai.AsyncOpenAI(
                    api_key=self._key.get_secret_value(),
                    base_url=self._base_url,
                    timeout=timeout,
                    max_retries=0,  # Temporal retries, and keeps count
                    # A redirected order would be given twice.
                    http_client=openai.DefaultAsyncHttpxClient(
                        follow_redirects=False, verify=_trusted()
                    ),
                ) as client,
                client.images.with_streaming_response.generate(
                    prompt=prompt,
                    model=self._model,
                    size=size,
                    quality=cast("Any", self._settings.openai_image_quality),
                    n=1,
                    output_format="png",
                    background="opaque",
                ) as response,
            ):
                data = bytearray()
                async for piece in response.iter_bytes(65_536):
                    data += piece
                    if len(data) > _MOST_ANSWER:
                        raise GeneratorRefused(
                            f"{self.name} sent more than the limit of {MOST_PICTURE_BYTES:,} bytes "
                            "for a picture; ask for a smaller size",
                            "request",
                            self.price,
                        )
                return bytes(data)
        except openai.APIStatusError as error:
            raise self._failure(error) from None
        except openai.APIConnectionError as error:
            why = type(error.__cause__ or error).__name__
            if isinstance(error.__cause__, _NOTHING_SENT):
                raise GeneratorBusy(f"{self.name} could not be reached ({why})") from None
            raise _lost(f"gave no answer to an order ({why})") from None
        except (openai.OpenAIError, httpx2.HTTPError, TimeoutError) as error:
            raise _lost(f"broke off its answer to an order ({type(error).__name__})") from None

    def _failure(self, error: openai.APIStatusError) -> Exception:
        status = error.status_code
        kind = _kind(status, error.code or "", error.type or "")
        if kind is not None:
            # What it says of a credential quotes part of it.
            said = "" if kind == "access" else f": {clean(error.message, self._key)}"
            return GeneratorRefused(f"{self.name} refused the order ({status}){said}", kind)
        if status in (429, 503):
            wait = retry_after(error.response.headers.get("retry-after"))
            return GeneratorBusy(f"{self.name} is busy ({status})", wait)
        return _lost(f"answered an order {status}, which does not say whether it was taken")


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates trusted: read once, not for every call."""
    return httpx2.create_ssl_context()


def size_for(model: str, wanted: tuple[int, int]) -> tuple[int, int]:
    """The size to order for ``wanted``."""
    if model.startswith(_ONLY_STANDARD):
        return nearest_ratio(wanted, _STANDARD)
    return on_grid(wanted, _ANY)


def _kind(status: int, code: str, error_type: str) -> Kind | None:
    if code in _MODERATED or "moderation" in code:
        return "moderation"
    # An empty purse answers 429 like a crowd does, and waiting does not fill it.
    if status == 402 or code in _NO_CREDIT or error_type == "insufficient_quota":
        return "credit"
    if status in (401, 403):
        return "access"
    if status in (408, 409, 425, 429) or status >= 500:
        return None
    return "request"


def _picture(answer: bytes) -> bytes:
    """The one picture of an answer.

    Raises:
        GeneratorLost: it holds none, though the order was taken.
    """
    try:
        read: Any = json.loads(answer)
        data = base64.b64decode(read["data"][0]["b64_json"], validate=True)
    except (
        JSONDecodeError, UnicodeDecodeError, RecursionError, KeyError, IndexError, TypeError,
        binascii.Error, ValueError,
    ):  # fmt: skip
        raise _lost("answered an order without a picture") from None
    if not data:
        raise _lost("answered an order without a picture")
    return data


def _lost(what: str) -> GeneratorLost:
    return GeneratorLost(f"{OpenAIImages.name} {what}")
