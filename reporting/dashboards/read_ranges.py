"""What a setting should be: the usual range, the published highest value, and the clinic's own protocol.

How many treated areas were treated above the published maximum, by device class and setting.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.clinic.read_content import protocol_ranges
from reporting.domain.actors import Actor
from reporting.domain.content import content
from reporting.domain.devices import SPOT_TOLERANCE_MM, DeviceClass, guideline_maximum, parameter_of, setting_fields
from reporting.errors import InvalidInput
from reporting.records import clinic_facts
from reporting.records.engine import reading
from reporting.records.outcome_frame import SETTINGS
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.shell.read_scope import SKIN_GROUPS, Filters, scoped_frame

NEARLY_ALL = 0.95

Numbers = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Range:
    """A recommended range of the setting, in its unit. ``skin_group`` empty: for every skin type."""

    kind: str
    """``typical`` (what is usual for the device class), ``guideline`` (published highest value) or ``protocol``
    (the clinic's own)."""
    low: float | None
    high: float | None
    skin_group: str
    source: str


def device_class_of(by: Actor, code: str) -> DeviceClass:
    """The device class, one of the clinic's own included. Raises InvalidInput without a code."""
    if not code:
        raise InvalidInput(
            field="device_class", found=code, allowed="one device class: raw settings compare within one"
        )
    with reading() as session:
        known = clinic_facts.known(session, Scope.of(by).clinic_id)
    return known.get(code, DeviceClass(code=code, name=code, procedure_class="other"))


def ranges_of(
    by: Actor, chosen: DeviceClass, parameter: str, area: str, spot_sizes_mm: NDArray[np.float32]
) -> tuple[Range, ...]:
    """Usual range, published highest values by skin group, and protocol of one setting, as far as there are any.

    Published values that depend on the spot size are those of the one that (nearly) every treated area had.
    """
    published = _published(chosen, parameter, area, _one_spot(spot_sizes_mm))
    return (*_typical(chosen, parameter), *published, *_protocol(by, chosen, parameter))


def _one_spot(sizes: NDArray[np.float32]) -> float | None:
    """The spot size of NEARLY_ALL of the treated areas that have one; None where they differ."""
    known = np.sort(sizes[~np.isnan(sizes)])
    if not len(known):
        return None
    middle = float(known[len(known) // 2])
    return middle if np.mean(np.abs(known - middle) <= SPOT_TOLERANCE_MM) >= NEARLY_ALL else None


def _typical(chosen: DeviceClass, parameter: str) -> tuple[Range, ...]:
    known = parameter_of(chosen, parameter)
    if known is None or (known.typical_low is None and known.typical_high is None):
        return ()
    source = known.source.split(";")[0].removeprefix("typical range:").strip()
    return (Range("typical", known.typical_low, known.typical_high, "", source),)


def _published(chosen: DeviceClass, parameter: str, area: str, spot_mm: float | None) -> tuple[Range, ...]:
    found = []
    for group, (lightest, darkest) in SKIN_GROUPS.items():
        rows = [
            guideline_maximum(chosen, parameter, skin, spot_mm, area or None) for skin in range(lightest, darkest + 1)
        ]
        published = [row for row in rows if row is not None]
        if published:
            strictest = min(published, key=lambda row: row.maximum)
            spot = "" if strictest.spot_size_mm is None else f", for a spot of {strictest.spot_size_mm:g} mm"
            found.append(Range("guideline", strictest.minimum, strictest.maximum, group, f"{strictest.source}{spot}"))
    return tuple(found)


def _protocol(by: Actor, chosen: DeviceClass, parameter: str) -> tuple[Range, ...]:
    return tuple(
        Range("protocol", one.minimum, one.maximum, one.skin_group, one.note or "decided by the clinic")
        for one in protocol_ranges(by, chosen.code, parameter)
    )


def highest_of_protocol(by: Actor, skin: Ints, chosen: DeviceClass, parameter: str) -> Numbers:
    """The clinic's own highest value for each Fitzpatrick type of ``skin`` (0 unknown), NaN without one."""
    limits = np.full(7, np.nan)
    ranges = protocol_ranges(by, chosen.code, parameter)
    for one in sorted(ranges, key=lambda each: each.skin_group):  # those for every skin first
        lightest, darkest = SKIN_GROUPS.get(one.skin_group, (0, 6))
        limits[lightest : darkest + 1] = np.nan if one.maximum is None else one.maximum
    return np.asarray(limits[skin], dtype=np.float64)


def highest_published(frame: pd.DataFrame, chosen: DeviceClass, parameter: str) -> Numbers:
    """The published highest value for the skin type, spot and area of each row, shape (rows,); NaN without one.

    ``frame`` has fitzpatrick (0 unknown), spot_size_mm and area.
    """
    rows = [row for row in content().guidelines if (row.device_class, row.field) == (chosen.code, parameter)]
    if not rows:
        return np.full(len(frame), np.nan)
    spot = np.round(frame["spot_size_mm"].to_numpy(dtype=np.float64), 2)
    kinds = pd.DataFrame(
        {
            "skin": frame["fitzpatrick"].to_numpy(),
            "spot": np.where(np.isnan(spot), -1.0, spot),
            "area": frame["area"].cat.codes.to_numpy(),
        }
    )
    kind = kinds.groupby(["skin", "spot", "area"], sort=False).ngroup().to_numpy()
    first = np.unique(kind, return_index=True)[1]
    names = frame["area"].cat.categories
    limits = np.full(len(first), np.nan)
    for at, row in enumerate(first):
        skin, size, code = kinds.iloc[row]
        found = guideline_maximum(
            chosen,
            parameter,
            int(skin) or None,
            float(size) if size >= 0 else None,
            str(names[int(code)]) if code >= 0 else None,
        )
        limits[at] = found.maximum if found else np.nan
    return limits[kind] if len(first) else np.empty(0)


COLUMNS = ("device_class", "label", "setting", "unit", "n_areas", "n_above", "share")


def areas_above_guideline(by: Actor, filters: Filters) -> pd.DataFrame:
    """One row per device class and setting for which a maximum is published: COLUMNS, by name.

    ``n_areas`` are treated areas whose value and for whose skin type, spot and area a maximum is known.
    Raises NotAllowed.
    """
    require(by, "settings.read")
    frame = scoped_frame(by, filters, ["device_class", "fitzpatrick", "area", *SETTINGS])
    published = {(row.device_class, row.field) for row in content().guidelines}
    with reading() as session:
        known = clinic_facts.known(session, Scope.of(by).clinic_id)
    rows = []
    for code, field in sorted(published):
        part = frame[(frame["device_class"] == code).to_numpy()] if field in SETTINGS else frame.iloc[:0]
        n_areas, n_above = _counts(part, code, field)
        if n_areas:
            of, name = setting_fields()[field], known[code].name if code in known else code
            rows.append((code, name, of.label, of.unit, n_areas, n_above, n_above / n_areas))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _counts(part: pd.DataFrame, code: str, field: str) -> tuple[int, int]:
    """Areas with a value and a published maximum, and those above it; each combination is looked up once."""
    part = part[part[field].notna()]
    if part.empty:
        return 0, 0
    keys = part.assign(spot=part["spot_size_mm"].fillna(-1.0)).groupby(
        ["fitzpatrick", "spot", "area"], observed=True, dropna=False
    )
    total = above = 0
    for key, rows in keys:
        skin, spot, area = cast("tuple[int, float, str]", key)
        limit = guideline_maximum(code, field, int(skin) or None, float(spot) if spot >= 0 else None, str(area))
        if limit is not None:
            total += len(rows)
            above += int(np.count_nonzero(rows[field].to_numpy(dtype=float) > limit.maximum))
    return total, above
