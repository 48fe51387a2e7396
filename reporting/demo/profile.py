"""How often things go wrong in the demo clinic: published incidences, each with its source, from ``data/``."""

import csv
from dataclasses import dataclass
from pathlib import Path

from reporting.settings import ROOT


@dataclass(frozen=True)
class Incidence:
    """Share of treatments after which a symptom goes beyond what is expected, and when it begins (days)."""

    device_class: str
    symptom: str
    per_treatment: float
    onset_from_day: int
    onset_to_day: int
    source: str


def incidences(path: Path = ROOT / "data" / "demo_profile.csv") -> dict[tuple[str, str], Incidence]:
    """Incidence by (device class, symptom)."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return {
        (row["device_class"], row["symptom"]): Incidence(
            device_class=row["device_class"],
            symptom=row["symptom"],
            per_treatment=float(row["incidence_per_treatment"]),
            onset_from_day=int(row["onset_from_day"]),
            onset_to_day=int(row["onset_to_day"]),
            source=row["source"],
        )
        for row in rows
    }
