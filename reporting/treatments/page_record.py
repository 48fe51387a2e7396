"""Record a treatment with its settings, or correct one that was recorded.

The fields of the record form. Limits shown here help; the action checks everything again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import streamlit as st

from reporting.domain.actors import Actor
from reporting.domain.devices import DeviceClass, Parameter, printed, proposed_class, setting_fields
from reporting.domain.treatment_record import (
    FIRST_DAY,
    ISOTRETINOIN_MOST,
    AreaRecord,
    PatientRecord,
    TreatmentRecord,
    VisitFacts,
)
from reporting.domain.vocabulary import areas, cooling_kinds, endpoints, indications, procedure_classes
from reporting.errors import Problem
from reporting.security.tokens import new_token
from reporting.shell.act_looks import Purpose, on_record
from reporting.shell.read_scope import of_one_state
from reporting.shell.ui_identity import current_actor
from reporting.shell.ui_links import number_in_address, page_link
from reporting.shell.ui_states import attempt, empty, show_notice, show_problem, shows_problems
from reporting.shell.ui_words import as_text, number
from reporting.treatments.act_treatments import Recorded, correct_treatment, record_treatment, undo_treatment
from reporting.treatments.read_treatments import (
    DeviceChoice,
    RecordForm,
    find_patients,
    known_before,
    patient_row,
    record_form,
    recorded_treatment,
)

_UNKNOWN = "Not recorded"
_YES_NO = {True: "Yes", False: "No"}


@dataclass
class FormState:
    """What this browser is recording. A fresh ``submission_key`` makes pressing twice harmless."""

    submission_key: str = field(default_factory=new_token)
    done: Recorded | None = None


def form_state() -> FormState:
    """The form being filled, or the one just sent."""
    found: FormState = st.session_state.setdefault("record_form", FormState())
    return found


def start_anew() -> None:
    """Callback: an empty form with a key of its own."""
    for name in [name for name in st.session_state if str(name).startswith("record_")]:
        del st.session_state[name]


def _yes_no(label: str, key: str, given: bool | None = None) -> bool | None:
    found: bool | None = st.segmented_control(
        label, [True, False], default=given, format_func=_YES_NO.__getitem__, key=key
    )
    return found


KNOWN_WORDS = {
    "is_immunosuppressed": "Weak immune defences (illness, medicine, poorly controlled diabetes)",
    "herpes_history": "Herpes (cold sores) or shingles before",
    "keloid_history": "Keloid or thick scars before",
    "eczema_history": "Eczema (atopic dermatitis), now or before",
    "lives_alone": "Lives alone",
    "is_tanned": "Tanned or self-tanned now",
    "is_pregnant": "Pregnant",
}


def known_part(given: VisitFacts, place: str) -> VisitFacts:
    """What is known before this treatment; ``given`` is proposed. ``place`` tells one proposal from another."""
    with st.expander("Known before this treatment", expanded=True):
        columns = st.columns(2)
        answers: dict[str, bool | None] = {}
        for index, (name, words) in enumerate(KNOWN_WORDS.items()):
            with columns[index % 2]:
                answers[name] = _yes_no(words, f"record_{place}_{name}", getattr(given, name))
        with columns[1]:
            months = st.number_input(
                "Months since the last isotretinoin (0 = taking it now; empty = never)",
                0,
                ISOTRETINOIN_MOST,
                given.isotretinoin_months_ago,
                key=f"record_{place}_iso",
            )
    return VisitFacts(**answers, isotretinoin_months_ago=months)


def _new_patient(today: date) -> PatientRecord:
    left, right = st.columns(2)
    with left:
        reference = st.text_input("Reference (the clinic's own patient number)", key="record_reference", max_chars=64)
        born = st.number_input("Year of birth", today.year - 120, today.year, None, key="record_born", format="%d")
    with right:
        skin = st.segmented_control("Fitzpatrick skin type", [1, 2, 3, 4, 5, 6], key="record_skin")
        pigment = _yes_no("Melasma or dark spots after inflammation before", "record_pigment")
    with st.expander("Contact details (optional, kept encrypted)"):
        name = st.text_input("Name", key="record_name", max_chars=120)
        email = st.text_input("E-mail", key="record_email", max_chars=254)
        phone = st.text_input("Telephone", key="record_phone", max_chars=40)
    return PatientRecord(
        reference=reference or "",
        year_of_birth=born,
        fitzpatrick=skin,
        pigmentation_history=pigment,
        name=name or "",
        email=email or "",
        phone=phone or "",
    )


def patient_part(by: Actor, today: date, given: int | None) -> int | PatientRecord | None:
    """Who was treated: the patient given in the address, one found by reference, or a new one."""
    if given is not None:
        st.markdown(f"Patient **{as_text(patient_row(by, given).reference)}**")
        return given
    kind = st.segmented_control(
        "Patient", ["Known patient", "New patient"], default="Known patient", required=True, key="record_kind"
    )
    if kind == "New patient":
        return _new_patient(today)
    words = st.text_input("Find by reference", key="record_search", max_chars=64, icon=":material/search:")
    found = {row.patient_id: row for row in find_patients(by, words)}
    chosen: int | None = st.selectbox(
        "Patient reference",
        list(found),
        index=None,
        format_func=lambda key: found[key].reference,
        key="record_patient",
        placeholder="Choose" if found else "No patient has such a reference",
    )
    return chosen


def visit_part(
    form: RecordForm, day: date | None, device_id: int, operator_id: int
) -> tuple[date | None, DeviceChoice | None, int | None]:
    """When, with which device, and by whom."""
    left, middle, right = st.columns(3)
    devices = {each.device_id: each for each in form.devices}
    with left:
        performed_on = st.date_input(
            "Date of the treatment",
            day or form.today,
            FIRST_DAY,
            form.today,
            key="record_day",
            format="DD/MM/YYYY",
        )
    with middle:
        device = st.selectbox(
            "Device",
            list(devices),
            list(devices).index(device_id) if device_id in devices else None,
            format_func=lambda key: devices[key].label,
            key="record_device",
            placeholder="Choose",
        )
    with right:
        people = list(form.operators)
        operator = st.selectbox(
            "Operator",
            people,
            people.index(operator_id) if operator_id in people else None,
            format_func=form.operators.__getitem__,
            key="record_operator",
            placeholder="Choose",
        )
    return performed_on, devices.get(device or 0), operator


def limits_words(parameter: Parameter) -> str:
    """Typical range and limits of a setting, as the field's help says them."""
    pairs = (
        ("typical", parameter.typical_low, parameter.typical_high),
        ("accepted", parameter.plausible_min, parameter.plausible_max),
    )
    said = [
        f"{name} {number(low) if low is not None else '…'} to {number(high) if high is not None else '…'}"
        for name, low, high in pairs
        if low is not None or high is not None
    ]
    return ", ".join(said) or "no limits known"


