"""Loads all clinical content tables together and refuses them as a whole if one row is wrong.

What must hold between rows and between tables, so that the rules mean what they say.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from reporting.domain.content_reader import ContentError, Table, care_days, check_follow_ups, check_written, read_table
from reporting.domain.content_rows import (
    ADVICE_LEVELS,
    CASE_LEVELS,
    CONSENT_KINDS,
    SYMPTOMS,
    CaseLevel,
    ConsentText,
    Country,
    CourseWindow,
    DeviceClass,
    Fact,
    FollowUp,
    GuidanceText,
    Guideline,
    MessageText,
    OptionText,
    OutcomeTerm,
    Parameter,
    ParameterRow,
    ProcedureClass,
    QuestionText,
    Rule,
    ScheduledDay,
    SelfCare,
    SettingField,
    SeverityWord,
    SilenceRule,
    Symptom,
    Term,
)
from reporting.settings import settings

SLOTS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    10,
    14,
    21,
    28,
    35,
    42,
    49,
    56,
    63,
    70,
    77,
    84,
    90,
    120,
    150,
    180,
    270,
    365,
)
"""All days on which a check-in may be scheduled. Stored as bit positions: never change them."""


def all_present(table: Table[Any], column: str, wanted: Collection[object]) -> None:
    """Every wanted code has its row."""
    missing = [item for item in wanted if item not in table.by(column)]
    if missing:
        table.fail(1, column, f"{missing[0]!r} is missing")


def grouped_options(table: Table[OptionText]) -> dict[str, tuple[OptionText, ...]]:
    """Options by their set, in file order (best answer first)."""
    table.by("option_set", "value")
    found: dict[str, tuple[OptionText, ...]] = {}
    for option in table.records:
        found[option.option_set] = (*found.get(option.option_set, ()), option)
    return found


ANSWERS = {
    "symptoms": ("none",),
    "first_page": ("something_else", "not_sure"),
    "follow_ups": ("none",),
    "yes_no_not_sure": ("no", "not_sure", "yes"),
    "area": ("all",),
    "how_soon": ("wait", "wait_worried", "soon", "soon_worried"),
}
"""Answers that the flow itself gives a meaning, best first."""


def check_answers(table: Table[OptionText], options: Mapping[str, tuple[OptionText, ...]]) -> None:
    """The answers that the flow gives a meaning are there, and no others beside them."""
    for name, wanted in ANSWERS.items():
        found = tuple(option.value for option in options.get(name, ()))
        if found != wanted:
            line = next((line for line, row in table.rows if row.option_set == name), 1)
            table.fail(line, "value", f"the answers of {name} must be {', '.join(wanted)}, in this order")


_NO_EARLIER = (
    ("ceiling_hours", "deadline_hours"),
    ("contact_ceiling_hours", "contact_hours"),
    ("contact_hours", "deadline_hours"),
    ("contact_ceiling_hours", "ceiling_hours"),
)


def check_deadlines(table: Table[CaseLevel]) -> None:
    """A more urgent level never waits longer, a ceiling is no earlier than its deadline, nor contact than taking."""
    level = table.by("code")
    lines = {row.code: line for line, row in table.rows}
    for slower, faster in pairwise(CASE_LEVELS):
        for name in ("deadline_hours", "ceiling_hours", "contact_hours", "contact_ceiling_hours"):
            if getattr(level[faster], name) > getattr(level[slower], name):
                table.fail(lines[faster], name, f"{faster} waits longer than {slower}")
    for code, row in level.items():
        for later, earlier in _NO_EARLIER:
            if getattr(row, later) < getattr(row, earlier):
                table.fail(lines[code], later, f"is earlier than {earlier}")


def expected_days(table: Table[CourseWindow], classes: Collection[str]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Highest expected severity by day for each procedure class and symptom. Windows may not overlap."""
    found: dict[tuple[str, str], dict[int, int]] = {(name, symptom): {} for name in classes for symptom in SYMPTOMS}
    for line, row in table.rows:
        if row.from_day > row.to_day:
            table.fail(line, "to_day", "the window ends before it begins")
        days = found[row.procedure_class, row.symptom]
        for day in range(row.from_day, row.to_day + 1):
            if day in days:
                table.fail(line, "from_day", f"day {day} is already in another window")
            days[day] = row.highest_expected
    for (name, symptom), days in found.items():
        if not days:
            table.fail(1, "symptom", f"{name} has no row for {symptom}")
    return {key: tuple(days.get(day, 0) for day in range(max(days) + 1)) for key, days in found.items()}


