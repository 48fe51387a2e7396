"""Where names stand beside their points so that near ones do not cover each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

NARROW_PX, HEIGHT_PX = 300, 320
"""The plot of a phone: what does not overlap there overlaps nowhere."""
LETTER_PX, LINE_PX = 7.5, 15


@dataclass(frozen=True)
class Place:
    """Alignment of the text, and its distance from the point."""

    align: str
    dx_px: int
    dy_px: int


SIDES = (
    Place("left", 9, 0), Place("right", -9, 0), Place("center", 0, -15), Place("center", 0, 17),
    Place("left", 9, -15), Place("left", 9, 15), Place("right", -9, -15), Place("right", -9, 15),
)  # fmt: skip
"""In order of preference."""

Box = tuple[float, float, float, float]


def beside(across: ArrayLike, up: ArrayLike, names: Sequence[str]) -> list[Place]:
    """A place for each name; across and up are the points' places in the plot, 0 to 1.

    From left to right each takes the first side where it covers no point, no earlier name and no edge of the plot;
    where there is none, the side with the least overlap.
    """
    x, y = np.asarray(across, dtype=float) * NARROW_PX, (1 - np.asarray(up, dtype=float)) * HEIGHT_PX
    taken: list[Box] = [(px - 6, py - 6, px + 6, py + 6) for px, py in zip(x, y, strict=True)]
    found: dict[int, Place] = {}
    for at in np.argsort(x, kind="stable").tolist():
        others = [box for k, box in enumerate(taken) if k != at]
        boxes = [_box(x[at], y[at], names[at], side) for side in SIDES]
        cost = [sum(_overlap(box, other) for other in others) + _outside(box) for box in boxes]
        best = int(np.argmin(cost))
        found[at] = SIDES[best]
        taken.append(boxes[best])
    return [found[at] for at in range(len(names))]


def _box(x: float, y: float, name: str, side: Place) -> Box:
    width = LETTER_PX * len(name)
    left = {"left": x + side.dx_px, "right": x + side.dx_px - width, "center": x - width / 2}[side.align]
    middle = y + side.dy_px
    return left, middle - LINE_PX / 2, left + width, middle + LINE_PX / 2


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)


def _outside(box: Box) -> float:
    """How much of a name would be cut off or lie on an axis."""
    return LINE_PX * (max(-box[0], 0.0) + max(box[2] - NARROW_PX, 0.0)) + 60 * (
        max(-box[1], 0.0) + max(box[3] - HEIGHT_PX, 0.0)
    )
