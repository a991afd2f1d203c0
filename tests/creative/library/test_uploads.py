"""Uploads that are taken, and what of them is shown to outsiders (D27, D28, D36, N16)."""

import io
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms

from creative import uploads
from creative.media import boxes, examination, limits, parts, sizes
from creative.media.hidden import hidden_in
from creative.media.kinds import (
    GIF,
    HEIC,
    JPEG,
    KINDS,
    MOV,
    MP4,
    PNG,
    WEBP,
    Kind,
    kind_of,
)
from creative.media.parts import Malformed
from creative.uploads import UploadRefused, inspect, measured, shared
from tests.creative.library.files import (
    MAKER,
    PHRASE,
    clip,
    encoded,
    exif,
    heic,
    picture,
    with_chunk,
    with_segment,
)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def far(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures in levels of 255."""
    difference = ImageChops.difference(one.convert("L"), other.convert("L").resize(one.size))
    histogram = difference.histogram()
    return sum(level * count for level, count in enumerate(histogram)) / sum(histogram)


TAKEN: list[tuple[str, Kind, bytes, tuple[int, int]]] = [
    ("a.jpg", JPEG, encoded("JPEG"), (320, 200)),
    ("a.JPEG", JPEG, encoded("JPEG", progressive=True), (320, 200)),
    ("turned.jpg", JPEG, encoded("JPEG", exif=exif(6)), (200, 320)),
    ("print.jpg", JPEG, encoded("JPEG", picture(mode="CMYK")), (320, 200)),
    ("grey.jpg", JPEG, encoded("JPEG", picture(mode="L")), (320, 200)),
    ("", PNG, encoded("PNG", picture(mode="RGBA")), (320, 200)),
    ("palette.png", PNG, encoded("PNG", picture(mode="P")), (320, 200)),
    ("deep.png", PNG, encoded("PNG", picture(mode="I;16")), (320, 200)),
    ("line.png", PNG, encoded("PNG", picture(mode="1")), (320, 200)),
    ("no ending", PNG, encoded("PNG"), (320, 200)),
    ("a.webp", WEBP, encoded("WEBP"), (320, 200)),
    ("alpha.webp", WEBP, encoded("WEBP", picture(mode="RGBA"), lossless=True), (320, 200)),
    ("still.gif", GIF, encoded("GIF"), (320, 200)),
    ("a.heic", HEIC, heic(), (320, 192)),
    ("logo.png", PNG, encoded("PNG", picture((64, 64), "RGBA")), (64, 64)),
]


@pytest.mark.parametrize(("name", "kind", "data", "size"), TAKEN, ids=[one[0] for one in TAKEN])
def test_pictures_are_taken_as_they_are(
    name: str, kind: Kind, data: bytes, size: tuple[int, int]
) -> None:
    found = inspect(data, name=name)
    assert (found.kind, found.media_type, found.ending) == ("image", kind.media_type, kind.ending)
    assert (found.width, found.height, found.seconds) == (*size, None)
    assert found.data is data
    small = opened(found.preview)
    assert (small.format, small.mode, small.size) == ("JPEG", "RGB", size)
    assert not small.getexif()
    assert measured(data, name=name) == found


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_videos_are_taken_as_they_are(ending: str) -> None:
    found = inspect(clip(ending), name=f"film.{ending.upper()}")
    assert (found.kind, found.ending) == ("video", ending)
    assert (found.width, found.height) == (320, 240)
    assert found.seconds == pytest.approx(1, abs=0.1)
    assert opened(found.preview).size == (320, 240)
    assert measured(clip(ending)) == found


def test_a_large_picture_has_a_small_preview() -> None:
    found = inspect(encoded("JPEG", picture((2_400, 1_200)), exif=exif(8)))
    assert (found.width, found.height) == (1_200, 2_400)
    small = opened(found.preview)
    assert small.size == (256, 512)
    assert far(small, picture((2_400, 1_200)).rotate(90, expand=True)) < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_preview_stands_upright(orientation: int) -> None:
    data = encoded("JPEG", exif=exif(orientation), quality=95)
    upright = measured(data)
    from PIL import ImageOps

    expected = ImageOps.exif_transpose(opened(data))
    assert (upright.width, upright.height) == expected.size
    assert far(opened(upright.preview), expected) < 3


def test_a_picture_in_other_colours_is_previewed_in_the_usual_ones() -> None:
    # A profile with red and blue exchanged: whoever ignores it shows blue.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    data = encoded("PNG", Image.new("RGB", (100, 100), (255, 0, 0)), icc_profile=bytes(profile))
    pixel = opened(inspect(data).preview).getpixel((50, 50))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 200 > 80 > pixel[0]


def test_a_phones_picture_with_a_preview_behind_it_is_taken_and_shared_without() -> None:
    photo = encoded("JPEG", exif=exif()) + bytes(40) + encoded("JPEG", picture((160, 100)))
    assert (inspect(photo).width, inspect(photo).height) == (320, 200)
    made, _ = shared(photo)
    assert made.count(b"\xff\xd8\xff") == 1


# -- what outsiders see ---------------------------------------------------------------------------


def telling(form: str, orientation: int = 1) -> bytes:
    """A picture that says where, with what and by whom it was taken."""
    note = f"<x:xmpmeta>{PHRASE.decode()}</x:xmpmeta>".encode()
    more: dict[str, Any] = {"exif": exif(orientation)}
    if form == "GIF":
        return encoded("GIF", comment=PHRASE)
    if form == "WEBP":
        return encoded("WEBP", lossless=True, xmp=note, **more)
    data = encoded(form, **more)
    if form == "PNG":
        return with_chunk(
            with_chunk(data, b"tEXt", b"a\0" + PHRASE), b"iTXt", b"b\0\0\0\0\0" + note
        )
    data = with_segment(data, 0xFE, PHRASE)
    return with_segment(data, 0xED, b"Photoshop 3.0\0" + note)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_shared_picture_tells_nothing_and_shows_the_same(form: str) -> None:
    for orientation in (1, 6):
        data = telling(form, orientation)
        assert PHRASE in data
        made, media_type = shared(data)
        assert media_type == f"image/{form.lower()}"
        for secret in (PHRASE, MAKER.encode(), b"xmpmeta", b"Photoshop"):
            assert secret not in made, secret
        image = opened(made)
        assert 0x8825 not in image.getexif()
        before, after = measured(data), measured(made)
        assert (before.width, before.height) == (after.width, after.height)
        assert far(opened(before.preview), opened(after.preview)) < 1
        if orientation == 1:  # bit for bit
            assert (
                ImageChops.difference(image.convert("RGB"), opened(data).convert("RGB")).getbbox()
                is None
            )
        inspect(made)  # and it is whole


def test_a_colour_profile_stays() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for form in ("JPEG", "PNG", "WEBP"):
        made, _ = shared(encoded(form, icc_profile=profile))
        assert opened(made).info["icc_profile"] == profile, form


def test_a_shared_heic_is_a_jpeg_without_its_place() -> None:
    assert MAKER.encode() in heic()
    made, media_type = shared(heic())
    assert media_type == "image/jpeg"
    image = opened(made)
    assert (image.format, image.size) == ("JPEG", (320, 192))
    assert not image.getexif()
    assert MAKER.encode() not in made
    assert far(image, picture((320, 192))) < 6


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_a_shared_video_tells_nothing_and_plays(ending: str) -> None:
    data = clip(ending)
    assert PHRASE in data
    made, media_type = shared(data)
    assert media_type == "video/mp4"
    for secret in (PHRASE, MAKER.encode(), b"+52.5200", b"\xa9xyz", b"loci"):
        assert secret not in made, secret
    before, after = measured(data), measured(made)
    assert (after.width, after.height) == (before.width, before.height)
    assert after.seconds == pytest.approx(before.seconds, abs=0.1)
    assert far(opened(before.preview), opened(after.preview)) < 1


# -- the process that looks -----------------------------------------------------------------------


def test_who_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WALL_SECONDS", 0.001)
    with pytest.raises(UploadRefused, match=r"took longer than 0\.001 s to be opened"):
        inspect(encoded("PNG"))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import os; os.abort()", "cannot be read as PNG"),
        ("import sys; print('{\"width\": 3}'); sys.exit(1)", "cannot be read as PNG"),
        ("print('no json')", "cannot be read as PNG"),
        ("import sys; print('{}'); sys.stdout.write('x' * 5_000_000)", "cannot be read as PNG"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "took longer than"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "cannot be read as PNG"),
    ],
)
def test_a_decoder_that_was_taken_over_or_crashes_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    real = subprocess.Popen

    def other(command: list[str], **more: Any) -> Any:
        return real([command[0], "-c", script], **more)

    monkeypatch.setattr(uploads.subprocess, "Popen", other)
    with pytest.raises(UploadRefused, match=said):
        inspect(encoded("PNG"))


def test_the_process_has_no_secrets_and_little_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ADFLIGHT_EVENT_SECRET", "planted")
    seen: dict[str, Any] = {}
    real = subprocess.Popen
    report = (
        "import json, os, resource, sys\n"
        "from creative.media import examination\n"
        "from creative.media.kinds import PNG\n"
        "examination._limit(PNG)\n"
        "open(sys.argv[1], 'w').write(json.dumps([dict(os.environ), os.getcwd(),\n"
        "    resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_CPU)]))\n"
        "try:\n"
        "    bytearray(2 * 1024**3)\n"
        "except MemoryError:\n"
        "    print(json.dumps({'refused': 'held'}))\n"
    )

    def other(command: list[str], **more: Any) -> Any:
        seen.update(more)
        return real([*command[:3], "-c", report, str(tmp_path / "told")], **more)

    monkeypatch.setattr(uploads.subprocess, "Popen", other)
    with pytest.raises(UploadRefused, match="held"):
        inspect(encoded("PNG"))
    told = (tmp_path / "told").read_text()
    assert "planted" not in told
    assert f"[{limits.MEMORY}, {limits.MEMORY}]" in told
    assert f"[{limits.CPU_SECONDS}, {limits.CPU_SECONDS}]" in told
    assert not Path(seen["cwd"]).exists()  # nothing is left behind


def test_a_name_is_shown_short_and_on_one_line() -> None:
    name = "../../etc/\x1b[31m" + "x" * 300 + "\n.txt"
    with pytest.raises(UploadRefused) as refused:
        inspect(encoded("PNG"), name=name)
    told = str(refused.value)
    assert "etc" not in told
    assert told.isprintable()
    assert len(told) < 200


def test_the_largest_that_is_taken() -> None:
    assert uploads.most_bytes() == limits.MOST_VIDEO_BYTES
    examination.check_size(8_064, 6_048, least=limits.LEAST_SIDE)  # a phone's 48 megapixels
    with pytest.raises(Malformed, match=r"has 50\.1 megapixels \(8000x6260\), the limit is 50"):
        examination.check_size(8_000, 6_260, least=limits.LEAST_SIDE)


# -- whatever comes -------------------------------------------------------------------------------

_WHOLE = {one: data for _, one, data, _ in TAKEN} | {MP4: clip(), MOV: clip("mov")}


def read(data: bytes, kind: Kind) -> None:
    """All that is done with a file before a decoder sees it."""
    examination._check_structure(data, kind)
    hidden_in(data)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(KINDS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=12)), max_size=6),
    cut=st.floats(0, 1),
)
def test_whatever_a_file_holds_reading_it_ends_in_a_refusal_or_in_none(
    kind: Kind, changes: list[tuple[float, bytes]], cut: float
) -> None:
    data = bytearray(_WHOLE[kind])
    # Most of what readers look at stands in front.
    for at, content in changes:
        start = int(len(data) * at**3)
        data[start : start + len(content)] = content
    broken = bytes(data[: int(len(data) * (1 - cut**8))])
    kind_of(broken)
    for one in (kind, *KINDS):
        with suppress(Malformed):
            read(broken, one)


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_any_bytes_are_some_kind_or_none(data: bytes) -> None:
    told = kind_of(data)
    assert told in KINDS or isinstance(told, str)
    for ending in (b"", b"\0" * 32):
        for kind in KINDS:
            with_head = _WHOLE[kind][:16] + data + ending
            assert kind_of(with_head) is kind


def test_the_readers_see_every_byte() -> None:
    for kind, reader in (
        (JPEG, parts.jpeg),
        (PNG, parts.png),
        (GIF, parts.gif),
        (WEBP, parts.webp),
    ):
        data = _WHOLE[kind]
        found = reader(data)
        assert b"".join(data[one.start : one.stop] for one in found) == data
        assert list(sizes.sizes(data, kind, found))
    for kind in (MP4, MOV, HEIC):
        data = _WHOLE[kind]
        top = [one for one in boxes.boxes(data) if not one.depth]
        assert b"".join(data[one.start : one.stop] for one in top) == data
