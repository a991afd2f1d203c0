"""A creative's files are the ones that were approved, or they are not sent."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from models.contract.creative import AdCopy
from models.contract.network import CreativeOrder
from models.contract.vocabulary import Platform
from platforms.approved import read_film, read_image
from platforms.errors import Refused

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}


def order(image: Path, video: Path | None = None, **changes: object) -> CreativeOrder:
    def digest(path: Path | None) -> str | None:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path and path.exists() else None

    return CreativeOrder(
        key="k1",
        name="v1",
        copy_text=AdCopy(angle="benefit", primary_text="x", headline="x"),
        link="https://journal.example",
        image_path=str(image),
        image_sha256=digest(image) or "",
        video_path=str(video) if video else None,
        video_sha256=digest(video),
    ).model_copy(update=changes)


def drawn(place: Path, kind: str = "png") -> Path:
    path = place / f"drawn.{kind}"
    Image.new("RGB", (64, 32), "navy").save(path)
    return path


def test_what_was_approved_is_read_once_and_whole(tmp_path: Path) -> None:
    path = drawn(tmp_path)
    most = path.stat().st_size
    read = read_image(Platform.X, "X", order(path), most=most, formats=FORMATS)
    assert read == (path.read_bytes(), "image/png", (64, 32))
    with pytest.raises(Refused, match=rf"has {most} bytes; X takes {most - 1}"):
        read_image(Platform.X, "X", order(path), most=most - 1, formats=FORMATS)


def test_anything_else_is_refused_by_name(tmp_path: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("no picture")
    for wrong, words in (
        (order(drawn(tmp_path), image_sha256="0" * 64), "not the one that was approved"),
        (order(tmp_path / "none.png"), "cannot be read .*; make the creative again"),
        (order(text), "no format X takes; use PNG or JPEG"),
        (order(drawn(tmp_path, "gif")), "format GIF is not taken by X"),
    ):
        with pytest.raises(Refused, match=words) as no:
            read_image(Platform.X, "X", wrong, most=10_000, formats=FORMATS)
        assert no.value.field == "image_path"


def test_a_video_needs_its_hash_as_much_as_its_path(tmp_path: Path) -> None:
    image, text = drawn(tmp_path), tmp_path / "film.mp4"
    text.write_text("no film")
    for wrong, words in (
        (order(image), "X shows videos, and this creative has none"),
        (order(image, text, video_sha256=None), "has none"),
        (order(image, text, video_sha256="0" * 64), "video is not the one that was approved"),
        (order(image, text), "video cannot be used .*; use an MP4"),
    ):
        with pytest.raises(Refused, match=words) as no:
            read_film(Platform.X, "X", wrong, most=10_000)
        assert no.value.field == "video_path"
