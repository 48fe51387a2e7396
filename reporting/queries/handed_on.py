"""Tables of the dashboards as they may leave the clinic: small counts hidden, the others coarse, nobody named."""

from collections.abc import Sequence

import pandas as pd

from reporting.queries.overview import Overview
from reporting.queries.setting_bands import SettingBands
from reporting.queries.small_cells import to_hand_on

_WORDS = {
    "n_treatments": "Treatments", "n_answered": "Answered", "events": "Unexpected", "rate": "Rate",
    "lower": "Lower 95 %", "upper": "Upper 95 %", "response_rate": "Response", "is_hidden": "Hidden",
}  # fmt: skip


def side_effects(found: Overview) -> pd.DataFrame:
    """One row per symptom of the overview."""
    return _worded(to_hand_on(found.rates), {"label": "Symptom"})


def bands(found: SettingBands) -> pd.DataFrame:
    """One row per band of a setting and skin group; totals of either are known elsewhere."""
    unit = f" ({found.unit})" if found.unit else ""
    named = {"band_label": f"{found.label}{unit}", "skin_group": "Skin type"}
    return _worded(to_hand_on(found.table, ("band", "skin_group")), named)


def _worded(table: pd.DataFrame, named: dict[str, str]) -> pd.DataFrame:
    columns: Sequence[str] = [*named, *_WORDS]
    said = table[columns].rename(columns=named | _WORDS)
    said["Hidden"] = said["Hidden"].map({True: "yes", False: ""})
    return said.round({"Rate": 3, "Lower 95 %": 3, "Upper 95 %": 3, "Response": 2})
