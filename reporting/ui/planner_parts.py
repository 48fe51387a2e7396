"""Parts of the planner: the settings to try, and what happened after comparable treatments."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from reporting.charts.dose import ceiling_words
from reporting.charts.words import percent, rate_words
from reporting.domain.actors import Actor
from reporting.domain.devices import setting_fields
from reporting.domain.sources import short_source
from reporting.domain.symptoms import symptom
from reporting.domain.units import printed
from reporting.errors import Problem
from reporting.queries.dose_response import DoseResponse, GroupCurve
from reporting.queries.planner import CLOSE, MINIMUM_HERE, LastTreatment, Plan, PlannedSetting
from reporting.ui import dose_parts
from reporting.ui import format as words
from reporting.ui.filters import symptom_choice
from reporting.ui.states import empty


def choose(last: tuple[LastTreatment, ...]) -> LastTreatment:
    """Which area is to be treated again."""
    if len(last) == 1:
        return last[0]
    found: LastTreatment = st.selectbox(
        "Area", last, key="plan_area",
        format_func=lambda one: f"{one.area_label}, {one.device_class_name}, last on {words.day(one.performed_on)}",
    )  # fmt: skip
    return found


def last_line(last: LastTreatment) -> str:
    """What was done there last, and what was reported after it."""
    settings = ", ".join(
        f"{setting_fields()[name].label.lower()} {words.quantity(value, setting_fields()[name].unit)}"
        for name, value in last.settings.items()
    )
    after = ", ".join(label.lower() for label in last.unexpected)
    said = f"**Reported as unexpected after it: {after}.**" if after else "Nothing unexpected was reported after it."
    return f"Last on {words.day(last.performed_on)}: {settings or 'no settings recorded'}. {said}"


def settings_form(last: LastTreatment) -> Mapping[str, float]:
    """Fields for the settings of last time; an empty field is left out of the comparison."""
    found: dict[str, float] = {}
    with st.container(horizontal=True):
        for name, value in last.settings.items():
            field = setting_fields()[name]
            unit = printed(field.unit)
            given = st.number_input(
                f"{field.label} ({unit})" if unit else field.label, value=round(value, 3), min_value=0.0, format="%g",
                key=f"plan_{last.treated_area_id}_{name}",
            )  # fmt: skip
            if given:
                found[name] = float(given)
    return found


def _limits(one: PlannedSetting) -> str:
    said = []
    if one.is_above_guideline:
        said.append(":orange-badge[:material/tune: above guideline]")
    elif one.is_untypical:
        said.append(":gray-badge[:material/tune: outside the typical range]")
    if one.is_outside_protocol:
        said.append(":orange-badge[:material/tune: outside our protocol]")
    if any(end is not None for end in one.protocol):
        said.append(f"our protocol {_span(one.protocol, one.unit)}")
    if one.guideline_maximum is not None:
        limit = words.quantity(one.guideline_maximum, one.unit)
        said.append(f"published maximum {limit} ({short_source(one.guideline_source)})")
    low, high = one.typical
    if low is not None and high is not None:
        said.append(f"typical {words.number(low)} to {words.quantity(high, one.unit)}")
    return "; ".join(said) or "no guideline known"


def _span(ends: tuple[float | None, float | None], unit: str) -> str:
    low, high = ends
    if low is None or high is None:
        return f"up to {words.quantity(high, unit)}" if high is not None else f"from {words.quantity(low or 0, unit)}"
    return f"{words.number(low)} to {words.quantity(high, unit)}"


def settings_lines(found: Plan) -> None:
    """Each setting beside the guideline and last time."""
    for one in found.settings:
        change = ""
        if one.last_value and abs(one.value / one.last_value - 1) > 0.005:
            change = f" ({100 * (one.value / one.last_value - 1):+.0f} % against last time)"
        st.markdown(f"**{one.label} {words.quantity(one.value, one.unit)}**{change}: {_limits(one)}")


def outcome(found: Plan) -> None:
    """Rates after comparable treatments, beside every treatment of that device class and skin type."""
    skin = f"skin type {found.skin_group}" if found.skin_group else "every skin type, as this one is not recorded"
    where = "the same area" if found.area else f"all areas (fewer than {MINIMUM_HERE} of this one)"
    st.markdown(
        f"**{found.n_comparable:,} comparable treatments here**: same device class, {skin}, {where}, each setting "
        f"within {percent(CLOSE)} (half a pass). Beside them all {found.n_all:,} of that device class and skin type."
    )
    everyone = found.table[[name for name in found.table.columns if name.startswith("all_")]]
    everyone = everyone.rename(columns=lambda name: name.removeprefix("all_"))
    table = pd.DataFrame({
        "Unexpected side effect": found.table["label"],
        "After comparable treatments": [rate_words(row) for row in found.table.itertuples()],
        "After all": [rate_words(row) for row in everyone.itertuples()],
    })  # fmt: skip
    st.table(table.set_index("Unexpected side effect"))
    st.markdown(
        "These are raw rates of what was reported, not a prediction for this person: stronger settings are chosen "
        "for other skin and scars. Few answers say little, and no report is not proof of no harm."
    )


def ceiling(by: Actor, found: Plan, device_class: str) -> None:
    """The ceiling of the main setting for this skin, what is tolerated, and the adjusted risk at the planned value."""
    if not found.main_setting:
        return
    st.subheader("Ceiling", anchor=False)
    planned = next(one for one in found.settings if one.field == found.main_setting)
    code = symptom_choice("Ceiling for")
    if not dose_parts.is_wanted(code, found.main_setting, device_class, found.skin_group):
        return
    try:
        dose = dose_parts.fitted(by, found.revision, code, found.main_setting, device_class, found.skin_group)
    except Problem as problem:
        empty("No ceiling yet.", problem.message)
        return
    curves = [curve for curve in dose.curves if not curve.is_too_wide]
    if not curves:
        empty("The data is too thin for a ceiling.",
              f"{dose.events:,} events of {symptom(code).label.lower()} with this device class. Keep to the guideline, "
              "the protocol and the rates above.")  # fmt: skip
        return
    for curve in curves:
        _ceiling_lines(dose, curve, planned)
    st.markdown(
        f"Adjusted for case mix, from {dose.events:,} events here; reference: {dose.reference_source}. A ceiling says "
        "where the risk of such people goes beyond what the clinic tolerates; it does not say that less is safe."
    )


def _ceiling_lines(dose: DoseResponse, curve: GroupCurve, planned: PlannedSetting) -> None:
    st.markdown(ceiling_words(dose, curve))
    risk, lower, upper = (float(np.interp(planned.value, curve.value, line))
                          for line in (curve.risk, curve.lower, curve.upper))  # fmt: skip
    within = curve.value[0] <= planned.value <= curve.most_aggressive_used * curve.reference
    at = f"{planned.label.lower()} {words.quantity(planned.value, planned.unit)}"
    if not within:
        st.markdown(f"{at[:1].upper()}{at[1:]} is beyond what was used here: nothing can be said of its risk.")
        return
    beyond = curve.ceiling is not None and planned.value > curve.ceiling * curve.reference
    badge = " :orange-badge[:material/tune: above the ceiling]" if beyond else ""
    st.markdown(f"At {at}: adjusted risk {percent(risk)} (95 % interval {percent(lower)} to {percent(upper)}).{badge}")
