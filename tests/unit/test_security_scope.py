"""Whose a record is: one answer for every table, and nothing at all for who has no clinic."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from reporting.domain.actors import ROLES, SYSTEM, Actor
from reporting.errors import NotAllowed, NotFound
from reporting.records.tables import CheckIn, Device, ImportRun, Patient, Treatment
from reporting.security.scope import Owned, Scope, is_theirs, mine, own

CLINICIAN = Actor(kind="staff", id=1, clinic_id=2, role="clinician")
NOWHERE = replace(CLINICIAN, clinic_id=None)
LINK = Actor(kind="patient", id=7, clinic_id=2, strength="link", treatment_id=70)
CODE = replace(LINK, strength="full", treatment_id=None)

PATIENT, THEIR_TREATMENT = Patient(id=7, clinic_id=2), Treatment(id=70, clinic_id=2, patient_id=7)
EARLIER = Treatment(id=69, clinic_id=2, patient_id=7)
CHECK_IN = CheckIn(id=7, clinic_id=2, patient_id=7, treatment_id=70)


@dataclass
class Kept:
    """A database of one row, which remembers how it was asked."""

    row: Any
    asked: tuple[Any, ...] = ()

    def get(self, table: type, key: int, **how: Any) -> Any:
        self.asked = (table, key, how)
        return self.row if self.row is not None and self.row.id == key else None


@pytest.mark.parametrize("row", [PATIENT, THEIR_TREATMENT, CHECK_IN, Device(id=1, clinic_id=2)])
def test_staff_have_what_is_their_clinics(row: Owned) -> None:
    assert is_theirs(row, CLINICIAN)
    assert not is_theirs(row, replace(CLINICIAN, clinic_id=3))
    assert not is_theirs(row, NOWHERE)


@pytest.mark.parametrize("row", [PATIENT, THEIR_TREATMENT, CHECK_IN])
@pytest.mark.parametrize("by", [LINK, CODE])
def test_a_patient_has_what_is_their_own(row: Owned, by: Actor) -> None:
    assert is_theirs(row, by)
    for other in (replace(by, id=8), replace(by, clinic_id=3), replace(by, clinic_id=None), replace(by, id=None)):
        assert not is_theirs(row, other)


def test_a_link_is_for_one_treatment() -> None:
    assert not is_theirs(EARLIER, LINK)
    assert is_theirs(EARLIER, LINK, any_treatment=True)
    assert is_theirs(EARLIER, CODE)


def test_what_names_no_patient_is_no_patients() -> None:
    assert not is_theirs(Device(id=7, clinic_id=2), CODE)
    assert not is_theirs(Device(id=7, clinic_id=2), replace(CODE, id=None))


@pytest.mark.parametrize("by", [CLINICIAN, NOWHERE, replace(CODE, clinic_id=None)])
def test_what_is_of_no_clinic_is_the_systems_alone(by: Actor) -> None:
    unknown = ImportRun(id=1, clinic_id=None)
    assert not is_theirs(unknown, by)
    assert is_theirs(unknown, SYSTEM)


def test_the_system_at_work_for_one_clinic_is_bound_to_it() -> None:
    assert is_theirs(PATIENT, SYSTEM)
    assert is_theirs(PATIENT, replace(SYSTEM, clinic_id=2))
    assert not is_theirs(PATIENT, replace(SYSTEM, clinic_id=3))


def test_somebody_elses_is_as_unknown_as_none() -> None:
    said = []
    for row in (None, Patient(id=9, clinic_id=3)):
        with pytest.raises(NotFound) as refused:
            mine(row, CLINICIAN, "timeline.read")
        said.append((refused.value.message, refused.value.what_to_do, refused.value.details))
    assert said[0] == said[1]
    assert mine(PATIENT, CLINICIAN, "timeline.read") is PATIENT


def test_the_role_is_asked_before_the_record_is_looked_for() -> None:
    kept = Kept(PATIENT)
    with pytest.raises(NotAllowed):
        own(kept, Patient, 7, replace(CLINICIAN, role="front_desk"), "timeline.read")
    assert kept.asked == ()


def test_a_row_is_loaded_and_on_wish_locked() -> None:
    kept = Kept(PATIENT)
    assert own(kept, Patient, 7, CLINICIAN, "timeline.read") is PATIENT
    assert kept.asked == (Patient, 7, {"with_for_update": None, "populate_existing": False})
    assert own(kept, Patient, 7, CLINICIAN, "timeline.read", lock=True) is PATIENT
    assert kept.asked == (Patient, 7, {"with_for_update": True, "populate_existing": True})
    for by, key in ((CLINICIAN, 8), (replace(CLINICIAN, clinic_id=3), 7)):
        with pytest.raises(NotFound):
            own(kept, Patient, key, by, "timeline.read")


@pytest.mark.parametrize("by", [LINK, CODE, NOWHERE, *(replace(NOWHERE, role=role) for role in ROLES)])
def test_lists_are_for_staff_of_a_clinic(by: Actor) -> None:
    with pytest.raises(NotAllowed):
        Scope.of(by)


def test_a_scope_is_one_clinic_or_for_the_system_every_one() -> None:
    assert Scope.of(CLINICIAN) == Scope(2)
    assert [Scope.of(CLINICIAN).holds(clinic) for clinic in (2, 3, None)] == [True, False, False]
    assert not Scope.of(CLINICIAN).is_every_clinic
    assert Scope.of(SYSTEM).is_every_clinic
    assert all(Scope.of(SYSTEM).holds(clinic) for clinic in (2, 3, None))
    assert Scope.of(replace(SYSTEM, clinic_id=3)) == Scope(3)
