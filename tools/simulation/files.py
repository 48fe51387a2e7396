"""Read the files of a simulated network as the frames the evidence engine takes.

treatments.csv, checkins.csv and devices.csv are what a detector may read; truth.json and
truth_treatments.csv are for the scorer only.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

SYMPTOM_WORDS = {"burning": "burn", "hyperpigmentation": "pih"}
"""Our symptom codes and the words of the files and of alarms.json."""

SETTINGS = {
    "fluence_jcm2": "fluence_j_cm2",
    "density_pct": "density_pct",
    "passes": "passes",
    "pulse_ms": "pulse_width_ms",
}


@dataclass(frozen=True)
class Network:
    """What a detector may read: `areas` and `check_ins` of the engine, and the date of day 0."""

    areas: pd.DataFrame
    check_ins: pd.DataFrame
    start: pd.Timestamp


def read_network(directory: Path, start: pd.Timestamp | None = None) -> Network:
    """Read a directory; day 0 is the first treatment's date unless given."""
    treatments = pd.read_csv(directory / "treatments.csv", parse_dates=["date"])
    checkins = pd.read_csv(directory / "checkins.csv", parse_dates=["due_date", "answered_date"])
    return network(treatments, checkins, pd.read_csv(directory / "devices.csv"), start)


def network(
    treatments: pd.DataFrame,
    checkins: pd.DataFrame,
    devices: pd.DataFrame,
    start: pd.Timestamp | None = None,
) -> Network:
    """The engine's frames from those of the files, however a writer ordered the rows."""
    begin = treatments["date"].min() if start is None else start
    return Network(_areas(treatments, devices, begin), _check_ins(checkins, begin), begin)


def _areas(treatments: pd.DataFrame, devices: pd.DataFrame, begin: pd.Timestamp) -> pd.DataFrame:
    references = devices.set_index("device_model").add_prefix("")
    areas = pd.DataFrame(
        {
            "area_id": treatments["treatment_id"],
            "clinic": treatments["clinic_id"],
            "operator": treatments["operator_id"],
            "device": treatments["device_id"],
            "device_class": treatments["device_model"],
            "day": (treatments["date"] - begin).dt.days,
            "patient": treatments["patient_id"],
            "fitzpatrick": treatments["fitzpatrick"],
            "age": treatments["age"],
            "indication": treatments["indication"],
            "area": "not_recorded",
        }
    )
    for theirs, ours in SETTINGS.items():
        areas[ours] = treatments[theirs].astype(float)
        areas[f"reference_{ours}"] = treatments["device_model"].map(references[f"ref_{theirs}"]).astype(float)
    return areas


def _check_ins(checkins: pd.DataFrame, begin: pd.Timestamp) -> pd.DataFrame:
    answered = checkins["answered"] == 1
    frame = pd.DataFrame(
        {
            "area_id": checkins["treatment_id"],
            "scheduled_day": checkins["scheduled_day"],
            "due_day": (checkins["due_date"] - begin).dt.days,
            "answered": answered,
            "answered_day": (checkins["answered_date"] - begin).dt.days,
        }
    )
    for ours, theirs in SYMPTOM_WORDS.items():
        frame[ours] = checkins[theirs].astype(float)
    return frame
