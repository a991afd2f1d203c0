"""Reads what an MP4 or MOV file holds, as JSON on standard output; a program of its own.

It runs in a child process, because the file may have been made to crash or to exhaust whoever
reads it: the child has little memory, little time and no right to write. It imports nothing of
ours, so it starts in a tenth of a second.
"""

import json
import resource
import sys
from fractions import Fraction
from typing import Any

if __name__ == "__main__":  # it was started without libraries
    sys.path += sys.argv[2:]

import av
import av.logging as libav_log
from av.error import FFmpegError
from av.stream import Disposition

_MEMORY = 768 * 1024**2
_SECONDS_OF_WORK = 15
_MOST_PACKETS = 400_000
"""Half an hour of video and sound; more is refused before it is read."""
_MOST_STREAMS = 8
_SAID = 64 * 1024
"""Bytes this program may write anywhere."""
_TAIL = 0.5
"""Seconds that may be missing from the end of a file before it counts as cut short."""

VIDEO_CODECS = ("h264", "hevc", "av1", "vp9", "mpeg4", "prores", "mjpeg")
AUDIO_CODECS = ("aac", "mp3", "alac", "ac3", "eac3", "opus", "pcm_s16le", "pcm_s16be", "pcm_s24le")
OPEN_WITH = {"protocol_whitelist": "file", "enable_drefs": "0", "use_absolute_path": "0"}
"""A file may point at other files and at the network: nothing but itself is opened."""


class Unreadable(Exception):
    """The file is not what it should be; the message is for people."""


def read(path: str) -> dict[str, Any]:
    """Streams and measures of the file.

    Raises:
        Unreadable: with the reason.
    """
    try:
        with av.open(path, mode="r", format="mov", options=OPEN_WITH) as container:
            return _measures(container)
    except FFmpegError as error:
        raise Unreadable(f"the file cannot be read as MP4 or MOV: {error.strerror}") from None


def _measures(container: Any) -> dict[str, Any]:
    if len(container.streams) > _MOST_STREAMS:
        raise Unreadable(
            f"the file has {len(container.streams)} streams, the limit is {_MOST_STREAMS}"
        )
    pictures = [
        one for one in container.streams.video if not one.disposition & Disposition.attached_pic
    ]
    if not pictures:
        raise Unreadable("the file has no video stream")
    video = pictures[0]
    sounds = list(container.streams.audio)
    audio = sounds[0] if sounds else None
    _known("video", video.codec_context.name, VIDEO_CODECS)
    if audio is not None:
        _known("audio", audio.codec_context.name, AUDIO_CODECS)
    seconds, declared, frames = _length(container, video)
    if declared - seconds > _TAIL:
        raise Unreadable(
            f"the file is cut short: it declares {declared:.1f} s and holds {seconds:.1f} s"
        )
    first = _first_frame(container, video)
    rate = video.average_rate or (Fraction(frames) / Fraction(seconds).limit_denominator(100_000))
    shape = video.sample_aspect_ratio or Fraction(1)
    return {
        "video_index": video.index,
        "video_codec": video.codec_context.name,
        "width": first.width,
        "height": first.height,
        "pixel_shape": [shape.numerator, shape.denominator],
        "rotation": first.rotation,
        "rate": [rate.numerator, rate.denominator],
        "transfer": int(first.color_trc),
        "matrix": int(first.colorspace),
        "seconds": seconds,
        "audio_index": None if audio is None else audio.index,
        "channels": 0 if audio is None else audio.codec_context.channels,
        "audio_codec": None if audio is None else audio.codec_context.name,
    }


def _known(kind: str, codec: str, known: tuple[str, ...]) -> None:
    if codec not in known:
        raise Unreadable(f"{kind} codec {codec} is not accepted; use one of {', '.join(known)}")


def _length(container: Any, video: Any) -> tuple[float, float, int]:
    """Seconds there are, seconds there should be, frames."""
    start: float | None = None
    end = 0.0
    frames = 0
    for count, packet in enumerate(container.demux(video)):
        if count > _MOST_PACKETS:
            raise Unreadable(f"the file has more than {_MOST_PACKETS} frames")
        if packet.pts is None:
            continue
        frames += 1
        at = float(packet.pts * packet.time_base)
        start = at if start is None else min(start, at)
        end = max(end, at + float((packet.duration or 0) * packet.time_base))
    if start is None or end <= start:
        raise Unreadable("the file holds no picture: it has a header and no frames")
    declared = 0.0 if video.duration is None else float(video.duration * video.time_base)
    return end - max(start, 0.0), declared, frames


def _first_frame(container: Any, video: Any) -> Any:
    container.seek(0)
    for frame in container.decode(video):
        return frame
    raise Unreadable("the file holds no picture that can be decoded")


def _limit(kind: int, most: int) -> None:
    # Whoever started us may have set a lower limit already: it is never raised.
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def main() -> int:
    """Read the file named first on the command line; folders of libraries follow."""
    _limit(resource.RLIMIT_AS, _MEMORY)
    _limit(resource.RLIMIT_CPU, _SECONDS_OF_WORK)
    _limit(resource.RLIMIT_FSIZE, _SAID)
    libav_log.set_level(None)
    try:
        said: dict[str, Any] = read(sys.argv[1])
    except Unreadable as reason:
        said = {"refused": str(reason)}
    except MemoryError:
        said = {"refused": f"reading the file takes more than {_MEMORY // 1024**2} MB of memory"}
    sys.stdout.write(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
