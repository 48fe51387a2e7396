"""What the adjusted curve holds beside the setting itself: other settings, if they ever differ."""

import numpy as np
import pandas as pd

from reporting.dashboards.read_dose_response import GroupCurve, _relative

AREAS = pd.DataFrame(
    {
        "density_pct": [10.0, 12.0, 15.0],
        "reference_density_pct": 12.5,
        "passes": 1.0,
        "reference_passes": 1.5,
        "pulse_energy_mj": [30.0, 40.0, np.nan],
        "reference_pulse_energy_mj": 33.0,
    }
)


def test_a_setting_that_never_varies_is_not_held() -> None:
    """One pass in every treatment, against a reference of 1.5, is the level of risk and nothing else."""
    found = _relative(AREAS, "density_pct")
    assert list(found) == ["dose", "pulse_energy_mj"]
    assert np.allclose(found["dose"], np.log(AREAS["density_pct"] / 12.5))


def test_one_that_varies_is_held_at_what_is_usual_here() -> None:
    found = _relative(AREAS.assign(passes=[1.0, 2.0, 1.0]), "density_pct")
    assert list(found) == ["dose", "pulse_energy_mj", "passes"]
    assert np.allclose(found["passes"], [0, 1 / 1.5, 0])


def test_a_curve_is_judged_by_its_interval_where_there_are_data() -> None:
    multiple = np.array([0.8, 1.0, 1.2, 1.4, 1.6])
    width = np.array([0.1, 0.1, 0.2, 0.9, 0.9])

    def curve(used: float) -> GroupCurve:
        return GroupCurve(
            "IV-VI", 12.0, multiple, 12 * multiple, width / 2, width * 0, width, used, None, None, None, ""
        )

    assert not curve(1.25).is_too_wide
    assert curve(9.0).most_aggressive_used > multiple[-1]
    assert not curve(9.0).is_too_wide, "the median of all is 0.2"
    assert GroupCurve(**{**vars(curve(9.0)), "upper": width + 0.5}).is_too_wide
