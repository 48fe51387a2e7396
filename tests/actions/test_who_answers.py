"""Who answered: the patient, a carer with the link, or staff who asked by telephone or at the desk."""

from typing import Any

import pytest
from sqlmodel import select

from reporting.domain.actors import ROLES, Actor, Role
from reporting.errors import InvalidInput, NotFound
from reporting.patient.act_check_ins import Receipt, save_draft, submit_check_in
from reporting.records.engine import reading
from reporting.records.tables import CheckIn, Consent, Draft
from reporting.shell.act_consent import ConsentWithdrawn, disagree
from tests.accounts import trail
from tests.answers import NO_PROBLEMS, filled
from tests.cast import House, house

pytestmark = pytest.mark.sqlite_first

SOME = {"symptoms": ["swelling"], "severity_swelling": "2"}


def send(clinic: House, by: Actor, key: str = "key", **more: Any) -> Receipt:
    return submit_check_in(
        by=by,
        treatment_id=clinic.treatment_id,
        answers=filled(clinic.treatment_id, **NO_PROBLEMS),
        submission_key=key,
        **more,
    )


def save(clinic: House, by: Actor, answers: dict[str, Any] = SOME) -> None:
    save_draft(by=by, treatment_id=clinic.treatment_id, answers=answers, submission_key=f"draft of {by.label}")


def sent() -> CheckIn:
    with reading() as session:
        return session.exec(select(CheckIn)).one()


def drafts() -> dict[str, dict[str, Any]]:
    with reading() as session:
        return {draft.kind: draft.answers for draft in session.exec(select(Draft)).all()}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("how", ["telephone", "desk"])
def test_staff_of_every_role_can_ask(clinic: House, role: Role, how: str) -> None:
    by = clinic.staff[role]
    send(clinic, by, answered_by=how)
    row = sent()
    assert (row.source, row.answered_by, row.entered_by) == ("proxy", how, by.id)
    assert trail("check_in.")[0][:2] == ("check_in.sent", by.label)


def test_a_carer_answers_with_the_link(clinic: House) -> None:
    send(clinic, clinic.patient, answered_by="carer", language="es")
    row = sent()
    assert (row.source, row.answered_by, row.entered_by, row.language) == ("patient", "carer", None, "es")


@pytest.mark.parametrize(
    ("who", "how"), [("patient", "telephone"), ("patient", "desk"), ("front_desk", "carer"), ("front_desk", "pigeon")]
)
def test_nobody_claims_to_be_another(clinic: House, who: str, how: str) -> None:
    by = clinic.patient if who == "patient" else clinic.staff["front_desk"]
    with pytest.raises(InvalidInput):
        send(clinic, by, answered_by=how)
    with reading() as session:
        assert session.exec(select(CheckIn)).all() == []


def test_asking_leaves_the_patients_own_answers_alone(clinic: House) -> None:
    save(clinic, clinic.patient)
    save(clinic, clinic.staff["front_desk"], {"symptoms": ["burning"]})
    assert drafts() == {"check_in": SOME, "proxy": {"symptoms": ["burning"]}}
    send(clinic, clinic.staff["front_desk"], answered_by="telephone")
    assert drafts() == {"check_in": SOME}
    send(clinic, clinic.patient, key="the patient's")
    assert drafts() == {}


def test_the_first_answer_keeps_the_consent_with_it_or_nothing(clinic: House) -> None:
    send(clinic, clinic.patient, language="ar")
    with reading() as session:
        consent = session.exec(select(Consent)).one()
    assert (consent.kind, consent.language, consent.given_at) == ("check_ins", "ar", sent().answered_at)
    send(clinic, clinic.patient, key="second")
    with reading() as session:
        assert len(session.exec(select(Consent)).all()) == 1


def test_a_refused_answer_keeps_no_consent(clinic: House) -> None:
    with pytest.raises(InvalidInput):
        submit_check_in(by=clinic.patient, treatment_id=clinic.treatment_id, answers={"x": 1}, submission_key="k")
    with reading() as session:
        assert session.exec(select(Consent)).all() == []


def test_after_stopping_nothing_is_kept_from_anybody(clinic: House) -> None:
    send(clinic, clinic.patient)
    disagree(by=clinic.patient, kind="check_ins")
    for step in (
        lambda: save(clinic, clinic.patient),
        lambda: send(clinic, clinic.patient, key="new"),
        lambda: send(clinic, clinic.staff["clinician"], key="newer", answered_by="desk"),
    ):
        with pytest.raises(ConsentWithdrawn):
            step()
    assert send(clinic, clinic.patient).already_sent
    assert drafts() == {}


def test_other_clinics_cannot_ask(clinic: House) -> None:
    with pytest.raises(NotFound):
        send(clinic, house("B").staff["front_desk"], answered_by="telephone")