def schedule_days(table: Table[ScheduledDay], classes: Collection[str]) -> dict[str, tuple[ScheduledDay, ...]]:
    """Due days by procedure class, rising; every class has some and every day is one that can be stored."""
    table.by("procedure_class", "day")
    found: dict[str, list[ScheduledDay]] = {}
    for line, row in table.rows:
        if row.day not in SLOTS:
            table.fail(line, "day", f"{row.day} is not a check-in day: {', '.join(map(str, SLOTS))}")
        found.setdefault(row.procedure_class, []).append(row)
    for name in classes:
        if name not in found:
            table.fail(1, "procedure_class", f"{name} has no schedule")
        if all(row.treatments_from for row in found[name]):
            table.fail(1, "treatments_from", f"{name} has no day for treatments before that day")
    return {name: tuple(sorted(rows, key=lambda row: row.day)) for name, rows in found.items()}


def check_limits(table: Table[ParameterRow], units: Mapping[str, str]) -> None:
    """Plausible limits enclose the typical range, and the unit is the field's."""
    for line, row in table.rows:
        if row.unit != units[row.field]:
            table.fail(line, "unit", f"{row.unit!r} is not the unit of {row.field}: {units[row.field]!r}")
        order = ("plausible_min", "typical_low", "typical_high", "plausible_max")
        given = [(name, getattr(row, name)) for name in order if getattr(row, name) is not None]
        for (low_name, low), (high_name, high) in pairwise(given):
            if low > high:
                table.fail(line, high_name, f"{high} is below {low_name} {low}")


def check_proposals(table: Table[DeviceClass], indications: Collection[str], classes: Collection[str]) -> None:
    """``for_indication`` names indications and procedure classes: ``tattoo:tattoo``."""
    for line, row in table.rows:
        for part in row.for_indication:
            indication, _, name = part.partition(":")
            if indication not in indications or name not in classes:
                table.fail(line, "for_indication", f"{part!r} is not a known indication and class: tattoo:tattoo")


def check_guidelines(table: Table[Guideline]) -> None:
    for line, row in table.rows:
        if row.fitzpatrick_from > row.fitzpatrick_to:
            table.fail(line, "fitzpatrick_to", "is below fitzpatrick_from")
        if row.minimum is not None and row.minimum > row.maximum:
            table.fail(line, "maximum", f"{row.maximum} is below the minimum {row.minimum}")


_content_checks__all__ = ["ADVICE_LEVELS", "CASE_LEVELS", "SLOTS", "SYMPTOMS"]


MESSAGE_CODES = (
    "sms_reminder",
    "sms_stopped",
    "sms_started",
    "sms_help",
    "sms_unread",
    "email_subject",
    "email_opening",
    "email_button",
    "email_help",
    "email_help_no_number",
    "email_emergency",
    "email_closed",
    "email_stop",
    "neutral_name",
    "card_title",
    "card_heading",
    "card_treatment",
    "card_scan",
    "card_short",
    "card_picture",
    "card_address",
    "card_code",
    "card_when",
    "card_keep",
    "card_questions",
    "card_hours",
    "card_closed",
    "card_urgent",
    "card_call",
    "card_demo",
)

__all__ = ["Content", "ContentError", "content"]


