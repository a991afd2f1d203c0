"""What a video is, is measured and not believed; what is none is refused in a child process."""

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from creative.footage import FootageRefused, probe
from tests.creative.footage.scenes import clip, disc, ffmpeg, turned


@pytest.fixture(scope="module")
def plain() -> bytes:
    return clip(
        disc((320, 240)),
        seconds=1.5,
        sound="sine=440",
        extra=("-pix_fmt", "yuv420p", "-movflags", "+faststart"),
    )


def test_it_tells_size_length_codecs_and_rate(plain: bytes) -> None:
    footage = probe(plain)
    assert (footage.width, footage.height) == (320, 240)
    assert footage.seconds == pytest.approx(1.5, abs=0.05)
    assert (footage.video_codec, footage.audio_codec) == ("h264", "aac")
    assert footage.frames_per_second == pytest.approx(30)
    assert footage.bytes == len(plain)


def test_a_silent_file_has_no_sound() -> None:
    assert probe(clip(disc((64, 64)), seconds=0.2)).audio_codec is None


@pytest.mark.parametrize(("degrees", "shown"), [(90, (240, 320)), (180, (320, 240))])
def test_a_turned_video_is_measured_upright(
    plain: bytes, degrees: int, shown: tuple[int, int]
) -> None:
    footage = probe(turned(plain, degrees))
    assert (footage.width, footage.height) == shown


def test_oblong_pixels_are_measured_square() -> None:
    wide = clip("testsrc2=s=144x120", seconds=0.2, extra=("-vf", "setsar=16/11,format=yuv420p"))
    footage = probe(wide)
    assert (footage.width, footage.height) == (209, 120)


def test_a_movie_of_a_phone_is_read(plain: bytes) -> None:
    mov = clip(disc((320, 240)), seconds=0.3, ending="mov")
    assert mov[4:12] == b"ftypqt  "
    assert probe(mov).video_codec == "h264"


_PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cannot be read as MP4 or MOV"),
        (b"a text that was renamed", "cannot be read as MP4 or MOV"),
        (_PLAYLIST, "cannot be read as MP4 or MOV"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "cannot be read as MP4 or MOV"),
    ],
    ids=["empty", "text", "playlist", "concat"],
)
def test_what_is_no_video_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FootageRefused, match=reason):
        probe(data)


def test_a_file_cut_short_is_refused(plain: bytes) -> None:
    with pytest.raises(FootageRefused, match=r"cut short: it declares 1\.5 s and holds 0\.\d s"):
        probe(plain[: len(plain) // 2])
    # The table of contents stands at the end here: without it, nothing is left to read.
    late = clip(disc((320, 240)))
    with pytest.raises(FootageRefused, match="cannot be read"):
        probe(late[: len(late) // 2])


def test_sound_alone_is_refused() -> None:
    with pytest.raises(FootageRefused, match="no video stream"):
        probe(ffmpeg("-f", "lavfi", "-i", "sine=440", "-t", "0.2"))


def test_a_cover_picture_is_no_video() -> None:
    song = ffmpeg(
        "-f", "lavfi", "-i", "sine=440:d=0.2", "-f", "lavfi", "-i", "color=red:s=64x64:d=0.1",
        "-map", "0", "-map", "1", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p",
        "-disposition:v", "attached_pic",
    )  # fmt: skip
    with pytest.raises(FootageRefused, match="no video stream"):
        probe(song)


def test_an_unusual_codec_is_refused_by_name() -> None:
    odd = clip(disc((64, 64)), seconds=0.2, extra=("-c:v", "mpeg1video"), rate=25)
    with pytest.raises(FootageRefused, match="video codec mpeg1video is not accepted; use one of"):
        probe(odd)


def test_too_many_pixels_are_refused() -> None:
    large = clip("color=red:s=4096x2400", seconds=0.1, rate=10)
    with pytest.raises(FootageRefused, match="4096x2400 pixels, the limit is 3840x2160"):
        probe(large)


def test_spoilt_files_are_read_or_refused_and_never_more(plain: bytes) -> None:
    """Flipped bytes in the headers, where lengths and counts are."""

    def spoilt(seed: int) -> str:
        chance = random.Random(seed)
        data = bytearray(plain)
        for _ in range(12):
            data[chance.randrange(0, 3_000)] = chance.randrange(256)
        try:
            return f"read: {probe(bytes(data)).width}"
        except FootageRefused as reason:
            assert "\n" not in str(reason)  # noqa: PT017
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(spoilt, range(5)))
    assert "refused" in ends


def test_a_header_that_announces_a_huge_picture_does_not_eat_memory() -> None:
    data = bytearray(clip(Image.new("RGB", (64, 64)), seconds=0.2))
    # The sample entry's own width and height are believed by no decoder; the file must end well.
    at = data.index(b"avc1", data.index(b"stsd"))
    data[at + 28 : at + 32] = b"\xff\xff\xff\xff"
    try:
        assert probe(bytes(data)).width == 64
    except FootageRefused as reason:
        assert "65535" in str(reason)  # noqa: PT017


def test_limits_that_are_lower_already_are_kept(plain: bytes, tmp_path: Path) -> None:
    """As in the process that examines uploads: it may use less than a child would take."""
    path = tmp_path / "plain.mp4"
    path.write_bytes(plain)
    script = (
        "import resource, pathlib\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "from creative.footage import probe, thumbnail\n"
        f"data = pathlib.Path({str(path)!r}).read_bytes()\n"
        "from creative.footage import ffmpeg\n"
        "assert ffmpeg._MEMORY > 3 << 30\n"
        "ffmpeg._LIMITED = ffmpeg._LIMITED.replace('os.execv', 'assert "
        "resource.getrlimit(resource.RLIMIT_AS) == (3 << 30, 3 << 30), 9;os.execv')\n"
        "print(probe(data).width, len(thumbnail(data)) > 100)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "320 True\n", done.stderr
