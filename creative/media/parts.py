"""The parts that still pictures consist of, read without decoding a pixel.

Each reader gives the whole file as a list of parts, one behind the other, so that nothing can
stand between or after them unseen.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

MOST_PARTS = 20_000
MOST_SCANS = 200
"""Of a progressive JPEG: each is a pass over all pixels. Encoders write about ten."""
MOST_PICTURES = 8
"""In one JPEG file: phones append previews and gain maps (CIPA DC-007) to the picture."""
MOST_TEXT = 1_048_576
"""Bytes that one compressed text or profile of a PNG may inflate to (libpng has the same idea)."""

MOST_TEXTS = 8 * MOST_TEXT
"""All of them together."""

_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")
_PIECE = 1_048_576


class Malformed(ValueError):
    """The file is not what it says it is; the message continues "the file …"."""


class Part(NamedTuple):
    """A part: its name, and where it starts and stops in the file."""

    name: str
    start: int
    stop: int


CUT_OFF = "is cut off: it ends in the middle of a part; upload it again"


def jpeg(data: bytes) -> list[Part]:
    """Segments and scans (ITU T.81, annex B); pictures appended by cameras as ``another``.

    Raises:
        Malformed: cut off, or bytes that belong to no picture.
    """
    parts, at = _one_jpeg(data, 0)
    for _ in range(MOST_PICTURES):
        rest = data[at : at + _PIECE].lstrip(b"\0")
        if not rest:
            break
        start = at + min(_PIECE, len(data) - at) - len(rest)
        if not rest.startswith(b"\xff\xd8\xff"):
            raise after_the_end(len(data) - start)
        _, stop = _one_jpeg(data, start)
        parts.append(Part("another", at, stop))
        at = stop
    if data[at:].strip(b"\0"):
        raise after_the_end(len(data) - at)
    return parts


def after_the_end(count: int) -> Malformed:
    """Something stands behind the picture."""
    return Malformed(
        f"has {count:,} bytes after its end, where other content can hide; open it and save it anew"
    )


def _one_jpeg(data: bytes, start: int) -> tuple[list[Part], int]:
    parts, at, scans = [Part("SOI", start, start + 2)], start + 2, 0
    while True:
        if len(parts) > MOST_PARTS:
            raise Malformed(f"has more than {MOST_PARTS:,} parts; save it anew")
        found = _MARKER.match(data, at)
        if found is None:
            raise Malformed(CUT_OFF if at + 2 > len(data) else "is damaged; save it anew")
        marker, body = found[1][0], found.end()
        if marker == 0xD9:
            return [*parts, Part("EOI", at, body)], body
        if marker in (0x01, 0xD8):
            raise Malformed("is damaged: a picture begins within a picture; save it anew")
        size = int.from_bytes(data[body : body + 2])
        stop = body + size
        if size < 2 or stop > len(data):
            raise Malformed(CUT_OFF)
        if marker == 0xDA:
            scans += 1
            if scans > MOST_SCANS:
                raise Malformed(f"has more than {MOST_SCANS} scans; save it anew")
            following = _MARKER.search(data, stop)
            if following is None:
                raise Malformed(CUT_OFF)
            stop = following.start()
        parts.append(Part(_segment(marker), at, stop))
        at = stop


def _segment(marker: int) -> str:
    if 0xE0 <= marker <= 0xEF:
        return f"APP{marker - 0xE0}"
    return {0xFE: "COM", 0xDA: "SOS"}.get(marker, f"{marker:02X}")


def png(data: bytes) -> list[Part]:
    """Chunks (PNG, third edition, section 5), each with its checksum.

    Raises:
        Malformed: cut off, damaged, animated, a bomb, or bytes after the end.
    """
    parts, at, texts = [Part("signature", 0, 8)], 8, 0
    while parts[-1].name != "IEND":
        if len(parts) > MOST_PARTS:
            raise Malformed(f"has more than {MOST_PARTS:,} parts; save it anew")
        size = int.from_bytes(data[at : at + 4])
        name, stop = data[at + 4 : at + 8], at + size + 12
        if stop > len(data):
            raise Malformed(CUT_OFF)
        if not name.isalpha() or (len(parts) == 1) is not (name == b"IHDR"):
            raise Malformed("is damaged: its parts are in no order; save it anew")
        if zlib.crc32(data[at + 4 : stop - 4]) != int.from_bytes(data[stop - 4 : stop]):
            raise Malformed(f"is damaged: the checksum of its part {name.decode()} does not fit")
        if name == b"acTL":
            raise Malformed("is an animation; upload moving pictures as MP4")
        if name in (b"zTXt", b"iTXt", b"iCCP"):
            texts += _inflated(name.decode(), data[at + 8 : stop - 4])
            if texts > MOST_TEXTS:
                raise Malformed(
                    f"is a decompression bomb: its texts inflate to over {MOST_TEXTS:,} bytes"
                )
        parts.append(Part(name.decode(), at, stop))
        at = stop
    if at < len(data):
        raise after_the_end(len(data) - at)
    return parts


def _inflated(name: str, body: bytes) -> int:
    """Bytes that a compressed text or profile inflates to."""
    if name == "iTXt":
        flagged = body.partition(b"\0")[2]
        if flagged[:1] != b"\1":
            return 0
        stream = flagged[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        stream = body.partition(b"\0")[2][1:]
    try:
        size = len(zlib.decompressobj().decompress(stream, MOST_TEXT + 1))
    except zlib.error:
        raise Malformed(f"is damaged: its part {name} does not inflate; save it anew") from None
    if size > MOST_TEXT:
        raise Malformed(
            f"is a decompression bomb: its part {name} inflates to over {MOST_TEXT:,} bytes"
        )
    return size


def gif(data: bytes) -> list[Part]:
    """Blocks of a GIF (GIF89a, appendix A) of one single picture.

    Raises:
        Malformed: cut off, animated, or bytes after the end.
    """

    def table(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    if len(data) < 14:
        raise Malformed(CUT_OFF)
    at = 13 + table(data[10])
    parts, frames = [Part("header", 0, at)], 0
    while True:
        if len(parts) > MOST_PARTS:
            raise Malformed(f"has more than {MOST_PARTS:,} parts; save it anew")
        start = at
        match data[at : at + 1]:
            case b"\x3b":
                break
            case b"\x21":
                label = data[at + 1] if at + 1 < len(data) else 0
                name, at = f"extension {label:02x}", at + 2
            case b"\x2c":
                frames += 1
                if frames > 1:
                    raise Malformed("is an animation; upload moving pictures as MP4")
                if at + 10 > len(data):
                    raise Malformed(CUT_OFF)
                width, height = struct.unpack_from("<HH", data, at + 5)
                wide, high = struct.unpack_from("<HH", data, 6)
                if width > wide or height > high:
                    raise Malformed(
                        f"is damaged: a frame of {width}x{height} in a picture of {wide}x{high}"
                    )
                name, at = "frame", at + 11 + table(data[at + 9])
            case b"":
                raise Malformed(CUT_OFF)
            case _:
                raise Malformed("is damaged: its blocks are in no order; save it anew")
        at = _blocks_end(data, at)
        parts.append(Part(name, start, at))
    if at + 1 < len(data):
        raise after_the_end(len(data) - at - 1)
    if not frames:
        raise Malformed("holds no picture")
    return [*parts, Part("trailer", at, at + 1)]


def _blocks_end(data: bytes, at: int) -> int:
    while at < len(data):
        if not data[at]:
            return at + 1
        at += 1 + data[at]
    raise Malformed(CUT_OFF)


def webp(data: bytes) -> list[Part]:
    """Chunks of a WebP (RFC 9649, section 2.7) of one single picture.

    Raises:
        Malformed: cut off, animated, or bytes after the end.
    """
    stop = int.from_bytes(data[4:8], "little") + 8
    if stop > len(data):
        raise Malformed(CUT_OFF)
    if stop < len(data):
        raise after_the_end(len(data) - stop)
    parts = [Part("header", 0, 12), *_riff(data, 12)]
    names = {one.name for one in parts}
    if names & {"ANIM", "ANMF"}:
        raise Malformed("is an animation; upload moving pictures as MP4")
    if not names & {"VP8 ", "VP8L"}:
        raise Malformed("holds no picture")
    return parts


def _riff(data: bytes, at: int) -> Iterator[Part]:
    for _ in range(MOST_PARTS):
        if at == len(data):
            return
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        stop = at + 8 + size + size % 2
        if stop > len(data):
            raise Malformed(CUT_OFF)
        yield Part(data[at : at + 4].decode("latin-1"), at, stop)
        at = stop
    raise Malformed(f"has more than {MOST_PARTS:,} parts; save it anew")
