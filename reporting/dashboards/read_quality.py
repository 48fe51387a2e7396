"""How far the data can be trusted: what is missing, unusual or silent, and what silence could change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from reporting.domain.actors import Actor
from reporting.domain.devices import device_classes, setting_fields
from reporting.domain.vocabulary import SYMPTOMS, symptom
from reporting.evidence.follow_up import response_bounds, tipping_point
from reporting.imports.read_imports import ImportLine, import_history
from reporting.records import import_runs
from reporting.records.engine import reading
from reporting.records.outcome_frame import SETTINGS
from reporting.security.permissions import require
from reporting.security.scope import Scope
from reporting.shell.read_counting import Flags, symptom_tables
from reporting.shell.read_scope import SKIN_GROUPS, Filters, scoped_frame
from reporting.shell.read_scope import today as day_of

SILENT_AFTER_DAYS = 14
"""A treatment this old without one answer counts as silent: the daily check-ins of the first week are over."""


@dataclass(frozen=True)
class DataQuality:
    """Everything that the page shows.

    ``missing``: device_class, label, parameter, setting (its label), n_areas, n_missing, share. ``unusual``:
    device_class, label, n_areas, n_unusual, share. ``response``: by what, to a table of group, n_treatments, n_silent,
    due_check_ins, answered_check_ins, response_rate. ``sensitivity``: symptom, label, events, n_answered, n_at_risk,
    rate, if_none, if_all, sentence.
    """

    today: date
    n_treatments: int
    n_silent: int
    """Treatments of at least ``SILENT_AFTER_DAYS`` days ago without one answered check-in."""
    n_old_enough: int
    missing: pd.DataFrame
    unusual: pd.DataFrame
    response: Mapping[str, pd.DataFrame]
    sensitivity: pd.DataFrame
    imports: tuple[ImportLine, ...]


_COLUMNS = [
    "treatment_id",
    "patient_id",
    "performed_on",
    "clinic",
    "device_class",
    "fitzpatrick",
    "due_mask",
    "answered_mask",
    "is_over_typical",
    *SETTINGS,
    *(f"first_{code}" for code in SYMPTOMS),
]


GROUPINGS = ("Clinic", "Skin type", "Language", "Device class")


def data_quality(by: Actor, filters: Filters, groupings: Sequence[str] = GROUPINGS) -> DataQuality:
    """The quality of the data that ``by`` may see, response by the groupings asked for. Raises NotAllowed."""
    require(by, "overview.read")
    today = day_of(by)
    frame = scoped_frame(by, filters, _COLUMNS)
    treatments = _treatments(frame, today)
    response = {name: _response_by(treatments, groups(by, filters, treatments, name)) for name in groupings}
    return DataQuality(
        today=today,
        n_treatments=len(treatments),
        n_silent=int(treatments["is_silent"].sum()),
        n_old_enough=int(treatments["is_old"].sum()),
        missing=_missing(frame),
        unusual=_unusual(frame),
        response=response,
        sensitivity=_sensitivity(frame),
        imports=import_history(by),
    )


def _treatments(frame: pd.DataFrame, today: date) -> pd.DataFrame:
    """One row per treatment with its due and answered check-ins, counted."""
    once = frame.drop_duplicates("treatment_id")
    due = np.bitwise_count(once["due_mask"].to_numpy()).astype(np.int64)
    answered = np.bitwise_count((once["answered_mask"] & once["due_mask"]).to_numpy()).astype(np.int64)
    return once.assign(due=due, answered=answered, is_old=_is_old(once, today), is_silent=is_silent(once, today))


def _is_old(frame: pd.DataFrame, today: date) -> Flags:
    return np.asarray(frame["performed_on"].to_numpy() <= np.datetime64(today - timedelta(days=SILENT_AFTER_DAYS)))


def is_silent(frame: pd.DataFrame, today: date) -> Flags:
    """Rows of treatments that are old enough and were never answered; frame: performed_on, answered_mask."""
    return np.asarray(_is_old(frame, today) & (frame["answered_mask"].to_numpy() == 0))


def _missing(frame: pd.DataFrame) -> pd.DataFrame:
    """Settings that a device class has a reference for, and how often they were not recorded."""
    rows = []
    for code, part in frame.groupby("device_class", observed=True):
        known = device_classes().get(str(code))
        if known is None:
            continue
        for name in SETTINGS:
            parameter = known.parameters.get(name)
            if parameter is None or (parameter.reference is None and parameter.typical_low is None):
                continue
            n_missing = int(part[name].isna().sum())
            rows.append(
                {
                    "device_class": code,
                    "label": known.name,
                    "parameter": name,
                    "setting": setting_fields()[name].label,
                    "n_areas": len(part),
                    "n_missing": n_missing,
                    "share": n_missing / len(part),
                }
            )
    return _frame(rows, ("device_class", "label", "parameter", "setting", "n_areas", "n_missing", "share"))


def _unusual(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for code, part in frame.groupby("device_class", observed=True):
        known = device_classes().get(str(code))
        n_unusual = int((part["is_over_typical"] > 0).sum())
        rows.append(
            {
                "device_class": code,
                "label": known.name if known else code,
                "n_areas": len(part),
                "n_unusual": n_unusual,
                "share": n_unusual / len(part),
            }
        )
    return _frame(rows, ("device_class", "label", "n_areas", "n_unusual", "share"))


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def _skin(types: "pd.Series[int]") -> "pd.Series[str]":
    found = pd.Series("not recorded", index=types.index)
    for name, (low, high) in SKIN_GROUPS.items():
        found[types.between(low, high)] = name
    return found


def groups(by: Actor, filters: Filters, treatments: pd.DataFrame, grouping: str) -> "pd.Series[str]":
    """The group of every treatment; languages are read only where they are asked for."""
    if grouping == "Clinic":
        return treatments["clinic"].astype(str)
    if grouping == "Device class":
        classes = treatments["device_class"].cat.categories
        return treatments["device_class"].map({code: _class_name(code) for code in classes}).astype(str)
    if grouping != "Language":
        return _skin(treatments["fitzpatrick"])
    with reading() as session:
        languages = import_runs.languages(session, Scope.of(by).clinic_id, filters.from_date)
    known = [languages.get(key, "not recorded") for key in treatments["patient_id"].tolist()]
    return pd.Series(known, index=treatments.index)


def _class_name(code: str) -> str:
    known = device_classes().get(code)
    return known.name if known else code


def _response_by(treatments: pd.DataFrame, group: "pd.Series[str]") -> pd.DataFrame:
    summed = treatments.groupby(group.to_numpy()).agg(
        n_treatments=("treatment_id", "size"),
        n_old_enough=("is_old", "sum"),
        n_silent=("is_silent", "sum"),
        due_check_ins=("due", "sum"),
        answered_check_ins=("answered", "sum"),
    )
    rate = summed["answered_check_ins"] / summed["due_check_ins"].where(summed["due_check_ins"] > 0)
    return summed.assign(response_rate=rate).rename_axis("group").reset_index()


def _sensitivity(frame: pd.DataFrame) -> pd.DataFrame:
    """Per symptom: the rate among those who answered, and what it would be for none or all of the silent."""
    together = np.zeros(len(frame), dtype=np.int64)
    tables = symptom_tables(frame, together, 1, SYMPTOMS)
    rows = []
    for code, table in zip(SYMPTOMS, tables, strict=True):
        events, answered, asked = (int(table.iloc[0][name]) for name in ("events", "n_answered", "n_at_risk"))
        bounds = response_bounds(events, answered, asked)
        rows.append(
            {
                "symptom": code,
                "label": symptom(code).label,
                "events": events,
                "n_answered": answered,
                "n_at_risk": asked,
                "rate": bounds.answered_rate,
                "if_none": bounds.if_none,
                "if_all": bounds.if_all,
                "sentence": _doubled(events, answered, asked),
            }
        )
    return pd.DataFrame(rows)


def _doubled(events: int, answered: int, asked: int) -> str:
    """What the silent would have to be like for the rate to be twice what is seen."""
    if not answered or not events:
        return "No rate yet: nothing to compare the silent with."
    target = 2 * events / answered
    return tipping_point(events, answered, asked, target).sentence if target <= 1 else "The rate cannot double."
