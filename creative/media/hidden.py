"""A second nature: files that are a picture to one program and something else to another."""

import io
import re
import zipfile

_MARKS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"%PDF-\d\.\d"), "a PDF document"),
    (re.compile(rb"<(?:html|script|iframe|svg)(?:\s[^>]{0,200})?/?>", re.I), "HTML or a script"),
    (re.compile(rb"<!doctype\s+html", re.I), "an HTML page"),
    (re.compile(rb"<\?php\s", re.I), "a script"),
    (re.compile(rb"Rar!\x1a\x07[\x00\x01]"), "a RAR archive"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c\x00"), "a 7z archive"),
)
"""Long enough that pixels do not show them by chance: the shortest once in 10^14 bytes or so."""


def hidden_in(data: bytes) -> str | None:
    """What else a file is, in words; None where nothing was found."""
    for mark, told in _MARKS:
        if mark.search(data):
            return told
    return "a ZIP archive" if _is_archive(data) else None


def _is_archive(data: bytes) -> bool:
    """As programs look for one: from the end, whatever stands before it."""
    if data.rfind(b"PK\x05\x06") < 0:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        # An archive that cannot be read is one all the same when its first entry is there.
        return b"PK\x01\x02" in data and b"PK\x03\x04" in data
