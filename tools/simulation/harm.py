"""How settings, skin and season harm in the simulated clinics: the constants of the truth."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from reporting.evidence.checks import Array

START = pd.Timestamp("2023-01-02")
DAYS, BASELINE_DAYS = 730, 180
CHECK_IN_DAYS = (1, 3, 7, 14, 28, 42, 56)
WORDS = ("burn", "pih")
DEVICES = pd.DataFrame(
    {
        "device_model": ["DIODE810", "ERYAG2940", "KTP532"],
        "ref_fluence_jcm2": [22.0, 40.0, 9.0],
        "ref_density_pct": [20.0, 15.0, 20.0],
        "ref_pulse_ms": [30.0, 0.5, 12.0],
        "ref_passes": [2, 2, 2],
    }
)
INDICATIONS = ("hair", "scar", "vascular", "pigment")
DEVICE_OF = {"hair": (0,), "scar": (1,), "vascular": (2,), "pigment": (1, 2)}
SKIN_SHARES = np.array([0.10, 0.28, 0.27, 0.19, 0.12, 0.04])
REST = {"burn": -3.7, "pih": -3.8}
SKIN = {"burn": (0.1, 0.0, 0.0, 0.2, 0.4, 0.5), "pih": (0.0, 0.1, 0.3, 0.9, 1.2, 1.4)}
TOLERANCE = (0.16, 0.14, 0.12, 0.02, -0.02, -0.04)
STEEPNESS = {"burn": 5.0, "pih": 4.2}
"""Log odds per log thermal load beyond the tolerance."""


@dataclass
class Draft:
    """Treatments while they are being drawn; columns by name, one value each."""

    frame: pd.DataFrame
    extra: Array
    hidden: Array
    guilty: NDArray[np.bool_]
    injection: dict[str, Any] | None = None


def risk_of(word: str, frame: pd.DataFrame, shift: Array, hidden: Array) -> Array:
    """Probability of each treatment: tolerance and steepness of the thermal load, case mix, season of PIH."""
    skin = frame["fitzpatrick"].to_numpy() - 1
    load = (
        frame["log_fluence"].to_numpy()
        + hidden
        + 0.5 * (frame["density"].to_numpy() - 1)
        + 0.10 * (frame["passes"].to_numpy() - 2)
        - 0.25 * frame["log_pulse"].to_numpy()
    )
    season = 0.25 * np.sin(2 * np.pi * (frame["day"].to_numpy() - 90) / 365.25) if word == "pih" else 0.0
    pigment = (frame["indication"] == "pigment").to_numpy() * (0.5 if word == "pih" else 0.1)
    linear = REST[word] + np.array(SKIN[word])[skin] + pigment + 0.005 * (frame["age"].to_numpy() - 42)
    linear = linear + frame["susceptible"].to_numpy() + season + shift + load_effect(word, load, skin)
    return np.asarray(special.expit(linear), dtype=float)


def load_effect(word: str, load: Array, skin: NDArray[Any]) -> Array:
    beyond = np.logaddexp(0, (load - np.array(TOLERANCE)[skin]) / 0.12) * 0.12
    return np.asarray(0.3 * load + STEEPNESS[word] * beyond, dtype=float)
