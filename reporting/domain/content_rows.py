"""The records that rows of the clinical content tables become. One class per table, one field per column."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as column
from datetime import date
from functools import cached_property
from typing import Any

SYMPTOMS = ("burning", "bumps", "swelling", "infection", "scarring", "hyperpigmentation")
"""The six symptom codes, in the order of the check-in's columns."""
ADVICE_LEVELS = ("expected", "unusual", "contact_today", "emergency")
"""What a patient is told, mildest first."""
CASE_LEVELS = ("one_week", "one_day", "same_day", "emergency")
"""How soon a case must be looked at, slowest first."""
EVIDENCE_MARKS = ("FT", "A", "2nd", "DATA", "GK", "estimate")
"""Full text read, abstract read, secondary source, machine-readable file, general knowledge, our estimate."""
REVIEW_STATUSES = ("not_reviewed", "reviewed")
CONDITIONS = ("darker_skin_or_pigment_history",)
CONSENT_KINDS = ("check_ins", "photos", "email_reminders", "sms_reminders")
"""What a patient can agree to, each by itself."""
GIVEN_ANSWERS = ("worried", "cannot_wait")


def one_of(*allowed: str, optional: bool = False) -> Any:
    """A column whose value must be one of ``allowed`` (or may be empty)."""
    return column(metadata={"allowed": allowed}, **({"default": ""} if optional else {}))  # type: ignore[call-overload]


