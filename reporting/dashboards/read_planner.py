"""Before the next treatment: with these settings, for this skin type and area, what happened here so far?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reporting.clinic.read_content import protocol_ranges
from reporting.dashboards.read_bands import setting_choice
from reporting.domain.actors import Actor
from reporting.domain.devices import DeviceClass, check_setting, guideline_maximum, parameter_of, setting_fields
from reporting.domain.vocabulary import SYMPTOMS, areas, skin_group_of, symptom
from reporting.errors import InvalidInput
from reporting.records import clinic_facts, patients
from reporting.records.engine import reading
from reporting.records.outcome_frame import SETTINGS, settled_revision
from reporting.records.tables import Patient, id_of
from reporting.security.permissions import require
from reporting.security.scope import Scope, own
from reporting.shell.read_counting import COUNTING_COLUMNS, symptom_tables, with_upper_limits
from reporting.shell.read_scope import Filters, scoped_frame

CLOSE = 0.15
"""Comparable: within 15 % of each setting (half a pass for passes). Our choice, said on the page."""
PASSES_CLOSE = 0.5


@dataclass(frozen=True)
class PlannedSetting:
    """One setting of the plan beside what is usual and published, in its unit."""

    field: str
    label: str
    unit: str
    value: float
    last_value: float | None
    """What this patient had there last time; None where it was not recorded."""
    typical: tuple[float | None, float | None]
    guideline_maximum: float | None
    guideline_source: str
    is_above_guideline: bool
    is_untypical: bool
    protocol: tuple[float | None, float | None] = (None, None)
    """Lowest and highest value of the clinic's own protocol for this skin."""

    @property
    def is_outside_protocol(self) -> bool:
        low, high = self.protocol
        return (low is not None and self.value < low) or (high is not None and self.value > high)


@dataclass(frozen=True)
class LastTreatment:
    """What a plan starts from: the newest treatment of an area of this patient."""

    treatment_id: int
    treated_area_id: int
    performed_on: date
    device_class: str
    device_class_name: str
    area: str
    area_label: str
    settings: Mapping[str, float]
    unexpected: tuple[str, ...]
    """Symptoms that were reported as unexpected after it."""


@dataclass(frozen=True)
class Plan:
    """Comparable treatments here. ``table``: one row per symptom: symptom, label, RATE_COLUMNS and is_enough for
    the comparable ones, and the same beginning with ``all_`` for every treatment of that device class and skin
    group."""

    settings: tuple[PlannedSetting, ...]
    skin_group: str
    area: str
    """Empty when too few of that area were found and all areas are counted."""
    n_comparable: int
    n_all: int
    table: pd.DataFrame
    main_setting: str = ""
    """The one by which the device class is judged, if it is among the settings of the plan; else empty."""
    revision: int = 0
    """State of the data: what was worked out at another one is out of date."""


def last_treatments(by: Actor, patient_id: int) -> tuple[LastTreatment, ...]:
    """The newest treatment of each area of the patient, newest first. Raises NotFound, NotAllowed."""
    with reading() as session:
        patient = own(session, Patient, patient_id, by, "timeline.read")
        rows = patients.treatments(session, patient_id)
        by_treatment = patients.areas(session, [row.id for row in rows])
        classes = clinic_facts.known(session, patient.clinic_id)
    frame = scoped_frame(by, Filters(), ["treated_area_id", *(f"first_{code}" for code in SYMPTOMS)])
    found: dict[str, LastTreatment] = {}
    for row in rows:
        device = row.device
        for area in by_treatment[row.id]:
            if device is None or area.area in found:
                continue
            known = classes.get(device.device_class)
            found[area.area] = LastTreatment(
                row.id,
                id_of(area),
                row.treatment.performed_on,
                device.device_class,
                known.name if known else device.device_class,
                area.area,
                areas().get(area.area, area.area),
                {name: float(value) for name in SETTINGS if (value := getattr(area, name)) is not None},
                _unexpected(frame, id_of(area)),
            )
    return tuple(found.values())


def _unexpected(frame: pd.DataFrame, treated_area_id: int) -> tuple[str, ...]:
    mine = frame[frame["treated_area_id"] == treated_area_id]
    return tuple(symptom(code).label for code in SYMPTOMS if (mine[f"first_{code}"] >= 0).any())


