"""The life of a case: who took it, what was done, what it was; and two people who take the same one."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from reporting import clock
from reporting.cases import act_cases, read_worklist
from reporting.cases.act_contact import show_contact
from reporting.cases.read_alert_budget import alert_budget
from reporting.cases.ui_about import outcome_words
from reporting.clinic.act_clinic import change_content
from reporting.clinic.act_staff import change_staff
from reporting.domain.actors import SYSTEM, Actor
from reporting.domain.case_work import TERM_CHARACTERS, next_states
from reporting.domain.content import content
from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound
from reporting.messages.act_escalation import escalate
from reporting.records import cases as stored
from reporting.records.engine import reading, transaction
from reporting.records.tables import AuditEvent, CheckIn, Patient, TreatedArea, TriageCase
from reporting.records.trail.verify import verify
from reporting.security.encryption import encrypt
from tests.accounts import trail
from tests.cast import House, house
from tests.reports import eyes_closing, opened, send

pytestmark = pytest.mark.sqlite_first


def now_of(clinic: House, case_id: int) -> read_worklist.WorklistCase:
    return read_worklist.case(clinic.staff["clinician"], case_id)


@pytest.mark.parametrize(("level", "hours"), [("emergency", 1), ("same_day", 2), ("one_day", 4), ("one_week", 48)])
def test_the_deadline_of_a_new_case_comes_from_its_level(
    clinic: House, stopped_clock: datetime, level: str, hours: int
) -> None:
    case = opened(clinic, level, stopped_clock, "because")
    assert case.due_at == stopped_clock + timedelta(hours=hours)
    assert (case.state, case.version, case.owner_id) == ("new", 1, None)


def test_an_open_case_gets_harder_and_earlier_but_never_milder_or_later(clinic: House, stopped_clock: datetime) -> None:
    first = opened(clinic, "one_day", stopped_clock, "one")
    harder = opened(clinic, "same_day", stopped_clock + timedelta(hours=1), "two")
    assert (harder.id, harder.level) == (first.id, "same_day")
    assert harder.due_at == stopped_clock + timedelta(hours=3)
    milder = opened(clinic, "one_week", stopped_clock + timedelta(hours=2), "one", "three")
    assert (milder.id, milder.level, milder.due_at) == (first.id, "same_day", harder.due_at)
    assert milder.reasons == ["one", "two", "three"]


def test_a_new_report_brings_a_case_back_to_attention(clinic: House) -> None:
    case_id = eyes_closing(clinic)
    clinician = clinic.staff["clinician"]
    version = act_cases.acknowledge(by=clinician, case_id=case_id, version=1)
    assert send(clinic, "again", symptoms=["infection", "infection_fever"], severity_infection="2") == case_id
    case = now_of(clinic, case_id)
    assert (case.state, case.owner) == ("new", clinician.label)
    assert case.version > version
    assert [step.words for step in read_worklist.case_steps(clinician, case_id)] == [
        "Case opened",
        "Acknowledged",
        "New report: back to attention",
    ]


def test_a_report_after_the_case_was_closed_opens_another(clinic: House) -> None:
    first = eyes_closing(clinic)
    finish(clinic, first)
    assert eyes_closing(clinic, "second") != first


def test_the_case_of_a_check_in_is_found_for_the_first_and_for_later_reports(clinic: House) -> None:
    case_id = eyes_closing(clinic)
    send(clinic, "again", symptoms=["infection", "infection_fever"], severity_infection="2")
    with reading() as session:
        ids = list(session.execute(select(CheckIn.id).order_by(CheckIn.id)).scalars())
        assert [stored.case_of(session, check_in_id) for check_in_id in ids] == [case_id, case_id]
        assert stored.case_of(session, 10**6) is None


def finish(clinic: House, case_id: int) -> int:
    by = clinic.staff["clinician"]
    version = now_of(clinic, case_id).version
    version = act_cases.acknowledge(by=by, case_id=case_id, version=version)
    version = act_cases.record_contact(
        by=by, case_id=case_id, version=version, action_taken="call", note="Cold packs, comes at noon."
    )
    version = act_cases.record_outcome(
        by=by, case_id=case_id, version=version, confirmation="confirmed", term="Edema face", grade=2
    )
    return act_cases.close(by=by, case_id=case_id, version=version)


def test_from_new_to_closed_with_who_and_when_on_each_step(clinic: House, stopped_clock: datetime) -> None:
    case_id = eyes_closing(clinic)
    finish(clinic, case_id)
    case = now_of(clinic, case_id)
    assert (case.state, case.action_taken, case.confirmation) == ("closed", "call", "confirmed")
    assert (case.complication_term, case.complication_grade) == ("Edema face", 2)
    clinician = clinic.staff["clinician"]
    steps = read_worklist.case_steps(clinician, case_id)
    assert [(step.words, step.who) for step in steps] == [
        ("Case opened", ""),
        ("Acknowledged", clinician.label),
        ("Contacted", clinician.label),
        ("Outcome", clinician.label),
        ("Closed", clinician.label),
    ]
    assert {step.at for step in steps} == {stopped_clock}
    assert steps[2].note == "Cold packs, comes at noon."
    assert read_worklist.worklist(clinician) == []
    assert [each.case_id for each in read_worklist.closed_cases(clinician)] == [case_id]


def test_each_step_is_on_the_audit_trail_without_the_note(clinic: House) -> None:
    finish(clinic, eyes_closing(clinic))
    with reading() as session:
        rows = [row for row in session.execute(select(AuditEvent)).scalars() if row.record_kind == "case"]
    assert [row.action for row in rows] == [
        "case.acknowledged",
        "case.contacted",
        "case.outcome",
        "case.closed",
    ]
    assert rows[1].details == {"before": "acknowledged", "after": "contacted", "action_taken": "call"}
    assert verify().ok


def test_nothing_closes_before_its_outcome_is_known(clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    with pytest.raises(Conflict):
        act_cases.close(by=by, case_id=case_id, version=1)
    with pytest.raises(Conflict):
        act_cases.record_outcome(by=by, case_id=case_id, version=1, confirmation="not_confirmed")
    assert now_of(clinic, case_id).version == 1
    assert not any("closed" in next_states(state) for state in ("new", "acknowledged", "contacted"))


def test_the_second_of_two_people_learns_who_was_first_and_what_the_state_is(clinic: House) -> None:
    case_id = eyes_closing(clinic)
    act_cases.acknowledge(by=clinic.staff["safety_lead"], case_id=case_id, version=1)
    with pytest.raises(Conflict) as refused:
        act_cases.acknowledge(by=clinic.staff["clinician"], case_id=case_id, version=1)
    assert clinic.staff["safety_lead"].label in refused.value.message
    assert "Acknowledged" in refused.value.message
    assert now_of(clinic, case_id).owner == clinic.staff["safety_lead"].label


def test_two_people_at_the_very_same_moment_give_one_owner(clinic: House) -> None:
    case_id = eyes_closing(clinic)
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def take(by: Actor) -> None:
        together.wait()
        try:
            act_cases.acknowledge(by=by, case_id=case_id, version=1)
            outcomes.append(by.label)
        except Conflict:
            outcomes.append("refused")

    people = [threading.Thread(target=take, args=(clinic.staff[r],)) for r in ("clinician", "safety_lead")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert outcomes.count("refused") == 1
    assert now_of(clinic, case_id).owner in outcomes


def test_a_case_is_taken_over_noted_on_and_opened_again(clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["safety_lead"]
    with pytest.raises(Conflict):
        act_cases.take_over(by=by, case_id=case_id, version=1)
    version = finish(clinic, case_id)
    with pytest.raises(InvalidInput):
        act_cases.reopen(by=by, case_id=case_id, version=version, note=" ")
    version = act_cases.reopen(by=by, case_id=case_id, version=version, note="Swelling came back.")
    case = now_of(clinic, case_id)
    assert (case.state, case.owner, case.closed_at) == ("acknowledged", by.label, None)
    version = act_cases.add_note(by=by, case_id=case_id, version=version, note="Asked for a photo.")
    act_cases.take_over(by=clinic.staff["clinician"], case_id=case_id, version=version)
    assert now_of(clinic, case_id).owner == clinic.staff["clinician"].label
    assert [step.words for step in read_worklist.case_steps(by, case_id)][-3:] == [
        "Opened again",
        "Note",
        "Taken over",
    ]


def test_a_case_taken_by_mistake_is_given_back_and_its_deadline_counts_again(
    clinic: House, stopped_clock: datetime
) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    with pytest.raises(Conflict):
        act_cases.give_back(by=by, case_id=case_id, version=1)
    due_at = now_of(clinic, case_id).due_at
    version = act_cases.give_back(
        by=by, case_id=case_id, version=act_cases.acknowledge(by=by, case_id=case_id, version=1)
    )
    case = now_of(clinic, case_id)
    assert (case.state, case.owner, case.due_at) == ("new", "", due_at)
    assert escalate(due_at + timedelta(minutes=1)) == 1
    budget = alert_budget(by)
    assert (budget.not_taken, budget.median_to_acknowledge) == (1, None)
    version = now_of(clinic, case_id).version
    version = act_cases.acknowledge(by=clinic.staff["safety_lead"], case_id=case_id, version=version)
    version = act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="call")
    with pytest.raises(Conflict, match="cannot be the next step"):
        act_cases.give_back(by=by, case_id=case_id, version=version)
    assert trail("case.given_back")[0][0] == "case.given_back"


def test_another_action_is_coded_after_the_outcome(clinic: House) -> None:
    """Whoever coded the wrong action, or calls once more, says again what it was: neither is lost."""
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    version = act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="call")
    version = act_cases.record_outcome(by=by, case_id=case_id, version=version, confirmation="not_confirmed")
    version = act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="visit")
    assert now_of(clinic, case_id).action_taken == "visit"
    with pytest.raises(Conflict):
        act_cases.close(by=by, case_id=case_id, version=version)
    act_cases.record_outcome(by=by, case_id=case_id, version=version, confirmation="expected_course")
    details = [step.details for step in read_worklist.case_steps(by, case_id)]
    assert [d["action_taken"] for d in details if "action_taken" in d] == ["call", "visit"]


def test_a_closed_case_stays_closed_while_a_newer_one_is_open(clinic: House) -> None:
    case_id = eyes_closing(clinic)
    version = finish(clinic, case_id)
    eyes_closing(clinic, "second")
    with pytest.raises(Conflict, match="newer case"):
        act_cases.reopen(by=clinic.staff["clinician"], case_id=case_id, version=version, note="again")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("confirmation", {"confirmation": "perhaps"}),
        ("grade", {"confirmation": "confirmed", "term": "Edema face", "grade": 6}),
        ("grade", {"confirmation": "confirmed", "term": "Edema face"}),
        ("term", {"confirmation": "confirmed", "term": " ", "grade": 2}),
        ("note", {"confirmation": "not_confirmed", "note": "x" * 2001}),
    ],
)
def test_an_outcome_that_the_form_would_not_allow_is_refused(clinic: House, field: str, values: dict) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    version = act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="call")
    with pytest.raises(InvalidInput) as refused:
        act_cases.record_outcome(by=by, case_id=case_id, version=version, **values)
    assert refused.value.field == field
    assert now_of(clinic, case_id).version == version


def test_an_unknown_action_is_refused(clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    with pytest.raises(InvalidInput):
        act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="carrier pigeon")


def test_another_clinics_case_does_not_exist_and_the_front_desk_and_patients_may_not(clinic: House) -> None:
    case_id, other = eyes_closing(clinic), house("B")
    for by, refusal in (
        (other.staff["clinician"], NotFound),
        (clinic.staff["front_desk"], NotAllowed),
        (clinic.patient, NotAllowed),
    ):
        with pytest.raises(refusal):
            act_cases.acknowledge(by=by, case_id=case_id, version=1)
    with pytest.raises(NotFound):
        act_cases.acknowledge(by=clinic.staff["clinician"], case_id=10**6, version=1)
    assert now_of(clinic, case_id).state == "new"


class TestWorklist:
    def test_it_stands_by_level_and_time_left_not_by_arrival(self, clinic: House) -> None:
        late = house("C")  # the system sees every clinic
        slow = opened(clinic, "one_week", clock.now() - timedelta(days=30), "slow")
        red = opened(late, "emergency", clock.now(), "red")
        assert [case.case_id for case in read_worklist.worklist(SYSTEM)] == [red.id, slow.id]
        assert slow.due_at < red.due_at

    def test_only_the_page_that_is_shown_is_read_whole(self, clinic: House, monkeypatch: pytest.MonkeyPatch) -> None:
        late, read = house("C"), []
        slow = opened(clinic, "one_week", clock.now() - timedelta(days=30), "slow")
        red = opened(late, "emergency", clock.now(), "red")
        listed = stored.listed
        monkeypatch.setattr(stored, "listed", lambda *of: read.extend(found := listed(*of)) or found)
        pages = [read_worklist.open_part(SYSTEM, page, 1) for page in (1, 2, 3)]
        assert [[case.case_id for case in part.cases] for part in pages] == [[red.id], [slow.id], [red.id]]
        assert {(part.n_open, part.n_new, part.n_overdue, part.pages) for part in pages} == {(2, 2, 1, 2)}
        assert len(read) == len(pages)

    def test_a_row_says_what_was_reported_and_what_is_worse_than_last_time(self, clinic: House) -> None:
        with clock.fixed(clock.now() - timedelta(days=1)):
            send(clinic, "yesterday", symptoms=["swelling"], severity_swelling="1")
        send(
            clinic,
            "today",
            symptoms=["swelling", "burning", "swelling_eyes"],
            severity_swelling="3",
            severity_burning="1",
            how_soon="soon_worried",
        )
        [case] = read_worklist.worklist(clinic.staff["clinician"])
        assert (case.patient_reference, case.recovery_day) == ("P-0001", 3)
        assert [each.words for each in case.reported] == ["Swelling: severe", "Burning: mild"]
        assert [each.symptom for each in case.worse] == ["swelling", "burning"]
        assert case.is_worried
        assert not case.is_first_report
        assert case.reasons

    def test_settings_above_the_published_maximum_are_named(self, clinic: House) -> None:
        """15 % is the published maximum on the neck for fractional CO2; none is published for cheeks."""
        for code, area, density_pct, named in (
            ("N", "neck", 15, []),
            ("M", "neck", 25, ["density_pct"]),
            ("O", "cheeks", 25, []),
        ):
            there = house(code, areas=(area,))
            with transaction() as session:
                row = session.get(TreatedArea, there.area_ids[0])
                assert row is not None
                row.density_pct = density_pct
            case = now_of(there, eyes_closing(there))
            assert [line.field for line in case.above_guideline] == named, (area, density_pct)

    def test_settings_above_the_clinics_own_protocol_are_named_for_the_skin_they_hold_for(self, clinic: House) -> None:
        eyes_closing(clinic)
        [case] = read_worklist.worklist(clinic.staff["clinician"])
        assert case.above_guideline == ()
        for group, highest in (("", "40"), ("I-III", "10")):
            change_content(
                by=clinic.staff["administrator"],
                table="protocol_ranges",
                row=f"frac_ablative_co2|pulse_energy_mj|{group}",
                cells={"maximum": highest},
                reason="Team decision.",
            )
        [case] = read_worklist.worklist(clinic.staff["clinician"])
        assert case.above_guideline == (), "30 mJ on skin type IV: the range of types I to III does not hold"
        change_content(
            by=clinic.staff["administrator"],
            table="protocol_ranges",
            row="frac_ablative_co2|pulse_energy_mj|IV-VI",
            cells={"maximum": "25"},
            reason="Team decision.",
        )
        [case] = read_worklist.worklist(clinic.staff["clinician"])
        [line] = {each.field: each for each in case.above_guideline}.values()
        assert (line.field, line.verdict, line.protocol) == ("pulse_energy_mj", "above_protocol", (None, 25.0))

    def test_a_new_case_is_overdue_when_its_time_is_up_and_an_acknowledged_one_is_not(self, clinic: House) -> None:
        case = opened(clinic, "emergency", clock.now() - timedelta(hours=2), "red")
        by = clinic.staff["clinician"]
        assert now_of(clinic, case.id or 0).is_overdue
        act_cases.acknowledge(by=by, case_id=case.id or 0, version=1)
        assert not now_of(clinic, case.id or 0).is_overdue

    def test_it_shows_the_own_clinic_only_and_not_to_the_front_desk(self, clinic: House) -> None:
        case_id = eyes_closing(clinic)
        other = house("B")
        assert read_worklist.worklist(other.staff["clinician"]) == []
        assert read_worklist.closed_cases(other.staff["clinician"]) == []
        with pytest.raises(NotFound):
            read_worklist.case(other.staff["clinician"], case_id)
        with pytest.raises(NotFound):
            read_worklist.case_steps(other.staff["clinician"], case_id)
        for by in (clinic.staff["front_desk"], clinic.patient):
            with pytest.raises(NotAllowed):
                read_worklist.worklist(by)


def test_a_milder_report_never_lengthens_the_clocks_of_a_case_that_was_taken(
    clinic: House, stopped_clock: datetime
) -> None:
    case = opened(clinic, "same_day", stopped_clock, "one")
    act_cases.acknowledge(by=clinic.staff["clinician"], case_id=case.id or 0, version=1)
    milder = opened(clinic, "one_week", stopped_clock + timedelta(hours=1), "two")
    assert (milder.state, milder.contact_due_at) == ("new", case.contact_due_at)
    assert milder.due_at == case.contact_due_at, "to be taken again, and no later than the patient is to be spoken to"


def test_only_a_contact_ends_the_clock_of_an_urgent_case(clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    with pytest.raises(InvalidInput):
        act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="none_needed")
    assert now_of(clinic, case_id).contacted_at is None
    version = act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="call")
    act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="none_needed")
    assert now_of(clinic, case_id).contacted_at == clock.now()


def test_the_first_time_that_a_case_was_taken_stays(clinic: House, stopped_clock: datetime) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    with clock.fixed(stopped_clock + timedelta(hours=1)):
        version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    with clock.fixed(stopped_clock + timedelta(hours=5)):
        send(clinic, "again", symptoms=["infection", "infection_fever"], severity_infection="2")
        version = act_cases.acknowledge(by=by, case_id=case_id, version=version + 1)
    with clock.fixed(stopped_clock + timedelta(hours=6)):
        act_cases.give_back(by=by, case_id=case_id, version=version)
    with reading() as session:
        case = session.get_one(TriageCase, case_id)
    assert (case.state, case.acknowledged_at) == ("new", stopped_clock + timedelta(hours=1))


def test_who_cannot_work_any_more_gives_the_open_cases_back(clinic: House, stopped_clock: datetime) -> None:
    case_id, by, boss = eyes_closing(clinic), clinic.staff["clinician"], clinic.staff["administrator"]
    before = now_of(clinic, case_id)
    act_cases.acknowledge(by=by, case_id=case_id, version=1)
    freed = change_staff(by=boss, staff_id=by.id or 0, is_active=False)
    case = read_worklist.case(boss, case_id)
    assert freed == [case.patient_reference]
    assert (case.state, case.owner) == ("new", "")
    assert (case.due_at, case.contact_due_at) == (before.due_at, before.contact_due_at)
    assert read_worklist.case_steps(boss, case_id)[-1].words.startswith("Given back: the account")
    assert change_staff(by=boss, staff_id=by.id or 0, is_active=True) == []
    act_cases.acknowledge(by=by, case_id=case_id, version=case.version)
    assert change_staff(by=boss, staff_id=by.id or 0, role="front_desk") == [case.patient_reference]


def test_an_outcome_keeps_its_code_and_the_closed_list_says_who_closed(clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    version = act_cases.acknowledge(by=by, case_id=case_id, version=1)
    version = act_cases.record_contact(by=by, case_id=case_id, version=version, action_taken="visit")
    version = act_cases.record_outcome(
        by=by, case_id=case_id, version=version, confirmation="confirmed", term="Burn, second degree", grade=2
    )
    assert read_worklist.case_steps(by, case_id)[-1].details["term_code"] == "burn_2"
    act_cases.close(by=clinic.staff["safety_lead"], case_id=case_id, version=version)
    [closed] = read_worklist.closed_cases(by)
    assert closed.closed_by == clinic.staff["safety_lead"].label
    words = outcome_words(closed)
    for part in (
        "Confirmed complication: Burn, second degree (CTCAE Burn), grade 2",
        "Visit at the clinic",
        "closed by",
    ):
        assert part.replace("closed by", f"by {closed.closed_by}") in words


def test_every_outcome_term_has_a_code_of_some_vocabulary_and_fits_the_case() -> None:
    terms = content().outcome_terms.values()
    assert len({term.label for term in terms}) == len(terms) >= 25
    for term in terms:
        assert term.icd10cm_code, term.code
        assert bool(term.meddra_code) == bool(term.ctcae_term), term.code
        assert len(term.label) <= TERM_CHARACTERS
    assert {
        "burn_2",
        "blister",
        "scar",
        "hypopigmentation",
        "herpes",
        "milia",
        "fat_loss",
    } <= content().outcome_terms.keys()


def test_whom_to_ring_is_shown_to_who_works_on_cases_and_the_trail_keeps_who_looked(clinic: House) -> None:
    case_id, by = eyes_closing(clinic), clinic.staff["clinician"]
    with transaction() as session:
        patient = session.get_one(Patient, clinic.patient_id)
        patient.name_encrypted, patient.phone_encrypted = encrypt("Demo Person"), encrypt("+447700900123")
    found = show_contact(by=by, case_id=case_id)
    assert (found.name, found.telephone, found.email) == ("Demo Person", "+447700900123", "")
    assert [action for action, _, _ in trail("patient.contact_shown")] == ["patient.contact_shown"]
    assert "900123" not in str(trail("patient."))
    with pytest.raises(NotAllowed):
        show_contact(by=clinic.staff["front_desk"], case_id=case_id)
    with pytest.raises(NotFound):
        show_contact(by=house("B").staff["clinician"], case_id=case_id)
