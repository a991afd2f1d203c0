"""The still image of a creative, as Meta takes it: base64 in a form field."""

import asyncio
import base64
import hashlib
from pathlib import Path

from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.errors import Refused

_LARGEST = 30 * 1024 * 1024  # bytes, JPG or PNG


async def encoded_image(order: CreativeOrder) -> str:
    """The image of ``order`` in base64.

    Raises:
        Refused: the file is missing, larger than Meta takes, or not the one that was approved.
    """
    try:
        content = await asyncio.to_thread(Path(order.image_path).read_bytes)
    except OSError:
        raise _refused("the image file cannot be read; make the creative again") from None
    if len(content) > _LARGEST:
        raise _refused(f"the image has {len(content)} bytes; Meta takes {_LARGEST}")
    if hashlib.sha256(content).hexdigest() != order.image_sha256:
        raise _refused("the image file has changed since the creative was approved")
    return base64.b64encode(content).decode("ascii")


def _refused(message: str) -> Refused:
    return Refused(Platform.META, message, field="image_path")
