"""What a video file says of itself: pixels, length and codec, read from its MP4 or MOV boxes.

Networks refuse a video that does not fit hours later, or count it against the account; so it is
looked at before it is sent. Nothing is decoded.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_ROTATED = 0x00010000
"""The matrix entry b of a track that is shown turned by 90 degrees, in 16.16 fixed point."""


@dataclass(frozen=True, slots=True)
class Video:
    """One video as it is shown. ``seconds`` is the presentation's length; ``codec`` is the sample
    entry's code (``avc1`` is H.264, ``hvc1`` H.265); ``quicktime`` tells MOV from MP4."""

    width: int
    height: int
    seconds: Fraction
    codec: str
    quicktime: bool = False


def read_video(content: bytes) -> Video:
    """The first picture track of an MP4 or MOV file.

    Raises:
        ValueError: the content is no such file, or holds no pictures.
    """
    try:
        return _read(content)
    except (struct.error, IndexError, ZeroDivisionError):
        raise ValueError("the file's boxes are damaged") from None


def _read(content: bytes) -> Video:
    brand, seconds = b"", Fraction(0)
    track: tuple[int, int] | None = None
    pictures = False
    found: tuple[int, int, str] | None = None
    for kind, body in _boxes(memoryview(content)):
        if kind == b"ftyp":
            brand = bytes(body[:4])
        elif kind == b"mvhd":
            seconds = _length(body)
        elif kind == b"tkhd":
            track, pictures = _shown_size(body), False
        elif kind == b"hdlr":
            # MOV has a second one in each track, for where its data are.
            pictures = pictures or bytes(body[8:12]) == b"vide"
        elif kind == b"stsd" and pictures and track is not None and found is None:
            found = (*track, bytes(body[12:16]).decode("latin-1").strip())
    if not brand:
        raise ValueError("the file is no MP4 or MOV video")
    if found is None or not seconds:
        raise ValueError("the file holds no pictures, or does not say how long it lasts")
    width, height, codec = found
    return Video(width, height, seconds, codec, quicktime=brand == b"qt  ")


def _boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Every box, depth first; of those that only hold others, the others."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif size == 0:
            size = len(data) - at
        if size < head:
            raise IndexError
        body = data[at + head : at + size]
        if kind in _CONTAINERS:
            yield from _boxes(body)
        else:
            yield kind, body
        at += size


def _length(body: memoryview) -> Fraction:
    """Of a movie header: its duration over its time scale."""
    if body[0] == 1:
        scale, duration = struct.unpack_from(">IQ", body, 20)
    else:
        scale, duration = struct.unpack_from(">II", body, 12)
    return Fraction(duration, scale)


def _shown_size(body: memoryview) -> tuple[int, int]:
    """Of a track header: width and height, as turned by its matrix."""
    matrix = 52 if body[0] == 1 else 40
    (turn,) = struct.unpack_from(">i", body, matrix + 4)
    width, height = struct.unpack_from(">II", body, matrix + 36)
    width, height = width >> 16, height >> 16
    return (height, width) if abs(turn) == _ROTATED else (width, height)
