"""The scan: every device, band of a setting, skin group and symptom against its expectation, under one false
discovery rate; and the units of the charts among them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting import clock
from reporting.dashboards.read_bands import band_codes, cut
from reporting.domain.devices import setting_fields
from reporting.domain.vocabulary import DARK, SKIN_GROUPS
from reporting.evidence.checks import Array
from reporting.evidence.intervals import smr
from reporting.evidence.multiplicity import scan
from reporting.evidence.trials import AreaExpectation, excess_p_values
from reporting.records.evidence_frames import EngineFrames
from reporting.records.read_ahead import DOSE_SETTINGS

UNITS = ("operator", "device", "clinic")
FALSE_DISCOVERY_RATE = 0.10

Places = NDArray[np.intp]


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
    """Cells, their q-values and which are signals; ``codings`` by name, to find a cell's rows again."""

    cells: tuple[Cell, ...]
    q_values: Array
    signal: NDArray[np.bool_]
    tested: int
    codings: Mapping[str, "Coding"]
    areas: int

    def rows_of(self, cell: Cell) -> NDArray[np.bool_]:
        """Treated areas of a cell."""
        coding, mine = self.codings[cell.rows[0]], np.zeros(self.areas, dtype=bool)
        mine[coding.rows[coding.codes == cell.rows[1]]] = True
        return mine


@dataclass(frozen=True)
class Coding:
    """One way to part treated areas: which of them (rows,), their codes (rows,), and what each code stands for."""

    rows: Places
    codes: Places
    labels: Sequence[tuple[str, str, str, str]]
    """Clinic, unit type, unit and skin group of each code."""


def scan_cells(frames: EngineFrames, tables: Sequence[AreaExpectation]) -> Scan:
    """Count and test every cell; tables are the expectations of each watched symptom."""
    codings = dict(_codings(frames))
    cells = [cell for name, coding in codings.items() for table in tables for cell in _counted(name, coding, table)]
    p = excess_p_values(np.array([c.observed for c in cells]), np.array([c.expected for c in cells]))
    found = (
        scan(p, [c.observed for c in cells], [c.answered for c in cells], rate=FALSE_DISCOVERY_RATE)
        if cells
        else scan([], [], [])
    )
    return Scan(tuple(cells), found.q_values, found.signal, found.n_tested, codings, len(frames.areas))


def _codings(frames: EngineFrames) -> Iterator[tuple[str, Coding]]:
    areas = frames.areas
    everyone = np.arange(len(areas))
    for kind in UNITS:
        column = areas[kind].cat
        names = [str(name) for name in column.categories]
        codes = column.codes.to_numpy().astype(np.intp)
        labels = [
            (clinic, kind, name, "") for clinic, name in zip(_clinics_of(areas, codes, len(names)), names, strict=True)
        ]
        yield kind, Coding(everyone, codes, labels)
    device, classes = areas["device"].cat, areas["device_class"].cat
    names = [str(name) for name in device.categories]
    clinics = _clinics_of(areas, device.codes.to_numpy(), len(names))
    named = list(zip(clinics, names, strict=True))
    own = [np.flatnonzero(classes.codes.to_numpy() == at) for at in range(len(classes.categories))]
    for setting in (name for name in DOSE_SETTINGS if name in areas):
        for device_class, mine in zip(classes.categories, own, strict=True):
            yield f"{device_class} {setting}", _bands(frames, mine, setting, named)


def _clinics_of(areas: pd.DataFrame, codes: NDArray[np.integer], size: int) -> list[str]:
    first = np.zeros(size, dtype=np.int64)
    first[codes] = np.arange(len(codes))
    return [str(name) for name in areas["clinic"].iloc[first]]


def _bands(frames: EngineFrames, own: Places, setting: str, devices: Sequence[tuple[str, str]]) -> Coding:
    """Bands of the treatments of one device class: they are cut within it, so that only like is compared with like.

    devices: clinic and name of every device.
    """
    areas = frames.areas
    values = areas[setting].to_numpy()[own].astype(np.float32)
    days = pd.Series(np.datetime64(frames.start) + areas["day"].to_numpy()[own].astype("timedelta64[D]"))
    bands = cut(values, days, clock.now().date()).bands
    band, device = band_codes(values, bands), areas["device"].cat.codes.to_numpy()[own].astype(np.intp)
    dark = areas["fitzpatrick"].to_numpy()[own] >= DARK
    known = band >= 0
    field = setting_fields()[setting]
    labels = [
        (clinic, "setting_band", f"{name}, {field.label.lower()} {b.label} {field.unit}", SKIN_GROUPS[skin])
        for clinic, name in devices
        for b in bands
        for skin in (0, 1)
    ]
    return Coding(own[known], ((device * len(bands) + band) * 2 + dark)[known], labels)


def _counted(name: str, coding: Coding, table: AreaExpectation) -> Iterator[Cell]:
    size, codes = len(coding.labels), coding.codes
    is_whole = len(coding.rows) == len(table.trials)
    if is_whole:
        observed, answered = (np.bincount(codes[at], minlength=size) for at in (table.with_event, table.answered))
    else:
        observed, answered = (
            np.bincount(codes[each[coding.rows] > 0], minlength=size) for each in (table.events, table.trials)
        )
    weights = table.expected if is_whole else table.expected[coding.rows]
    expected = np.bincount(codes, weights=weights, minlength=size)
    for at in np.flatnonzero(answered).tolist():
        clinic, kind, unit, skin = coding.labels[at]
        yield Cell(
            clinic,
            kind,
            unit,
            table.symptom,
            skin,
            int(answered[at]),
            float(observed[at]),
            float(expected[at]),
            (name, at),
        )


def excess(cell: Cell) -> tuple[float | None, float | None, float | None]:
    """Observed over expected with exact 95 % limits."""
    ratio = smr(cell.observed, cell.expected)
    return ratio.value, ratio.lower, ratio.upper
