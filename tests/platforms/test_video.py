"""What a video file says of itself."""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from platforms.video import read_video


def film(path: Path, *options: str, size: str = "270x480", seconds: int = 2) -> bytes:
    source = f"testsrc=size={size}:rate=10:duration={seconds}"
    command = [
        get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source, *options, str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    return path.read_bytes()


def test_an_mp4_says_its_pixels_length_and_codec(tmp_path: Path) -> None:
    # Sound first: the pictures' own track must be found.
    sound = ("-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo", "-map", "1", "-map", "0")
    content = film(tmp_path / "a.mp4", *sound, "-c:v", "libx264", "-c:a", "aac", "-shortest")
    video = read_video(content)
    assert (video.width, video.height, video.codec) == (270, 480, "avc1")
    assert abs(video.seconds - 2) <= Fraction(1, 10)
    assert not video.quicktime


def test_a_mov_whose_head_comes_first_is_told_from_an_mp4(tmp_path: Path) -> None:
    video = read_video(film(tmp_path / "a.mov", "-c:v", "mpeg4", "-movflags", "faststart"))
    assert (video.width, video.height, video.codec) == (270, 480, "mp4v")
    assert video.quicktime


def test_a_video_that_is_shown_turned_counts_as_it_is_shown(tmp_path: Path) -> None:
    flat = tmp_path / "flat.mp4"
    film(flat, "-c:v", "libx264", size="480x270")
    turned = tmp_path / "turned.mp4"
    command = [
        get_ffmpeg_exe(), "-v", "error", "-display_rotation", "90", "-i", str(flat),
        "-c", "copy", str(turned),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    video = read_video(turned.read_bytes())
    assert (video.width, video.height) == (270, 480)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda whole: b"", "no MP4 or MOV"),
        (lambda whole: b"GIF89a" + whole, "damaged|no MP4 or MOV"),
        (lambda whole: whole[:40], "no pictures"),
        (lambda whole: whole.replace(b"vide", b"soun"), "no pictures"),
        (lambda whole: whole[:4] + b"ftyp" + b"\x00" * 3, "no pictures|damaged"),
        (lambda whole: b"\x00\x00\x00\x01ftyp" + b"\x00" * 8, "damaged"),
    ],
)
def test_what_is_no_video_is_no_value(make, why: str, tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4", "-c:v", "libx264")
    with pytest.raises(ValueError, match=why):
        read_video(make(whole))


def test_a_sound_file_holds_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    command = [
        get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "anullsrc=d=1", "-c:a", "aac",
        str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    with pytest.raises(ValueError, match="no pictures"):
        read_video(path.read_bytes())
