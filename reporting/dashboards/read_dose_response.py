"""Risk by dose within one device class, adjusted and crude side by side, with ranges and the ceiling."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from reporting.clinic.read_content import tolerated_factor
from reporting.dashboards.read_bands import setting_bands
from reporting.dashboards.read_ranges import Range
from reporting.domain.actors import Actor
from reporting.domain.clinic_content import TOLERATED_FACTOR
from reporting.domain.devices import setting_fields
from reporting.domain.vocabulary import DARK, SKIN_GROUPS, SYMPTOMS
from reporting.errors import InvalidInput, NothingToReplay
from reporting.evidence.backtest import GRID
from reporting.evidence.checks import Array, EvidenceProblem
from reporting.evidence.dose_model import SCALES, DoseModel, aggressive_sign, fit_dose_model, relative
from reporting.evidence.dose_response import curve_and_ceiling
from reporting.evidence.hazard import CaseMix, answered_intervals, case_mix
from reporting.records.columns import are_many_treatments
from reporting.records.evidence_frames import engine_frames
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.shell.read_scope import Filters

WIDEST_INTERVAL = 0.5


@dataclass(frozen=True)
class GroupCurve:
    """Adjusted risk of one skin group; arrays (grid,). ``multiple`` is of the reference, ``value`` in the unit of
    the setting. Ceiling and its limits are multiples, None: not within the range of the data (see its note)."""

    skin_group: str
    reference: float
    multiple: Array
    value: Array
    risk: Array
    lower: Array
    upper: Array
    most_aggressive_used: float
    ceiling: float | None
    ceiling_lower: float | None
    ceiling_upper: float | None
    ceiling_note: str

    @property
    def is_too_wide(self) -> bool:
        """The interval leaves more than half of everything open where there are data: there is a curve, and it says
        nothing."""
        used = self.multiple <= max(self.most_aggressive_used, float(self.multiple[0]))
        return bool(np.median((self.upper - self.lower)[used]) > WIDEST_INTERVAL)


@dataclass(frozen=True)
class DoseResponse:
    """Curves by skin group, crude bands (rows as of ``setting_bands``), recommended ranges, and what is missing."""

    symptom: str
    parameter: str
    unit: str
    device_class: str
    curves: tuple[GroupCurve, ...]
    bands: pd.DataFrame
    ranges: tuple[Range, ...]
    reference_source: str
    events: int
    factor: float = TOLERATED_FACTOR
    opposed: tuple[str, ...] = ()
    """Settings whose data would give a protective weight against physics: held at none, and said."""
    notes: tuple[str, ...] = field(default=())


def dose_response(
    by: Actor, symptom: str, parameter: str, device_class: str, skin_group: str = "", factor: float | None = None
) -> DoseResponse:
    """Dose-response of one setting. Raises NotAllowed, NothingToReplay, and InvalidInput naming what is allowed.

    The ceiling is the largest dose whose risk stays under ``factor`` times the risk at the reference; None: what the
    clinic tolerates.

    What cannot be estimated is missing and named in ``notes``; the crude bands are there all the same.
    """
    require(by, "settings.read")
    _check(symptom, parameter, skin_group)
    factor = tolerated_factor(by) if factor is None else factor
    frames = engine_frames(clinic_id=Scope.of(by).clinic_id)
    if frames is None:
        raise NothingToReplay()
    known = frames.areas["device_class"].cat.categories
    if device_class not in known:
        raise InvalidInput(field="device-class", found=device_class, allowed="one of " + ", ".join(map(str, known)))
    areas = frames.areas[(frames.areas["device_class"] == device_class).to_numpy()].reset_index(drop=True)
    if parameter not in areas or not areas[parameter].notna().any():
        used = [name for name in SCALES if name in areas and areas[name].notna().any()]
        raise InvalidInput(field="parameter", found=parameter, allowed="one that was recorded: " + ", ".join(used))
    areas, source = _with_reference(areas, parameter)
    check_ins = frames.check_ins[frames.check_ins["area_id"].isin(areas["area_id"])]
    shown = setting_bands(by, Filters(device_class=device_class, skin_group=skin_group), parameter, symptom)
    groups = (skin_group,) if skin_group else SKIN_GROUPS
    curves, events, opposed, notes = _curves(areas, check_ins, symptom, parameter, groups, factor)
    return DoseResponse(
        symptom,
        parameter,
        setting_fields()[parameter].unit,
        device_class,
        curves,
        shown.table,
        shown.ranges,
        source,
        events,
        factor,
        opposed,
        notes,
    )


def takes_long() -> bool:
    """Whether a curve takes so long here that only who asks for it should wait."""
    return are_many_treatments()


def _check(symptom: str, parameter: str, skin_group: str) -> None:
    if symptom not in SYMPTOMS:
        raise InvalidInput(field="symptom", found=symptom, allowed="one of " + ", ".join(SYMPTOMS))
    if parameter not in SCALES:
        raise InvalidInput(field="parameter", found=parameter, allowed="one of " + ", ".join(SCALES))
    if skin_group and skin_group not in SKIN_GROUPS:
        raise InvalidInput(field="skin-group", found=skin_group, allowed=" or ".join(SKIN_GROUPS))


def _with_reference(areas: pd.DataFrame, parameter: str) -> tuple[pd.DataFrame, str]:
    """The areas with a reference for the parameter: the device class's, else the median of what was used."""
    name = f"reference_{parameter}"
    if name in areas and areas[name].notna().any():
        return areas, "guideline or reference of the device class"
    return areas.assign(**{name: float(areas[parameter].median())}), "median of the recorded values"


