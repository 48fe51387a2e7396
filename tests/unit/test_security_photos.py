"""Photos from outside: what is kept of them, what is refused with which sentence, and that nothing else happens."""

import re
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from reporting.security.photos import CleanPhoto, PhotoRefused, clean_photo, exif_orientation, segments, smaller
from tests import photos

MEGA = 1_000_000
ONLY_PIXELS = {0xE0, 0xDB, 0xC0, 0xC4}
"""JFIF's mark, quantisation, frame and Huffman tables."""


def clean(data: bytes, max_bytes: int = 15 * MEGA, max_pixels: int = 50 * MEGA, max_side_px: int = 2048) -> CleanPhoto:
    return clean_photo(data, max_bytes=max_bytes, max_pixels=max_pixels, max_side_px=max_side_px)


def refused(data: bytes, **limits: int) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as problem:
        clean(data, **limits)
    return problem.value


def opened(photo: CleanPhoto) -> Image.Image:
    image = Image.open(BytesIO(photo.jpeg), formats=["JPEG"])
    image.load()
    assert image.size == (photo.width_px, photo.height_px)
    assert image.mode == "RGB"
    return image


def holds_only_pixels(photo: CleanPhoto) -> bool:
    """No segment but those a picture needs, nothing after its end, no canary, no metadata that Pillow finds."""
    image = opened(photo)
    return (
        set(segments(photo.jpeg)) <= ONLY_PIXELS
        and photo.jpeg.endswith(b"\xff\xd9")
        and photos.CANARY not in photo.jpeg
        and not re.search(rb"Exif\0|http://|Photoshop|ICC_PROFILE|ftyp|PK\x03\x04", photo.jpeg)
        and not image.getexif()
        and set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    )


def is_red(pixel: tuple[int, int, int]) -> bool:
    return pixel[0] > 120 and pixel[1] < 80


class TestWhatIsKept:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_it_is_upright_and_bare(self, orientation: int) -> None:
        photo = clean(photos.phone_jpeg(orientation=orientation))
        assert holds_only_pixels(photo)
        assert (photo.width_px, photo.height_px) == ((320, 240) if orientation < 5 else (240, 320))
        corners = {
            (x, y): is_red(opened(photo).getpixel((x, y)))
            for x in (5, -5)
            for y in (5, -5)
            for x, y in [(x % photo.width_px, y % photo.height_px)]
        }
        right, bottom = photo.width_px - 5, photo.height_px - 5
        where = {
            1: (5, 5),
            2: (right, 5),
            3: (right, bottom),
            4: (5, bottom),
            5: (5, 5),
            6: (right, 5),
            7: (right, bottom),
            8: (5, bottom),
        }[orientation]
        assert [corner for corner, red in corners.items() if red] == [where]

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_the_turn_of_other_kinds(self, kind: str) -> None:
        how = {"xmp": photos.XMP} if kind == "WEBP" else {}
        photo = clean(photos.encoded(photos.picture(), kind, exif=photos.exif(6), icc_profile=photos.SRGB, **how))
        assert (photo.width_px, photo.height_px) == (240, 320)
        assert holds_only_pixels(photo)

    @pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "I;16"])
    def test_every_kind_of_pixel(self, mode: str) -> None:
        image = photos.picture().convert("L").convert(mode) if mode == "I;16" else photos.picture().convert(mode)
        assert holds_only_pixels(clean(photos.encoded(image, "PNG")))

    def test_sixteen_bits_keep_their_brightness(self) -> None:
        photo = clean(photos.encoded(Image.new("I;16", (8, 8), 40_000), "PNG"))
        assert opened(photo).getpixel((4, 4)) == (40_000 >> 8,) * 3

    def test_transparent_is_white(self) -> None:
        see_through = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
        assert opened(clean(photos.encoded(see_through, "PNG"))).getpixel((4, 4)) == (255, 255, 255)
        palette = Image.new("P", (8, 8), 0)
        assert opened(clean(photos.encoded(palette, "PNG", transparency=0))).getpixel((4, 4)) == (255, 255, 255)

    def test_printing_colours_become_screen_colours(self) -> None:
        photo = clean(photos.encoded(photos.picture().convert("CMYK"), "JPEG"))
        assert is_red(opened(photo).getpixel((5, 5)))

    def test_another_colour_space_is_brought_to_ours(self) -> None:
        """A profile without red and blue in their places would show if it were dropped and not applied."""
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        plain, wrong = (clean(photos.encoded(photos.picture(), "JPEG", icc_profile=p)) for p in (photos.SRGB, lab))
        assert opened(plain).getpixel((5, 5)) == pytest.approx((180, 20, 20), abs=6)
        assert holds_only_pixels(wrong), "a profile for other channels is ignored"
        wide = clean(photos.encoded(photos.picture(), "JPEG", icc_profile=_twice_as_red()))
        assert opened(wide).getpixel((200, 200)) != pytest.approx((214, 170, 140), abs=6)

    def test_it_is_made_smaller(self) -> None:
        photo = clean(photos.encoded(photos.picture(3000, 1500), "JPEG"), max_side_px=1000)
        assert (photo.width_px, photo.height_px) == (1000, 500)
        assert opened(CleanPhoto(smaller(photo.jpeg, 320), 320, 160, "")).size == (320, 160)

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_of_an_animation_the_first_picture(self, kind: str) -> None:
        frames = [Image.new("RGB", (16, 16), colour) for colour in ("white", "black")]
        moving = photos.encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert opened(clean(moving)).getpixel((8, 8)) == (255, 255, 255)

    def test_a_photo_that_is_also_an_archive_is_only_a_photo(self) -> None:
        for data in (photos.encoded(photos.picture(), kind) for kind in ("JPEG", "PNG", "WEBP")):
            assert holds_only_pixels(clean(data + b"PK\x03\x04" + photos.CANARY))

    def test_the_same_bytes_give_the_same_photo(self) -> None:
        assert clean(photos.phone_jpeg()) == clean(photos.phone_jpeg())

    def test_progressive_is_read(self) -> None:
        assert holds_only_pixels(clean(photos.phone_jpeg(progressive=True)))


