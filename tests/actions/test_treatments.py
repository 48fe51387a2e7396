"""Recording a treatment: what is kept, marked and refused; correcting; taking back."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from reporting import clock
from reporting.cases.read_timeline import timeline
from reporting.cases.read_worklist import worklist
from reporting.domain.content import content
from reporting.domain.course import SLOTS, due_days
from reporting.domain.treatment_record import (
    YES_NO_FACTS,
    AreaRecord,
    PatientRecord,
    TreatmentRecord,
    VisitFacts,
    known_words,
    modifiers,
)
from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound
from reporting.records import outcomes
from reporting.records.engine import reading, transaction
from reporting.records.patients import known_modifiers
from reporting.records.tables import (
    AuditEvent,
    CustomDeviceClass,
    CustomParameter,
    Device,
    Invitation,
    Outcome,
    Patient,
    SignInSession,
    TreatedArea,
    Treatment,
    id_of,
)
from reporting.records.trail.verify import verify
from reporting.security.encryption import decrypt
from reporting.treatments.act_treatments import correct_treatment, record_treatment, undo_treatment
from reporting.treatments.read_treatments import find_patients, known_before, record_form, recorded_treatment
from tests.answers import EYES_CLOSING
from tests.cast import House, house
from tests.reports import eyes_closing, send

pytestmark = pytest.mark.sqlite_first

CHEEKS = AreaRecord(
    area="cheeks",
    settings={"pulse_energy_mj": 30, "density_pct": 15, "passes": 1},
    indication="acne_scars",
    cooling="cold_air",
    immediate_endpoint="erythema",
    test_spot_done=True,
)


@pytest.fixture
def clinic(database: str, stopped_clock: datetime) -> House:
    return house("A")


def record(clinic: House, **other: Any) -> TreatmentRecord:
    wanted = {
        "patient": clinic.patient_id,
        "performed_on": date(2026, 3, 10),
        "device_id": clinic.device_id,
        "operator_id": clinic.operator_id,
        "areas": (CHEEKS,),
    }
    return TreatmentRecord(**wanted | other)


def keep(clinic: House, key: str = "k", role: str = "clinician", **other: Any) -> Any:
    return record_treatment(by=clinic.staff[role], record=record(clinic, **other), submission_key=key)


def rows(table: type) -> list[Any]:
    with reading() as session:
        return list(session.execute(select(table).order_by(*table.__table__.primary_key)).scalars())  # type: ignore[attr-defined]


def test_a_treatment_is_kept_with_every_setting_and_its_outcome_row(clinic: House) -> None:
    recorded = keep(clinic, areas=(CHEEKS, replace(CHEEKS, area="forehead", settings={"density_pct": 10})))
    [_, treatment] = rows(Treatment)
    assert (treatment.id, treatment.patient_id) == (recorded.treatment_id, clinic.patient_id)
    assert (treatment.procedure_class, treatment.age_years, treatment.source) == ("ablative", 46, "form")
    [_, cheeks, forehead] = rows(TreatedArea)
    assert (cheeks.pulse_energy_mj, cheeks.density_pct, cheeks.passes, cheeks.fluence_j_cm2) == (
        30,
        15,
        1,
        None,
    )
    assert (cheeks.cooling, cheeks.immediate_endpoint, cheeks.test_spot_done) == (
        "cold_air",
        "erythema",
        True,
    )
    assert (forehead.area, forehead.density_pct) == ("forehead", 10)
    assert {outcome.treated_area_id for outcome in rows(Outcome)} >= {cheeks.id, forehead.id}
    assert recorded.outside_typical == {}
    assert [event.action for event in rows(AuditEvent)] == ["treatment.recorded"]


def test_pressing_twice_gives_one_treatment(clinic: House) -> None:
    first, second = keep(clinic), keep(clinic)
    assert second.already_recorded
    assert second.treatment_id == first.treatment_id
    assert len(rows(Treatment)) == 2  # the one of the cast, and this one


def test_a_new_patient_is_added_with_contact_details_encrypted(clinic: House) -> None:
    new = PatientRecord(
        reference=" P-0002 ",
        year_of_birth=1990,
        fitzpatrick=5,
        name="Demo patient 0002",
        email="demo0002@patients.example",
        phone="+44 7700 900102",
    )
    recorded = keep(clinic, patient=new)
    patient = rows(Patient)[-1]
    assert (patient.id, patient.reference, patient.fitzpatrick) == (recorded.patient_id, "P-0002", 5)
    assert "demo0002" not in str(patient.email_encrypted)
    assert decrypt(patient.email_encrypted) == "demo0002@patients.example"
    assert decrypt(patient.name_encrypted) == "Demo patient 0002"
    assert "demo0002" not in str([event.details for event in rows(AuditEvent)])


def test_a_reference_that_is_taken_is_refused_and_nothing_stays(clinic: House) -> None:
    with pytest.raises(Conflict, match="p-0001"):
        keep(clinic, patient=PatientRecord(reference="p-0001"))
    assert len(rows(Treatment)) == len(rows(Patient)) == 1


def test_an_unusual_value_is_kept_and_marked(clinic: House) -> None:
    recorded = keep(clinic, areas=(replace(CHEEKS, settings={"pulse_energy_mj": 90, "density_pct": 15}),))
    assert recorded.outside_typical == {"cheeks": ["pulse_energy_mj"]}
    assert rows(TreatedArea)[-1].outside_typical == ["pulse_energy_mj"]


@pytest.mark.parametrize(
    ("field", "settings", "allowed"),
    [
        ("pulse_energy_mj", {"pulse_energy_mj": 30_000}, "at most 300 mJ"),
        ("density_pct", {"density_pct": 0.0}, "at least"),
        ("density_pct", {"density_pct": float("nan")}, "a number"),
        ("needle_depth_mm", {"needle_depth_mm": 1.0}, "no such setting"),
        ("id", {"id": 5.0}, "a setting"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_field_value_and_what_is_allowed(
    clinic: House, field: str, settings: dict[str, float], allowed: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        keep(clinic, areas=(replace(CHEEKS, settings=settings),))
    assert refused.value.field == field
    assert str(next(iter(settings.values()))) in refused.value.message
    assert allowed in refused.value.allowed
    assert len(rows(Treatment)) == 1


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("performed_on", {"performed_on": date(2026, 3, 11)}),
        ("performed_on", {"performed_on": date(1026, 3, 10)}),
        ("areas", {"areas": ()}),
        ("areas", {"areas": (CHEEKS, CHEEKS)}),
        ("area", {"areas": (replace(CHEEKS, area="moon"),)}),
        ("indication", {"areas": (replace(CHEEKS, indication="boredom"),)}),
        ("immediate_endpoint", {"areas": (replace(CHEEKS, immediate_endpoint="fine"),)}),
        ("cooling", {"areas": (replace(CHEEKS, cooling="wind"),)}),
        ("device", {"device_id": 10**6}),
        ("operator", {"operator_id": 10**6}),
        ("patient", {"patient": 10**6}),
        ("reference", {"patient": PatientRecord(reference=" ")}),
        ("year_of_birth", {"patient": PatientRecord(reference="P-9", year_of_birth=2030)}),
        ("fitzpatrick", {"patient": PatientRecord(reference="P-9", fitzpatrick=7)}),
        ("email", {"patient": PatientRecord(reference="P-9", email="nobody")}),
        ("phone", {"patient": PatientRecord(reference="P-9", phone="call me")}),
    ],
)
def test_what_the_form_would_not_allow_is_refused(clinic: House, field: str, other: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        keep(clinic, **other)
    assert refused.value.field == field
    assert len(rows(Treatment)) == len(rows(Patient)) == 1


def test_the_day_is_today_in_the_clinics_time_zone(database: str) -> None:
    with clock.fixed(datetime.fromisoformat("2026-03-10T23:30:00+00:00")):  # 00:30 on the 11th in Madrid
        clinic = house("A")
        keep(clinic, performed_on=date(2026, 3, 11))
        assert record_form(clinic.staff["clinician"]).today == date(2026, 3, 11)


def test_devices_people_and_patients_of_another_clinic_are_unknown(clinic: House) -> None:
    other = house("B")
    for wanted in (
        {"device_id": other.device_id},
        {"operator_id": other.operator_id},
        {"patient": other.patient_id},
    ):
        with pytest.raises(InvalidInput, match="one of this clinic's"):
            keep(clinic, **wanted)


def test_a_device_class_of_the_clinic_itself_brings_its_own_limits(clinic: House) -> None:
    with transaction() as session:
        own = CustomDeviceClass(clinic_id=clinic.clinic_id, code="own", name="Own laser", procedure_class="ablative")
        session.add(own)
        session.flush()
        session.add(
            CustomParameter(
                custom_device_class_id=own.id, field="fluence_j_cm2", plausible_min=1, plausible_max=50, typical_high=10
            )
        )
        device = Device(clinic_id=clinic.clinic_id, code="D2", device_class="own")
        session.add(device)
    marked = keep(clinic, device_id=device.id, areas=(replace(CHEEKS, settings={"fluence_j_cm2": 20}),))
    assert marked.outside_typical == {"cheeks": ["fluence_j_cm2"]}
    with pytest.raises(InvalidInput, match="at most 50"):
        keep(clinic, "k2", device_id=device.id, areas=(replace(CHEEKS, settings={"fluence_j_cm2": 51}),))


def nd_yag(clinic: House) -> int:
    with transaction() as session:
        device = Device(clinic_id=clinic.clinic_id, code="YAG", device_class="nd_yag_long_pulse")
        session.add(device)
        session.flush()
        return device.id or 0


class TestClass:
    """The device proposes how the skin is expected to heal; the record of the treatment decides."""

    @pytest.mark.parametrize(
        ("area", "indication", "expected"),
        [
            ("underarms", "hair_removal", "hair_removal"),
            ("lower_legs", "vascular", "leg_vein"),
            ("nose", "vascular", "vascular"),
        ],
    )
    def test_what_it_was_used_for_tells(self, clinic: House, area: str, indication: str, expected: str) -> None:
        keep(clinic, device_id=nd_yag(clinic), areas=(AreaRecord(area=area, indication=indication),))
        assert rows(Treatment)[-1].procedure_class == expected

    def test_another_one_may_be_chosen_and_is_on_the_trail(self, clinic: House) -> None:
        keep(clinic, procedure_class="full_field_ablative")
        treatment, outcome = rows(Treatment)[-1], rows(Outcome)[-1]
        assert treatment.procedure_class == "full_field_ablative"
        assert rows(AuditEvent)[-1].details["procedure_class"] == "full_field_ablative"
        assert {day for bit, day in enumerate(SLOTS) if outcome.due_mask >> bit & 1} == set(
            due_days("full_field_ablative", treatment.performed_on)
        )

    def test_what_else_was_done_counts_for_the_days_and_the_course(self, clinic: House) -> None:
        keep(clinic, procedure_class="ablative", also_classes=("leg_vein", "ablative", "ipl"))
        treatment, outcome = rows(Treatment)[-1], rows(Outcome)[-1]
        assert (treatment.procedure_class, treatment.also_classes) == ("ablative", "ipl+leg_vein")
        assert rows(AuditEvent)[-1].details["procedure_class"] == "ablative+ipl+leg_vein"
        days = {day for one in ("ablative", "ipl", "leg_vein") for day in due_days(one, treatment.performed_on)}
        assert {day for bit, day in enumerate(SLOTS) if outcome.due_mask >> bit & 1} == days
        again = recorded_treatment(clinic.staff["clinician"], id_of(treatment))
        assert again.also_classes == ("ipl", "leg_vein")

    def test_what_else_was_done_must_be_known(self, clinic: House) -> None:
        with pytest.raises(InvalidInput, match=r"also_classes.*magic"):
            keep(clinic, also_classes=("magic",))

    def test_one_that_is_not_known_is_refused(self, clinic: House) -> None:
        with pytest.raises(InvalidInput, match="peel_deep"):
            keep(clinic, procedure_class="magic")

    def test_it_can_be_corrected_until_the_patient_answers(self, clinic: House) -> None:
        kept, by = keep(clinic), clinic.staff["clinician"]
        correct_treatment(by=by, treatment_id=kept.treatment_id, record=record(clinic, procedure_class="peel"))
        assert rows(Treatment)[-1].procedure_class == "peel"
        details = rows(AuditEvent)[-1].details
        assert (details["before"]["procedure_class"], details["after"]["procedure_class"]) == ("ablative", "peel")
        eyes_closing(clinic)
        answered = record(clinic, performed_on=date(2026, 3, 7), procedure_class="peel")
        with pytest.raises(Conflict, match="answered"):
            correct_treatment(by=by, treatment_id=clinic.treatment_id, record=answered)


class TestKnownBefore:
    """What the clinic knows belongs to the visit: the last one proposes it, rules and pages read it."""

    KNOWN = VisitFacts(herpes_history=True, keloid_history=False, is_tanned=True, isotretinoin_months_ago=3)

    def test_it_is_kept_proposed_for_the_next_visit_and_on_the_trail(self, clinic: House) -> None:
        keep(clinic, known=self.KNOWN)
        kept, by = rows(Treatment)[-1], clinic.staff["clinician"]
        with reading() as session:
            assert known_modifiers(kept, session.get(Patient, kept.patient_id)) == {
                "herpes_history",
                "tan_at_treatment",
                "isotretinoin_recent",
            }
        assert known_before(by, clinic.patient_id) == VisitFacts(herpes_history=True, keloid_history=False)
        assert rows(AuditEvent)[-1].details["known"] == {
            "herpes_history": True,
            "keloid_history": False,
            "is_tanned": True,
            "isotretinoin_months_ago": 3,
        }

    def test_another_clinic_sees_nothing_of_it(self, clinic: House) -> None:
        with pytest.raises(NotFound):
            known_before(house("B").staff["clinician"], clinic.patient_id)

    def test_it_can_be_corrected_after_an_answer_too_and_stands_on_the_case(self, clinic: House) -> None:
        eyes_closing(clinic)
        by = clinic.staff["clinician"]
        better = record(clinic, performed_on=date(2026, 3, 7), known=VisitFacts(is_immunosuppressed=True))
        correct_treatment(by=by, treatment_id=clinic.treatment_id, record=better)
        details = rows(AuditEvent)[-1].details
        assert (details["before"]["known"], details["after"]["known"]) == ({}, {"is_immunosuppressed": True})
        assert worklist(by)[0].known == ("weak immune defences",)
        assert timeline(by, clinic.patient_id).risks[0] == "weak immune defences"

    def test_age_comes_from_the_visit_else_from_the_year_of_birth(self, clinic: House) -> None:
        with transaction() as session:
            treatment = session.get(Treatment, clinic.treatment_id)
            assert treatment is not None
            assert known_modifiers(treatment, session.get(Patient, treatment.patient_id)) == frozenset()
            session.execute(update(Patient).values(year_of_birth=2012))
            session.expire_all()
            assert known_modifiers(treatment, session.get(Patient, treatment.patient_id)) == {"child"}
            treatment.age_years = 30
            assert known_modifiers(treatment, session.get(Patient, treatment.patient_id)) == frozenset()

    def test_what_cannot_be_is_refused(self, clinic: House) -> None:
        with pytest.raises(InvalidInput, match="0 to 600"):
            keep(clinic, known=VisitFacts(isotretinoin_months_ago=601))


def test_every_modifier_of_the_table_of_facts_can_be_known() -> None:
    everything = VisitFacts(**dict.fromkeys(YES_NO_FACTS, True), isotretinoin_months_ago=6)
    wanted = {fact.code for fact in content().facts.values() if fact.group == "modifier"}
    assert modifiers(everything, 17) == wanted
    assert modifiers(replace(everything, isotretinoin_months_ago=7), 18) == wanted - {"isotretinoin_recent", "child"}
    assert modifiers(VisitFacts(), None) == frozenset()
    assert known_words(everything, 17)[-2:] == ("isotretinoin 6 months before", "under 18")
    assert known_words(VisitFacts(isotretinoin_months_ago=0), None) == ("takes isotretinoin",)


def test_the_front_desk_records_and_a_patient_does_not(clinic: House) -> None:
    assert keep(clinic, role="front_desk").treatment_id
    with pytest.raises(NotAllowed):
        record_treatment(by=clinic.patient, record=record(clinic), submission_key="p")


class TestCorrecting:
    def test_values_change_identities_stay_and_the_trail_keeps_both(self, clinic: House) -> None:
        kept = keep(clinic)
        area_id = rows(TreatedArea)[-1].id
        better = replace(CHEEKS, settings={"pulse_energy_mj": 20, "density_pct": 10})
        wanted = record(clinic, areas=(better, replace(better, area="nose")), performed_on=date(2026, 3, 9))
        correct_treatment(by=clinic.staff["clinician"], treatment_id=kept.treatment_id, record=wanted)
        [cheeks, nose] = rows(TreatedArea)[1:]
        assert (cheeks.id, cheeks.pulse_energy_mj, cheeks.passes) == (area_id, 20, None)
        assert nose.area == "nose"
        event = rows(AuditEvent)[-1]
        assert event.action == "treatment.corrected"
        assert event.details["before"]["areas"]["cheeks/1"]["pulse_energy_mj"] == 30
        assert event.details["after"]["areas"]["cheeks/1"]["pulse_energy_mj"] == 20
        assert event.details["after"]["performed_on"] == "2026-03-09"
        assert verify().ok

    def test_what_answers_were_judged_by_stays_once_there_are_answers(self, clinic: House) -> None:
        eyes_closing(clinic)
        by = clinic.staff["clinician"]
        with pytest.raises(Conflict, match="answered"):
            correct_treatment(by=by, treatment_id=clinic.treatment_id, record=record(clinic))
        kept_day = record(clinic, performed_on=date(2026, 3, 7), areas=(replace(CHEEKS, settings={}),))
        correct_treatment(by=by, treatment_id=clinic.treatment_id, record=kept_day)
        assert rows(TreatedArea)[0].density_pct is None
        with reading() as session:
            assert outcomes.compare(session) == []

    def test_an_area_that_the_patient_named_cannot_go(self, database: str, stopped_clock: datetime) -> None:
        clinic = house("A", areas=("cheeks", "forehead"))
        send(
            clinic,
            "k",
            symptoms=["swelling", "swelling_eyes"],
            severity_swelling="3",
            area_swelling=[str(clinic.area_ids[1])],
        )
        wanted = record(clinic, performed_on=date(2026, 3, 7))
        with pytest.raises(Conflict, match="area"):
            correct_treatment(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id, record=wanted)


class TestTakingBack:
    def test_it_is_gone_with_areas_outcomes_and_links_and_the_trail_keeps_it(self, clinic: House) -> None:
        kept = keep(clinic)
        with transaction() as session:
            session.add(_invitation(clinic, kept.treatment_id, "t"))
        undo_treatment(by=clinic.staff["front_desk"], treatment_id=kept.treatment_id)
        assert [row.id for row in rows(Treatment)] == [clinic.treatment_id]
        assert [row.id for row in rows(TreatedArea)] == list(clinic.area_ids)
        assert rows(Invitation) == []
        assert not [row for row in rows(Outcome) if row.treatment_id == kept.treatment_id]
        event = rows(AuditEvent)[-1]
        assert event.action == "treatment.taken_back"
        assert event.details["before"]["areas"]["cheeks/1"]["density_pct"] == 15

    def test_not_after_the_patient_opened_the_link(self, clinic: House) -> None:
        kept = keep(clinic)
        with transaction() as session:
            invitation = _invitation(clinic, kept.treatment_id, "t")
            session.add(invitation)
            session.flush()
            session.add(
                SignInSession(
                    token_hash="s",
                    kind="patient",
                    clinic_id=clinic.clinic_id,
                    strength="link",
                    patient_id=clinic.patient_id,
                    invitation_id=invitation.id,
                    expires_at=datetime.fromisoformat("2026-03-11T00:00:00+00:00"),
                )
            )
        with pytest.raises(Conflict, match="opened the link"):
            undo_treatment(by=clinic.staff["clinician"], treatment_id=kept.treatment_id)

    def test_not_after_an_answer_and_not_an_imported_one(self, clinic: House) -> None:
        eyes_closing(clinic)
        with pytest.raises(Conflict, match="answered"):
            undo_treatment(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
        imported = keep(clinic)
        with transaction() as session:
            row = session.get(Treatment, imported.treatment_id)
            assert row is not None
            row.source = "import"
        with pytest.raises(Conflict, match="import"):
            undo_treatment(by=clinic.staff["clinician"], treatment_id=imported.treatment_id)

    def test_another_clinics_treatment_does_not_exist(self, clinic: House) -> None:
        other = house("B").staff["clinician"]
        with pytest.raises(NotFound):
            undo_treatment(by=other, treatment_id=clinic.treatment_id)
        with pytest.raises(NotFound):
            correct_treatment(by=other, treatment_id=clinic.treatment_id, record=record(clinic))


def _invitation(clinic: House, treatment_id: int, token_hash: str) -> Invitation:
    from reporting.clock import now

    return Invitation(
        clinic_id=clinic.clinic_id,
        patient_id=clinic.patient_id,
        treatment_id=treatment_id,
        token_hash=token_hash,
        expires_at=now() + timedelta(days=1),
    )


class TestSeeing:
    def test_the_search_finds_by_a_part_of_the_reference_in_the_own_clinic(self, clinic: House) -> None:
        house("B")
        keep(clinic, patient=PatientRecord(reference="X_1%"))
        eyes_closing(clinic)
        by = clinic.staff["clinician"]
        assert [(row.reference, row.treatments, row.open_cases) for row in find_patients(by)] == [
            ("X_1%", 1, 0),
            ("P-0001", 1, 1),
        ]
        assert [row.reference for row in find_patients(by, "p-00")] == ["P-0001"]
        assert [row.reference for row in find_patients(by, "_1%")] == ["X_1%"]
        assert find_patients(by, "%%%") == []
        assert {row.open_cases for row in find_patients(clinic.staff["front_desk"])} == {None}

    def test_the_timeline_has_settings_guideline_reports_and_steps(self, clinic: House) -> None:
        case_id = eyes_closing(clinic)
        seen = timeline(clinic.staff["clinician"], clinic.patient_id)
        [treatment] = seen.treatments
        assert (seen.reference, seen.fitzpatrick, seen.open_case_ids) == ("P-0001", 4, (case_id,))
        assert seen.risks == ("melasma or hyperpigmentation before",)
        [area] = treatment.areas
        energy = next(line for line in area.settings if line.field == "pulse_energy_mj")
        assert (energy.value, energy.unit, energy.verdict) == (30, "mJ", "ok")
        assert energy.typical[1] is not None
        [report] = treatment.reports
        assert report.severities["swelling"] == 3
        assert report.recovery_day == 3
        assert (treatment.due, treatment.answered) == (3, 1)
        assert [step.words for step in seen.contacts] == ["Case opened"]

    def test_a_value_outside_the_typical_range_is_named_whoever_recorded_it(self, clinic: House) -> None:
        with transaction() as session:
            area = session.get(TreatedArea, clinic.area_ids[0])
            assert area is not None
            area.density_pct = 24
        [treatment] = timeline(clinic.staff["clinician"], clinic.patient_id).treatments
        verdicts = {line.field: line.verdict for line in treatment.areas[0].settings}
        assert verdicts == {"pulse_energy_mj": "ok", "density_pct": "outside_typical", "passes": "ok"}

    def test_notes_are_for_those_who_may_read_them(self, clinic: House) -> None:
        send(clinic, "k", **EYES_CLOSING, note="It stings.")
        [report] = timeline(clinic.staff["clinician"], clinic.patient_id).treatments[0].reports
        assert (report.note, report.has_note) == ("It stings.", True)
        with pytest.raises(NotAllowed):
            timeline(clinic.staff["front_desk"], clinic.patient_id)

    def test_a_late_check_in_is_marked_and_a_further_report_is_not(self, clinic: House) -> None:
        with clock.fixed(clock.now() + timedelta(days=1)):
            send(clinic, "late", symptoms=["bumps"], severity_bumps="1")
            send(clinic, "further", symptoms=["bumps"], severity_bumps="1")
        reports = timeline(clinic.staff["clinician"], clinic.patient_id).treatments[0].reports
        assert sorted((each.recovery_day, each.scheduled_day, each.days_late) for each in reports) == [
            (4, 3, 0),
            (4, 3, 1),
        ]

    def test_another_clinics_patient_does_not_exist(self, clinic: House) -> None:
        for patient_id in (clinic.patient_id, 10**6):
            with pytest.raises(NotFound):
                timeline(house(f"B{patient_id}").staff["clinician"], patient_id)
