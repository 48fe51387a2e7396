"""From whatever a phone sends to a plain picture: recognised by content, turned upright, nothing else kept.

The bytes come from outside, so nothing is decoded before its header was read and its size found bearable, only
three named decoders are ever tried, and the result is encoded anew from pixels alone.

What a photo says of itself, read from its first bytes before any decoder sees it: kind, size, orientation.

Only JPEG, PNG and WebP are known. HEIC is refused on purpose: its decoder is large and unsafe code for a kind that
phones turn into JPEG by themselves when a form asks for JPEG. Names and announced types are never looked at.
"""

import hashlib
import re
import struct
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from threading import BoundedSemaphore
from typing import Any, Final, Literal

from PIL import Image, ImageCms

from reporting.domain.patient_words import say
from reporting.errors import Problem

Kind = Literal["JPEG", "PNG", "WEBP"]

HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"})
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The last FF of a run and what follows it. With the run in the pattern, every FF of a run that ends in no marker
would begin a search of its own: 160 kB of FF kept a processor busy for two minutes."""
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NEEDED: Final = _FRAMES | {0xC4, 0xDB, 0xDD, 0xDA}
"""Tables, frame and scan: what the pixels need. Adobe's colour mark and the colour profile are kept besides."""
_MOST_SCANS: Final = 100
"""Cameras write one, progressive encoders about ten; thousands would keep a processor busy for hours."""
_MOST_PARTS: Final = 20_000
"""Segments or chunks that are looked at. The largest photo allowed has a few hundred, or some thousand where an
encoder writes small ones; millions of empty ones would keep a processor busy for long."""