def _twice_as_red() -> bytes:
    """sRGB's profile with the red and the blue primaries changed over."""
    tags = photos.SRGB
    return tags.replace(b"rXYZ", b"tmp0").replace(b"bXYZ", b"rXYZ").replace(b"tmp0", b"bXYZ")


class TestWhatIsRefused:
    @pytest.mark.parametrize("name", photos.NOT_PHOTOS)
    def test_other_files(self, name: str) -> None:
        problem = refused(photos.NOT_PHOTOS[name])
        assert problem.reason == "unknown"
        assert "Choose a JPEG, PNG or WebP" in problem.message

    def test_nothing_and_heic(self) -> None:
        assert refused(b"").message.startswith("This file is empty.")
        assert "HEIC" in refused(photos.HEIC).message

    def test_too_many_bytes(self) -> None:
        problem = refused(photos.phone_jpeg() + bytes(50 * MEGA))
        assert (problem.reason, problem.status) == ("too_large", 422)
        assert "15 MB" in problem.message

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.999])
    def test_cut_off(self, kind: str, part: float) -> None:
        whole = photos.encoded(photos.picture(), kind)
        assert refused(whole[: max(12, int(len(whole) * part))]).reason == "damaged"

    @pytest.mark.parametrize(
        "data",
        [
            photos.png_claiming(50_000, 50_000),
            photos.png_claiming(1, 10**9),
            photos.png_claiming(40_000, 1),
            photos.jpeg_claiming(65_000, 65_000),
            photos.webp_claiming(16_383, 16_383),
        ],
    )
    def test_more_pixels_than_bearable(self, data: bytes) -> None:
        assert len(data) < 5_000
        assert refused(data).reason == "too_many_pixels"

    @pytest.mark.parametrize("data", [photos.png_claiming(0, 10), photos.jpeg_claiming(10, 0)])
    def test_no_pixels_at_all(self, data: bytes) -> None:
        assert refused(data).reason == "damaged"

    def test_what_must_be_unpacked_whole_may_have_half(self) -> None:
        for how, fits in (({}, True), ({"progressive": True}, False)):
            data = photos.encoded(photos.picture(100, 100), "JPEG", **how)
            if fits:
                assert clean(data, max_pixels=10_000)
            else:
                assert refused(data, max_pixels=10_000).reason == "too_many_pixels"

    def test_thousands_of_scans(self) -> None:
        data = photos.encoded(photos.picture(), "JPEG", progressive=True)
        at = data.rindex(b"\xff\xda")
        assert refused(data[:at] + data[at:-2] * 5_000 + data[-2:]).reason == "damaged"

    def test_webp_may_have_a_quarter(self) -> None:
        data = photos.encoded(photos.picture(100, 100), "WEBP")
        assert clean(data, max_pixels=40_000)
        assert refused(data, max_pixels=39_996).reason == "too_many_pixels"

    def test_a_frame_that_lies_about_its_size(self) -> None:
        problem = refused(photos.webp_claiming(300, 300))
        assert problem.reason == "damaged"


