"""Files as people upload them, and as attackers do; all made here, none kept in the repository."""

import io
import struct
import subprocess
import zipfile
import zlib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

GPS = (52.0, 31.0, 12.0)
MAKER = "Wanderer 3000"
PHRASE = b"taken at the old mill"


def picture(size: tuple[int, int] = (320, 200), mode: str = "RGB") -> Image.Image:
    """Something with edges and colours."""
    across = Image.linear_gradient("L").resize(size)
    down = across.rotate(180)
    image = Image.merge("RGB", (across, down, across.point(lambda one: one // 2)))
    image.paste((250, 30, 20), (size[0] // 8, size[1] // 8, size[0] // 2, size[1] // 2))
    return image.convert(mode)


def exif(orientation: int = 1) -> Image.Exif:
    """What a camera notes: where, with what, and which side is up."""
    made = Image.Exif()
    made[0x0112], made[0x010F] = orientation, MAKER
    place = made.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", GPS, "E", GPS
    return made


def encoded(form: str, image: Image.Image | None = None, **more: object) -> bytes:
    out = io.BytesIO()
    (image or picture()).save(out, form, **more)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, raw: bytes | None = None, *more: bytes, depth: int = 8) -> bytes:
    """A PNG of RGB by hand: its header may say anything. ``more`` are chunks before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    pixels = raw if raw is not None else zlib.compress(bytes(height * (1 + 3 * width)), 9)
    body = b"".join(more) + chunk(b"IDAT", pixels)
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def with_chunk(data: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk behind its header."""
    return data[:33] + chunk(name, body) + data[33:]


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment in front."""
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + data[2:]


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("run.sh", "echo hello")
    return out.getvalue()


def bomb_of(count: int) -> bytes:
    """Deflated zeros, many of them: a block that inflates to a megabyte, over and over."""
    deflate = zlib.compressobj(9)
    piece = bytes(1_000_000)
    first = deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH)
    return first + block * (count // len(piece))


def frames(count: int, form: str, size: tuple[int, int] = (64, 64)) -> bytes:
    images = [Image.new("RGB", size, (n % 256, n // 256, 0)) for n in range(count)]
    return encoded(form, images[0], save_all=True, append_images=images[1:], duration=20)


def gif_of(count: int) -> bytes:
    """A GIF of thousands of frames by hand: each a 64x64 square of one colour."""
    one = frames(1, "GIF")
    start = one.index(b"\x2c")
    return one[:start] + one[start:-1] * count + b"\x3b"


@cache
def clip(
    ending: str = "mp4", size: tuple[int, int] = (320, 240), seconds: float = 1.0, *more: str
) -> bytes:
    """A short film with sound; MOV files say where they were filmed."""
    with TemporaryDirectory() as place:
        out = Path(place) / f"clip.{ending}"
        subprocess.run(
            [
                get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i",
                f"testsrc=size={size[0]}x{size[1]}:rate=24:duration={seconds}",
                "-f", "lavfi", "-i", f"sine=duration={seconds}", "-shortest",
                "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
                "-metadata", "location=+52.5200+013.4050/", "-metadata", f"make={MAKER}",
                "-metadata", f"comment={PHRASE.decode()}", *more, str(out),
            ],
            check=True,
        )  # fmt: skip
        return out.read_bytes()


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def full(name: bytes, body: bytes, flags: int = 0, version: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags) + body)


@cache
def heic(size: tuple[int, int] = (320, 192), described: tuple[int, int] | None = None) -> bytes:
    """A HEIC of one picture and EXIF with a place: a frame of HEVC in boxes (ISO/IEC 23008-12).

    ``described``: the size that it says it has.
    """
    with TemporaryDirectory() as place:
        given, out = Path(place) / "in.png", Path(place) / "out.mp4"
        picture(size).save(given)
        subprocess.run(
            [
                get_ffmpeg_exe(), "-v", "error", "-i", str(given), "-frames:v", "1", "-c:v",
                "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error",
                "-pix_fmt", "yuv420p", "-tag:v", "hvc1", str(out),
            ],
            check=True,
        )  # fmt: skip
        film = out.read_bytes()
    at = film.index(b"hvcC") - 4
    setup = film[at : at + int.from_bytes(film[at : at + 4])]
    at = film.index(b"mdat")
    frame = film[at + 4 : at - 4 + int.from_bytes(film[at - 4 : at])]
    note = struct.pack(">I", 6) + b"Exif\0\0" + exif().tobytes().removeprefix(b"Exif\0\0")
    wide, high = described or size

    def meta(first: int) -> bytes:
        places = b"".join(
            struct.pack(">HHHII", number, 0, 1, start, length)
            for number, start, length in (
                (1, first, len(frame)),
                (2, first + len(frame), len(note)),
            )
        )
        items = full(b"infe", struct.pack(">HH4sx", 1, 0, b"hvc1"), version=2)
        items += full(b"infe", struct.pack(">HH4sx", 2, 0, b"Exif"), flags=1, version=2)
        shape = full(b"ispe", struct.pack(">II", wide, high))
        properties = box(b"ipco", setup + shape)
        properties += full(b"ipma", struct.pack(">IHB2B", 1, 1, 2, 0x81, 2))
        return full(
            b"meta",
            full(b"hdlr", struct.pack(">I4s12xx", 0, b"pict"))
            + full(b"pitm", struct.pack(">H", 1))
            + full(b"iloc", struct.pack(">HH", 0x4400, 2) + places)
            + full(b"iinf", struct.pack(">H", 2) + items)
            + full(b"iref", box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))
            + box(b"iprp", properties),
        )

    start = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    first = len(start) + len(meta(0)) + 8
    return start + meta(first) + box(b"mdat", frame + note)