def plan(
    by: Actor,
    *,
    device_class: str,
    fitzpatrick: int | None,
    area: str,
    settings: Mapping[str, float],
    last: Mapping[str, float] | None = None,
) -> Plan:
    """What happened after comparable treatments at this clinic. ``settings``: field to value in its unit.

    Raises NotAllowed; InvalidInput for a setting that does not exist or a value that is not above zero.
    """
    require(by, "settings.read")
    for name, value in settings.items():
        if name not in SETTINGS:
            raise InvalidInput(field="setting", found=name, allowed="one of " + ", ".join(SETTINGS))
        if not (np.isfinite(value) and value > 0):
            raise InvalidInput(field=setting_fields()[name].label, found=value, allowed="a number above 0")
    with reading() as session:
        of = clinic_facts.known(session, Scope.of(by).clinic_id).get(device_class)
    group, choice = skin_group_of(fitzpatrick), setting_choice(by, device_class)
    columns = [*COUNTING_COLUMNS, *settings, *(f"first_{code}" for code in SYMPTOMS), "area"]
    everyone = scoped_frame(by, Filters(device_class=device_class, skin_group=group), columns)
    close = everyone[_is_close(everyone, settings)]
    here = close[close["area"] == area]
    use_area = len(here) >= MINIMUM_HERE
    chosen = here if use_area else close
    return Plan(
        settings=tuple(
            replace(
                _planned(of, name, value, fitzpatrick, area, settings, last or {}),
                protocol=_protocol(by, device_class, name, group),
            )
            for name, value in settings.items()
        ),
        skin_group=group,
        area=area if use_area else "",
        n_comparable=chosen["treatment_id"].nunique(),
        n_all=everyone["treatment_id"].nunique(),
        table=_table(chosen, everyone),
        main_setting=choice.main if choice and choice.main in settings else "",
        revision=settled_revision(),
    )


MINIMUM_HERE = 20
"""With fewer treated areas of the same kind than this, all areas are counted together."""


def _is_close(frame: pd.DataFrame, settings: Mapping[str, float]) -> NDArray[np.bool_]:
    close = np.ones(len(frame), dtype=np.bool_)
    for name, value in settings.items():
        given = frame[name].to_numpy().astype(float)
        reach = PASSES_CLOSE if name == "passes" else CLOSE * value
        with np.errstate(invalid="ignore"):
            close &= np.abs(given - value) <= reach + 1e-9
    return close


def _table(chosen: pd.DataFrame, everyone: pd.DataFrame) -> pd.DataFrame:
    found, every = (_counted(frame) for frame in (chosen, everyone))
    every.columns = pd.Index([f"all_{name}" for name in every.columns])
    table = pd.concat([found, every], axis=1)
    table.insert(0, "symptom", list(SYMPTOMS))
    table.insert(1, "label", [symptom(code).label for code in SYMPTOMS])
    return table


def _counted(frame: pd.DataFrame) -> pd.DataFrame:
    together = np.zeros(len(frame), dtype=np.int64)
    return with_upper_limits(pd.concat(symptom_tables(frame, together, 1, SYMPTOMS), ignore_index=True))


def _protocol(by: Actor, device_class: str, name: str, group: str) -> tuple[float | None, float | None]:
    """The clinic's own range for a skin group; with an unknown skin type the one for every skin."""
    found = [one for one in protocol_ranges(by, device_class, name, group) if group or not one.skin_group]
    return (found[0].minimum, found[0].maximum) if found else (None, None)


def _planned(
    of: DeviceClass | None,
    name: str,
    value: float,
    fitzpatrick: int | None,
    area: str,
    settings: Mapping[str, float],
    last: Mapping[str, float],
) -> PlannedSetting:
    field = setting_fields()[name]
    parameter = parameter_of(of, name) if of else None
    guide = guideline_maximum(of, name, fitzpatrick, settings.get("spot_size_mm"), area) if of else None
    return PlannedSetting(
        field=name,
        label=field.label,
        unit=field.unit,
        value=value,
        last_value=last.get(name),
        typical=(parameter.typical_low, parameter.typical_high) if parameter else (None, None),
        guideline_maximum=guide.maximum if guide else None,
        guideline_source=guide.source if guide else "",
        is_above_guideline=guide is not None and value > guide.maximum,
        is_untypical=of is not None and parameter is not None and check_setting(of, name, value) != "ok",
    )
