"""A network of clinics whose guilty unit is known, drawn from a model of its own.

Each treatment has a baseline log odds of each symptom from skin, indication and age, a thermal load from its
settings that harms beyond the skin's tolerance (a smooth hinge), a patient's own susceptibility and small
harmless differences between operators, devices and clinics. Answers are missing, late, and likelier from those
who are affected. Nothing here is read by the detector.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from reporting.evidence.checks import Array
from tools.simulation.harm import (
    CHECK_IN_DAYS,
    DAYS,
    DEVICE_OF,
    DEVICES,
    INDICATIONS,
    SKIN_SHARES,
    START,
    WORDS,
    Draft,
    risk_of,
)
from tools.simulation.truth import network_truth

SCENARIOS = ("null_stable", "null_nuisance", "op_settings", "device_drift", "op_technique", "dark_protocol")


@dataclass(frozen=True)
class SimulatedNetwork:
    """Files of a network by name without suffix, and its truth."""

    files: dict[str, pd.DataFrame]
    truth: dict[str, Any] = field(repr=False)


def simulate(
    seed: int, scenario: str, *, clinics: int = 6, per_week: float = 20.0, effect: float = 1.0
) -> SimulatedNetwork:
    """Draw a network of two years. effect scales the fault: 1 as designed, 0 none. Raises ValueError."""
    if scenario not in SCENARIOS:
        raise ValueError(f"Unknown scenario {scenario}: choose from {', '.join(SCENARIOS)}.")
    rng = np.random.default_rng([seed, SCENARIOS.index(scenario)])
    frame = _patients(rng, clinics, per_week)
    _settings(rng, frame)
    before = frame.copy()
    draft = Draft(frame, np.zeros(len(frame)), np.zeros(len(frame)), np.zeros(len(frame), dtype=bool))
    change = int(rng.integers(270, 450))
    _inject(rng, draft, scenario, change, effect, clinics)
    harmless = _harmless(rng, before)
    risks = {w: risk_of(w, draft.frame, harmless[w] + draft.extra, draft.hidden) for w in WORDS}
    otherwise = {w: risk_of(w, before, harmless[w], np.zeros(len(before))) for w in WORDS}
    onset = _onsets(rng, risks)
    checkins = _answers(rng, draft.frame, onset, scenario)
    return _as_files(draft, risks, otherwise, checkins, seed, scenario, change, effect)


def _patients(rng: np.random.Generator, clinics: int, per_week: float) -> pd.DataFrame:
    """Courses of one to five sessions; operators mostly keep their patients; a mix of its own per clinic."""
    parts = []
    for at in range(clinics):
        skin_mix = rng.dirichlet(SKIN_SHARES * 15)
        indication_mix = rng.dirichlet(np.array([6.0, 5.0, 4.0, 5.0]))
        people = rng.poisson(per_week * rng.uniform(0.75, 1.3) * (DAYS + 90) / 7 / 2.2)
        person = pd.DataFrame(
            {
                "clinic": f"N{at + 1}",
                "person": np.arange(people),
                "fitzpatrick": rng.choice(6, people, p=skin_mix) + 1,
                "indication": rng.choice(np.array(INDICATIONS, dtype=object), people, p=indication_mix),
                "age": np.clip(np.round(rng.normal(42, 13, people)), 18, 80).astype(int),
                "susceptible": rng.normal(0, 0.45, people),
                "talkative": rng.normal(0, 0.9, people),
                "usual": rng.choice(3, people, p=rng.dirichlet(np.full(3, 9.0))),
                "first": rng.integers(-90, DAYS, people),
                "sessions": 1 + rng.binomial(4, 0.3, people),
                "answering": special.logit(rng.uniform(0.45, 0.88)),
            }
        )
        for session in range(5):
            course = person[person["sessions"] > session].copy()
            course["day"] = course["first"] + session * 38 + (session > 0) * rng.integers(-6, 12, len(course))
            parts.append(course[(course["day"] >= 0) & (course["day"] < DAYS)])
    return pd.concat(parts).sort_values(["day", "clinic", "person"], ignore_index=True)


def _settings(rng: np.random.Generator, frame: pd.DataFrame) -> None:
    """Operator, device and settings: lower for darker skin, each operator with a small habit of their own."""
    n = len(frame)
    number = np.where(rng.random(n) < 0.85, frame["usual"], rng.integers(0, 3, n))
    frame["operator"] = frame["clinic"] + "-P" + pd.Series(number + 1).astype(str)
    options = [DEVICE_OF[i] for i in frame["indication"]]
    model = np.array([o[int(r * len(o))] for o, r in zip(options, rng.random(n), strict=True)])
    frame["model"] = model
    frame["device"] = frame["clinic"] + "-" + DEVICES["device_model"].to_numpy()[model]
    habits = {operator: rng.normal(0, 0.05) for operator in sorted(set(frame["operator"]))}
    lower = np.array([0, 0, 0, -0.08, -0.15, -0.20])[frame["fitzpatrick"] - 1]
    frame["log_fluence"] = frame["operator"].map(habits).astype(float) + lower + rng.normal(0, 0.11, n)
    frame["density"] = np.clip(rng.normal(1, 0.11, n), 0.6, 1.6)
    frame["passes"] = rng.choice([1, 2, 3], n, p=[0.25, 0.55, 0.20])
    frame["log_pulse"] = rng.normal(0, 0.14, n) + 0.1 * (frame["fitzpatrick"] >= 4)


def _inject(rng: np.random.Generator, draft: Draft, scenario: str, change: int, effect: float, clinics: int) -> None:
    frame, after = draft.frame, draft.frame["day"].to_numpy() >= change
    clinic = f"N{int(rng.integers(0, clinics)) + 1}"
    here = (frame["clinic"] == clinic).to_numpy()
    if scenario.startswith("null"):
        return
    if scenario == "dark_protocol":
        kind, unit, mine = "clinic", clinic, here & (frame["fitzpatrick"] >= 4).to_numpy()
    elif scenario == "device_drift":
        busiest = frame["device"][here].value_counts().index[0]
        kind, unit, mine = "device", str(busiest), (frame["device"] == busiest).to_numpy()
    else:
        operator = f"{clinic}-P{int(rng.integers(1, 4))}"
        kind, unit, mine = "operator", operator, (frame["operator"] == operator).to_numpy()
    hit = after & mine
    since = np.clip((frame["day"].to_numpy() - change + 1) / 60.0, 0, 1)
    if scenario == "op_settings":
        frame.loc[hit, "log_fluence"] += 0.3 * effect * np.clip(since[hit] * 60 / 80, 0, 1)
        frame.loc[hit, "density"] *= 1 + 0.08 * effect
    elif scenario == "op_technique":
        draft.extra[hit] += np.log(2.5) * effect
    elif scenario == "device_drift":
        draft.hidden[hit] += 0.32 * effect * since[hit]
    else:
        frame.loc[hit, "log_fluence"] += 0.14 * effect
        frame.loc[hit, "density"] *= 1 + 0.25 * effect
        frame.loc[hit, "passes"] += 1
    draft.guilty = hit
    draft.injection = _injection(frame, scenario, kind, unit, clinic, hit)


def _injection(
    frame: pd.DataFrame, scenario: str, kind: str, unit: str, clinic: str, hit: NDArray[np.bool_]
) -> dict[str, Any]:
    mine = frame[hit]
    operators = [["operator", o] for o in sorted(set(mine["operator"]))]
    devices = [["device", d] for d in sorted(set(mine["device"]))]
    guilty = [[kind, unit], *(operators if kind == "clinic" else [])]
    shared = [["clinic", clinic], *operators, *devices]
    return {
        "id": "F1",
        "kind": scenario,
        "unit_type": kind,
        "unit_id": unit,
        "true_units": guilty,
        "related_units": [u for u in shared if u not in guilty],
        "n_treatments_affected": int(hit.sum()),
    }


def _harmless(rng: np.random.Generator, frame: pd.DataFrame) -> dict[str, Array]:
    found = {}
    for word in WORDS:
        total = np.zeros(len(frame))
        for column, sd in (("operator", 0.12), ("device", 0.08), ("clinic", 0.10)):
            effects = {unit: rng.normal(0, sd) for unit in sorted(set(frame[column]))}
            total += frame[column].map(effects).to_numpy(dtype=float)
        found[word] = total
    return found


def _onsets(rng: np.random.Generator, risks: dict[str, Array]) -> dict[str, Array]:
    n = len(risks["burn"])
    early = np.minimum(rng.exponential(2.0, n), 9)
    late = 9 + rng.gamma(4.5, 4.0, n)
    days = {"burn": early, "pih": late}
    return {w: np.where(rng.random(n) < risks[w], days[w], np.inf) for w in WORDS}


def _answers(rng: np.random.Generator, frame: pd.DataFrame, onset: dict[str, Array], scenario: str) -> pd.DataFrame:
    """Check-ins due within the two years: "since you last answered, have you had …", up to two days late."""
    n, day = len(frame), frame["day"].to_numpy()
    willing = frame["answering"].to_numpy() + frame["talkative"].to_numpy()
    if scenario != "null_stable":
        willing = willing + 0.8 * ((frame["clinic"] == "N2").to_numpy() & (day >= 400))
    told = {word: np.zeros(n, dtype=bool) for word in WORDS}
    parts = []
    for number, scheduled in enumerate(CHECK_IN_DAYS):
        has = {word: onset[word] <= scheduled for word in WORDS}
        affected = (has["burn"] & (onset["burn"] > scheduled - 14)) | has["pih"]
        answers = rng.random(n) < special.expit(willing - 0.10 * number + 0.3 * affected)
        late = rng.integers(0, 3, n)
        answers &= day + scheduled + late < DAYS
        part = {"row": np.arange(n), "scheduled_day": scheduled, "answered": answers.astype(int), "late": late}
        for word in WORDS:
            new = has[word] & ~told[word] & answers & ((word == "pih") | (scheduled <= 28))
            part[word] = np.where(answers, new, np.nan)
            told[word] |= new
        parts.append(pd.DataFrame(part)[day + scheduled < DAYS])
    return pd.concat(parts, ignore_index=True)


def _as_files(
    draft: Draft,
    risks: dict[str, Array],
    otherwise: dict[str, Array],
    checkins: pd.DataFrame,
    seed: int,
    scenario: str,
    change: int,
    effect: float,
) -> SimulatedNetwork:
    frame = draft.frame
    ids = np.array([f"A{k:06d}" for k in range(len(frame))], dtype=object)
    reference = DEVICES.to_numpy()[frame["model"]]
    treatments = pd.DataFrame(
        {
            "treatment_id": ids,
            "patient_id": frame["clinic"] + "-" + frame["person"].astype(str),
            "date": START + pd.to_timedelta(frame["day"], unit="D"),
            "clinic_id": frame["clinic"],
            "operator_id": frame["operator"],
            "device_id": frame["device"],
            "device_model": reference[:, 0],
            "fitzpatrick": frame["fitzpatrick"],
            "age": frame["age"],
            "indication": frame["indication"],
            "fluence_jcm2": np.round(reference[:, 1].astype(float) * np.exp(frame["log_fluence"]), 1),
            "density_pct": np.round(reference[:, 2].astype(float) * frame["density"], 1),
            "passes": frame["passes"],
            "pulse_ms": np.round(reference[:, 3].astype(float) * np.exp(frame["log_pulse"]), 3),
        }
    )
    due = START + pd.to_timedelta(frame["day"].to_numpy()[checkins["row"]] + checkins["scheduled_day"], unit="D")
    answered = checkins["answered"] == 1
    check = pd.DataFrame(
        {
            "treatment_id": ids[checkins["row"]],
            "scheduled_day": checkins["scheduled_day"],
            "due_date": due,
            "answered": checkins["answered"],
            "answered_date": (due + pd.to_timedelta(checkins["late"], unit="D")).where(answered),
            **{word: checkins[word].astype("Int64") for word in WORDS},
        }
    )
    true = {f"p_{w}": risks[w] for w in WORDS} | {f"p_{w}_cf": otherwise[w] for w in WORDS}
    truth_treatments = pd.DataFrame({"treatment_id": ids, **true})
    truth = network_truth(draft, risks, otherwise, seed, scenario, change, effect)
    files = {
        "treatments": treatments,
        "checkins": check,
        "devices": DEVICES,
        "truth_treatments": truth_treatments,
    }
    return SimulatedNetwork(files, truth)
