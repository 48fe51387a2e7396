"""Where settings have shifted: on one device that several people use, or with a person on every device.

An operator whose treatments on one device have become stronger shows as an operator, and so does everybody else
who uses the device, and the clinic. The finding is then one finding, about the device. Where the others who use the
device have not moved, it is the person's.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from reporting.domain.skin import DARK
from reporting.evidence.checks import Array, Mask
from reporting.evidence.drift import SettingsScores
from reporting.evidence.limits import HOLD_DAYS
from reporting.evidence.signals import Signal

MOSTLY = 2 / 3
"""Share of a unit's shift that lies on one device, from which the device is named."""
HALF = 0.5
LEAST_TREATMENTS = 3
"""Of a unit on a device on each side, before their mean says anything."""


def placed(signals: Sequence[Signal], areas: pd.DataFrame, scores: SettingsScores) -> list[Signal]:
    """The signals, those about settings named after the device that holds most of the shift, where one does.

    areas and scores as for settings_scores. Signals about outcomes stay as they are. Named after a device, the
    numbers are the device's own: its treatments of the last HOLD_DAYS against those before the shift. Once a
    device is named, half of a unit's shift is enough to belong to it. Whether the others who use the device moved too
    is judged by all that is known by now.
    """
    found = [_placed(each, areas, scores, lambda _device: MOSTLY) for each in signals]
    named = {each.unit_id for before, each in zip(signals, found, strict=True) if each is not before}
    return [
        _placed(each, areas, scores, lambda device: HALF if device in named else MOSTLY)
        if each is before else each
        for before, each in zip(signals, found, strict=True)
    ]  # fmt: skip


def _placed(signal: Signal, areas: pd.DataFrame, scores: SettingsScores, least: Callable[[str], float]) -> Signal:
    if signal.kind != "settings":
        return signal
    parameter, group = signal.detail.rsplit(", ", 1)
    z = scores.values[:, scores.names.index(parameter)]
    known = np.isfinite(z) & (areas["clinic"] == signal.clinic).to_numpy()
    if group != "all":
        known &= areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    use = known & (areas["day"].to_numpy() <= signal.day)
    late = areas["day"].to_numpy() > signal.day - HOLD_DAYS
    unit = (areas[signal.unit_type].astype(str) == signal.unit_id).to_numpy()
    mine = use & unit
    device = areas["device"].astype(str).to_numpy()
    rises = {str(name): max(_moved(z, mine & (device == name), late), 0.0) for name in np.unique(device[mine])}
    total = sum(rises.values())
    if len(rises) < 2 or not total > 0:
        return signal
    most = max(rises, key=lambda name: rises[name])
    there = use & (device == most)
    others = known & (device == most) & ~unit
    if rises[most] < least(most) * total or (others.any() and not _rose(z, others, late)):
        return signal
    return _of_device(signal, areas, z, there, late, most)


def _moved(z: Array, rows: Mask, late: Mask) -> float:
    """How far the late treatments are above the earlier ones, all together; 0 with too few of either."""
    now, before = z[rows & late], z[rows & ~late]
    if min(len(now), len(before)) < LEAST_TREATMENTS:
        return 0.0
    return float(len(now) * (now.mean() - before.mean()))


def _rose(z: Array, rows: Mask, late: Mask) -> bool:
    """Whether the late treatments are above the earlier ones beyond chance (one-sided 97.5 %)."""
    now, before = int((rows & late).sum()), int((rows & ~late).sum())
    if min(now, before) < LEAST_TREATMENTS:
        return False
    return _moved(z, rows, late) / now > 1.96 * float(np.sqrt(1 / now + 1 / before))


def _of_device(signal: Signal, areas: pd.DataFrame, z: Array, rows: Mask, late: Mask, device: str) -> Signal:
    day = areas["day"].to_numpy()
    since = min(_split_day(day[rows], z[rows]), signal.day - HOLD_DAYS + 1)
    now, before = z[rows & late], z[rows & (day < since)]
    if min(len(now), len(before)) < LEAST_TREATMENTS:
        return signal
    shift, error = float(now.mean() - before.mean()), float(np.sqrt(1 / len(now) + 1 / len(before)))
    if shift <= 1.96 * error:
        return signal
    return replace(
        signal, unit_type="device", unit_id=device, observed=float(len(now)), ratio=shift,
        lower=shift - 1.96 * error, upper=shift + 1.96 * error, since_day=since,
    )  # fmt: skip


def _split_day(day: Array, z: Array) -> int:
    """Day that parts the values best into two means (least squares)."""
    order = np.argsort(day, kind="stable")
    total, n = np.cumsum(z[order]), np.arange(1, len(z) + 1)
    left, right = n[:-1], len(z) - n[:-1]
    gap = total[:-1] / left - (total[-1] - total[:-1]) / right
    return int(day[order][1:][np.argmax(gap**2 * left * right)])
