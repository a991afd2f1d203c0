"""The boxes of HEIC, MP4 and MOV files, read without decoding anything.

ISO/IEC 14496-12 and Apple's QuickTime File Format. Each box must lie within the one around it, and
tables must hold as many entries as they announce: decoders allocate by what is announced.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from creative.media.parts import CUT_OFF, Malformed

MOST_BOXES = 20_000
DEEPEST = 12
_CONTAINERS = frozenset(
    {
        "moov", "trak", "edts", "mdia", "minf", "dinf", "stbl", "udta", "moof", "traf", "mvex",
        "meta", "iprp", "ipco", "tapt", "ilst",
    }
)  # fmt: skip
# Tables of a track: where the number of entries stands, and the least bytes of one.
_TABLES: Mapping[str, tuple[int, int]] = {
    "stts": (4, 8), "ctts": (4, 8), "stsc": (4, 12), "stco": (4, 4), "co64": (4, 8),
    "stss": (4, 4), "elst": (4, 12), "stsd": (4, 8), "dref": (4, 12),
}  # fmt: skip


class Box(NamedTuple):
    """A box: its type, where it starts, where its content starts, where it stops, how deep."""

    name: str
    start: int
    body: int
    stop: int
    depth: int


def boxes(data: bytes) -> list[Box]:
    """All boxes in the order of the file, the inner ones behind the one around them.

    Raises:
        Malformed: cut off, too many or too deep, or bytes that belong to no box.
    """
    found: list[Box] = []
    for box in _within(data, 0, len(data), 0):
        found.append(box)
        if len(found) > MOST_BOXES:
            raise Malformed(f"has more than {MOST_BOXES:,} boxes; export it anew")
    return found


def _within(data: bytes, at: int, stop: int, depth: int) -> Iterator[Box]:
    if depth > DEEPEST:
        raise Malformed(f"nests boxes more than {DEEPEST} deep; export it anew")
    while at < stop:
        # QuickTime ends lists of user data by a 32-bit zero, and pads with more.
        if depth and not data[at : min(stop, at + 65_536)].strip(b"\0"):
            return
        size, header = int.from_bytes(data[at : at + 4]), 8
        if size == 1:
            size, header = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == 0 and not depth:
            size = stop - at  # the last box of a file may leave its size open
        name = data[at + 4 : at + 8].decode("latin-1")
        if size < header or stop - at < header or not _named(name):
            raise Malformed(_odd(at, depth))
        if at + size > stop:
            raise Malformed(
                CUT_OFF
                if not depth and at + size < 1 << 40
                else f"is damaged: its box {name!r} claims {size:,} bytes of {stop - at:,} left"
            )
        box = Box(name, at, at + header, at + size, depth)
        if name == "meta" and not _plain_meta(data, box):
            box = box._replace(body=box.body + 4)  # its version and flags
        yield box
        if name in _CONTAINERS:
            yield from _within(data, box.body, box.stop, depth + 1)
        at = box.stop


def _plain_meta(data: bytes, box: Box) -> bool:
    """QuickTime's ``meta`` has no version and flags before its boxes."""
    return data[box.body + 4 : box.body + 8] in (b"hdlr", b"mhdr", b"keys")


def _named(name: str) -> bool:
    return all(" " <= one <= "~" or one == "\xa9" for one in name)


def _odd(at: int, depth: int) -> str:
    if depth:
        return "is damaged: its boxes are in no order; export it anew"
    return f"has bytes that belong to no box, from byte {at:,} on; export it anew"


def heic_sizes(data: bytes, found: list[Box]) -> list[tuple[int, int]]:
    """Width and height of everything a HEIC file describes: pictures, tiles, previews.

    Raises:
        Malformed: it holds no still picture.
    """
    names = {box.name for box in found if not box.depth}
    if "moov" in names:
        raise Malformed("is a sequence of pictures; upload moving pictures as MP4")
    if "meta" not in names:
        raise Malformed("holds no picture")
    sizes = [
        (_number(data, box.body + 4), _number(data, box.body + 8))
        for box in found
        if box.name == "ispe"
    ]
    if not sizes:
        raise Malformed("holds no picture")
    return sizes


def check_tracks(data: bytes, found: list[Box]) -> None:
    """That a video's tables hold what they announce, and that it refers to no other file.

    Raises:
        Malformed: they do not, or it does.
    """
    names = {box.name for box in found if not box.depth}
    if "moov" not in names:
        raise Malformed("is cut off: its index (moov) is missing; upload it again")
    if not names & {"mdat", "moof"}:
        raise Malformed("holds no frames (no mdat)")
    for box in found:
        length = box.stop - box.body
        if box.name == "rmra":
            raise Malformed("refers to other files; export it as a file of its own")
        if box.name in _TABLES:
            at, least = _TABLES[box.name]
            count = _number(data, box.body + at)
            if length < 8 or count * least > length:
                raise Malformed(
                    f"is damaged: its table {box.name!r} announces {count:,} entries in "
                    f"{length:,} bytes"
                )
        if box.name in ("stsz", "stz2"):
            _check_sizes(data, box, length)
        if box.name == "stts":
            _check_count(sum(_number(data, at) for at in range(box.body + 8, box.stop - 7, 8)),
                         len(data))  # fmt: skip
        if box.name == "dref":
            _check_references(data, box)


def _check_sizes(data: bytes, box: Box, length: int) -> None:
    fixed, count = _number(data, box.body + 4), _number(data, box.body + 8)
    if box.name == "stsz" and not fixed and 4 * count > length:
        raise Malformed(
            f"is damaged: its table 'stsz' announces {count:,} entries in {length:,} bytes"
        )
    _check_count(count, len(data))


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise Malformed(f"is damaged: it announces {count:,} samples in {most:,} bytes")


def _check_references(data: bytes, box: Box) -> None:
    """A data reference must say that the data stands in this very file (flag 1)."""
    at = box.body + 8
    for _ in range(_number(data, box.body + 4)):
        size = _number(data, at)
        if size < 12 or at + size > box.stop:
            raise Malformed("is damaged: its data references are in no order; export it anew")
        if not data[at + 11] & 1:
            raise Malformed("refers to other files; export it as a file of its own")
        at += size


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4])