def _settings(index: int, device_class: DeviceClass, given: Mapping[str, float]) -> dict[str, float]:
    """One number field per setting of the device class; empty ones are not recorded."""
    values = {}
    columns = st.columns(3)
    for place, parameter in enumerate(device_class.parameters.values()):
        of = setting_fields()[parameter.field]
        key = f"record_{index}_{device_class.code}_{parameter.field}"
        label = f"{of.label} ({printed(of.unit)})" if printed(of.unit) else of.label
        with columns[place % 3]:
            value = st.number_input(
                label,
                value=given.get(parameter.field),
                format="%g",
                key=key,
                placeholder=limits_words(parameter),
            )
        if value is not None:
            values[parameter.field] = float(value)
    return values


def _choice(label: str, words: Mapping[str, str], given: str | None, key: str) -> str | None:
    codes = list(words)
    found: str | None = st.selectbox(
        label,
        codes,
        codes.index(given) if given in codes else None,
        format_func=words.__getitem__,
        key=key,
        placeholder=_UNKNOWN,
    )
    return found


def area_part(index: int, code: str, device_class: DeviceClass, given: AreaRecord | None) -> AreaRecord:
    """Everything about one treated area; ``given`` fills the fields when a record is corrected."""
    given = given or AreaRecord(area=code)
    with st.container(border=True, key=f"record_area_{index}"):
        st.markdown(f"**{areas()[code].capitalize()}**")
        settings = _settings(index, device_class, given.settings)
        first, second, third, fourth = st.columns(4)
        with first:
            indication = _choice("Indication", indications(), given.indication, f"record_{index}_indication")
        with second:
            cooling = _choice("Cooling", cooling_kinds(), given.cooling, f"record_{index}_cooling")
        with third:
            endpoint = _choice("Immediate endpoint", endpoints(), given.immediate_endpoint, f"record_{index}_endpoint")
        with fourth:
            spot: Any = st.segmented_control(
                "Test spot done",
                [True, False],
                default=given.test_spot_done,
                format_func=_YES_NO.__getitem__,
                key=f"record_{index}_spot",
            )
    return AreaRecord(
        area=code,
        settings=settings,
        indication=indication or "not_recorded",
        cooling=cooling,
        immediate_endpoint=endpoint,
        test_spot_done=spot,
        pass_group=given.pass_group,
    )


def procedure_part(device_class: DeviceClass, treated: Sequence[AreaRecord], given: str) -> str:
    """Kind of procedure: as the device proposes for what it was used on, unless another one is chosen."""
    proposed = proposed_class(device_class, ((area.area, area.indication) for area in treated))
    codes = list(procedure_classes())
    found: str = st.selectbox(
        "Kind of procedure",
        codes,
        codes.index(given if given in codes else proposed),
        format_func=lambda code: procedure_classes()[code].label,
        key=f"record_procedure_{device_class.code}_{proposed}",
        help="Proposed by the device and the indication. What the patient is asked, when, and what counts as usual "
        "follow it.",
    )
    return found


