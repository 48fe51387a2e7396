"""Loads all clinical content tables together and refuses them as a whole if one row is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from reporting.domain import content_checks as checks
from reporting.domain.content_reader import ContentError, Table, read_table
from reporting.domain.records import (
    CONSENT_KINDS,
    CaseLevel,
    ConsentText,
    CourseWindow,
    DeviceClass,
    FollowUp,
    GuidanceText,
    Guideline,
    MessageText,
    OptionText,
    Parameter,
    ParameterRow,
    ProcedureClass,
    QuestionText,
    Rule,
    ScheduledDay,
    SettingField,
    SeverityWord,
    SilenceRule,
    Symptom,
    Term,
)
from reporting.settings import settings

MESSAGE_CODES = (
    "sms_reminder", "sms_stopped", "sms_started", "sms_help", "sms_unread", "email_subject", "email_opening",
    "email_button", "email_help", "email_help_no_number", "email_stop", "neutral_name",
)  # fmt: skip

__all__ = ["Content", "ContentError", "content"]


@dataclass(frozen=True)
class Content:
    """Every table, validated, looked up by code."""

    symptoms: Mapping[str, Symptom]
    severity_words: tuple[SeverityWord, ...]
    questions: Mapping[str, QuestionText]
    options: Mapping[str, tuple[OptionText, ...]]
    """Option set to its options, best answer first."""
    follow_ups: Mapping[str, FollowUp]
    course: tuple[CourseWindow, ...]
    expected: Mapping[tuple[str, str], tuple[int, ...]]
    """(procedure class, symptom) to the highest expected severity by recovery day; 0 after the last."""
    rules: tuple[Rule, ...]
    guidance: Mapping[str, GuidanceText]
    case_levels: Mapping[str, CaseLevel]
    consents: Mapping[str, ConsentText]
    """Kind of consent to the text that holds today: the last of its kind."""
    schedules: Mapping[str, tuple[int, ...]]
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
    silence: tuple[SilenceRule, ...]


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
    course = read_table(folder / "expected_course.csv", CourseWindow)
    rules = read_table(folder / "triage_rules.csv", Rule)
    guidance = read_table(folder / "guidance.csv", GuidanceText)
    levels = read_table(folder / "case_levels.csv", CaseLevel)
    schedules = read_table(folder / "schedules.csv", ScheduledDay)
    severity = read_table(folder / "severity_words.csv", SeverityWord)
    consents = read_table(folder / "consent_texts.csv", ConsentText)

    known = classes.by("code")
    option_sets = checks.grouped_options(options)
    checks.answers(options, option_sets)
    checks.all_present(symptoms, "code", checks.SYMPTOMS)
    checks.all_present(guidance, "key", ("no_problems", "interruption", *checks.ADVICE_LEVELS))
    checks.all_present(levels, "code", checks.CASE_LEVELS)
    checks.all_present(questions, "id", ("symptoms", "how_soon", "note"))
    checks.all_present(severity, "value", (0, 1, 2, 3, 4))
    checks.all_present(classes, "code", ("other",))
    for table in (course, schedules):
        table.known("procedure_class", known)
    rules.known("procedure_classes", known)
    questions.known("options", option_sets)
    follow_ups.known("options", option_sets)
    follow_ups.known("areas", {term.code for term in terms.records if term.kind == "area"})
    checks.follow_ups(follow_ups)
    by_key = follow_ups.by("key")
    checks.rules(rules, by_key, option_sets)
    checks.deadlines(levels)
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
        follow_ups=by_key,
        course=course.records,
        expected=checks.expected_days(course, known),
        rules=rules.records,
        guidance=guidance.by("key"),
        case_levels=levels.by("code"),
        consents=today,
        schedules=checks.schedule_days(schedules, known),
        procedure_classes=known,
        terms=_terms(terms),
        setting_fields=fields.by("field"),
        device_classes=devices,
        common_parameters=common,
        guidelines=guidelines,
        messages=_messages(folder),
        silence=read_table(folder / "silence_rules.csv", SilenceRule).records,
    )


def _messages(folder: Path) -> dict[str, MessageText]:
    table = read_table(folder / "messages.csv", MessageText)
    checks.all_present(table, "code", MESSAGE_CODES)
    for line, row in table.rows:
        if "{link}" in row.text and row.code != "sms_reminder":
            table.fail(line, "text", "only the reminder carries the link")
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
    codes = classes.by("code")
    units = {name: field.unit for name, field in fields.by("field").items()}
    parameters.known("device_class", {*codes, "any"})
    parameters.known("field", units)
    parameters.by("device_class", "field")
    checks.limits(parameters, units)
    guidelines.known("device_class", codes)
    guidelines.known("field", units)
    guidelines.known("areas", {term.code for term in terms.records if term.kind == "area"})
    checks.guidelines(guidelines)

    def of(code: str) -> dict[str, Parameter]:
        return {row.field: row for row in parameters.records if row.device_class == code}

    joined = {code: replace(row, parameters=of(code)) for code, row in codes.items()}
    return joined, of("any"), guidelines.records