@dataclass(frozen=True)
class Content:
    """Every table, validated, looked up by code."""

    symptoms: Mapping[str, Symptom]
    severity_words: tuple[SeverityWord, ...]
    questions: Mapping[str, QuestionText]
    options: Mapping[str, tuple[OptionText, ...]]
    """Option set to its options, best answer first."""
    facts: Mapping[str, Fact]
    """What the lines of the checklists can be true of."""
    follow_ups: Mapping[str, FollowUp]
    course: tuple[CourseWindow, ...]
    expected: Mapping[tuple[str, str], tuple[int, ...]]
    """(procedure class, symptom) to the highest expected severity by recovery day; 0 after the last."""
    self_care: Mapping[str, Mapping[int, str]]
    """Procedure class to what a patient can do, by recovery day."""
    rules: tuple[Rule, ...]
    guidance: Mapping[str, GuidanceText]
    case_levels: Mapping[str, CaseLevel]
    consents: Mapping[str, ConsentText]
    """Kind of consent to the text that holds today: the last of its kind."""
    schedules: Mapping[str, tuple[ScheduledDay, ...]]
    """Procedure class to its due recovery days, rising."""
    procedure_classes: Mapping[str, ProcedureClass]
    terms: Mapping[str, Mapping[str, Term]]
    """Vocabulary kind to its terms by code."""
    setting_fields: Mapping[str, SettingField]
    device_classes: Mapping[str, DeviceClass]
    common_parameters: Mapping[str, Parameter]
    """Parameters that any device class may have."""
    guidelines: tuple[Guideline, ...]
    messages: Mapping[str, MessageText]
    countries: Mapping[str, Country]
    """Code to what is proposed to a clinic there."""
    silence: tuple[SilenceRule, ...]
    outcome_terms: Mapping[str, OutcomeTerm]


def content(folder: Path | None = None) -> Content:
    """The content of ``folder`` (default: the settings' ``content_dir``), read once. Raises ContentError."""
    return _load(folder or settings().content_dir)


@cache
def _load(folder: Path) -> Content:
    symptoms = read_table(folder / "symptoms.csv", Symptom)
    classes = read_table(folder / "procedure_classes.csv", ProcedureClass)
    terms = read_table(folder / "vocabulary.csv", Term)
    options = read_table(folder / "answer_options.csv", OptionText)
    questions = read_table(folder / "questions.csv", QuestionText)
    follow_ups = read_table(folder / "follow_ups.csv", FollowUp)
    facts = read_table(folder / "facts.csv", Fact).by("code")
    course = read_table(folder / "expected_course.csv", CourseWindow)
    rules = read_table(folder / "triage_rules.csv", Rule)
    guidance = read_table(folder / "guidance.csv", GuidanceText)
    levels = read_table(folder / "case_levels.csv", CaseLevel)
    schedules = read_table(folder / "schedules.csv", ScheduledDay)
    severity = read_table(folder / "severity_words.csv", SeverityWord)
    consents = read_table(folder / "consent_texts.csv", ConsentText)

    known = classes.by("code")
    option_sets = grouped_options(options)
    check_answers(options, option_sets)
    all_present(symptoms, "code", SYMPTOMS)
    all_present(guidance, "key", ("no_problems", "interruption", *ADVICE_LEVELS))
    all_present(levels, "code", CASE_LEVELS)
    all_present(questions, "id", ("symptoms", "safety", "unsure", "other", "how_soon", "note"))
    all_present(severity, "value", (0, 1, 2, 3, 4))
    all_present(classes, "code", ("other",))
    for table in (course, schedules):
        table.known("procedure_class", known)
    for column in ("procedure_classes", "not_classes"):
        rules.known(column, known)
    questions.known("options", option_sets)
    follow_ups.known("options", option_sets)
    places = {term.code for term in terms.records if term.kind == "area"}
    follow_ups.known("areas", places)
    rules.known("areas", places)
    rules.known("modifiers", {code for code, fact in facts.items() if fact.group == "modifier"})
    check_follow_ups(follow_ups)
    follow_ups.known("facts", facts)
    by_key = follow_ups.by("key")
    check_written(rules, by_key)
    check_deadlines(levels)
    consents.by("kind", "version")
    today = {text.kind: text for text in consents.records}
    if missing := [kind for kind in CONSENT_KINDS if kind not in today]:
        consents.fail(1, "kind", f"{missing[0]!r} is missing")

    fields = read_table(folder / "setting_fields.csv", SettingField)
    devices, common, guidelines = _devices(folder, known, terms, fields)
    return Content(
        symptoms=symptoms.by("code"),
        severity_words=tuple(sorted(severity.records, key=lambda word: word.value)),
        questions=questions.by("id"),
        options=option_sets,
        facts=facts,
        follow_ups=by_key,
        course=course.records,
        expected=expected_days(course, known),
        self_care=care_days(read_table(folder / "self_care.csv", SelfCare), known),
        rules=rules.records,
        guidance=guidance.by("key"),
        case_levels=levels.by("code"),
        consents=today,
        schedules=schedule_days(schedules, known),
        procedure_classes=known,
        terms=_terms(terms),
        setting_fields=fields.by("field"),
        device_classes=devices,
        common_parameters=common,
        guidelines=guidelines,
        messages=_messages(folder),
        silence=_silence(folder, known),
        outcome_terms=read_table(folder / "outcome_terms.csv", OutcomeTerm).by("code"),
        countries=read_table(folder / "countries.csv", Country).by("code"),
    )


