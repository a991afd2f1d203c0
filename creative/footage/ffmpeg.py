"""Runs ffmpeg on files in a directory of their own, within limits of memory and time."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from creative.footage.refusal import FootageRefused

_MEMORY = 4 * 1024**3
"""Addresses, not pages: ffmpeg maps far more than it uses."""
_LARGEST_FILE = 5 * 1024**3
_THREADS = "2"
"""Fixed, because the encoder's result depends on it and must not depend on the machine."""

# The limits are set by the child itself, between fork and exec: a hook that the parent would run
# there is not safe in a process with threads.
_LIMITED = (
    "import os,resource,sys\n"
    "for kind, most in zip(('AS', 'CPU', 'FSIZE', 'CORE'), sys.argv[1:5]):\n"
    "    name = getattr(resource, 'RLIMIT_' + kind)\n"
    "    most, hard = int(most), resource.getrlimit(name)[1]\n"
    "    most = most if hard == resource.RLIM_INFINITY else min(most, hard)\n"
    "    resource.setrlimit(name, (most, most))\n"
    "os.execv(sys.argv[5], sys.argv[5:])\n"
)

INPUT = ("-protocol_whitelist", "file")
"""Goes before every input: a file may point elsewhere, nothing but itself is opened."""

VIDEO_INPUT = (*INPUT, "-f", "mov", "-enable_drefs", "0")
SAME_BYTES = (
    "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact",
    "-flags:v", "+bitexact", "-flags:a", "+bitexact",
)  # fmt: skip
SOUND = ("-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2")
PICTURE = (
    "-c:v", "libx264", "-pix_fmt", "yuv420p", "-threads", _THREADS, "-video_track_timescale",
    "90000",
)  # fmt: skip


def run(arguments: Sequence[str], place: Path, *, patience: float) -> None:
    """Run ffmpeg in ``place`` for at most ``patience`` seconds.

    Raises:
        FootageRefused: it did not finish, or ended with an error.
    """
    limits = (_MEMORY, round(4 * patience) + 1, _LARGEST_FILE, 0)
    command = [
        sys.executable, "-I", "-S", "-c", _LIMITED, *(str(one) for one in limits),
        get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-v", "error", "-y",
        "-filter_threads", _THREADS, "-filter_complex_threads", _THREADS, *arguments,
    ]  # fmt: skip
    said = place / "said.txt"
    try:
        # Into a file: a hostile input can make it complain by the gigabyte.
        with said.open("wb") as errors:
            done = subprocess.run(
                command,
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                timeout=patience,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise FootageRefused(f"ffmpeg did not finish within {patience:g} s") from None
    if done.returncode != 0:
        with said.open("rb") as errors:
            lines = errors.read(2_000).decode(errors="replace").strip().splitlines()
        # The first line names the cause, those after it what followed from it.
        why = lines[0][:200] if lines else f"code {done.returncode}"
        raise FootageRefused(f"ffmpeg made no video: {why}")
