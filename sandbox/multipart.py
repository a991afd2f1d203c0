"""Reads ``multipart/form-data`` bodies, as far as media uploads need it."""

from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True, slots=True)
class Part:
    """One part; ``filename`` is None for a plain field."""

    name: str
    filename: str | None
    media_type: str
    content: bytes


def parse_parts(content_type: str, body: bytes) -> list[Part]:
    """All parts of a body in their order, so that a name may come more than once.

    Raises:
        ValueError: it has no boundary or a part has no name.
    """
    boundary = _parameter(content_type, "boundary")
    if not boundary:
        raise ValueError("The multipart body has no boundary")
    found: list[Part] = []
    # Every part begins after a delimiter line and ends before the line break of the next one.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            break
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = _header(head, "content-disposition")
        name = _parameter(disposition, "name")
        if not name:
            raise ValueError("A part of the multipart body has no name")
        filename = _parameter(disposition, "filename")
        found.append(Part(name, filename, _header(head, "content-type"), content))
    return found


def parse_multipart(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Plain fields and files of a body, by name.

    Raises:
        ValueError: it has no boundary or a part has no name.
    """
    parts = parse_parts(content_type, body)
    fields = {one.name: one.content.decode() for one in parts if one.filename is None}
    files = {one.name: one.content for one in parts if one.filename is not None}
    return fields, files


def _header(head: bytes, wanted: str) -> str:
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == wanted:
            return value.strip()
    return ""


def _parameter(header: str, name: str) -> str | None:
    message = Message()
    message["Content-Disposition"] = header
    value = message.get_param(name, header="Content-Disposition")
    return value if isinstance(value, str) else None
