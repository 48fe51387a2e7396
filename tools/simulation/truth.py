"""The truth of a drawn network, for the scorer only: who is guilty, true rates, curves and ceilings."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from reporting.evidence.checks import Array
from tools.simulation.harm import (
    BASELINE_DAYS,
    DAYS,
    REST,
    SKIN,
    SKIN_SHARES,
    START,
    WORDS,
    Draft,
    load_effect,
)


def network_truth(
    draft: Draft,
    risks: dict[str, Array],
    otherwise: dict[str, Array],
    seed: int,
    scenario: str,
    change: int,
    effect: float,
) -> dict[str, Any]:
    frame, injection = draft.frame, draft.injection
    if injection:
        hit = draft.guilty
        ratio = {w: float(risks[w][hit].mean() / otherwise[w][hit].mean()) for w in WORDS}
        injection = {**injection, "t0": str((START + pd.Timedelta(days=change)).date()), "realised_rr": ratio}
    low, high = DAYS - 240, DAYS - 60
    mature = ((frame["day"] >= low) & (frame["day"] < high)).to_numpy()
    rates = [
        {
            "unit_type": "operator",
            "unit_id": operator,
            "symptom": w,
            "from_day": low,
            "to_day": high,
            "n": len(rows),
            "rate": float(risks[w][rows].mean()),
        }
        for operator, rows in _rows_by_operator(frame, mature).items()
        for w in WORDS
    ]
    return {
        "seed": seed,
        "scenario": scenario,
        "start": str(START.date()),
        "days": DAYS,
        "effect": effect,
        "phase1_days": BASELINE_DAYS,
        "clinics": sorted(set(frame["clinic"])),
        "t0_day": change if injection else None,
        "injections": [injection] if injection else [],
        "nuisance": {} if scenario == "null_stable" else {"response_shift": {"clinic": "N2", "day": 400}},
        "unit_rates": rates,
        "dose_response": _curves(),
        "thresholds": _thresholds(),
    }


def _rows_by_operator(frame: pd.DataFrame, mature: NDArray[np.bool_]) -> dict[str, NDArray[np.intp]]:
    operator = frame["operator"].to_numpy()
    return {str(o): np.flatnonzero(mature & (operator == o)) for o in sorted(set(operator[mature]))}


GROUPS = {"I-III": (0, 1, 2), "IV-VI": (3, 4, 5)}
GRID = np.round(np.arange(0.70, 1.5001, 0.05), 2)


def reference_risk(word: str, group: str, multiple: Array) -> Array:
    """True mean risk of the reference patient (pigment, 42 years) at fluence multiples, over susceptibility."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    members = np.array(GROUPS[group])
    shares = SKIN_SHARES[members] / SKIN_SHARES[members].sum()
    total = np.zeros(len(multiple))
    for skin, share in zip(members, shares, strict=True):
        base = REST[word] + SKIN[word][skin] + (0.5 if word == "pih" else 0.1)
        linear = base + load_effect(word, np.log(multiple), np.full(len(multiple), skin))
        spread = special.expit(linear[:, None] + 0.45 * nodes)
        total += share * (spread @ weights) / weights.sum()
    return total


def _curves() -> list[dict[str, Any]]:
    return [
        {
            "symptom": w,
            "skin": g,
            "fluence_multiple": GRID.tolist(),
            "risk": reference_risk(w, g, GRID).tolist(),
        }
        for w in WORDS
        for g in GROUPS
    ]


def _thresholds() -> list[dict[str, Any]]:
    fine = np.linspace(1, 3, 4001)
    found = []
    for word in WORDS:
        for group in GROUPS:
            risk = reference_risk(word, group, fine)
            at = int(np.argmax(risk >= 1.5 * risk[0]))
            found.append({"symptom": word, "skin": group, "fluence_multiple": float(fine[at]), "factor": 1.5})
    return found
