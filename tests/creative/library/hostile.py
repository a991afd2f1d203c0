"""The hostile corpus: every file here must be refused, for its own reason."""

import struct
import zlib
from collections.abc import Callable, Iterator

from creative.media import limits
from tests.creative.library.files import (
    archive,
    bomb_of,
    box,
    chunk,
    clip,
    encoded,
    frames,
    gif_of,
    heic,
    picture,
    png,
    with_chunk,
    with_segment,
)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript>>>>endobj\ntrailer\n%%EOF"

Case = tuple[str, Callable[[], bytes], str]


def _corpus() -> Iterator[Case]:
    """Name of the file, its content, and what the refusal says."""
    yield from _other_kinds()
    yield from _disguised()
    yield from _cut_off()
    yield from _bombs()
    yield from _videos()
    yield from _sizes()


def _other_kinds() -> Iterator[Case]:
    yield "drawing.svg", lambda: SVG, "is an SVG drawing, which is not taken"
    yield "drawing.png", lambda: b'<?xml version="1.0"?>\n<!-- x -->\n' + SVG, "an SVG drawing"
    yield "page.jpg", lambda: HTML, "is an HTML page"
    yield "page.gif", lambda: b"\xef\xbb\xbf\n  <script >1</script>" + bytes(32), "an HTML page"
    yield "feed.xml", lambda: b'<?xml version="1.0"?><rss></rss>' + b" " * 30, "an XML or HTML"
    yield "paper.pdf", lambda: PDF, "is a PDF document"
    yield "bundle.zip", archive, "is a ZIP archive"
    yield "photo.jpg", lambda: b"Just a text, that is all there is to say.\n" * 3, "is a text"
    yield "run.sh", lambda: b"#!/bin/sh\nrm -rf /\n" + b"#" * 32, "is a script"
    yield "shell.php", lambda: b"<?php system($_GET['c']); ?>" + b" " * 32, "is a script"
    yield "run.exe", lambda: b"MZ\x90\0" + bytes(64), "is a program"
    yield "lib.so", lambda: b"\x7fELF\x02\x01\x01" + bytes(64), "is a program"
    yield "live.m3u8", lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "is a playlist"
    yield "wide.tif", lambda: encoded("TIFF"), "is a TIFF picture"
    yield "plain.bmp", lambda: encoded("BMP"), "is a BMP picture"
    yield "new.avif", lambda: box(b"ftyp", b"avif\0\0\0\0mif1avif") + bytes(64), "an AVIF picture"
    yield "film.webm", lambda: b"\x1a\x45\xdf\xa3" + bytes(64), "a WebM or Matroska video"
    yield "film.avi", lambda: b"RIFF\x40\0\0\0AVI " + bytes(64), "an AVI video"
    yield "noise.jpg", lambda: bytes(range(128, 256)) * 4, "of no kind that is known here"
    yield "nothing.png", lambda: b"", "has 0 bytes"
    yield "zeros.png", lambda: bytes(4_096), "is empty"


def _disguised() -> Iterator[Case]:
    photo, drawing = encoded("JPEG"), encoded("PNG")
    after = "after its end, where other content can hide"
    yield "photo.png", lambda: photo, "is JPEG by its content, which the ending .png denies"
    yield "photo.php", lambda: photo, "which the ending .php denies"
    yield "a.jpg", lambda: drawing, "rename it to .png"
    yield "a.mov", lambda: clip("mp4"), "is MP4 by its content, which the ending .mov denies"
    yield "zip.jpg", lambda: photo + archive(), after
    yield "pdf.jpg", lambda: photo + PDF, after
    yield "html.png", lambda: drawing + HTML, after
    yield "zip.png", lambda: drawing + archive(), after
    yield "one.png", lambda: drawing + b"\0", "has 1 bytes after its end"
    yield "zip.gif", lambda: encoded("GIF") + archive(), after
    yield "js.gif", lambda: encoded("GIF") + b"/*" + HTML + b"*/", after
    yield "zip.webp", lambda: encoded("WEBP") + archive(), after
    yield "far.jpg", lambda: photo + bytes(3_000_000) + archive(), after
    yield "twice.jpg", lambda: photo * 12, after
    yield "com.jpg", lambda: with_segment(photo, 0xFE, HTML), "hides HTML or a script"
    yield "xmp.jpg", lambda: with_segment(photo, 0xE1, b"x\0" + SVG), "hides HTML or a script"
    yield "php.jpg", lambda: with_segment(photo, 0xFE, b"<?php eval($_POST[1]); ?>"), "a script"
    yield "inner.jpg", lambda: with_segment(photo, 0xE5, archive()), "hides a ZIP archive"
    yield "pdf2.jpg", lambda: with_segment(photo, 0xFE, PDF), "hides a PDF document"
    yield "inner.png", lambda: with_chunk(drawing, b"zzZz", archive()), "hides a ZIP archive"
    yield "text.png", lambda: with_chunk(drawing, b"tEXt", b"a\0" + HTML), "hides"
    yield "idat.png", _behind_pixels, "has bytes hidden behind its pixels"
    yield "zip.mp4", lambda: clip() + archive(), "bytes that belong to no box"
    yield "free.mp4", lambda: clip() + box(b"free", archive()), "hides a ZIP archive"
    yield "html.mp4", lambda: clip() + box(b"skip", HTML), "hides HTML or a script"
    yield "tail.mp4", lambda: clip() + b"\0\0\0\3abcd", "bytes that belong to no box"
    yield "free.heic", lambda: heic() + box(b"free", archive()), "hides a ZIP archive"
    yield "tail.heic", lambda: heic() + b"abc", "bytes that belong to no box"
    yield "rar.jpg", lambda: with_segment(photo, 0xFE, b"Rar!\x1a\x07\x01\0"), "a RAR archive"