def _relative(areas: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """The parameter as ``dose``, log of the multiple of its reference towards more aggressive; others beside it.

    The others count from what is usual here, so that they are held there: a clinic that nearly always makes one pass
    knows nothing of its risk at a reference of one and a half, and every curve would stay open. One that never varies
    is left out.
    """
    value = areas[parameter].to_numpy(dtype=float)
    reference = areas[f"reference_{parameter}"].to_numpy(dtype=float)
    usable = (value > 0) & (reference > 0)
    dose = np.full(len(areas), np.nan)
    dose[usable] = aggressive_sign(parameter) * np.log(value[usable] / reference[usable])
    columns = {"dose": dose}
    for name in SCALES:
        if name != parameter and _varies(other := relative(areas, name)):
            columns[name] = other - np.nanmedian(other)
    return pd.DataFrame(columns)


def _varies(relative_values: Array) -> bool:
    known = relative_values[np.isfinite(relative_values)]
    return bool(len(known) and np.ptp(known) > 1e-9)


def _curves(
    areas: pd.DataFrame, check_ins: pd.DataFrame, symptom: str, parameter: str, groups: tuple[str, ...], factor: float
) -> tuple[tuple[GroupCurve, ...], int, tuple[str, ...], tuple[str, ...]]:
    mix, doses = case_mix(areas), _relative(areas, parameter)
    try:
        answers = answered_intervals(areas, check_ins, symptom)
        model = fit_dose_model(answers, areas, doses, mix, symptom)
    except EvidenceProblem as problem:
        return (), 0, (), (problem.message,)

    def curve(group: str) -> GroupCurve | str:
        try:
            return _curve(areas, model, mix, doses, parameter, group, factor)
        except EvidenceProblem as problem:
            return f"skin group {group}: {problem.message}"

    # Somebody waits for them, and most of the time passes in sums that let other threads work.
    with ThreadPoolExecutor(len(groups)) as beside:
        made = list(beside.map(curve, groups))
    found = tuple(each for each in made if isinstance(each, GroupCurve))
    return found, model.events, model.opposed, tuple(each for each in made if isinstance(each, str))


def _curve(
    areas: pd.DataFrame, model: DoseModel, mix: CaseMix, doses: pd.DataFrame, parameter: str, group: str, factor: float
) -> GroupCurve:
    """The curve over multiples of the setting itself: where less is more aggressive, the grid is turned round."""
    sign = aggressive_sign(parameter)
    grid = GRID if sign > 0 else np.sort(1 / GRID)
    rng = np.random.default_rng([0, SKIN_GROUPS.index(group)])
    curve, ceiling = curve_and_ceiling(model, mix, doses, group, grid, rng, factor=factor)
    skin = areas["fitzpatrick"].to_numpy(dtype=float) >= DARK
    own = areas[f"reference_{parameter}"].to_numpy(dtype=float)[skin == (group == SKIN_GROUPS[1])]
    reference = float(np.nanmedian(own)) if np.isfinite(own).any() else float("nan")
    multiple, order = curve.dose**sign, slice(None, None, sign)

    def turned(dose: float | None) -> float | None:
        return None if dose is None else float(dose**sign)

    ends = (turned(ceiling.lower), turned(ceiling.upper))[::sign]
    return GroupCurve(
        group,
        reference,
        multiple[order],
        reference * multiple[order],
        curve.risk[order],
        curve.lower[order],
        curve.upper[order],
        float(curve.highest_dose_used**sign),
        turned(ceiling.dose),
        ends[0],
        ends[1],
        ceiling.note,
    )