MEASURE = """
import re, resource, sys, time
from pathlib import Path
from reporting.security.photos import PhotoRefused, clean_photo
status = Path("/proc/self/status")
def peak():  # on Linux ru_maxrss begins with what the parent had; elsewhere (bytes) there is only that
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    return int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1]) / 1024
data = sys.stdin.buffer.read()
before, began = peak(), time.perf_counter()
try:
    clean_photo(data, max_bytes=15_000_000, max_pixels=50_000_000, max_side_px=2048)
    verdict = "kept"
except PhotoRefused as problem:
    verdict = problem.reason
print(verdict, peak() - before, time.perf_counter() - began)
"""
SECONDS = 1.0


def measured(data: bytes) -> tuple[str, float]:
    """What became of it in a process of its own, and by how many MB that process grew. Refusing takes no time."""
    done = subprocess.run([sys.executable, "-c", MEASURE], input=data, capture_output=True, check=True, timeout=60)
    verdict, grown, seconds = done.stdout.decode().split()
    if verdict != "kept":
        assert float(seconds) < SECONDS
    return verdict, float(grown)


class TestMemory:
    @pytest.mark.parametrize("size", [(20_000, 20_000), (50_000, 50_000)])
    def test_a_bomb_is_refused_before_memory_grows(self, size: tuple[int, int]) -> None:
        width, height = size
        line = zlib.compressobj(9)
        rows = b"".join(line.compress(bytes(width // 8 + 1)) for _ in range(height)) + line.flush()
        bomb = photos.png_claiming(width, height, rows)
        assert len(bomb) < width * height / 8 / 900, "it unpacks to 900 times its size"
        verdict, grown_mb = measured(bomb)
        assert verdict == "too_many_pixels"
        assert grown_mb < 8

    @pytest.mark.parametrize("data", [photos.jpeg_claiming(65_000, 65_000), photos.webp_claiming(16_383, 16_383)])
    def test_other_bombs(self, data: bytes) -> None:
        verdict, grown_mb = measured(data)
        assert verdict == "too_many_pixels"
        assert grown_mb < 8

    def test_the_largest_photo_of_a_phone_stays_small(self) -> None:
        """48 megapixels are 146 MB unpacked; the decoder makes them smaller while it reads."""
        verdict, grown_mb = measured(photos.encoded(photos.picture(8064, 6048), "JPEG"))
        assert verdict == "kept"
        assert grown_mb < 100

    @pytest.mark.parametrize(("kind", "size"), [("PNG", (5_000, 5_000)), ("WEBP", (4_000, 3_100))])
    def test_the_largest_of_what_is_unpacked_whole(self, kind: str, size: tuple[int, int]) -> None:
        quick = {"PNG": {"compress_level": 1}, "WEBP": {"method": 0}}[kind]
        verdict, grown_mb = measured(photos.encoded(photos.picture(*size).convert("RGBA"), kind, **quick))
        assert verdict == "kept"
        assert grown_mb < 270


SOURCES = [
    photos.phone_jpeg(photos.picture(40, 30)),
    photos.phone_jpeg(photos.picture(40, 30), 6, progressive=True),
    photos.encoded(photos.picture(40, 30), "PNG", exif=photos.exif()),
    photos.encoded(photos.picture(40, 30).quantize(8), "PNG", transparency=1),
    photos.encoded(photos.picture(40, 30), "WEBP", exif=photos.exif(), xmp=photos.XMP),
    photos.encoded(photos.picture(40, 30), "WEBP", lossless=True),
    photos.encoded(photos.picture(40, 30).convert("CMYK"), "JPEG"),
]
STARTS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\x20\0\0\0WEBPVP8 "]


def never_more_than_refused(data: bytes) -> None:
    try:
        photo = clean(data, max_pixels=4 * MEGA)
    except PhotoRefused:
        return
    assert holds_only_pixels(photo)


class TestWhateverComes:
    @given(start=st.sampled_from(STARTS), rest=st.binary(max_size=400))
    def test_any_bytes(self, start: bytes, rest: bytes) -> None:
        never_more_than_refused(start + rest)

    @settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
    @given(
        source=st.sampled_from(SOURCES),
        changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=8),
        cut=st.one_of(st.none(), st.floats(0, 1)),
        tail=st.binary(max_size=40),
    )
    def test_photos_with_changed_bytes(
        self, source: bytes, changes: list[tuple[float, bytes]], cut: float | None, tail: bytes
    ) -> None:
        data = bytearray(source)
        for where, new in changes:
            at = int(where * len(data))
            data[at : at + len(new)] = new
        if cut is not None:
            del data[int(cut * len(data)) :]
        never_more_than_refused(bytes(data) + tail)

    @given(st.binary(max_size=200))
    def test_any_exif(self, block: bytes) -> None:
        for start in (b"", b"II*\0", b"MM\0*\0\0\0\x08"):
            assert 1 <= exif_orientation(start + block) <= 8
