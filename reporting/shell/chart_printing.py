"""A figure of a page as a picture for paper: the same chart in the light look, drawn without a browser."""

import json
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import vl_convert
from PIL import Image

from reporting.shell.chart_look import FONT, Figure, on_paper, with_values

PRINT_FONT = "DejaVu Sans"
"""The font that the documents embed, so that pictures and text agree on every machine."""
WIDTH_PX = 720
"""Of a picture across a page; letters of 14 px are then 9 points on 170 mm."""
PAPER = "#ffffff"
COLOURS = 128
SCALE = 2.2
"""Pixels of the picture per unit: about 235 dots per inch on 170 mm."""


@cache
def _use_fonts(folder: Path) -> None:
    """Charts are drawn with these fonts; a wider search would give other pictures on other machines."""
    vl_convert.register_font_directory(str(folder))


def _sized(node: Any, width: int, height: int | None) -> Any:
    """The specification with widths in pixels where a page would stretch it, and with the height wanted."""
    if isinstance(node, list):
        return [_sized(each, width, height) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: _sized(value, width, height) for key, value in node.items() if key not in ("datasets", "data")}
    found |= {key: node[key] for key in ("datasets", "data") if key in node}
    if found.get("width") == "container":
        found["width"] = width
        if height is not None and "height" in found:
            found["height"] = height
    return found


def picture(figure: Figure, fonts: Path, *, width_px: int = WIDTH_PX, height_px: int | None = None) -> bytes:
    """PNG of the figure. ``fonts`` is the folder of ``PRINT_FONT``; ``height_px`` is the height of the plot.

    Axis titles take their room beside ``width_px``: the picture as a whole is scaled to the page.
    """
    _use_fonts(fonts)
    sized = _sized(with_values(figure.chart), width_px, height_px)
    sized["config"]["background"] = PAPER
    specification = on_paper(json.dumps(sized)).replace(FONT, PRINT_FONT)
    return _lean(vl_convert.vegalite_to_png(specification, scale=SCALE))


def _lean(png: bytes) -> bytes:
    """The same picture with as few colours as a chart has: a fifth of the size."""
    packed = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").quantize(COLOURS).save(packed, "PNG", optimize=True)
    return packed.getvalue()
