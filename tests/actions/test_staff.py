"""Staff accounts: the first one only once, colleagues of the own clinic only, and never no administrator."""

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import select

from reporting.accounts import act_links
from reporting.clinic import act_staff
from reporting.domain.actors import ROLES
from reporting.errors import Conflict, InvalidInput, NotAllowed, NotFound
from reporting.records.engine import reading
from reporting.records.tables import Clinic, StaffAccount
from reporting.shell.act_sessions import WrongSignIn, sign_in
from tests.accounts import PASSWORD, together, trail, with_password
from tests.cast import TYPED_FACTS, House, house

pytestmark = pytest.mark.sqlite_first

FIRST: dict[str, Any] = {
    "clinic_name": " Demo  Skin Clinic ",
    "facts": TYPED_FACTS,
    "name": "Demo Administrator",
    "email": "First@Demo.Example",
    "password": PASSWORD,
}
NEW = {"name": "Demo Colleague", "email": "new@a.example", "role": "clinician"}


@pytest.fixture
def empty(database: str, stopped_clock: datetime) -> str:
    return database


@pytest.fixture
def clinic(empty: str) -> House:
    return house("A")


def accounts() -> list[StaffAccount]:
    with reading() as session:
        return list(session.exec(select(StaffAccount).order_by(StaffAccount.id)).all())  # type: ignore[arg-type]


def test_the_first_administrator_can_sign_in(empty: str) -> None:
    act_staff.set_up_clinic(**FIRST)
    with reading() as session:
        clinic = session.exec(select(Clinic)).one()
    assert (clinic.name, clinic.code, clinic.telephone) == ("Demo Skin Clinic", "DEMO-SKIN-CLINIC", "+34 555 0100")
    assert not clinic.is_synthetic
    [account] = accounts()
    assert (account.email, account.role) == ("first@demo.example", "administrator")
    assert PASSWORD not in account.password_hash
    sign_in(email="first@demo.example", password=PASSWORD, source="here")
    assert [row[0] for row in trail()] == ["clinic.set_up", "sign_in.succeeded"]


def test_set_up_happens_once(empty: str) -> None:
    act_staff.set_up_clinic(**FIRST)
    with pytest.raises(Conflict, match="set up already"):
        act_staff.set_up_clinic(**FIRST | {"clinic_name": "Another", "email": "second@demo.example"})
    assert len(accounts()) == 1
    assert len(trail("clinic.")) == 1


def test_two_who_set_up_at_once_make_one_clinic(empty: str) -> None:
    made = together(
        *(
            lambda name=name: act_staff.set_up_clinic(**FIRST | {"clinic_name": name, "email": f"{name}@demo.example"})
            for name in ("one", "two")
        )
    )
    assert sorted(type(outcome).__name__ for outcome in made) == ["Conflict", "NoneType"]
    assert len(accounts()) == 1
    assert len(trail("clinic.")) == 1


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("clinic_name", "   ", "clinic"),
        ("clinic_name", "a\0b", "clinic"),
        ("clinic_name", "a" * 121, "clinic"),
        ("timezone", "Europe/Nowhere", "time zone"),
        ("timezone", "", "time zone"),
        ("telephone", "1\0", "telephone"),
        ("telephone", "call me", "telephone"),
        ("telephone", "", "telephone"),
        ("country", "Spain", "country"),
        ("country", "", "country"),
        ("region", "ENG", "region"),
        ("timezone", "Europe/Paris", "time zone"),
        ("emergency_telephone", "911", "emergency number"),
        ("emergency_telephone", "", "emergency number"),
        ("out_of_hours_name", "", "name of the out-of-hours line"),
        ("out_of_hours_telephone", "", "number of the out-of-hours line"),
        ("out_of_hours_telephone", "nobody", "number of the out-of-hours line"),
        ("hours_sat", "9 to 5", "opening hours, sat"),
        ("hours_sat", "10:00-09:00", "opening hours, sat"),
        ("hours_sat", "09:00-12:00, 11:00-13:00", "opening hours, sat"),
        ("closed_days", "2026-02-30 No such day", "closed days"),
        ("open_holidays", "2026-03-10", "open holidays"),
        ("name", "", "name"),
        ("email", "nobody", "e-mail"),
        ("email", "a b@c.example", "e-mail"),
        ("email", "a\0@c.example", "e-mail"),
        ("password", "short", "password"),
        ("password", "Password1234", "password"),
    ],
)
def test_set_up_names_the_field_that_is_wrong(empty: str, field: str, value: str, named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        if field in FIRST:
            act_staff.set_up_clinic(**FIRST | {field: value})
        else:
            act_staff.set_up_clinic(**FIRST | {"facts": TYPED_FACTS | {field: value}})
    assert refused.value.field == named
    assert accounts() == []
    assert trail() == []


def test_a_new_colleague_chooses_a_password_by_the_link_and_can_sign_in(clinic: House) -> None:
    by = clinic.staff["administrator"]
    made = act_staff.create_staff(by=by, **NEW)
    for given in ("", PASSWORD):
        with pytest.raises(WrongSignIn):
            sign_in(email=NEW["email"], password=given, source="here")
    act_links.choose_password(made.link.rpartition("/")[2], PASSWORD, source="here")
    assert sign_in(email=NEW["email"], password=PASSWORD, source="here")
    assert trail("staff.") == [(done, by.label, str(made.staff_id)) for done in ("staff.created", "staff.link_made")]
    assert next(account for account in accounts() if account.id == made.staff_id).clinic_id == clinic.clinic_id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "CLINICIAN@a.example"),
        ("email", "no address"),
        ("role", "owner"),
        ("role", ""),
        ("name", "\t"),
    ],
)
def test_a_faulty_colleague_is_refused_by_field(clinic: House, field: str, value: str) -> None:
    before = len(accounts())
    with pytest.raises(InvalidInput) as refused:
        act_staff.create_staff(by=clinic.staff["administrator"], **NEW | {field: value})
    assert refused.value.field == {"email": "e-mail"}.get(field, field)
    assert len(accounts()) == before
    assert trail() == []


