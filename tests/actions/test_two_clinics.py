"""Role × clinic × action or query: every one that takes the id of a record, found in the code, against two clinics.

For everybody of ``WHO`` the own clinic's record, another clinic's and one that there is not: another clinic's is
answered word for word as if it did not exist, and whoever is refused is refused the same for all three. A new action or
query fails here until it stands in ``MAY``, one that takes something new until an example of that stands in ``GIVEN``.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest

from reporting import clock
from reporting.domain.actors import Actor
from reporting.domain.case_work import ACTIONS_TAKEN
from reporting.domain.corrections import REASONS
from reporting.domain.treatment_record import AreaRecord, TreatmentRecord
from reporting.errors import Problem
from reporting.records.engine import reading
from reporting.security.permissions import may
from reporting.settings import ROOT
from reporting.treatments.act_equipment import DeviceGiven, OperatorGiven
from tests.answers import filled
from tests.cast import PERFORMED
from tests.conftest import NOW
from tests.photos import encoded, picture
from tests.two_clinics import UNKNOWN, WHO, Side, WouldWrite, nothing_is_kept, side

Door = Callable[..., Any]
LET_IN = "let in"
HERE = "tests/actions/test_two_clinics.py"

CASE = ("case.work", "")
CHECK_IN, CONTENT, SIGNAL = ("check_in.proxy", "check_in.submit"), ("content.manage", ""), ("signals.work", "")
RECORD, IMPORT, MESSAGE = ("treatment.record", ""), ("import.run", ""), ("message.manage", "")
MAY: dict[str, tuple[str, str]] = {
    "treatments.known_before": ("treatment.record", ""),
    "accounts.reset_factor": ("staff.manage", ""),
    "accounts.give_link": ("staff.manage", ""),
    "shell.looks_at": ("audit.read", ""),
    "cases.acknowledge": CASE,
    "cases.add_note": CASE,
    "cases.add_patient_note": CASE,
    "cases.case": ("worklist.read", ""),
    "cases.case_steps": ("worklist.read", ""),
    "cases.close": CASE,
    "cases.give_back": CASE,
    "cases.record_contact": CASE,
    "cases.record_outcome": CASE,
    "cases.reopen": CASE,
    "cases.others": ("worklist.read", ""),
    "cases.show_contact": CASE,
    "cases.take_over": CASE,
    "cases.timeline": ("timeline.read", ""),
    "clinic.change_staff": ("staff.manage", ""),
    "clinic.move_up_on_call": ("clinic.manage", ""),
    "clinic.remove_on_call": ("clinic.manage", ""),
    "dashboards.last_treatments": ("timeline.read", ""),
    "imports.dismiss": IMPORT,
    "imports.mend": IMPORT,
    "imports.refused_table": IMPORT,
    "messages.mark_handled": MESSAGE,
    "messages.resend": MESSAGE,
    "patient.add_photo": ("photo.read", "check_in.submit"),
    "patient.asked_patient": ("check_in.proxy", ""),
    "patient.check_in_page": CHECK_IN,
    "patient.correct_check_in": ("", "history.read"),
    "patient.correction_page": ("", "history.read"),
    "patient.erase_patient": ("request.work", ""),
    "patient.keep_answer": CHECK_IN,
    "patient.keep_change": ("", "history.read"),
    "patient.keep_warned": CHECK_IN,
    "patient.patient_of": ("check_in.proxy", ""),
    "patient.photo_bytes": ("photo.read", "history.read"),
    "patient.photos_of": ("photo.read", "history.read"),
    "patient.read_check_in": CHECK_IN,
    "patient.refuse_request": ("request.work", ""),
    "patient.remove_photo": ("photo.read", "history.read"),
    "patient.restore_check_in": ("", "history.read"),
    "patient.save_draft": CHECK_IN,
    "patient.stop_correcting": ("", "history.read"),
    "patient.submit_check_in": CHECK_IN,
    "patient.waiting_photos": CHECK_IN,
    "patient.withdraw_check_in": ("", "history.read"),
    "signals.explain": SIGNAL,
    "signals.re_measure": SIGNAL,
    "signals.review": SIGNAL,
    "signals.signal_card": ("signals.read", ""),
    "signals.take_action": SIGNAL,
    "treatments.add_service": CONTENT,
    "treatments.card_subject": ("invitation.issue", ""),
    "treatments.correct_treatment": RECORD,
    "treatments.issue_invitation": ("invitation.issue", ""),
    "treatments.patient_row": RECORD,
    "treatments.record_treatment": RECORD,
    "treatments.recorded_treatment": RECORD,
    "treatments.place": ("reminder.manage", "consent.manage"),
    "treatments.reminder_state": ("reminder.manage", "consent.manage"),
    "treatments.remove_service": CONTENT,
    "treatments.save_device": CONTENT,
    "treatments.save_operator": CONTENT,
    "treatments.set_place": ("reminder.manage", "consent.manage"),
    "treatments.set_reminders": ("reminder.manage", "consent.manage"),
    "treatments.undo_treatment": RECORD,
}
"""Action or query to the permission that staff need and the one that a patient needs; "" where none is enough."""

FOUND_FIRST = {
    "patient.add_photo": "staff who may ask the questions and see no photos: the treatment first",
    "patient.correction_page": "staff: it is asked of a patient's own treatment",
    "patient.remove_photo": "patients: what waits needs less than what was sent",
}
"""Where the record is looked for before the role is asked: who may not, may also be told that nothing is there."""
NOT_LOOKED_AT = {
    ("patient.check_in_page", "treatment_id"): ("patient",),
    ("patient.read_check_in", "treatment_id"): ("patient",),
    ("treatments.correct_treatment", "record.patient"): ("staff",),
}
"""Ids that are nothing to these people: the session says which treatment, and a treatment keeps its patient."""
A_LIST = {"patient.photos_of"}
"""What answers with a list, which is as empty for another clinic's as where there is none."""

