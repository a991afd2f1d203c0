"""Is this file what it says, and is it safe to keep? Asked of everything strangers and people send.

A file is told by its content, never by its name. It is looked into by a process of its own with
little memory and little time (``creative.media.examination``): what breaks a decoder ends there.

Taken are still pictures (JPEG, PNG, WebP, HEIC, GIF) and videos (MP4, MOV). Animated pictures are
refused rather than shown by their first frame: who uploads one wants it to move, and networks take
moving pictures as MP4. Files are kept as given; adverts show only the product's own encoding of
them, and a link to outsiders leads to a copy without metadata (``shared``), so that a place in a
photo's EXIF never leaves the house.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from creative.media import examination, limits
from creative.media.kinds import BY_ENDING, HEIC, JPEG, MOV, MP4, TAKEN, Kind, kind_of
from creative.media.parts import Malformed

_ROOT = Path(__file__).resolve().parent.parent
_AT_ONCE = threading.BoundedSemaphore(limits.AT_ONCE)
_LINE = 65_536


class UploadRefused(ValueError):
    """The file is not taken: one sentence with its name, what is wrong, the limit, the way out."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that is what it says. ``data`` is as given; pixels are upright; ``preview`` is a small
    JPEG of it (512 pixels at most)."""

    kind: Literal["image", "video"]
    media_type: str
    ending: str
    width: int
    height: int
    seconds: float | None
    data: bytes = field(repr=False)
    preview: bytes = field(default=b"", repr=False)


def inspect(data: bytes, *, name: str = "") -> Inspected:
    """Look into a file, for some milliseconds to a minute; call it in a thread.

    Args:
        data: The whole file.
        name: As its sender calls it; shown in messages, and its ending must fit the content.

    Raises:
        UploadRefused: it is not taken.
    """
    shown = told_name(name)
    kind = _kind(data, shown, name)
    told, preview = _examined("inspect", data, kind, shown, 4 * 1024**2)
    return _inspected(data, kind, told, preview)


def measured(data: bytes, *, name: str = "") -> Inspected:
    """The product's own output, measured in this process: no stranger had a hand in it.

    Raises:
        UploadRefused: it is no picture or video after all.
    """
    shown = told_name(name)
    kind = _kind(data, shown, name)
    try:
        told, preview = examination.measure(data, kind)
    except (Malformed, OSError) as error:
        raise UploadRefused(f"{shown} {error}") from None
    return _inspected(data, kind, told, preview)


def shared(data: bytes, *, name: str = "") -> tuple[bytes, str]:
    """A file's copy for outsiders, without metadata, and its media type (which may be another:
    HEIC becomes JPEG, MOV an MP4).

    Raises:
        UploadRefused: it is not taken.
    """
    shown = told_name(name)
    kind = _kind(data, shown, "")
    told, made = _examined("share", data, kind, shown, limits.LARGEST_OUTPUT)
    return made, told["media_type"]


def _inspected(data: bytes, kind: Kind, told: dict[str, Any], preview: bytes) -> Inspected:
    return Inspected(
        kind=kind.kind,
        media_type=kind.media_type,
        ending=kind.ending,
        width=told["width"],
        height=told["height"],
        seconds=told["seconds"],
        data=data,
        preview=preview,
    )


def shared_as(kind: Kind) -> tuple[Kind, ...]:
    """What the copy of a kind for outsiders can be."""
    return {HEIC: (JPEG,), MOV: (MP4, MOV)}.get(kind, (kind,))


def most_bytes() -> int:
    """The largest file that can be taken at all: who receives one stops there."""
    return max(limits.MOST_IMAGE_BYTES, limits.MOST_VIDEO_BYTES)


def _kind(data: bytes, shown: str, name: str) -> Kind:
    """The kind of a file, once what needs no decoding is known to be right."""
    if len(data) < limits.LEAST_BYTES:
        raise UploadRefused(
            f"{shown} has {len(data)} bytes, less than any picture or video; upload {TAKEN}"
        )
    kind = kind_of(data)
    if isinstance(kind, str):
        raise UploadRefused(f"{shown} is {kind}, which is not taken; upload {TAKEN}")
    most = limits.MOST_IMAGE_BYTES if kind.kind == "image" else limits.MOST_VIDEO_BYTES
    if len(data) > most:
        raise UploadRefused(
            f"{shown} has {len(data):,} bytes, the limit for {kind.label} is {most:,}; make it "
            "smaller"
        )
    ending = Path(name).suffix.lower().removeprefix(".")
    if ending and BY_ENDING.get(ending) is not kind:
        raise UploadRefused(
            f"{shown} is {kind.label} by its content, which the ending .{_plain(ending)[:12]} "
            f"denies; rename it to .{kind.ending} if that is what it should be"
        )
    return kind


def _examined(
    task: str, data: bytes, kind: Kind, shown: str, most: int
) -> tuple[dict[str, Any], bytes]:
    """What the examining process says, and the file that it made."""
    with (
        _AT_ONCE,
        tempfile.TemporaryDirectory(prefix="adflight-look-") as place,
        (Path(place) / "given").open("w+b") as given,
        (Path(place) / "made").open("w+b") as made,
    ):
        given.write(data)
        given.flush()
        given.seek(0)
        code = _run(task, kind, given, made, place)
        made.seek(0)
        line = made.readline(_LINE)
        rest = made.read(most + 1)
    try:
        told: dict[str, Any] = json.loads(line) if code == 0 else {}
    except ValueError:
        told = {}
    if "refused" in told:
        raise UploadRefused(f"{shown} {told['refused']}")
    if not told or len(rest) > most:
        raise UploadRefused(f"{shown} {_ended(code, kind)}")
    return told, rest


def _run(task: str, kind: Kind, given: IO[bytes], made: IO[bytes], place: str) -> int:
    """The examining process' exit code: negative for a signal, 124 when time was up."""
    # It is told where libraries are (-S): Python's own looking for them takes as long as all the
    # rest of starting.
    known = [str(_ROOT), *(one for one in sys.path if Path(one).is_absolute())]
    process = subprocess.Popen(
        [sys.executable, "-P", "-S", "-m", "creative.media.examination", task, kind.media_type],
        stdin=given,
        stdout=made,
        stderr=subprocess.DEVNULL,
        cwd=place,
        # None of our own: a decoder that was taken over finds no password in it.
        env={"PYTHONPATH": os.pathsep.join(known), "PATH": os.defpath, "LC_ALL": "C.UTF-8",
             "TMPDIR": place, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
        start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait(limits.WALL_SECONDS)
    except subprocess.TimeoutExpired:
        return 124
    finally:
        # Also what it started itself.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _ended(code: int, kind: Kind) -> str:
    if code in (124, -signal.SIGXCPU):
        return (
            f"took longer than {limits.WALL_SECONDS:g} s to be opened (limit of work "
            f"{limits.CPU_SECONDS} s); save it anew, smaller"
        )
    if code == -signal.SIGXFSZ:
        return f"unpacks to more than {limits.LARGEST_OUTPUT:,} bytes; save it anew, smaller"
    return f"cannot be read as {kind.label}: opening it failed; save it anew"


def told_name(name: str) -> str:
    """A file's name as messages show it: short and printable."""
    plain = _plain(re.split(r"[/\\]", name)[-1])
    return f"{plain[:60]!r}" if plain else "the file"


def _plain(text: str) -> str:
    return "".join(one for one in text if one.isprintable()).strip()
