"""Nobody's own words lie readable in the database: a column of text is sealed, or stands here with what it holds."""

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from reporting.records.sealed import is_sealed

CODES = "a word of a list in the code or the content tables, a language, a zone, a state"
HASHES = "a hash, or a random name that says nothing"
NAMES_OF_THINGS = "what the clinic calls its machines, places and itself, and what it shows to everybody"
STAFF = "who works here: shown beside everything that they did"
REFERENCES = "the clinic's own numbers, by which it finds its patients: searched and sorted"
FIGURES = "numbers, days, keys and codes that statements read"
BROWSER = "what a browser calls itself, so that its owner knows the session again"
CONTENT = "rows of the clinical content, which is published with the product"
TRAIL = "codes and numbers; nobody's words may go in, since nothing can be taken out"

READABLE = {
    "audit_event": {TRAIL: "actor_kind action record_kind record_id details", STAFF: "actor_label"}
    | {HASHES: "previous_hash hash sealed_with"},
    "audit_head": {HASHES: "hash"},
    "clinic": {
        NAMES_OF_THINGS: "code name telephone other_telephones emergency_telephone out_of_hours_name "
        "out_of_hours_telephone message_name",
        CODES: "timezone country region second_factor staff_second_factor content_withdrawn",
        FIGURES: "opening_hours closed_days open_holidays reminders_from reminders_until retention report_schedule",
    },
    "content_withdrawal": {CODES: "version"},
    "inbound_message": {CODES: "word", HASHES: "provider_id phone_hash"},
    "signal_run": {FIGURES: "details"},
    "throttle": {HASHES: "key"},
    "custom_device_class": {NAMES_OF_THINGS: "code name wavelength_nm source", CODES: "procedure_class"},
    "custom_parameter": {CODES: "field"},
    "device": {NAMES_OF_THINGS: "code model manufacturer serial handpiece", CODES: "device_class"},
    "encryption_key": {HASHES: "name"},
    "erased_reference": {HASHES: "reference_hash"},
    "on_call_entry": {STAFF: "name", FIGURES: "hours"},
    "operator": {STAFF: "code name"},
    "patient": {REFERENCES: "reference", HASHES: "phone_hash", CODES: "language timezone country"},
    "signal": {CODES: "code kind unit_type unit_id symptom skin_group state", FIGURES: "card"},
    "signal_event": {CODES: "kind", FIGURES: "details"},
    "consent": {CODES: "kind text_version language source"},
    "service_event": {CODES: "kind"},
    "staff_account": {STAFF: "email display_name", CODES: "role", HASHES: "password_hash"},
    "treatment": {REFERENCES: "reference", CODES: "procedure_class also_classes source"},
    "treated_area": {CODES: "area indication cooling immediate_endpoint outside_typical"},
    "check_in": {
        FIGURES: "areas",
        CODES: "follow_up advice source answered_by language package_version",
        HASHES: "submission_key package_hash",
    },
    "outcome": {FIGURES: "trail", CODES: "package_version", HASHES: "package_hash"},
    "content_change": {CODES: "content_table row_key", CONTENT: "cells"},
    "content_package": {CONTENT: "name version rows", HASHES: "hash"},
    "content_signature": {STAFF: "name role", HASHES: "rows"},
    "draft": {CODES: "kind", HASHES: "submission_key"},
    "erasure_request": {CODES: "state"},
    "import_run": {CODES: "kind", HASHES: "file_sha256"},
    "refused_row": {CODES: "kind state"},
    "invitation": {HASHES: "token_hash code_hash reminder_hash"},
    "sign_in_session": {HASHES: "token_hash", CODES: "kind strength", BROWSER: "user_agent"},
    "recovery_code": {HASHES: "code_hash"},
    "staff_link": {HASHES: "token_hash", CODES: "purpose"},
    "one_time_code": {HASHES: "code_hash"},
    "photo": {HASHES: "stored_name sha256 submission_key", CODES: "details"},
    "triage_case": {
        CODES: "level rules state action_taken confirmation package_version",
        CONTENT: "reasons",
        HASHES: "package_hash",
    },
    "case_event": {CODES: "kind"},
    "outbox_message": {CODES: "channel kind status last_error", HASHES: "idempotency_key provider_id"},
}
"""Table to why its columns may be read by whoever holds the file: what they hold, and their names."""


def readable() -> set[tuple[str, str]]:
    found = set()
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
            if isinstance(kind, String | JSON | LargeBinary) and not is_sealed(column):
                found.add((table.name, column.name))
    return found


def test_every_column_of_text_is_sealed_or_known_to_hold_nobodys_words() -> None:
    known = [(table, column) for table, whys in READABLE.items() for names in whys.values() for column in names.split()]
    assert sorted(known) == sorted(readable())