def also_part(procedure: str, given: Sequence[str]) -> tuple[str, ...]:
    """What else was done in the same visit: it counts for the course and for the days of check-ins."""
    codes = [code for code in procedure_classes() if code != procedure]
    found: list[str] = st.multiselect(
        "Also done in this visit",
        codes,
        [code for code in given if code in codes],
        format_func=lambda code: procedure_classes()[code].label,
        key=f"record_also_{procedure}",
        placeholder="Nothing else",
        help="The patient is asked on the days of each. Whatever one of them explains counts as usual.",
    )
    return tuple(found)


def filled(
    by: Actor, form: RecordForm, given: TreatmentRecord | None, patient_id: int | None
) -> TreatmentRecord | None:
    """The record as it stands on the form; None while something is missing, which is then said."""
    if given and isinstance(given.patient, int):
        patient_id = given.patient
    patient = patient_part(by, form.today, patient_id)
    if given is not None:
        known = known_part(given.known, "again")
    elif isinstance(patient, int):
        known = known_part(known_before(by, patient), f"known_{patient}")
    else:
        known = known_part(VisitFacts(), "new")
    day, device, operator = visit_part(
        form,
        given.performed_on if given else None,
        given.device_id if given else 0,
        given.operator_id if given else 0,
    )
    if device is None or device.device_class is None:
        st.markdown("Choose the device: its settings then appear here.")
        return None
    before = given.areas if given else ()
    chosen = st.multiselect(
        "Treated areas",
        list(areas()),
        list(dict.fromkeys(area.area for area in before)),
        format_func=areas().__getitem__,
        key="record_areas",
        placeholder="Choose one or more",
    )
    wanted: list[tuple[str, AreaRecord | None]] = []
    for code in chosen:
        wanted.extend([(code, area) for area in before if area.area == code] or [(code, None)])
    treated = tuple(area_part(index, code, device.device_class, was) for index, (code, was) in enumerate(wanted))
    is_same_device = given is not None and given.device_id == device.device_id
    procedure = procedure_part(device.device_class, treated, given.procedure_class if given and is_same_device else "")
    also = also_part(procedure, given.also_classes if given else ())
    if patient is None or day is None or operator is None or not treated:
        missing = {"patient": patient, "date": day, "operator": operator, "treated area": treated}
        st.markdown(f"Still needed: {', '.join(name for name, value in missing.items() if not value)}.")
        return None
    session_number = given.session_number if given else None
    return TreatmentRecord(patient, day, device.device_id, operator, treated, session_number, procedure, known, also)


PLACE = "record"


def _undo(treatment_id: int) -> None:
    if attempt(PLACE, "Taken back.", lambda by: undo_treatment(by=by, treatment_id=treatment_id)):
        start_anew()
        st.query_params.clear()


def _confirmation(done: Recorded) -> None:
    st.success("The treatment is recorded.", icon=":material/check_circle:")
    for area, names in done.outside_typical.items():
        labels = ", ".join(setting_fields()[name].label for name in names)
        st.warning(f"{areas()[area].capitalize()}: outside the typical range: {labels}. Kept and marked.")
    page_link("card", "Make the patient's card", icon=":material/qr_code:", treatment=done.treatment_id)
    with st.container(horizontal=True):
        st.button("Take it back", key="undo", on_click=_undo, args=(done.treatment_id,))
        st.button("Record another", key="another", on_click=start_anew)


def _form(by: Actor, form: RecordForm, treatment_id: int | None) -> None:
    given = None
    if treatment_id is not None:
        given = on_record(
            by, Purpose.TREATMENT, "treatment", treatment_id, lambda: recorded_treatment(by, treatment_id)
        )
    state = form_state()
    record = filled(by, form, given, number_in_address("patient"))
    if treatment_id is not None:
        st.button(
            "Take this treatment back",
            key="undo",
            on_click=_undo,
            args=(treatment_id,),
            help="One that was recorded by mistake, while no check-in, photo or case hangs on it",
        )
    if not st.button("Keep the treatment", type="primary", key="keep", disabled=record is None) or record is None:
        return
    try:
        if treatment_id is not None:
            state.done = correct_treatment(by=by, treatment_id=treatment_id, record=record)
        else:
            state.done = record_treatment(by=by, record=record, submission_key=state.submission_key)
    except Problem as problem:
        show_problem(problem)
        return
    st.rerun()


@shows_problems
@of_one_state
def page() -> None:
    treatment_id = number_in_address("treatment")
    st.title("Correct a treatment" if treatment_id is not None else "Record a treatment")
    by = current_actor()
    form = record_form(by)
    show_notice(PLACE)
    if (done := form_state().done) is not None:
        _confirmation(done)
    elif not form.devices or not form.operators:
        empty(
            "There is no device or no operator yet.",
            "An administrator adds them, or imports a log or a list of devices.",
            "equipment",
            "import",
        )
    else:
        _form(by, form, treatment_id)


if __name__ == "__main__":
    page()
