"""Photos as phones and attackers send them: real bytes of every kind, with canaries where metadata would be."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageDraw

CANARY = b"CANARY-40.4168N-3.7038W"
JPEG_START = b"\xff\xd8"


def encoded(image: Image.Image, kind: str, **how: Any) -> bytes:
    """The picture as a file of that kind."""
    written = BytesIO()
    image.save(written, kind, **how)
    return written.getvalue()


def picture(width: int = 320, height: int = 240) -> Image.Image:
    """Skin-coloured, with a red mark in the upper left corner, so that turning it shows."""
    image = Image.new("RGB", (width, height), (214, 170, 140))
    ImageDraw.Draw(image).rectangle((0, 0, width // 3, height // 3), fill=(180, 20, 20))
    return image


def exif(orientation: int = 1) -> bytes:
    """An EXIF block with the phone, the place and a preview picture in it."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = CANARY.decode()
    block[0x9286] = CANARY
    block.get_ifd(0x8825).update({1: "N", 2: (40.0, 25.0, 0.48), 29: CANARY.decode()})
    return bytes(block.tobytes())


def segment(marker: int, body: bytes) -> bytes:
    """One segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


PREVIEW = encoded(picture(32, 24), "JPEG", comment=CANARY)
XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"
IPTC = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(CANARY)) + CANARY
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def phone_jpeg(image: Image.Image | None = None, orientation: int = 1, **how: Any) -> bytes:
    """A JPEG with everything that phones and programs hang on: and a film after its end."""
    plain = encoded(image or picture(), "JPEG", exif=exif(orientation), icc_profile=SRGB, comment=CANARY, **how)
    extra = segment(0xE1, XMP) + segment(0xED, IPTC) + segment(0xEA, PREVIEW) + segment(0xFE, CANARY)
    return JPEG_START + extra + plain[2:] + b"ftypmp42" + CANARY


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_claiming(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG of a few bytes that says it is that large."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", body or zlib.compress(bytes(99))) + png_chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    """A whole little JPEG whose frame says another size."""
    plain = encoded(picture(8, 8), "JPEG")
    at = plain.index(b"\xff\xc0") + 5
    return plain[:at] + struct.pack(">HH", height, width) + plain[at + 4 :]


def webp_claiming(width: int, height: int) -> bytes:
    """A lossless WebP of a few bytes that says it is that large."""
    bits = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<IBI", 16, 0x2F, bits) + bytes(11)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HEIC = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(200)
GIF = encoded(picture().quantize(16), "GIF")
NOT_PHOTOS = {
    "svg": SVG,
    "html": b"<!doctype html><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n",
    "zip": b"PK\x03\x04" + bytes(99),
    "text": b"this is no photo",
    "gif": GIF,
    "bmp": encoded(picture(), "BMP"),
    "tiff": encoded(picture(), "TIFF"),
    "wave": b"RIFF\x10\0\0\0WAVEfmt ",
    "one byte": b"\xff",
}
"""Other kinds of file, whatever their names say."""