class Unreadable(Exception):
    """The bytes are not a whole photo of a kind that we know. ``reason`` names which of that."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Header:
    """``data`` has only what the decoder needs; ``orientation`` is EXIF's 1 to 8; ``is_scalable`` tells that the
    decoder can make it smaller while it reads, so that the full size never lies in memory."""

    kind: Kind
    width_px: int
    height_px: int
    data: bytes
    orientation: int = 1
    is_scalable: bool = False


def read_header(data: bytes) -> Header:
    """What the first bytes say. Raises Unreadable with ``empty``, ``heic``, ``unknown`` or ``damaged``."""
    if not data:
        raise Unreadable("empty")
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        raise Unreadable("heic")
    for start, read in ((b"\xff\xd8\xff", _jpeg), (b"\x89PNG\r\n\x1a\n", _png), (b"RIFF", _webp)):
        if data.startswith(start):
            try:
                return read(data)
            except (struct.error, IndexError) as error:
                raise Unreadable("damaged") from error
    raise Unreadable("unknown")


def _jpeg(data: bytes) -> Header:
    """Walk the segments; leave out comments, EXIF, previews and whatever follows the end of the picture."""
    kept, at, scans, frame, orientation = [b"\xff\xd8"], 2, 0, (0, 0, 0), 1
    for _ in range(_MOST_PARTS):
        found = _NEXT_MARKER.search(data, at)
        if found is None or data.count(b"\xff", at, found.start()) != found.start() - at:
            raise Unreadable("damaged")  # nothing but FF may fill the place between two segments
        marker, body = data[found.end() - 1], found.end()
        if marker == 0xD9:
            break
        end = body + struct.unpack_from(">H", data, body)[0]
        if marker in _FRAMES:
            frame = (marker, *struct.unpack_from(">HH", data, body + 3))
        elif marker == 0xE1 and data.startswith(b"Exif\0\0", body + 2):
            orientation = exif_orientation(data[body + 8 : end])
        elif marker == 0xDA:
            scans += 1
            after = _NEXT_MARKER.search(data, end)
            end += len(data[end : after.start() if after else len(data)].rstrip(b"\xff"))
        if marker in _NEEDED or _is_about_colour(marker, data, body):
            kept.append(data[found.start() : end])
        at = end
        if scans > _MOST_SCANS:
            raise Unreadable("damaged")
    else:
        raise Unreadable("damaged")
    if not scans or not frame[0]:
        raise Unreadable("damaged")
    is_scalable = scans == 1 and frame[0] in (0xC0, 0xC1)
    return Header("JPEG", frame[2], frame[1], b"".join([*kept, b"\xff\xd9"]), orientation, is_scalable)


def _is_about_colour(marker: int, data: bytes, body: int) -> bool:
    return (marker == 0xE2 and data.startswith(b"ICC_PROFILE\0", body + 2)) or (
        marker == 0xEE and data.startswith(b"Adobe", body + 2)
    )


def _png(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        raise Unreadable("damaged")
    width, height = struct.unpack_from(">II", data, 16)
    orientation, at = 1, 8
    for _ in range(_MOST_PARTS):
        if at + 12 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"eXIf":
            orientation = exif_orientation(data[at + 8 : at + 8 + length])
        at += 12 + length
        if name == b"IEND":
            return Header("PNG", width, height, data[:at], orientation)
    raise Unreadable("damaged")


def _webp(data: bytes) -> Header:
    if data[8:12] != b"WEBP":
        raise Unreadable("unknown")
    whole = 8 + struct.unpack_from("<I", data, 4)[0]
    if whole > len(data):
        raise Unreadable("damaged")
    size: tuple[int, int] | None = None
    orientation, at = 1, 12
    for _ in range(_MOST_PARTS):
        if at + 8 > whole:
            break
        name, length = struct.unpack_from("<4sI", data, at)
        size = size or _webp_size(name, data, at + 8)
        if name == b"EXIF":
            orientation = exif_orientation(data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0"))
        at += 8 + length + length % 2
    if size is None or at + 8 <= whole:
        raise Unreadable("damaged")
    return Header("WEBP", *size, data[:whole], orientation)


def _webp_size(name: bytes, data: bytes, at: int) -> tuple[int, int] | None:
    """Width and height from whichever of the three chunks comes first."""
    if name == b"VP8X":
        width, height = (int.from_bytes(data[at + low : at + low + 3], "little") for low in (4, 7))
        return width + 1, height + 1
    if name == b"VP8L":
        bits = struct.unpack_from("<I", data, at + 1)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, at + 6)
        return width & 0x3FFF, height & 0x3FFF
    return None


def exif_orientation(block: bytes) -> int:
    """EXIF tag 0x0112 of the first directory, 1 to 8; 1 where it is missing or the block makes no sense."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        at = struct.unpack_from(f"{order}I", block, 4)[0]
        entries = struct.unpack_from(f"{order}H", block, at)[0]
        for here in range(at + 2, at + 2 + 12 * entries, 12):
            tag, kind, _count, value = struct.unpack_from(f"{order}HHIH", block, here)
            if tag == 0x0112:
                return value if kind == 3 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def segments(jpeg: bytes) -> list[int]:
    """The markers of a JPEG in order, from the first table to the scan: for checking what was written."""
    starts, at = [], 2
    while jpeg[at : at + 1] == b"\xff" and jpeg[at + 1] != 0xDA:
        starts.append(at)
        at += 2 + int(struct.unpack_from(">H", jpeg, at + 2)[0])
    return [jpeg[start + 1] for start, _ in pairwise([*starts, at])]


QUALITY: Final = 88
LONGEST_SIDE_PX: Final = 30_000
"""No camera has more; without it a picture one pixel wide could still be a million lines long."""
NOT_SCALABLE_PART: Final = {"JPEG": 2, "PNG": 2, "WEBP": 4}
"""What must be unpacked whole before it can be made smaller may have this part of the pixels: so none takes more
than about 250 MB. WebP's decoder holds the picture three times."""

