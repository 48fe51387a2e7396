"""Triage rules and their columns in words, for the people who set them."""

from collections.abc import Mapping

from reporting.domain.case_work import LEVEL_WORDS
from reporting.domain.clinic_content import IS_ON
from reporting.domain.content import content
from reporting.domain.content_rows import CASE_LEVELS, Rule
from reporting.domain.vocabulary import area_label, procedure_classes, severity_word, symptom

COLUMN_WORDS = {
    IS_ON: "In use",
    "min_severity": "Lowest severity",
    "min_rise": "Least rise since the last check-in",
    "min_excess": "Least excess over the expected course",
    "from_day": "From recovery day",
    "to_day": "To recovery day",
    "advice": "What the patient is told",
    "case_level": "Case for the clinic",
    "deadline_hours": "To be taken by, hours",
    "counted": "Taking is counted in",
    "ceiling_hours": "Taken at the latest, plain hours",
    "contact_hours": "Patient to be contacted by, hours",
    "contact_counted": "Contacting is counted in",
    "contact_ceiling_hours": "Contacted at the latest, plain hours",
    "days": "Check-in days",
    "minimum": "Lowest",
    "maximum": "Highest",
    "note": "Note",
    "factor": "Tolerated multiple of the risk",
}
"""Column to what stands beside its field."""
ADVICE_WORDS = {
    "unusual": "Unusual: the clinic gets in touch",
    "contact_today": "Contact the clinic today",
    "emergency": "Emergency",
}
COUNTED_WORDS = {"opening_hours": "opening hours", "around_the_clock": "all hours"}
_COUNTED = ("counted", "contact_counted")
CASE_WORDS = {level: LEVEL_WORDS[level] for level in CASE_LEVELS}
_GIVEN = {"worried": "the patient is worried", "cannot_wait": "the patient says that it cannot wait"}


def value_words(column: str, text: str) -> str:
    """A cell as people read it; empty cells are no limit."""
    if column == IS_ON:
        return text
    if column == "min_severity" and text:
        return f"{text} ({severity_word(int(text))})"
    known = {"advice": ADVICE_WORDS, "case_level": CASE_WORDS, **dict.fromkeys(_COUNTED, COUNTED_WORDS)}.get(column, {})
    return known.get(text, text.replace("|", ", ")) or "none"


def fixed_conditions(rule: Rule) -> str:
    """What of a rule is the same at every clinic: symptom, checklist line, procedures, skin."""
    parts = []
    if rule.symptoms:
        names = (symptom(code).label.lower() for code in rule.symptoms if code != "*")
        which = "any one symptom" if "*" in rule.symptoms else " or ".join(names)
        parts.append(f"{which} at its worst since the last answer" if rule.window == "worst" else f"{which} now")
    if rule.together:
        words = (f"{symptom(code).label.lower()} {severity_word(g).lower()}" for code, g in rule.grades_together)
        parts.append(" and ".join(words) + " or worse together")
    parts.extend(_said(group, rule.unsure) for group in rule.fact_groups)
    if rule.given:
        parts.append(_GIVEN[rule.given])
    if rule.procedure_classes:
        names = (procedure_classes()[code].label.lower() for code in rule.procedure_classes)
        parts.append("after " + " or ".join(names))
    if rule.not_classes:
        names = (procedure_classes()[code].label.lower() for code in rule.not_classes)
        parts.append("not after " + " or ".join(names))
    if rule.areas:
        parts.append("on " + " or ".join(area_label(code).lower() for code in rule.areas))
    if rule.modifiers:
        parts.append("the clinic knows of " + " or ".join(code.replace("_", " ") for code in rule.modifiers))
    if rule.condition:
        parts.append("skin type IV to VI, unknown, or earlier pigment trouble")
    return "; ".join(parts)


def _said(group: frozenset[str], unsure: str) -> str:
    """The lines whose ticking meets a group of facts, as clinicians read them."""
    lines = (row for row in content().follow_ups.values() if row.shown_for and frozenset(row.facts) <= group)
    ticked = " or ".join(f"“{row.clinician_label}”" for row in lines)
    return f"{ticked} ticked{' or not sure' if unsure else ''}"


def thresholds(values: Mapping[str, str]) -> str:
    """The numbers of a rule in one line; empty without any."""
    parts = []
    if low := values.get("min_severity"):
        parts.append(f"at least {severity_word(int(low)).lower()}")
    if rise := values.get("min_rise"):
        parts.append("not falling" if rise == "0" else f"risen by {rise} or more")
    if excess := values.get("min_excess"):
        parts.append(f"{excess} or more above expected")
    first, last = values.get("from_day"), values.get("to_day")
    if first and last:
        parts.append(f"day {first} to {last}")
    elif first or last:
        parts.append(f"from day {first}" if first else f"to day {last}")
    return ", ".join(parts)
