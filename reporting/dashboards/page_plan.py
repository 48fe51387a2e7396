"""Plan the next treatment: settings beside the guideline, and what happened after comparable ones.

Parts of the planner: the settings to try, and what happened after comparable treatments.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from reporting.cases.read_timeline import timeline
from reporting.dashboards import ui_settings
from reporting.dashboards.chart_dose import ceiling_words
from reporting.dashboards.read_dose_response import DoseResponse, GroupCurve
from reporting.dashboards.read_planner import (
    CLOSE,
    MINIMUM_HERE,
    LastTreatment,
    Plan,
    PlannedSetting,
    last_treatments,
    plan,
)
from reporting.domain.actors import Actor
from reporting.domain.devices import printed, setting_fields
from reporting.domain.vocabulary import short_source, symptom
from reporting.errors import Problem
from reporting.shell import ui_words as words
from reporting.shell.act_looks import Purpose, on_record
from reporting.shell.chart_look import percent, rate_words
from reporting.shell.read_scope import of_one_moment
from reporting.shell.ui_filters import symptom_choice
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import number_in_address, page_link
from reporting.shell.ui_states import empty, shows_problems


def choose(last: tuple[LastTreatment, ...]) -> LastTreatment:
    """Which area is to be treated again."""
    if len(last) == 1:
        return last[0]
    found: LastTreatment = st.selectbox(
        "Area",
        last,
        key="plan_area",
        format_func=lambda one: f"{one.area_label}, {one.device_class_name}, last on {words.day(one.performed_on)}",
    )
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
                f"{field.label} ({unit})" if unit else field.label,
                value=round(value, 3),
                min_value=0.0,
                format="%g",
                key=f"plan_{last.treated_area_id}_{name}",
            )
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
    table = pd.DataFrame(
        {
            "Unexpected side effect": found.table["label"],
            "After comparable treatments": [rate_words(row) for row in found.table.itertuples()],
            "After all": [rate_words(row) for row in everyone.itertuples()],
        }
    )
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
    if not ui_settings.is_wanted(code, found.main_setting, device_class, found.skin_group):
        return
    try:
        dose = ui_settings.fitted(by, found.revision, code, found.main_setting, device_class, found.skin_group)
    except Problem as problem:
        empty("No ceiling yet.", problem.message)
        return
    curves = [curve for curve in dose.curves if not curve.is_too_wide]
    if not curves:
        empty(
            "The data is too thin for a ceiling.",
            f"{dose.events:,} events of {symptom(code).label.lower()} with this device class. Keep to the guideline, "
            "the protocol and the rates above.",
        )
        return
    for curve in curves:
        _ceiling_lines(dose, curve, planned)
    st.markdown(
        f"Adjusted for case mix, from {dose.events:,} events here; reference: {dose.reference_source}. A ceiling says "
        "where the risk of such people goes beyond what the clinic tolerates; it does not say that less is safe."
    )


def _ceiling_lines(dose: DoseResponse, curve: GroupCurve, planned: PlannedSetting) -> None:
    st.markdown(ceiling_words(dose, curve))
    risk, lower, upper = (
        float(np.interp(planned.value, curve.value, line)) for line in (curve.risk, curve.lower, curve.upper)
    )
    within = curve.value[0] <= planned.value <= curve.most_aggressive_used * curve.reference
    at = f"{planned.label.lower()} {words.quantity(planned.value, planned.unit)}"
    if not within:
        st.markdown(f"{at[:1].upper()}{at[1:]} is beyond what was used here: nothing can be said of its risk.")
        return
    beyond = curve.ceiling is not None and planned.value > curve.ceiling * curve.reference
    badge = " :orange-badge[:material/tune: above the ceiling]" if beyond else ""
    st.markdown(f"At {at}: adjusted risk {percent(risk)} (95 % interval {percent(lower)} to {percent(upper)}).{badge}")


@shows_problems
@of_one_moment
def page() -> None:
    st.title("Plan the next treatment")
    patient_id, actor = number_in_address("patient"), current_actor()
    if patient_id is None:
        empty("Choose a patient.", "Open a timeline, then press Plan the next treatment.")
        page_link("patients", "Patients", icon=":material/group:")
        return
    seen = on_record(
        actor, Purpose.PLAN, "patient", patient_id, lambda: timeline(actor, patient_id), lambda it: it.patient_id
    )
    last = last_treatments(actor, patient_id)
    page_link("timeline", f"Timeline of {seen.reference}", icon=":material/arrow_back:", patient=patient_id)
    if not last:
        empty("No treatment with a known device yet.", "Record the first treatment; the next one can be planned here.")
        return
    chosen = choose(last)
    st.markdown(f"**{chosen.area_label}, {chosen.device_class_name}**, skin type {seen.fitzpatrick or 'not recorded'}")
    st.markdown(last_line(chosen))
    settings = settings_form(chosen)
    if not settings:
        empty("No settings to compare.", "Enter at least one setting.")
        return
    found = plan(
        actor,
        device_class=chosen.device_class,
        fitzpatrick=seen.fitzpatrick,
        area=chosen.area,
        settings=settings,
        last=chosen.settings,
    )
    settings_lines(found)
    st.subheader("What happened here", anchor=False)
    outcome(found)
    ceiling(actor, found, chosen.device_class)


if __name__ == "__main__":
    page()
