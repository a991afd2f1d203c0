"""Reads ``multipart/form-data`` bodies, as far as media uploads need it."""

from email.message import Message

from sandbox.x.request import XError


def parse_multipart(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Plain fields and files of a body.

    Raises:
        XError: it has no boundary or a part has no name.
    """
    boundary = _parameter(content_type, "boundary")
    if not boundary:
        raise XError(400, "INVALID", "The multipart body has no boundary")
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    # Every part begins after a delimiter line and ends before the line break of the next one.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            break
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = _header(head, "content-disposition")
        name = _parameter(disposition, "name")
        if not name:
            raise XError(400, "INVALID", "A part of the multipart body has no name")
        if _parameter(disposition, "filename") is not None:
            files[name] = content
        else:
            fields[name] = content.decode()
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