def _silence(folder: Path, classes: Collection[str]) -> tuple[SilenceRule, ...]:
    table = read_table(folder / "silence_rules.csv", SilenceRule)
    for line, row in table.rows:
        if (row.after_hours is None) == (row.missed_check_ins is None):
            table.fail(line, "after_hours", "either hours or missed check-ins, not both")
        if (row.after_hours is None) == bool(row.told) or not set(row.told) <= set(ADVICE_LEVELS):
            table.fail(line, "told", f"hours count from one of {', '.join(ADVICE_LEVELS)}")
        if not set(row.procedure_classes) <= set(classes):
            table.fail(line, "procedure_classes", "is not a procedure class")
        if (row.after_hours or row.missed_check_ins or 0) < 1:
            table.fail(line, "after_hours", "at least 1")
    return table.records


def _messages(folder: Path) -> dict[str, MessageText]:
    table = read_table(folder / "messages.csv", MessageText)
    all_present(table, "code", MESSAGE_CODES)
    for line, row in table.rows:
        if "{link}" in row.text and row.code != "sms_reminder" and row.channel != "card":
            table.fail(line, "text", "only the reminder and the card carry the link")
    return table.by("code")


def _terms(table: Table[Term]) -> dict[str, dict[str, Term]]:
    table.by("kind", "code")
    found: dict[str, dict[str, Term]] = {"area": {}, "indication": {}, "endpoint": {}, "cooling": {}}
    for term in table.records:
        found[term.kind][term.code] = term
    for kind in ("area", "indication"):
        if "not_recorded" not in found[kind]:
            table.fail(1, "code", f"the {kind} not_recorded is missing")
    return found


def _devices(
    folder: Path, known: Mapping[str, ProcedureClass], terms: Table[Term], fields: Table[SettingField]
) -> tuple[dict[str, DeviceClass], dict[str, Parameter], tuple[Guideline, ...]]:
    classes = read_table(folder / "device_classes.csv", DeviceClass)
    parameters = read_table(folder / "device_parameters.csv", ParameterRow)
    guidelines = read_table(folder / "guidelines.csv", Guideline)
    classes.known("procedure_class", known)
    check_proposals(classes, {term.code for term in terms.records if term.kind == "indication"}, known)
    codes = classes.by("code")
    units = {name: field.unit for name, field in fields.by("field").items()}
    parameters.known("device_class", {*codes, "any"})
    parameters.known("field", units)
    parameters.by("device_class", "field")
    check_limits(parameters, units)
    guidelines.known("device_class", codes)
    guidelines.known("field", units)
    guidelines.known("areas", {term.code for term in terms.records if term.kind == "area"})
    check_guidelines(guidelines)

    def of(code: str) -> dict[str, Parameter]:
        return {row.field: row for row in parameters.records if row.device_class == code}

    joined = {code: replace(row, parameters=of(code)) for code, row in codes.items()}
    return joined, of("any"), guidelines.records