def _behind_pixels() -> bytes:
    pixels = zlib.compress(bytes(64 * (1 + 3 * 64)))
    return png(64, 64, pixels + archive()[::-1])


def _cut_off() -> Iterator[Case]:
    for form, ending in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")):
        whole = encoded(form)
        yield f"half.{ending}", lambda whole=whole: whole[: len(whole) // 2], "is cut off"
        yield f"last.{ending}", lambda whole=whole: whole[:-1], "is cut off"
    wiped = bytearray(encoded("PNG"))
    wiped[-200:-100] = bytes(100)
    yield "wiped.png", lambda: bytes(wiped), "is damaged"
    yield "few.png", lambda: png(64, 64, zlib.compress(bytes(64 * 100))), "holds fewer pixels"
    yield "half.mp4", lambda: clip()[: len(clip()) // 2], "is cut off"
    yield "last.mov", lambda: clip("mov")[:-1], "is cut off"
    yield "noindex.mp4", lambda: clip()[: clip().index(b"moov") - 4], "its index (moov) is missing"
    yield "half.heic", lambda: heic()[: len(heic()) // 2], "is cut off"
    yield "head.heic", lambda: heic()[:24] + box(b"free", bytes(64)), "holds no picture"


def _bombs() -> Iterator[Case]:
    photo, drawing = encoded("JPEG"), encoded("PNG")
    yield "big.png", lambda: png(20_000, 20_000, zlib.compress(b"")), "has 400.0 megapixels"
    yield "real.png", lambda: png(20_000, 20_000, bomb_of(1_200_020_000)), "has 400.0 megapixels"
    yield "tiny.png", lambda: png(64, 64, bomb_of(2_000_000_000)), "is a decompression bomb"
    yield "wide.jpg", lambda: _resized(photo, 60_000, 60_000), "has 3,600.0 megapixels"
    yield "long.jpg", lambda: _resized(photo, 65_000, 100), "the longest side taken is 16,384"
    yield "wide.webp", lambda: _wide_webp(), "megapixels"
    yield "wide.gif", lambda: _wide_gif(), "megapixels"
    yield "wide.heic", lambda: heic(described=(30_000, 30_000)), "has 900.0 megapixels"
    for name, head in (
        (b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0"),
    ):  # fmt: skip
        yield (
            f"{name.decode()}.png",
            lambda name=name, head=head: with_chunk(drawing, name, head + bomb_of(500_000_000)),
            f"its part {name.decode()} inflates to over 1,048,576 bytes",
        )
    yield "many.png", lambda: png(64, 64, None, *[chunk(b"tEXt", b"a\0b")] * 30_000), "20,000 parts"
    yield "many.jpg", lambda: photo[:2] + b"\xff\xfe\0\2" * 30_000 + photo[2:], "20,000 parts"
    yield "scans.jpg", lambda: _scans(photo), "more than 200 scans"
    yield "moves.gif", lambda: gif_of(5_000), "is an animation; upload moving pictures as MP4"
    yield "moves.webp", lambda: frames(50, "WEBP"), "is an animation"
    yield "moves.png", lambda: frames(5, "PNG"), "is an animation"
    yield "frame.gif", lambda: _frame_larger_than_its_picture(), "is damaged: a frame of"
    yield "deep.mp4", lambda: _deep(40), "nests boxes more than 12 deep"
    yield "many.mp4", lambda: clip() + box(b"free", b"") * 30_000, "more than 20,000 boxes"


def _resized(photo: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header says another size."""
    at = photo.index(b"\xff\xc0")
    return photo[: at + 5] + struct.pack(">HH", height, width) + photo[at + 9 :]


def _wide_webp() -> bytes:
    data = encoded("WEBP", picture((64, 64)), lossless=True)
    at = data.index(b"VP8L") + 9
    bits = (16_382) | (16_382 << 14)
    return data[:at] + struct.pack("<I", bits) + data[at + 4 :]


def _wide_gif() -> bytes:
    data = encoded("GIF")
    return data[:6] + struct.pack("<HH", 30_000, 30_000) + data[10:]


def _frame_larger_than_its_picture() -> bytes:
    data = bytearray(encoded("GIF", picture((64, 64))))
    at = data.index(b"\x2c" + bytes(4), 13)
    data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    return bytes(data)


def _scans(photo: bytes) -> bytes:
    start = photo.index(b"\xff\xda")
    scan = photo[start:-2]
    return photo[:-2] + scan * 300 + photo[-2:]


def _deep(levels: int) -> bytes:
    inner = b""
    for _ in range(levels):
        inner = box(b"trak", inner)
    return clip() + box(b"moov", inner)


def _videos() -> Iterator[Case]:
    film = clip()

    def with_number(name: bytes, offset: int, number: int) -> bytes:
        at = film.index(name) + 4 + offset
        return film[:at] + struct.pack(">I", number) + film[at + 4 :]

    def sized(name: bytes, size: int) -> bytes:
        at = film.index(name) - 4
        return film[:at] + struct.pack(">I", size) + film[at + 4 :]

    yield "atom.mp4", lambda: sized(b"mvhd", 0xFFFF_FFF0), "its box 'mvhd' claims 4,294,967,280"
    yield "wide.mp4", lambda: _claiming(film), "its box 'mdat' claims"
    yield "small.mp4", lambda: sized(b"trak", 4), "its boxes are in no order"
    yield "stts.mp4", lambda: with_number(b"stts", 4, 0x7FFF_FFFF), "'stts' announces 2,147,483,647"
    yield "stsz.mp4", lambda: with_number(b"stsz", 8, 0xFFFF_FFFF), "'stsz' announces"
    yield "stco.mp4", lambda: with_number(b"stco", 4, 0x1000_0000), "'stco' announces 268,435,456"
    yield "count.mp4", lambda: with_number(b"stts", 8, 0xFFFF_FFFF), "samples in"
    yield "refers.mp4", lambda: with_number(b"url ", 0, 0), "refers to other files"
    yield "sound.mp4", lambda: _without_pictures(), "be played: the file has no video"
    yield "noise.mp4", lambda: box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", bytes(range(256))) + (
        box(b"moov", box(b"mvhd", bytes(100)))
    ), "cannot be played: the file has no video"  # fmt: skip
    yield "small2.mp4", lambda: clip("mp4", (96, 64)), "the least is 120 pixels a side"
    yield "short.mp4", lambda: clip("mp4", (320, 240), 0.2), "is 0.2 s long"


def _claiming(film: bytes) -> bytes:
    """A 64-bit size beyond all disks."""
    at = film.index(b"mdat") - 4
    wide = struct.pack(">I4sQ", 1, b"mdat", 1 << 60)
    return film[:at] + wide + film[at + 8 :]


def _without_pictures() -> bytes:
    return clip("mp4", (320, 240), 1.0, "-vn")


def _sizes() -> Iterator[Case]:
    yield "dot.png", lambda: encoded("PNG", picture((20, 20))), "the least is 64 pixels a side"
    yield "line.jpg", lambda: encoded("JPEG", picture((400, 30))), "is 400x30"
    yield (
        "heavy.jpg",
        lambda: encoded("JPEG") + bytes(limits.MOST_IMAGE_BYTES),
        f"the limit for JPEG is {limits.MOST_IMAGE_BYTES:,}",
    )
    yield (
        "heavy.mp4",
        lambda: clip() + bytes(limits.MOST_VIDEO_BYTES),
        f"the limit for MP4 is {limits.MOST_VIDEO_BYTES:,}",
    )


CORPUS = tuple(_corpus())
