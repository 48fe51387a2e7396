"""Outcome frames made in memory, in the shape of ``storage.outcome_frame``: for counting and for speed."""

from typing import Any

import numpy as np
import pandas as pd

from reporting.domain.course import SLOTS
from reporting.domain.vocabulary import SYMPTOMS
from reporting.records.outcome_frame import SETTINGS

DUE_DAYS = (1, 3, 7, 14, 28, 42, 56)


def bits(*days: int) -> int:
    """Mask of check-in days."""
    return sum(1 << SLOTS.index(day) for day in days)


def _category(codes: np.ndarray, names: list[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=names)


def many_rows(n: int, seed: int = 0, clinics: int = 3, areas_per_treatment: float = 1.0) -> pd.DataFrame:
    """``n`` treated areas over two years; about ``areas_per_treatment`` areas share a treatment."""
    rng = np.random.default_rng(seed)
    treatment = np.cumsum(rng.random(n) < 1 / areas_per_treatment) + 1
    last = int(treatment[-1]) + 1 if n else 1
    clinic = rng.integers(0, clinics, last)[treatment]
    device = clinic * 2 + rng.integers(0, 2, last)[treatment]
    day = rng.integers(0, 700, last)[treatment]
    skin = rng.integers(0, 7, last)[treatment]
    asked = np.array([bits(d) for d in DUE_DAYS], dtype=np.int64)
    scheduled = np.full(n, asked.sum())
    heard = ((rng.random((last, len(asked))) < 0.6) * asked).sum(axis=1)[treatment]
    device_names = [f"C{i // 2}/D{i % 2}" for i in range(2 * clinics)]
    frame = pd.DataFrame(
        {
            "treated_area_id": np.arange(1, n + 1),
            "treatment_id": treatment.astype(np.int64),
            "patient_id": rng.integers(1, max(2, n // 2), last)[treatment],
            "clinic_id": (clinic + 1).astype(np.int32),
            "performed_on": (np.datetime64("2024-01-01") + day).astype("datetime64[s]"),
            "clinic": _category(clinic, [f"C{i}" for i in range(clinics)]),
            "operator": _category(clinic, [f"C{i}/O1" for i in range(clinics)]),
            "operator_id": (clinic + 1).astype(np.int32),
            "device_id": (device + 1).astype(np.int32),
            "device": _category(device, device_names),
            "device_class": _category(device % 2, ["frac_ablative_co2", "nd_yag_long_pulse"]),
            "procedure_class": _category(device % 2, ["ablative", "vascular"]),
            "area": _category(rng.integers(0, 2, n), ["cheeks", "neck"]),
            "indication": _category(rng.integers(0, 2, n), ["acne_scars", "not_recorded"]),
            "fitzpatrick": skin.astype(np.int8),
            "age_years": rng.integers(18, 80, n).astype(np.int16),
            "is_over_typical": np.zeros(n, dtype=np.int8),
            "scheduled_mask": scheduled,
            "due_mask": scheduled,
            "answered_mask": heard,
        }
    )
    return pd.concat([frame, _settings(rng, n), _symptoms(rng, heard)], axis=1)


def _settings(rng: np.random.Generator, n: int) -> pd.DataFrame:
    found = {name: np.full(n, np.nan, dtype=np.float32) for name in SETTINGS}
    found["pulse_energy_mj"] = np.round(rng.normal(30, 8, n).clip(5, 90), 1).astype(np.float32)
    found["density_pct"] = rng.choice([5, 10, 15, 20], n).astype(np.float32)
    found["density_pct"][rng.random(n) < 0.1] = np.nan
    found["passes"] = rng.integers(1, 4, n).astype(np.float32)
    return pd.DataFrame(found)


def _symptoms(rng: np.random.Generator, heard: np.ndarray) -> pd.DataFrame:
    found: dict[str, Any] = {}
    for symptom in SYMPTOMS:
        day = rng.choice(DUE_DAYS, len(heard)).astype(np.int16)
        answered = (heard & np.array([bits(int(d)) for d in DUE_DAYS])[np.searchsorted(DUE_DAYS, day)]) != 0
        event = (rng.random(len(heard)) < 0.08) & answered
        found[f"first_{symptom}"] = np.where(event, day, -1).astype(np.int16)
        found[f"worst_{symptom}"] = np.where(heard > 0, event * 2, -1).astype(np.int8)
    return pd.DataFrame(found)