NOT_ASKED = {
    "clinic.change_facts_of": "of the command line: whoever runs the server",
    "cases.notes_of": "a part of the timeline, which was asked for",
    "cases.notices": "a part of the worklist, which was asked for",
    "imports.forget_person": "a step of an erasure, which was asked for",
    "messages.receive": "the number of a text message at the gateway, which signs it",
    "patient.read_words": "a part of the check-in page, which was asked for",
    "patient.open_flag": "a part of the check-in page, which was asked for",
    "patient.reading_of": "a part of the check-in page, which was asked for",
    "patient.follow": "a part of keeping an answer, which was asked for",
    "patient.follow_change": "a part of keeping a change, which was asked for",
    "patient.let_go": "a part of ending a change, which was asked for",
    "patient.receipt": "a part of sending a report, which was asked for",
    "patient.erase_person": "the system's, when a retention period is over",
    "report.readers": "the system's, when a report is announced",
    "shell.give": "a step of what asked whose the patient is",
    "shell.has": "a step of what asked whose the patient is",
    "shell.is_beyond_clinic": "no record: which clinics a table is of",
    "shell.is_withdrawn": "a step of what asked whose the patient is",
    "shell.record_first_use": "a step of what asked whose the patient is",
    "shell.withdraw": "a step of what asked whose the patient is",
    "treatments.stop_by_mail": "the number is sealed in the link of the e-mail",
}
"""What takes an id and asks nobody's permission for it, and why that is right."""
NO_RECORD = {"question_id", "provider_id"}
"""Arguments that end like an id and name no record of a clinic."""

WITHOUT_ENDING = {"patient": "patient_id"}
"""Fields of a form's record that are ids without saying so, and of what."""

