"""Who looked at a patient's record, on which page, is on record; asked for somebody else's, that they were refused."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from reporting import clock
from reporting.errors import NotAllowed, NotFound, StorageBusy
from reporting.records.engine import reading
from reporting.records.tables import AuditEvent
from reporting.shell import act_looks
from reporting.shell.act_looks import Purpose, looks_at, on_record
from tests.cast import House, house
from tests.conftest import NOW
from tests.pages.staff import open_page, text
from tests.pages.test_two_clinics import RECORDS
from tests.two_clinics import Side, side

NO_PERSON = {"signals/page_signals": "a device or an operator", "imports/page_import": "a file"}
OF_THE_PATIENT = {"patient/page_correct": "the patient's own report, whose changes are on record"}
PAGES = sorted(RECORDS.keys() - NO_PERSON.keys() - OF_THE_PATIENT.keys())
FIRST = {page: next(iter(RECORDS[page])) for page in PAGES} | {"treatments/page_record": "treatment"}
"""Page to the record that its address names. A new page whose address can name one comes in by itself."""


@pytest.fixture
def sides(sqlite_database: str) -> tuple[Side, Side]:
    assert sqlite_database
    with clock.fixed(NOW):
        return side("A"), side("B")


def rows(action: str) -> list[AuditEvent]:
    with reading() as session:
        found = select(AuditEvent).where(col(AuditEvent.action) == action).order_by(col(AuditEvent.sequence))
        return list(session.execute(found).scalars())


@pytest.mark.parametrize("page", PAGES)
def test_a_look_is_on_record_once(monkeypatch: pytest.MonkeyPatch, sides: tuple[Side, Side], page: str) -> None:
    own, other = sides
    by = own.actor("clinician")
    of = {"patient": "patient_id", "treatment": "treatment_id"}[FIRST[page]]
    with clock.fixed(NOW):
        opened = open_page(monkeypatch, page, by, **{FIRST[page]: own.ids[of]})
        opened.run()
    [row] = rows(act_looks.SEEN)
    assert (row.actor_id, row.clinic_id) == (by.id, by.clinic_id)
    assert (row.record_kind, row.record_id) in {
        ("patient", str(own.ids["patient_id"])),
        ("treatment", str(own.ids["treatment_id"])),
    }
    assert row.details["purpose"] in set(Purpose)
    with clock.fixed(NOW):
        open_page(monkeypatch, page, by, **{FIRST[page]: other.ids[of]})
    [refused] = rows(act_looks.REFUSED)
    assert (refused.record_kind, refused.record_id) == (FIRST[page], str(other.ids[of]))
    assert refused.clinic_id == by.clinic_id


class TestRule:
    @pytest.fixture
    def clinic(self, sqlite_database: str) -> House:
        assert sqlite_database
        return house("A")

    def test_again_after_a_while_and_for_another_purpose(self, clinic: House) -> None:
        by = clinic.staff["clinician"]
        for minutes, purpose in ((0, Purpose.CASE), (5, Purpose.CASE), (5, Purpose.CARD), (40, Purpose.CASE)):
            with clock.fixed(NOW.replace(hour=12, minute=minutes)):
                on_record(by, purpose, "case", 7, lambda: clinic.patient_id, lambda it: it)
        assert [(row.details["purpose"], row.details["case"]) for row in rows(act_looks.SEEN)] == [
            (Purpose.CASE, 7),
            (Purpose.CARD, 7),
            (Purpose.CASE, 7),
        ]

    def test_who_has_looked_is_shown_to_who_may_read_the_trail(self, clinic: House) -> None:
        by = clinic.staff["clinician"]
        on_record(by, Purpose.TIMELINE, "patient", clinic.patient_id, lambda: None)
        [look] = looks_at(clinic.staff["safety_lead"], clinic.patient_id)
        assert (look.who, look.purpose) == (by.label, "timeline")
        with pytest.raises(NotAllowed):
            looks_at(clinic.staff["front_desk"], clinic.patient_id)

    def test_a_refused_look_is_kept_and_still_refused(self, clinic: House) -> None:
        def read() -> None:
            raise NotFound()

        with pytest.raises(NotFound):
            on_record(clinic.staff["clinician"], Purpose.CASE, "case", 99, read)
        [row] = rows(act_looks.REFUSED)
        assert (row.record_kind, row.record_id, row.details) == ("case", "99", {"purpose": "case"})

    def test_a_database_that_cannot_be_written_to_hides_no_patient(
        self, clinic: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def busy() -> None:
            raise StorageBusy()

        monkeypatch.setattr(act_looks, "transaction", busy)
        assert on_record(clinic.staff["clinician"], Purpose.CASE, "case", 1, lambda: 5, lambda it: it) == 5


def test_the_timeline_shows_who_has_looked(monkeypatch: pytest.MonkeyPatch, sides: tuple[Side, Side]) -> None:
    own, _ = sides
    with clock.fixed(NOW):
        seen = own.ids["patient_id"]
        open_page(monkeypatch, "cases/page_timeline", own.actor("clinician"), patient=seen)
        page = open_page(monkeypatch, "cases/page_timeline", own.actor("safety_lead"), patient=seen)
    assert f"{own.actor('clinician').label}, timeline" in text(page)
