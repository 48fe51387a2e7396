"""What the evidence engine reads, and its reading begun while the libraries that work on it are still imported."""

import sqlite3
from contextlib import closing
from pathlib import Path

from reporting.settings import settings
from reporting.storage.apart import Reading
from reporting.storage.schema import newest_version

DOSE_SETTINGS = (
    "fluence_j_cm2", "pulse_energy_mj", "energy_per_pin_mj", "power_w", "density_pct", "density_mtz_cm2",
    "passes", "pulse_width_ms",
)  # fmt: skip
"""Settings that have a reference to be compared with."""
MEASURES = ("spot_size_mm", *DOSE_SETTINGS)
LARGE = 50_000
"""Treated areas from which a process of its own, 0.4 s to start, is the quicker way."""

PARTS = (
    (f"SELECT id, treatment_id, clinic_id, area, indication, {', '.join(MEASURES)} FROM treated_area",),
    (
        "SELECT treated_area_id, due_mask, answered_mask, trail FROM outcome",
        "SELECT id, patient_id, COALESCE(operator_id, 0) AS operator_id, COALESCE(device_id, 0) AS device_id,"
        " performed_on, age_years FROM treatment",
        "SELECT id, fitzpatrick, year_of_birth FROM patient",
    ),
)
"""Statements of each process, about as long as one another: treated areas; their outcomes, treatments, patients."""
_begun: dict[str, tuple[Reading, ...]] = {}


def read_parts(clinic_id: int | None = None) -> tuple[Reading, ...]:
    """Processes that read the parts, of all clinics or of one."""
    own = "" if clinic_id is None else f" WHERE clinic_id = {int(clinic_id)}"
    return tuple(Reading([statement + own for statement in part]) for part in PARTS)


def read_in_turn(clinic_id: int | None = None) -> Reading:
    """One process that reads all parts."""
    own = "" if clinic_id is None else f" WHERE clinic_id = {int(clinic_id)}"
    return Reading([statement + own for part in PARTS for statement in part])


def begin() -> None:
    """Begin to read all parts if that is worth it: a large SQLite database whose schema is the newest."""
    url = settings().url
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite") and path.is_file() and _is_ready(path):
        _begun[url] = read_parts()


def begun() -> tuple[Reading, ...] | None:
    """What was begun for this database, once."""
    return _begun.pop(settings().url, None)


def _is_ready(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as look:
            version = look.execute("SELECT version_num FROM alembic_version").fetchone()
            largest = look.execute("SELECT MAX(id) FROM treated_area").fetchone()[0]
    except sqlite3.Error:
        return False
    return version == (newest_version(),) and (largest or 0) > LARGE