def within(low: float, high: float) -> Any:
    """A number column from ``low`` to ``high``, both included."""
    return column(metadata={"low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """Where a row comes from, how well that was read, and whether a clinician has signed it off."""

    source: str
    evidence_mark: str = one_of(*EVIDENCE_MARKS)
    review_status: str = one_of(*REVIEW_STATUSES)


@dataclass(frozen=True, kw_only=True)
class Symptom(Sourced):
    """A symptom with its patient wording and its codes in the usual terminologies."""

    code: str = one_of(*SYMPTOMS)
    label: str
    patient_label: str
    patient_hint: str
    severity_title: str
    now_title: str
    follow_ups_title: str
    area_title: str
    risk_from_day: int = within(0, 365)
    """First recovery day on which the symptom counts as a possible complication."""
    meddra_code: str
    meddra_term: str
    ctcae_term: str
    imdrf_code: str
    snomed_code: str
    icd10cm_code: str


@dataclass(frozen=True, kw_only=True)
class SeverityWord(Sourced):
    value: int = within(0, 4)
    word: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class QuestionText(Sourced):
    """Wording of a fixed question. ``title_first`` is used at the first check-in after a treatment."""

    id: str
    kind: str = one_of("single", "multiple", "text")
    title: str
    title_first: str
    hint: str = ""
    options: str = ""
    required: bool
    max_length: int | None = None


@dataclass(frozen=True, kw_only=True)
class OptionText(Sourced):
    """One answer of an option set; the rows of a set stand from best to worst."""

    option_set: str
    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class FollowUp(Sourced):
    """One line to tick. ``shown_for`` says where: ``first`` on the first page, ``other`` behind *something else*, and
    pairs of symptom and lowest severity at which its own checklist has it. Empty: no longer asked; its facts still tell
    what an earlier answer means.

    ``options`` is the set of answers that are stored; ``areas`` the treated areas where it is asked, empty for all.
    ``facts`` are those of which one must hold for the line to be true.
    """

    key: str
    shown_for: tuple[str, ...] = ()
    patient_label: str
    hint: str = ""
    areas: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    options: str
    clinician_label: str

    def lowest_severity(self, symptom: str) -> int | None:
        """Severity of ``symptom`` from which it is asked; None where that symptom does not call for it."""
        return next((int(p.split(":")[1]) for p in self.shown_for if p.split(":")[0] == symptom), None)


@dataclass(frozen=True, kw_only=True)
class Fact(Sourced):
    """What a patient can feel, see or know: the words in which the truth of an answer is told.

    ``boundary`` says what it is not. A ``modifier`` is known about the person rather than felt on the day.
    """

    code: str
    meaning: str
    group: str = one_of("safety", *SYMPTOMS[:-1], "pigmentation", "general", "modifier")
    boundary: str = ""


@dataclass(frozen=True, kw_only=True)
class CourseWindow(Sourced):
    """Highest severity that is expected in a window of recovery days, and what people usually have then."""

    procedure_class: str
    symptom: str = one_of(*SYMPTOMS)
    from_day: int = within(0, 3650)
    to_day: int = within(0, 3650)
    highest_expected: int = within(0, 4)
    words: str


@dataclass(frozen=True, kw_only=True)
class SelfCare(Sourced):
    """What a patient can do in a window of recovery days, in one to three short sentences, for several classes."""

    procedure_class: tuple[str, ...]
    from_day: int = within(0, 3650)
    to_day: int = within(0, 3650)
    words: str


@dataclass(frozen=True, kw_only=True)
class Rule(Sourced):
    """A triage rule: every condition that is given must hold. Empty conditions are no conditions.

    ``symptoms`` (``*``: any): one of them meets ``min_severity``, ``min_rise`` and ``min_excess`` together.
    ``window`` says of which grade: as it is ``now`` (the default), or the ``worst`` since the last answer. The excess
    is counted over the expected course of that window; the rise from the last answer over what the course itself rises,
    and 0 means that it is not falling. ``together``: grades that must all be there now, as ``burning:1``.
    ``facts``: ``a|b&c`` means one of a and b, and c, as the patient said; ``unsure``: *not sure* counts as said.
    ``areas``, ``modifiers``: one of them at least; ``not_classes``: procedure classes after which it is silent.
    """

    code: str
    red_flag: str = ""
    symptoms: tuple[str, ...] = ()
    window: str = one_of("now", "worst", optional=True)
    min_severity: int | None = None
    min_rise: int | None = None
    min_excess: int | None = None
    together: tuple[str, ...] = ()
    facts: str = ""
    unsure: str = one_of("counts", optional=True)
    given: str = one_of(*GIVEN_ANSWERS, optional=True)
    from_day: int | None = None
    to_day: int | None = None
    procedure_classes: tuple[str, ...] = ()
    not_classes: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    condition: str = one_of(*CONDITIONS, optional=True)
    advice: str = one_of(*ADVICE_LEVELS[1:])
    case_level: str = one_of(*CASE_LEVELS)
    safety: str = one_of("yes", optional=True)
    """``yes``: no clinic may make it milder or switch it off."""
    patient_words: str
    clinician_words: str

    def holds_for(self, procedure_class: str) -> bool:
        """Whether the rule is meant for treatments of that class."""
        is_named = not self.procedure_classes or procedure_class in self.procedure_classes
        return is_named and procedure_class not in self.not_classes

    @cached_property
    def fact_groups(self) -> tuple[frozenset[str], ...]:
        """The groups of ``facts``: of each one at least must have been said."""
        return tuple(frozenset(group.split("|")) for group in self.facts.split("&")) if self.facts else ()

    @cached_property
    def grades_together(self) -> tuple[tuple[str, int], ...]:
        """``together`` as pairs of symptom and lowest grade."""
        return tuple((part.split(":")[0], int(part.split(":")[1])) for part in self.together)


@dataclass(frozen=True, kw_only=True)
class GuidanceText(Sourced):
    """The page a patient sees after sending, by advice level (and ``no_problems``), or while answering
    (``interruption``). ``_closed`` is what stands there while the clinic is closed; empty: the same.
    """

    key: str = one_of("no_problems", "interruption", *ADVICE_LEVELS)
    heading: str
    heading_closed: str = ""
    opening: str
    opening_closed: str = ""
    what_next: str
    what_next_closed: str = ""
    out_of_hours: str
    out_of_hours_closed: str = ""
    emergency: bool
    phone_first: bool


@dataclass(frozen=True, kw_only=True)
class ConsentText(Sourced):
    """What a patient agrees to, in one version. Of each kind the last row is shown; earlier ones were agreed to."""

    kind: str = one_of(*CONSENT_KINDS)
    version: str
    title: str
    agree: str
    """The one sentence beside the button."""
    text: str


@dataclass(frozen=True, kw_only=True)
class CaseLevel(Sourced):
    code: str = one_of(*CASE_LEVELS)
    label: str
    deadline_hours: int = within(0, 24 * 365)
    counted: str = one_of("around_the_clock", "opening_hours")
    ceiling_hours: int = within(0, 24 * 365)
    """Plain hours after which it is overdue even if the clinic was closed all the time."""
    contact_hours: int = within(0, 24 * 365)
    """The same three for the second clock: by when somebody must have spoken to the patient."""
    contact_counted: str = one_of("around_the_clock", "opening_hours")
    contact_ceiling_hours: int = within(0, 24 * 365)


@dataclass(frozen=True, kw_only=True)
class OutcomeTerm(Sourced):
    """What a confirmed complication turned out to be. Codes of other vocabularies are empty where there is none; of
    ICD-10-CM several stand for the regions of the body."""

    code: str
    label: str
    ctcae_term: str = ""
    meddra_code: str = ""
    snomed_code: str = ""
    icd10cm_code: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScheduledDay(Sourced):
    """``from_hour``: hour of the patient's clock from which it is asked that day; ``treatments_from``: it holds for
    treatments from that day on, so that nobody counts as silent who was never asked."""

    procedure_class: str
    day: int = within(0, 3650)
    from_hour: int | None = within(0, 23)
    treatments_from: date | None = None


@dataclass(frozen=True, kw_only=True)
class ProcedureClass(Sourced):
    code: str
    label: str
    patient_label: str


@dataclass(frozen=True, kw_only=True)
class Term(Sourced):
    """A word of a vocabulary: treated area, indication, immediate endpoint or kind of cooling."""

    kind: str = one_of("area", "indication", "endpoint", "cooling")
    code: str
    label: str
    is_warning: bool
    """An immediate endpoint that shows damage, for example grey skin or a blister."""


@dataclass(frozen=True, kw_only=True)
class SettingField(Sourced):
    """A setting of a treated area: the column's name carries its unit."""

    field: str
    label: str
    unit: str
    quantity: str
    relative: str = one_of("log_ratio", "ratio", "difference", "none")
    """How a value is compared with the reference of its device class."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A setting of one device class, with its data-entry guard and typical range, in ``unit``."""

    field: str
    unit: str = ""
    plausible_min: float | None = None
    plausible_max: float | None = None
    typical_low: float | None = None
    typical_high: float | None = None
    reference: float | None = None
    notes: str = ""
    source: str = "defined by the clinic"
    evidence_mark: str = column(default="estimate", metadata={"allowed": EVIDENCE_MARKS})
    review_status: str = column(default="not_reviewed", metadata={"allowed": REVIEW_STATUSES})


@dataclass(frozen=True, kw_only=True)
class ParameterRow(Parameter):
    device_class: str


@dataclass(frozen=True, kw_only=True)
class DeviceClass:
    """Devices whose settings may be compared with each other. A clinic may define its own in code."""

    code: str
    name: str
    procedure_class: str
    """The class that it proposes for a treatment; the treatment's own may be another one."""
    for_indication: tuple[str, ...] = ()
    """Another proposal where it was used for that: ``tattoo:tattoo`` is indication and procedure class."""
    wavelength_nm: str = ""
    source: str = "defined by the clinic"
    evidence_mark: str = column(default="estimate", metadata={"allowed": EVIDENCE_MARKS})
    review_status: str = column(default="not_reviewed", metadata={"allowed": REVIEW_STATUSES})
    parameters: Mapping[str, Parameter] = column(default_factory=dict, metadata={"column": False})


@dataclass(frozen=True, kw_only=True)
class Guideline(Sourced):
    """A published highest (and lowest) value for skin types, a spot size or areas of one device class."""

    device_class: str
    field: str
    fitzpatrick_from: int = within(1, 6)
    fitzpatrick_to: int = within(1, 6)
    spot_size_mm: float | None = None
    areas: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float
    notes: str = ""


PLACE_WORDS = {
    "department_emergency_department": "an emergency department",
    "department_emergency_room": "an emergency room",
    "department_a_and_e": "A&E",
}
"""What patients read of the place where emergencies are seen, after *go to*."""


@dataclass(frozen=True, kw_only=True)
class Country(Sourced):
    """What is proposed to a clinic in a country; ``out_of_hours_``: a public line where there is one."""

    code: str
    """ISO 3166, two letters."""
    name: str
    emergency_number: str
    out_of_hours_name: str = ""
    out_of_hours_number: str = ""
    emergency_department: str = one_of("emergency_department", "emergency_room", "a_and_e")
    """What the place is called where emergencies are seen; patients read ``department_CODE``."""
    time_zones: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MessageText(Sourced):
    """A sentence of a message that leaves the house: it names nothing about health and nobody. Or of the card."""

    code: str
    channel: str = one_of("sms", "email", "card", "any")
    text: str


@dataclass(frozen=True, kw_only=True)
class SilenceRule(Sourced):
    """After a report, so many hours without an answer or a contact make a case, or so many due check-ins missed.

    ``told``: what the patient was told, of ADVICE_LEVELS; days and procedure classes are those of the report, empty:
    all. Of the rules in hours the first that is about a report counts alone.
    """

    code: str
    told: tuple[str, ...] = ()
    after_hours: int | None = None
    missed_check_ins: int | None = None
    from_day: int | None = None
    to_day: int | None = None
    procedure_classes: tuple[str, ...] = ()
    case_level: str = one_of(*CASE_LEVELS)
    clinician_words: str