def test_two_taps_make_one_colleague(clinic: House) -> None:
    made = together(*[lambda: act_staff.create_staff(by=clinic.staff["administrator"], **NEW)] * 2)
    assert sorted(type(outcome).__name__ for outcome in made) == ["Handed", "InvalidInput"]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "administrator"])
def test_only_administrators_manage_accounts(clinic: House, role: str) -> None:
    by = clinic.staff[role]  # type: ignore[index]
    with pytest.raises(NotAllowed):
        act_staff.create_staff(by=by, **NEW)
    with pytest.raises(NotAllowed):
        act_staff.change_staff(by=by, staff_id=by.id or 0, role="administrator")
    assert trail() == []


def test_another_clinics_account_is_not_there(clinic: House) -> None:
    stranger = house("B").staff["administrator"]
    for victim in (clinic.staff["clinician"].id or 0, 4711):
        with pytest.raises(NotFound):
            act_staff.change_staff(by=stranger, staff_id=victim, role="front_desk")
        with pytest.raises(NotFound):
            act_links.give_link(by=stranger, staff_id=victim)
    assert trail() == []


def test_the_trail_keeps_the_old_and_the_new_role(clinic: House) -> None:
    from reporting.records.tables import AuditEvent

    by, colleague = clinic.staff["administrator"], clinic.staff["clinician"].id or 0
    act_staff.change_staff(by=by, staff_id=colleague, role="safety_lead")
    assert trail() == [("staff.changed", by.label, str(colleague))]
    with reading() as session:
        details = session.exec(select(AuditEvent)).one().details
    assert details["before"] == {"role": "clinician", "is_active": True}
    assert details["after"] == {"role": "safety_lead", "is_active": True}


def test_who_left_comes_back_only_when_let_in(clinic: House) -> None:
    by, email = clinic.staff["administrator"], with_password(clinic, "clinician")
    colleague = clinic.staff["clinician"].id or 0
    act_staff.change_staff(by=by, staff_id=colleague, is_active=False)
    with pytest.raises(WrongSignIn):
        sign_in(email=email, password=PASSWORD, source="here")
    act_staff.change_staff(by=by, staff_id=colleague, is_active=True)
    sign_in(email=email, password=PASSWORD, source="here")


@pytest.mark.parametrize("change", [{"role": "clinician"}, {"is_active": False}])
def test_the_last_administrator_stays(clinic: House, change: dict[str, object]) -> None:
    house("B")  # its administrator is no help
    by = clinic.staff["administrator"]
    with pytest.raises(Conflict, match="without an administrator"):
        act_staff.change_staff(by=by, staff_id=by.id or 0, **change)  # type: ignore[arg-type]
    assert next(account for account in accounts() if account.id == by.id).is_active
    assert trail() == []
    act_staff.change_staff(by=by, staff_id=clinic.staff["clinician"].id or 0, role="administrator")
    act_staff.change_staff(by=by, staff_id=by.id or 0, **change)  # type: ignore[arg-type]


def test_two_administrators_who_let_go_at_once_do_not_both_succeed(clinic: House) -> None:
    first, second = clinic.staff["administrator"], clinic.staff["clinician"]
    act_staff.change_staff(by=first, staff_id=second.id or 0, role="administrator")
    made = together(
        *(
            lambda who=who: act_staff.change_staff(by=first, staff_id=who or 0, role="front_desk")
            for who in (first.id, second.id)
        )
    )
    assert sorted(type(outcome).__name__ for outcome in made) == ["Conflict", "list"]
    assert any(account.role == "administrator" for account in accounts())