_at_once = BoundedSemaphore(2)
"""So many photos are unpacked at the same time; the others wait, and memory stays bounded."""
_SRGB: Final = ImageCms.createProfile("sRGB")
_TURN: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PhotoRefused(Problem):
    """``reason``: empty, too_large, unknown, heic, too_many_pixels or damaged; ``word`` is its sentence's name."""

    code = "photo_refused"
    status = 422

    def __init__(self, reason: str, **values: Any) -> None:
        self.reason, self.word, self.values = reason, f"photo_{reason}", values
        super().__init__(say(self.word, **values), what_to_do=say("photo_again"))

    def in_language(self, language: str) -> str:
        """The sentence as this patient reads it."""
        return say(self.word, language, **self.values)


@dataclass(frozen=True)
class CleanPhoto:
    """An upright baseline JPEG in sRGB that carries nothing but its pixels; ``sha256`` is of its bytes."""

    jpeg: bytes
    width_px: int
    height_px: int
    sha256: str


def clean_photo(data: bytes, *, max_bytes: int, max_pixels: int, max_side_px: int) -> CleanPhoto:
    """The photo in ``data`` without EXIF, place, preview, profile, comment or trailing bytes.

    It is turned as its EXIF says, laid on white where it is transparent, brought to sRGB and made at most
    ``max_side_px`` long. Of an animation the first picture is kept. Raises PhotoRefused and nothing else.
    """
    if len(data) > max_bytes:
        raise PhotoRefused("too_large", megabytes=max_bytes // 1_000_000)
    try:
        header = read_header(data)
    except Unreadable as problem:
        raise PhotoRefused(problem.reason) from problem
    _bearable(header, max_pixels)
    try:
        with _at_once:
            upright = _upright(header, max_side_px)
            jpeg = _encoded(upright)
    except Exception as error:  # decoders fail in many ways on bytes made to break them
        raise PhotoRefused("damaged") from error
    return CleanPhoto(jpeg, upright.width, upright.height, hashlib.sha256(jpeg).hexdigest())


def smaller(jpeg: bytes, max_side_px: int) -> bytes:
    """A stored photo again, at most ``max_side_px`` long."""
    with Image.open(BytesIO(jpeg), formats=["JPEG"]) as image:
        image.draft(None, (max_side_px, max_side_px))
        image.thumbnail((max_side_px, max_side_px))
        return _encoded(image)


def _bearable(header: Header, max_pixels: int) -> None:
    allowed = max_pixels if header.is_scalable else max_pixels // NOT_SCALABLE_PART[header.kind]
    if not header.width_px or not header.height_px:
        raise PhotoRefused("damaged")
    if header.width_px * header.height_px > allowed or max(header.width_px, header.height_px) > LONGEST_SIDE_PX:
        raise PhotoRefused("too_many_pixels")


def _upright(header: Header, max_side_px: int) -> Image.Image:
    with Image.open(BytesIO(header.data), formats=[header.kind]) as image:
        if image.size != (header.width_px, header.height_px):
            raise ValueError("the decoder sees another size than the header says")
        profile = image.info.get("icc_profile")
        image.draft(None, (max_side_px, max_side_px))
        image.load()
        plain = _eight_bit(image)
        plain.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
        upright = _srgb(plain, profile)
    return upright.transpose(_TURN[header.orientation]) if header.orientation in _TURN else upright


def _eight_bit(image: Image.Image) -> Image.Image:
    """The pixels as L, RGB, RGBA or CMYK with eight bits each."""
    if image.mode in ("L", "RGB", "RGBA", "CMYK"):
        return image
    if image.mode.startswith("I"):  # 16-bit grey
        return image.convert("I").point([value >> 8 for value in range(65_536)], "L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _srgb(image: Image.Image, profile: Any) -> Image.Image:
    """RGB on white. A colour profile is applied and dropped: redness must not pale on the way."""
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    if profile:
        try:
            made = ImageCms.profileToProfile(image, BytesIO(profile), _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            made = None  # a profile that makes no sense, or is for other channels
        if made is not None:
            return made
    return image.convert("RGB")


def _encoded(image: Image.Image) -> bytes:
    """Pixels alone: a new picture knows nothing of what came with the old one."""
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    written = BytesIO()
    bare.save(written, "JPEG", quality=QUALITY, subsampling="4:2:0", optimize=True)
    return written.getvalue()
