"""Drawn pictures that stand for photos in the demo: patches of colour, with the word SYNTHETIC across them."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter

SIZE = (900, 1200)
_SKIN = {1: "#f3d7c6", 2: "#ecc6ae", 3: "#dcae8e", 4: "#c08d68", 5: "#8d5c3d", 6: "#5a3a2a"}
"""One shade for each Fitzpatrick type."""
_MARKS = {"infection": "#b8323a", "swelling": "#d98b7f", "hyperpigmentation": "#4e3022"}


def drawn(fitzpatrick: int, symptom: str, strength: float, seed: int) -> bytes:
    """A JPEG of skin-coloured paper with marks; ``strength`` from 0 (none) to 1 (many and large)."""
    image, random = Image.new("RGB", SIZE, _SKIN[fitzpatrick]), Random(seed)
    layer = Image.new("L", SIZE, 0)
    pen = ImageDraw.Draw(layer)
    for _ in range(round(26 * strength)):
        x, y, radius = random.randrange(120, 780), random.randrange(150, 1050), random.randrange(14, 44)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=random.randrange(110, 200))
    image.paste(Image.new("RGB", SIZE, _MARKS[symptom]), mask=layer.filter(ImageFilter.GaussianBlur(11)))
    word = ImageDraw.Draw(image)
    for y in range(60, SIZE[1], 380):
        word.text((SIZE[0] // 2, y), "SYNTHETIC", fill="white", anchor="mm", font_size=64, stroke_width=3,
                  stroke_fill="black")  # fmt: skip
    written = BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()
