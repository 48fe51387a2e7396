"""Observed rates by the bands of two settings together, for example energy and density, within one device class.

For fractional devices the two are never collapsed into one dose: 8 mJ at 2000 MTZ/cm2 and 16 mJ at 1000 MTZ/cm2
deliver the same energy per area, and differ in what they do to the skin (Kono 2007).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reporting.dashboards.read_bands import Cut, band_codes, checked, fixed_cut
from reporting.dashboards.read_ranges import Range, device_class_of, ranges_of
from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.errors import InvalidInput
from reporting.evidence.intervals import newcombe
from reporting.security.permissions import require
from reporting.shell.read_counting import COUNTING_COLUMNS, Ints, symptom_tables, with_upper_limits
from reporting.shell.read_scope import Filters, scoped_frame
from reporting.shell.read_small_cells import hide_small_cells, is_beyond_clinic

LEAST_IN_CELL = 10
"""With fewer treatments that answered, one report more or less moves a cell by more than ten percentage points: it
stays grey. Our choice, said on the page."""
DRAWN_TOWARDS_AVERAGE = 20.0
"""So many answers is the weight of the average in the shade of a cell. Our choice: an estimated spread would make all
cells alike as soon as most are, and hide the one that is not."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Side:
    """One of the two settings: its fixed bands and its recommended ranges."""

    parameter: str
    label: str
    unit: str
    cut: Cut
    ranges: tuple[Range, ...]


@dataclass(frozen=True)
class SettingMap:
    """``table``: one row per cell, those without treatments included: across, up (indices of the bands),
    across_label, up_label, RATE_COLUMNS, is_enough, is_hidden, why (in words, why a cell has no rate; else empty),
    steadied (the rate drawn towards the average of the cells, the more the fewer answered; NaN without a rate).

    ``stands_out``: the row of the cell whose rate differs most clearly from all others together; -1 for none.
    """

    device_class_name: str
    symptom: str
    across: Side
    up: Side
    table: pd.DataFrame
    average: float
    """Rate of all cells with a rate together; NaN without any."""
    elsewhere: tuple[int, int]
    """Events and answers in all other cells than the one that stands out."""
    stands_out: int
    n_left_out: int
    """Treated areas without one of the two settings."""


def setting_map(by: Actor, filters: Filters, across: str, up: str, symptom: str) -> SettingMap:
    """The map of two different settings of one device class. Raises NotAllowed, InvalidInput."""
    require(by, "settings.read")
    for name in (across, up):
        checked(name, symptom)
    if across == up:
        raise InvalidInput(field="second setting", found=up, allowed="another setting than the first")
    chosen = device_class_of(by, filters.device_class)
    needed = {across, up, "spot_size_mm"}
    frame = scoped_frame(by, filters, [*COUNTING_COLUMNS, *needed, f"first_{symptom}", "clinic_id"])
    spots = frame["spot_size_mm"].to_numpy()
    sides = [_side(by, filters, name, ranges_of(by, chosen, name, filters.area, spots)) for name in (across, up)]
    codes = [band_codes(frame[side.parameter].to_numpy(), side.cut.bands) for side in sides]
    table = _table(frame, codes, sides, symptom)
    if is_beyond_clinic(by, frame["clinic_id"].to_numpy()):
        table = hide_small_cells(table, ("across", "up"))
    table = table.assign(is_enough=(table["n_answered"] >= LEAST_IN_CELL) & ~table["is_hidden"])
    table = table.assign(
        why=[_why(*row) for row in zip(table["n_treatments"], table["n_answered"], table["is_hidden"], strict=True)]
    )
    average, table = _steadied(table)
    at, elsewhere = _standing_out(table)
    return SettingMap(
        chosen.name,
        symptom,
        sides[0],
        sides[1],
        table,
        average,
        elsewhere,
        at,
        int(np.count_nonzero((codes[0] < 0) | (codes[1] < 0))),
    )


def _side(by: Actor, filters: Filters, name: str, ranges: tuple[Range, ...]) -> Side:
    field = setting_fields()[name]
    return Side(name, field.label, field.unit, fixed_cut(by, filters.device_class, name, crossed=True), ranges)


def _table(frame: pd.DataFrame, codes: list[Ints], sides: list[Side], symptom: str) -> pd.DataFrame:
    wide, high = (len(side.cut.bands) for side in sides)
    group = np.where((codes[0] >= 0) & (codes[1] >= 0), codes[0] * high + codes[1], -1)
    [table] = symptom_tables(frame, group, wide * high, [symptom])
    labels = [np.array([band.label for band in side.cut.bands], dtype=object) for side in sides]
    places = [np.repeat(np.arange(wide), high), np.tile(np.arange(high), wide)]
    for at, name in enumerate(("across", "up")):
        table.insert(2 * at, name, places[at])
        table.insert(2 * at + 1, f"{name}_label", labels[at][places[at]])
    return with_upper_limits(table).assign(is_hidden=False)


def _why(treatments: float, answered: float, hidden: bool) -> str:
    """Why a cell has no rate."""
    if hidden:
        return "hidden: too few to show beyond the treating clinic"
    if not treatments:
        return "no treatments"
    return "" if answered >= LEAST_IN_CELL else f"too thin: {int(answered)} answered, {LEAST_IN_CELL} are needed"


def _steadied(table: pd.DataFrame) -> tuple[float, pd.DataFrame]:
    """The average of the cells with a rate, and the table with each of their rates drawn towards it."""
    shown = table[table["is_enough"]]
    events, answered = shown["events"].to_numpy(dtype=float), shown["n_answered"].to_numpy(dtype=float)
    if not len(shown):
        return float("nan"), table.assign(steadied=np.nan)
    average = float(events.sum() / answered.sum())
    rates = (events + DRAWN_TOWARDS_AVERAGE * average) / (answered + DRAWN_TOWARDS_AVERAGE)
    return average, table.assign(steadied=pd.Series(rates, index=shown.index).reindex(table.index))


def _standing_out(table: pd.DataFrame) -> tuple[int, tuple[int, int]]:
    """The cell whose rate is most clearly above that of the others together (Newcombe, Bonferroni over the cells),
    and the counts of those others."""
    shown = table[table["is_enough"]]
    events, answered = shown["events"].to_numpy(dtype=float), shown["n_answered"].to_numpy(dtype=float)
    best, at = 0.0, -1
    level = 1 - (1 - CONFIDENCE) / max(len(shown), 1)
    for place in range(len(shown)) if len(shown) > 1 else ():
        rest = events.sum() - events[place], answered.sum() - answered[place]
        lower = newcombe(events[place], answered[place], *rest, level).lower
        if lower > best:
            best, at = lower, place
    if at < 0:
        return -1, (0, 0)
    return int(shown.index[at]), (int(events.sum() - events[at]), int(answered.sum() - answered[at]))
