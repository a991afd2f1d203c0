"""The files of a creative as a network takes them: the ones that were approved, and no others.

What a person approved is known by its hash. A file that has changed since is never sent, and one
that a network would refuse is refused here, before anything is uploaded.
"""

import hashlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Literal, TypeVar

from PIL import Image, UnidentifiedImageError

from models.contract.creative import AdCopy
from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.errors import Refused
from platforms.network import CopyLimits
from platforms.video import Video, read_video

Word = TypeVar("Word")


def read_image(
    platform: Platform,
    network: str,
    order: CreativeOrder,
    *,
    most: int,
    formats: Mapping[str, Word],
) -> tuple[bytes, Word, tuple[int, int]]:
    """The still image of an order: its bytes, what ``formats`` says of its format (by Pillow's
    name of it), and its width and height in pixels.

    Args:
        platform: Who refuses.
        network: The network's name in a sentence.
        order: With the path, and the SHA-256 of what was approved.
        most: Bytes the network takes.
        formats: The formats it takes; JPEG and PNG are always among them.

    Raises:
        Refused: it cannot be read, was changed, is too large, or is in another format.
    """
    content = _approved(platform, network, "image", order.image_path, order.image_sha256, most)
    try:
        with Image.open(BytesIO(content)) as picture:
            kind, size = picture.format or "", picture.size
    except (UnidentifiedImageError, OSError):
        raise Refused(
            platform,
            f"the image is in no format {network} takes; use PNG or JPEG",
            field="image_path",
        ) from None
    if kind not in formats:
        raise Refused(
            platform,
            f"image format {kind} is not taken by {network}; use PNG or JPEG",
            field="image_path",
        )
    return content, formats[kind], size


def read_image_bytes(platform: Platform, network: str, order: CreativeOrder, *, most: int) -> bytes:
    """The still image of an order, whatever its format. See ``read_image``."""
    return _approved(platform, network, "image", order.image_path, order.image_sha256, most)


def read_film(
    platform: Platform, network: str, order: CreativeOrder, *, most: int
) -> tuple[bytes, Video]:
    """The video of an order and what it says of itself; ``most`` bytes are taken.

    Raises:
        Refused: there is none, or it cannot be read, was changed, is too large, or is no MP4 or
            MOV.
    """
    if not order.video_path or not order.video_sha256:
        raise Refused(
            platform,
            f"{network} shows videos, and this creative has none; make one",
            field="video_path",
        )
    content = _approved(platform, network, "video", order.video_path, order.video_sha256, most)
    try:
        return content, read_video(content)
    except ValueError as error:
        raise Refused(
            platform, f"the video cannot be used ({error}); use an MP4", field="video_path"
        ) from None


def check_copy_lengths(platform: Platform, copy: AdCopy, limits: CopyLimits, shown: str) -> None:
    """The three texts of a creative, each against its limit in characters; ``shown`` says whose.

    Raises:
        Refused: the first that is too long, named.
    """
    for field, text, limit in (
        ("primary_text", copy.primary_text, limits.primary_text),
        ("headline", copy.headline, limits.headline),
        ("description", copy.description, limits.description),
    ):
        if len(text) > limit:
            raise Refused(
                platform,
                f"{field} has {len(text)} characters; {shown} {limit}: shorten it",
                field=field,
            )


def _approved(
    platform: Platform,
    network: str,
    what: Literal["image", "video"],
    path: str,
    sha256: str,
    most: int,
) -> bytes:
    field = f"{what}_path"
    try:
        # Asked for first, so that what is far too large is not read at all.
        size = Path(path).stat().st_size
        content = Path(path).read_bytes() if size <= most else b""
    except OSError as error:
        raise Refused(
            platform,
            f"the {what} cannot be read ({error.strerror}); make the creative again",
            field=field,
        ) from None
    if size > most:
        raise Refused(
            platform,
            f"the {what} has {size:,} bytes; {network} takes {most:,}: make it smaller",
            field=field,
        )
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Refused(
            platform,
            f"the {what} is not the one that was approved (its hash differs); make the creative "
            "again",
            field=field,
        )
    return content
