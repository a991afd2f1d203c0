"""Reads ``multipart/form-data`` bodies, with X's words for what is wrong with one."""

from sandbox import multipart
from sandbox.x.request import XError


def parse_multipart(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """Plain fields and files of a body.

    Raises:
        XError: it has no boundary or a part has no name.
    """
    try:
        return multipart.parse_multipart(content_type, body)
    except ValueError as error:
        raise XError(400, "INVALID", str(error)) from None
