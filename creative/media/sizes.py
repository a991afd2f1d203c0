"""How many pixels a still picture says it has, and whether a PNG holds just as many.

Asked before anything is decoded: decoders allocate by what is said.
"""

import struct
import zlib
from collections.abc import Iterator

from creative.media.kinds import GIF, JPEG, PNG, Kind
from creative.media.parts import Malformed, Part

_PIECE = 1_048_576
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {
    0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16),
}  # fmt: skip
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip
_FRAMES = frozenset(f"{one:02X}" for one in range(0xC0, 0xD0)) - {"C4", "C8", "CC"}


def sizes(data: bytes, kind: Kind, parts: list[Part]) -> Iterator[tuple[int, int]]:
    """Width and height of everything that a JPEG, PNG, GIF or WebP describes.

    Raises:
        Malformed: it describes nothing.
    """
    found = False
    for part in parts:
        size = _described(data, kind, part)
        if size is not None:
            found = True
            yield size
    if not found:
        raise Malformed("holds no picture")


def _described(data: bytes, kind: Kind, part: Part) -> tuple[int, int] | None:
    body = data[part.start : min(part.stop, part.start + 32)]
    try:
        if kind is JPEG:
            if part.name not in _FRAMES:
                return None
            height, width = struct.unpack_from(">HH", body, 5)
            return width, height
        if kind is PNG:
            return struct.unpack_from(">II", body, 8) if part.name == "IHDR" else None
        if kind is GIF:
            at = {"header": 6, "frame": 5}.get(part.name)
            return struct.unpack_from("<HH", body, at) if at is not None else None
        return _webp(part.name, body)
    except struct.error:
        raise Malformed("is damaged: its header is too short; save it anew") from None


def _webp(name: str, body: bytes) -> tuple[int, int] | None:
    """RFC 9649, sections 2.5 to 2.7: three ways to say it."""
    if name == "VP8X":
        return (int.from_bytes(body[12:15], "little") + 1,
                int.from_bytes(body[15:18], "little") + 1)  # fmt: skip
    if name == "VP8 ":
        width, height = struct.unpack_from("<HH", body, 14)
        return width & 0x3FFF, height & 0x3FFF
    if name == "VP8L":
        bits = int.from_bytes(body[9:13], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def check_png(data: bytes, parts: list[Part]) -> None:
    """That a PNG inflates to exactly the pixels it says, and nothing hides behind them.

    Raises:
        Malformed: it does not.
    """
    if parts[1].stop - parts[1].start != 25:
        raise Malformed("is damaged: its header has another length; save it anew")
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if depth not in _DEPTHS.get(colour, ()) or not width or not height:
        raise Malformed("is damaged: its header describes no picture; save it anew")
    bits = depth * _CHANNELS[colour]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    expected = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            expected += rows * (1 + -(-columns * bits // 8))
    inflate, made = zlib.decompressobj(), 0
    try:
        for part in parts:
            if part.name != "IDAT":
                continue
            body = data[part.start + 8 : part.stop - 4]
            while body and not inflate.eof:
                made += len(inflate.decompress(body, _PIECE))
                body = inflate.unconsumed_tail
                if made > expected:
                    raise Malformed(
                        f"is a decompression bomb: it inflates to more than its {width}x{height} "
                        "pixels"
                    )
            if inflate.eof and (body or inflate.unused_data):
                raise Malformed("has bytes hidden behind its pixels; open it and save it anew")
    except zlib.error:
        raise Malformed("is damaged: its pixels do not inflate; save it anew") from None
    if made < expected:
        raise Malformed("is cut off: it holds fewer pixels than it says; upload it again")
