"""Reading an article from a local file: HTML, JSON, or Markdown with front matter."""

import re
from pathlib import Path
from typing import Any, cast

import yaml

from activities.page import PageRefused, decoded, from_fields, read_document, read_html
from models.contract.content import Article

_MAX_BYTES = 5_000_000
_MAX_FRONT_MATTER = 10_000
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)(.*)", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>|^[#>*+ \t-]+|[*`]{1,3}", re.MULTILINE)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def article_from_file(path: Path) -> Article:
    """The article in a ``.html``, ``.json`` or ``.md`` file, with its public https address.

    HTML names it in its canonical link, JSON in ``url``, Markdown in front matter::

        ---
        url: https://shop.example/blog/tea
        title: How to brew tea
        ---
        Boil water…

    Raises:
        PageRefused: the file cannot be read, is of another kind, names no public https
            address, or holds no article.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise PageRefused(f"file {path.name!r} is larger than {_MAX_BYTES:,} bytes; shorten it")
        body = path.read_bytes()
    except OSError as error:
        raise PageRefused(
            f"file {str(path)!r} cannot be read ({error.strerror}); check its name"
        ) from None
    try:
        match path.suffix.lower():
            case ".html" | ".htm":
                return read_html(decoded(body, ""), None)
            case ".json":
                return read_document(body, None)
            case ".md" | ".markdown":
                return _markdown(body)
            case other:
                raise PageRefused(f"ending {other!r} is not known; use .html, .json or .md")
    except PageRefused as error:
        raise PageRefused(f"file {path.name!r}: {error}") from None


def _markdown(body: bytes) -> Article:
    found = _FRONT_MATTER.match(decoded(body, "").lstrip("\ufeff"))
    if found is None:
        raise PageRefused("it has no front matter; begin with --- and lines for url and title")
    if len(found[1]) > _MAX_FRONT_MATTER:
        raise PageRefused(f"its front matter is over {_MAX_FRONT_MATTER:,} characters; shorten it")
    try:
        fields = yaml.safe_load(found[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        raise PageRefused("its front matter is no valid YAML; write lines as 'title: …'") from None
    if not isinstance(fields, dict):
        raise PageRefused("its front matter has no fields; write lines as 'title: …'")
    text = _MARKUP.sub("", _LINK.sub(r"\1", _IMAGE.sub("", found[2])))
    return from_fields({**cast("dict[str, Any]", fields), "text": text})
