"""From whatever a phone sends to a plain picture: recognised by content, turned upright, nothing else kept.

The bytes come from outside, so nothing is decoded before its header was read and its size found bearable, only
three named decoders are ever tried, and the result is encoded anew from pixels alone.
"""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any, Final

from PIL import Image, ImageCms

from reporting.domain.patient_words import say
from reporting.errors import Problem
from reporting.security.photo_headers import Header, Unreadable, read_header

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
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


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
