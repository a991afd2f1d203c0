"""What a file is, by its first bytes and never by its name."""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is taken. ``endings``: the first is the one that it is stored under."""

    kind: Literal["image", "video"]
    label: str
    media_type: str
    endings: tuple[str, ...]

    @property
    def ending(self) -> str:
        """The usual ending, without a dot."""
        return self.endings[0]


JPEG = Kind("image", "JPEG", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"))
PNG = Kind("image", "PNG", "image/png", ("png",))
WEBP = Kind("image", "WebP", "image/webp", ("webp",))
HEIC = Kind("image", "HEIC", "image/heic", ("heic", "heif", "hif"))
GIF = Kind("image", "GIF", "image/gif", ("gif",))
MP4 = Kind("video", "MP4", "video/mp4", ("mp4", "m4v"))
MOV = Kind("video", "MOV", "video/quicktime", ("mov", "qt"))
KINDS = (JPEG, PNG, WEBP, HEIC, GIF, MP4, MOV)
BY_MEDIA_TYPE = {one.media_type: one for one in KINDS}
BY_ENDING = {ending: one for one in KINDS for ending in one.endings}
TAKEN = "JPEG, PNG, WebP, HEIC, GIF, MP4 or MOV"

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_SEQUENCE_BRANDS = frozenset({b"hevc", b"hevx", b"msf1"})
_MP4_BRANDS = frozenset(
    {
        b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41",
        b"mp42", b"mp71", b"avc1", b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"dash", b"hvc1", b"XAVC",
    }
)  # fmt: skip
# QuickTime files from before 2001 name no brand: they begin with one of these boxes.
_OLD_MOV = frozenset({b"moov", b"mdat", b"wide", b"pnot"})

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (or a document or program made of one)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\x00asm", "a program"),
    (b"#!", "a script"),
    (b"<?php", "a script"),
    (b"#EXTM3U", "a playlist"),
    (b"8BPS", "a Photoshop document"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"BM", "a BMP picture"),
    (b"\x00\x00\x01\x00", "an icon file"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"%!PS", "a PostScript document"),
    (b"\x1a\x45\xdf\xa3", "a WebM or Matroska video"),
    (b"FLV\x01", "a Flash video"),
    (b"\x00\x00\x01\xba", "an MPEG video"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
    (b"SQLite format 3\x00", "a database"),
)
_SVG = re.compile(rb"<\s*(?:[\w.-]+:)?svg[\s>/]", re.I)
_HTML = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|script|iframe)[\s>/]", re.I)
_LOOKED_AT = 4_096


def kind_of(data: bytes) -> Kind | str:
    """The kind of a file, or what it is instead, in words ("an SVG drawing")."""
    start = data[:_LOOKED_AT]
    if start[:3] == b"\xff\xd8\xff":
        return JPEG
    if start[:8] == b"\x89PNG\r\n\x1a\n":
        return PNG
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    if start[:4] == b"RIFF":
        other = {b"AVI ": "an AVI video", b"WAVE": "a WAVE recording"}
        return WEBP if start[8:12] == b"WEBP" else other.get(start[8:12], "a RIFF file")
    if start[4:8] == b"ftyp":
        return _branded(data)
    if start[4:8] in _OLD_MOV:
        return MOV
    return next((told for first, told in _OTHERS if start.startswith(first)), _text(start))


def _branded(data: bytes) -> Kind | str:
    """By the brands of an ISO base media file (ISO/IEC 14496-12, section 4.3)."""
    size = min(int.from_bytes(data[:4]), _LOOKED_AT)
    major = data[8:12]
    brands = {major, *(data[at : at + 4] for at in range(16, size - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "an AVIF picture"
    if major in _HEIC_BRANDS or (major in (b"mif1", b"miaf") and brands & _HEIC_BRANDS):
        return HEIC
    if major in _SEQUENCE_BRANDS:
        return "a sequence of HEIC pictures"
    if major == b"qt  ":
        return MOV
    if major in _MP4_BRANDS:
        return MP4
    shown = "".join(chr(one) if 32 < one < 127 else "?" for one in major)
    return f"a media file of the brand {shown!r}"


def _text(start: bytes) -> str:
    flat = start.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if not flat:
        return "empty"
    if flat.startswith(b"<"):
        if _SVG.search(flat):
            return "an SVG drawing"
        return "an HTML page" if _HTML.search(flat) else "an XML or HTML document"
    try:
        # A character may be cut in two at the end of what is looked at.
        text = start.decode("utf-8") if len(start) < _LOOKED_AT else start[:-3].decode("utf-8")
    except UnicodeDecodeError:
        return "of no kind that is known here"
    printable = all(one.isprintable() or one in "\t\r\n\f" for one in text)
    return "a text" if printable else "of no kind that is known here"
