"""The still image of a creative, as Meta takes it: base64 in a form field."""

import asyncio
import base64

from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.approved import read_image_bytes

_LARGEST = 30 * 1024 * 1024  # bytes, JPG or PNG


async def encoded_image(order: CreativeOrder) -> str:
    """The image of ``order`` in base64.

    Raises:
        Refused: the file is missing, larger than Meta takes, or not the one that was approved.
    """
    content = await asyncio.to_thread(read_image_bytes, Platform.META, "Meta", order, most=_LARGEST)
    return base64.b64encode(content).decode("ascii")