GIVEN: dict[str, Callable[[Side], Any]] = {
    "action_taken": lambda _: next(iter(ACTIONS_TAKEN)),
    "answers": lambda own: filled(own.ids["treatment_id"]),
    "cells": lambda own: {own.ids["row_id"]: ["D9"]},
    "channel": lambda _: "email",
    "check_in_id": lambda own: own.ids["check_in_id"],
    "confirmation": lambda _: "not_confirmed",
    "create_missing": lambda _: False,
    "data": lambda _: encoded(picture(64, 64), "JPEG"),
    "happened_on": lambda _: PERFORMED,
    "ids": lambda own: [own.ids["row_id"]],
    "kind": lambda _: "calibration",
    "note": lambda _: "a note",
    "on": lambda _: False,
    "question_id": lambda _: "symptoms",
    "reason": lambda _: "a reason",
    "record": lambda own: TreatmentRecord(
        own.ids["patient_id"],
        PERFORMED,
        own.ids["device_id"],
        own.ids["operator_id"],
        (AreaRecord("cheeks", {"pulse_energy_mj": 30, "density_pct": 15, "passes": 1}),),
    ),
    "submission_key": lambda _: "a key",
    "version": lambda _: 1,
    "words": lambda _: "some words",
}
"""Values of the other arguments that must be given."""
OF_ONE = {
    ("patient.remove_photo", "reason"): lambda _: "a reason",
    ("patient.keep_answer", "given"): lambda _: ["none"],
    ("treatments.set_place", "country"): lambda _: "GB",
    ("treatments.save_device", "given"): lambda _: DeviceGiven("D9", "frac_ablative_co2"),
    ("treatments.save_operator", "given"): lambda own: OperatorGiven("O9", staff_id=own.ids["staff_id"]),
    ("patient.correct_check_in", "reason"): lambda _: REASONS[0],
    ("patient.withdraw_check_in", "reason"): lambda _: REASONS[0],
}
"""Those of one action alone, where the name means something else in each."""


def named(function: Door) -> dict[str, Any]:
    return {name: given.annotation for name, given in inspect.signature(function).parameters.items()}


def inner(kind: Any) -> list[str]:
    """Fields of an argument that are ids of records themselves."""
    if not is_dataclass(kind) or kind is Actor:
        return []
    numbers = [field.name for field in fields(kind) if "int" in str(field.type)]
    return [name for name in numbers if name.endswith("_id") or name in WITHOUT_ENDING]


def takes_an_id(function: Door) -> bool:
    kinds = named(function)
    if any(name.endswith(("_id", "_ids")) for name in kinds):
        return True
    return any(kind is Actor for kind in kinds.values()) and any(inner(kind) for kind in kinds.values())


def actor_of(function: Door) -> str:
    return next((name for name, kind in named(function).items() if kind is Actor), "")


