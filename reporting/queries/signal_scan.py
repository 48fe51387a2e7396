"""The scan: every device, band of a setting, skin group and symptom against its expectation, under one false
discovery rate; and the units of the charts among them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting import clock
from reporting.domain.devices import setting_fields
from reporting.evidence.checks import Array
from reporting.evidence.expectations import AreaExpectation, excess_p_values
from reporting.evidence.intervals import smr
from reporting.evidence.multiplicity import scan
from reporting.queries.bands import band_codes, cut
from reporting.storage.evidence_columns import DOSE_SETTINGS
from reporting.storage.evidence_frames import EngineFrames

UNITS = ("operator", "device", "clinic")
DARK = 4
SKIN = ("I-III", "IV-VI")
FALSE_DISCOVERY_RATE = 0.10

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """One cell that was looked at: who or what, and its counts among answered treated areas."""

    clinic: str
    unit_type: str
    unit_id: str
    """CLINIC/CODE, for a band with the setting and the band behind it."""
    symptom: str
    skin_group: str
    answered: int
    observed: float
    expected: float
    rows: tuple[str, int] = ("", -1)
    """Name of the coding and code of the cell in it, to find its rows again."""


@dataclass(frozen=True)
class Scan:
    """Cells, their q-values and which are signals; ``codes`` name to the code of every treated area (areas,)."""

    cells: tuple[Cell, ...]
    q_values: Array
    signal: NDArray[np.bool_]
    tested: int
    codes: Mapping[str, Places]

    def rows_of(self, cell: Cell) -> NDArray[np.bool_]:
        """Treated areas of a cell."""
        return np.asarray(self.codes[cell.rows[0]] == cell.rows[1])


def scan_cells(frames: EngineFrames, tables: Sequence[AreaExpectation]) -> Scan:
    """Count and test every cell; tables are the expectations of each watched symptom."""
    codes: dict[str, Places] = {}
    cells: list[Cell] = []
    for name, coding, labels in _codings(frames):
        codes[name] = coding
        for table in tables:
            cells += _counted(name, coding, labels, table)
    p = excess_p_values(np.array([c.observed for c in cells]), np.array([c.expected for c in cells]))
    found = scan(
        p, [c.observed for c in cells], [c.answered for c in cells], rate=FALSE_DISCOVERY_RATE
    ) if cells else scan([], [], [])  # fmt: skip
    return Scan(tuple(cells), found.q_values, found.signal, found.n_tested, codes)


Labels = Sequence[tuple[str, str, str, str]]
"""Clinic, unit type, unit and skin group of each code."""


def _codings(frames: EngineFrames) -> Iterator[tuple[str, Places, Labels]]:
    areas = frames.areas
    for kind in UNITS:
        column = areas[kind].cat
        names = [str(name) for name in column.categories]
        clinics = _clinics_of(areas, column.codes.to_numpy(), len(names))
        labels = [(clinic, kind, name, "") for clinic, name in zip(clinics, names, strict=True)]
        yield kind, column.codes.to_numpy().astype(np.int64), labels
    for setting in DOSE_SETTINGS:
        if setting in areas:
            yield from _bands(frames, setting)


def _clinics_of(areas: pd.DataFrame, codes: NDArray[np.integer], size: int) -> list[str]:
    first = np.zeros(size, dtype=np.int64)
    first[codes] = np.arange(len(codes))
    return [str(name) for name in areas["clinic"].astype(object).to_numpy()[first]]


def _bands(frames: EngineFrames, setting: str) -> Iterator[tuple[str, Places, Labels]]:
    """Bands are cut within a device class, so that only like is compared with like."""
    areas = frames.areas
    values = areas[setting].to_numpy(dtype=np.float32)
    days = pd.Series(np.datetime64(frames.start) + areas["day"].to_numpy().astype("timedelta64[D]"))
    dark = (areas["fitzpatrick"].to_numpy(dtype=float) >= DARK).astype(np.int64)
    device, classes = areas["device"].cat, areas["device_class"].cat
    names = [str(name) for name in device.categories]
    clinics = _clinics_of(areas, device.codes.to_numpy(), len(names))
    field = setting_fields()[setting]
    for at, device_class in enumerate(classes.categories):
        own = classes.codes.to_numpy() == at
        bands = cut(values[own], days[own], clock.now().date()).bands
        band = np.where(own, band_codes(values, bands), -1)
        code = np.where(band >= 0, (device.codes.to_numpy().astype(np.int64) * len(bands) + band) * 2 + dark, -1)
        labels = [
            (clinic, "setting_band", f"{name}, {field.label.lower()} {b.label} {field.unit}", SKIN[skin])
            for clinic, name in zip(clinics, names, strict=True) for b in bands for skin in (0, 1)
        ]  # fmt: skip
        yield f"{device_class} {setting}", code, labels


def _counted(name: str, coding: Places, labels: Labels, table: AreaExpectation) -> Iterator[Cell]:
    use = coding >= 0
    size = len(labels)
    observed, expected, answered = (
        np.bincount(coding[use], weights=weights[use], minlength=size)
        for weights in (table.events, table.expected, (table.trials > 0).astype(float))
    )
    for at in np.flatnonzero(answered > 0).tolist():
        clinic, kind, unit, skin = labels[at]
        yield Cell(clinic, kind, unit, table.symptom, skin, int(answered[at]), float(observed[at]),
                   float(expected[at]), (name, at))  # fmt: skip


def excess(cell: Cell) -> tuple[float | None, float | None, float | None]:
    """Observed over expected with exact 95 % limits."""
    ratio = smr(cell.observed, cell.expected)
    return ratio.value, ratio.lower, ratio.upper
