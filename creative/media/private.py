"""Leaving out what a picture tells besides its pixels: where and when, by whom, with what.

The pixels stay as they are, bit for bit; of the metadata only what is needed to show them right
stays: the colour profile and which side is up.
"""

import struct

from creative.media import parts
from creative.media.kinds import GIF, JPEG, PNG, WEBP, Kind

_PNG_KEPT = frozenset(
    {"IHDR", "PLTE", "tRNS", "IDAT", "IEND", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "sBIT", "pHYs"}
)
_WEBP_KEPT = frozenset({"VP8X", "VP8 ", "VP8L", "ALPH", "ICCP"})
_WEBP_PRIVATE = 0x0C
"""The flags of the extended header that announce EXIF and XMP."""


def without_metadata(data: bytes, kind: Kind, orientation: int) -> bytes:
    """The same picture with nothing said about it. ``orientation`` is EXIF's (1: upright).

    Raises:
        ValueError: the kind's metadata cannot be cut out; such a picture is made anew.
        Malformed: the file is damaged.
    """
    if kind is JPEG:
        return _jpeg(data, orientation)
    if kind is PNG:
        return _png(data, orientation)
    if kind is WEBP and orientation == 1:
        return _webp(data)
    if kind is GIF:
        kept = [
            one
            for one in parts.gif(data)
            if not one.name.startswith("extension") or one.name == "extension f9"
        ]
        return _joined(data, kept)
    raise ValueError(f"the metadata of {kind.label} is not cut out")


def _joined(data: bytes, kept: list[parts.Part]) -> bytes:
    return b"".join(data[one.start : one.stop] for one in kept)


def _upright(orientation: int) -> bytes:
    """EXIF that says which side is up and nothing else (one entry, big-endian TIFF)."""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def _jpeg(data: bytes, orientation: int) -> bytes:
    first, *rest = parts.jpeg(data)
    made = [data[first.start : first.stop]]
    if orientation != 1:
        body = b"Exif\0\0" + _upright(orientation)
        made.append(b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    for one in rest:
        if one.name in ("COM", "another") or (one.name.startswith("APP") and not _shown(data, one)):
            continue
        made.append(data[one.start : one.stop])
    return b"".join(made)


def _shown(data: bytes, part: parts.Part) -> bool:
    """Whether a segment says how to show the pixels: density, colour profile, colour transform."""
    body = data[part.start + 4 : part.start + 18]
    return (
        (part.name == "APP0" and body.startswith(b"JFIF\0"))
        or (part.name == "APP2" and body.startswith(b"ICC_PROFILE\0"))
        or (part.name == "APP14" and body.startswith(b"Adobe"))
    )


def _png(data: bytes, orientation: int) -> bytes:
    signature, header, *rest = parts.png(data)
    made = [_joined(data, [signature, header])]
    if orientation != 1:
        made.append(_chunk(b"eXIf", _upright(orientation)))
    made.append(_joined(data, [one for one in rest if one.name in _PNG_KEPT]))
    return b"".join(made)


def _chunk(name: bytes, body: bytes) -> bytes:
    crc = parts.zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def _webp(data: bytes) -> bytes:
    made = bytearray()
    for one in parts.webp(data):
        if one.name not in _WEBP_KEPT:
            continue
        chunk = bytearray(data[one.start : one.stop])
        if one.name == "VP8X":
            chunk[8] &= ~_WEBP_PRIVATE
        made += chunk
    return b"RIFF" + struct.pack("<I", len(made) + 4) + b"WEBP" + bytes(made)