def doors() -> Iterator[tuple[str, Door]]:
    """Every public action and query that takes the id of a record, by room and name."""
    for path in sorted((ROOT / "reporting").glob("*/*.py")):
        if path.parent.name == "records" or not path.name.startswith(("act_", "read_")):
            continue
        module = import_module(f"reporting.{path.parent.name}.{path.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if not name.startswith("_") and function.__module__ == module.__name__ and takes_an_id(function):
                yield f"{path.parent.name}.{name}", function


DOORS = dict(doors())
ASKED = {name: door for name, door in DOORS.items() if name in MAY}


def ways_to_name(door: Door) -> Iterator[tuple[str, str]]:
    """Arguments of a door that name a record, each with the field in it or ""."""
    for name, kind in named(door).items():
        if name.endswith("_id") and name not in NO_RECORD:
            yield name, ""
        yield from ((name, field) for field in inner(kind))


def kind_of(argument: str, field: str) -> str:
    """Of what the id at this place is."""
    return WITHOUT_ENDING.get(field, field) or argument


def example(door_name: str, argument: str, own: Side) -> Any:
    if argument in own.ids:
        return own.ids[argument]
    made = OF_ONE.get((door_name, argument)) or GIVEN.get(argument)
    assert made is not None, f"{door_name} takes {argument!r}: add an example of it to GIVEN in {HERE}"
    return made(own)


def arguments(door_name: str, door: Door, own: Side, way: tuple[str, str], key: int) -> dict[str, Any]:
    """What must be given, of the own clinic, but the id ``key`` at the place that ``way`` names."""
    argument, field = way
    made = {
        name: example(door_name, name, own)
        for name, parameter in inspect.signature(door).parameters.items()
        if parameter.default is parameter.empty or name == argument or (door_name, name) in OF_ONE
        if name not in (actor_of(door), "session")
    }
    made[argument] = replace(made[argument], **{field: key}) if field else key
    return made


def outcome(door: Door, by: Actor, given: dict[str, Any]) -> tuple[str, ...]:
    """What a person can tell of an answer: what it holds, or every word of a refusal."""
    with ExitStack() as open_:
        open_.enter_context(nothing_is_kept())
        if "session" in named(door):
            given = {"session": open_.enter_context(reading()), **given}
        try:
            return LET_IN, repr(door(**{actor_of(door): by}, **given))
        except WouldWrite:
            return LET_IN, ""
        except Problem as problem:
            return type(problem).__name__, problem.message, problem.what_to_do, repr(problem.details)


def refusal(permissions: tuple[str, str], by: Actor) -> str:
    """How somebody is refused whatever record they ask for; "" for whom the record decides."""
    if by.id is None:
        return "SignInNeeded"
    permission = permissions[by.kind == "patient"]
    return "" if permission and may(by, permission) else "NotAllowed"


def owed(name: str, way: tuple[str, str], by: Actor) -> tuple[set[str], set[str]]:
    """The kinds of answer that somebody may get for the own clinic's record, and for another clinic's."""
    if refused := refusal(MAY[name], by):
        same = {refused, "NotFound"} if name in FOUND_FIRST else {refused}
        return same, same
    is_field_of_a_form = bool(way[1])
    not_there = {LET_IN} if name in A_LIST else {"NotFound", "InvalidInput"} if is_field_of_a_form else {"NotFound"}
    return {LET_IN, "Conflict"}, not_there


def wrong(name: str, way: tuple[str, str], by: Actor, sides: tuple[Side, Side]) -> Iterator[str]:
    """What is not as it should be when this person asks for a record of each clinic, and for none."""
    kind, place = kind_of(*way), ".".join(part for part in way if part)
    mine, theirs, unknown = (
        outcome(ASKED[name], by, arguments(name, ASKED[name], sides[0], way, key))
        for key in (sides[0].ids[kind], sides[1].ids[kind], UNKNOWN)
    )
    of_own, of_others = owed(name, way, by)
    if by.kind in NOT_LOOKED_AT.get((name, place), ()):
        of_others = of_own
        if theirs != mine:
            yield f"{place}: is looked at: {theirs}; but the own clinic's: {mine}"
    if theirs != unknown:
        yield f"{place}: another clinic's: {theirs}; but where there is none: {unknown}"
    if mine[0] not in of_own:
        yield f"{place}: the own clinic's: {mine}; but allowed is {of_own}"
    if theirs[0] not in of_others:
        yield f"{place}: another clinic's: {theirs}; but allowed is {of_others}"


@pytest.fixture(scope="module")
def sides(module_database: str) -> Iterator[tuple[Side, Side]]:
    with clock.fixed(NOW):
        yield side("Aldebaran"), side("Betelgeuse")


@pytest.fixture
def a_little_later() -> Iterator[None]:
    with clock.fixed(NOW + timedelta(minutes=1)):
        yield


def test_every_action_that_takes_an_id_is_here() -> None:
    unnamed = DOORS.keys() - MAY.keys() - NOT_ASKED.keys()
    assert not unnamed, f"say in MAY of {HERE} which permission these need, or why none in NOT_ASKED: {unnamed}"
    gone = (MAY.keys() | NOT_ASKED.keys()) - DOORS.keys()
    assert not gone, f"there is no such action or query any more: take it out of {HERE}: {gone}"
    without = [name for name, door in ASKED.items() if not actor_of(door)]
    assert not without, f"these take an id and nobody who asks: {without}"


def test_every_id_is_of_a_kind_that_both_clinics_have(sides: tuple[Side, Side]) -> None:
    for name, door in ASKED.items():
        for argument, field in ways_to_name(door):
            kind = kind_of(argument, field)
            assert kind in sides[0].ids, f"{name} takes {kind}: make such a record in tests/two_clinics.py"


@pytest.mark.usefixtures("a_little_later")
@pytest.mark.parametrize("name", ASKED)
def test_another_clinics_record_is_answered_as_if_it_did_not_exist(sides: tuple[Side, Side], name: str) -> None:
    faults = [
        f"{name} by {who}, {fault}"
        for way in ways_to_name(ASKED[name])
        for who in WHO
        for fault in wrong(name, way, sides[0].actor(who), sides)
    ]
    assert not faults, "\n".join(faults)
    assert any(not refusal(MAY[name], sides[0].actor(who)) for who in WHO), f"{name}: nobody may do this at all"
