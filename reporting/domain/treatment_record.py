"""A treatment as it is recorded by form, and the rules that hold whoever fills the form in."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date

from reporting.domain.course import AND
from reporting.domain.devices import DeviceClass, check_setting, parameter_of, proposed_class, setting_fields
from reporting.domain.vocabulary import areas, cooling_kinds, endpoints, indications, procedure_label
from reporting.errors import InvalidInput

FIRST_DAY = date(1990, 1, 1)
REFERENCE_CHARACTERS = 64


@dataclass(frozen=True)
class PatientRecord:
    """What is asked of a new patient. Contact details are encrypted; only the reference is needed."""

    reference: str
    year_of_birth: int | None = None
    fitzpatrick: int | None = None
    pigmentation_history: bool | None = None
    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = "en"


@dataclass(frozen=True)
class VisitFacts:
    """What is known before one treatment and changes what an answer after it means; None: not asked."""

    is_immunosuppressed: bool | None = None
    herpes_history: bool | None = None
    keloid_history: bool | None = None
    eczema_history: bool | None = None
    lives_alone: bool | None = None
    is_tanned: bool | None = None
    is_pregnant: bool | None = None
    isotretinoin_months_ago: int | None = None
    """Months from the last isotretinoin to the treatment; 0 = taking it."""

    def for_the_next(self) -> "VisitFacts":
        """What to propose at the next treatment: a tan, a pregnancy and a medicine are asked anew."""
        return replace(self, is_tanned=None, is_pregnant=None, isotretinoin_months_ago=None)


VISIT_FACTS = tuple(each.name for each in fields(VisitFacts))
YES_NO_FACTS = {
    "is_immunosuppressed": ("immunosuppressed", "weak immune defences"),
    "herpes_history": ("herpes_history", "herpes before"),
    "keloid_history": ("keloid_history", "keloid before"),
    "eczema_history": ("eczema_history", "eczema before"),
    "lives_alone": ("lives_alone", "lives alone"),
    "is_tanned": ("tan_at_treatment", "tanned"),
    "is_pregnant": ("pregnant", "pregnant"),
}
"""What is answered by yes or no, to the code of the table of facts and the words of the clinic's pages."""
ISOTRETINOIN_MONTHS = 6
ISOTRETINOIN_MOST = 600
CHILD_YEARS = 18


def modifiers(of: VisitFacts, age_years: int | None) -> frozenset[str]:
    """Codes of the table of facts that are known to hold for a treatment. What was not asked does not hold."""
    found = {code for name, (code, _) in YES_NO_FACTS.items() if getattr(of, name)}
    months = of.isotretinoin_months_ago
    if months is not None and months <= ISOTRETINOIN_MONTHS:
        found.add("isotretinoin_recent")
    if age_years is not None and age_years < CHILD_YEARS:
        found.add("child")
    return frozenset(found)


def known_words(of: VisitFacts, age_years: int | None) -> tuple[str, ...]:
    """The same for the clinic's pages, in words; isotretinoin however long ago."""
    found = [words for name, (_, words) in YES_NO_FACTS.items() if getattr(of, name)]
    months = of.isotretinoin_months_ago
    if months is not None:
        found.append(f"isotretinoin {months} months before" if months else "takes isotretinoin")
    if "child" in modifiers(of, age_years):
        found.append(f"under {CHILD_YEARS}")
    return tuple(found)


def also_done(procedure_class: str, others: Iterable[str]) -> str:
    """Codes of what else was done in a visit, each once, sorted and joined. Raises InvalidInput for an unknown one."""
    found = {code.strip() for code in others} - {procedure_class, ""}
    for code in found:
        procedure_label(code, "also_classes")
    return AND.join(sorted(found))


@dataclass(frozen=True)
class AreaRecord:
    """One treated area: ``settings`` maps columns of ``treated_area`` to values in the unit of their name."""

    area: str
    settings: Mapping[str, float] = field(default_factory=dict)
    indication: str = "not_recorded"
    cooling: str | None = None
    immediate_endpoint: str | None = None
    test_spot_done: bool | None = None
    pass_group: int = 1


@dataclass(frozen=True)
class TreatmentRecord:
    """A visit: ``patient`` is the id of a known one, or the record of a new one."""

    patient: int | PatientRecord
    performed_on: date
    device_id: int
    operator_id: int
    areas: Sequence[AreaRecord]
    session_number: int | None = None
    procedure_class: str = ""
    """How the skin is expected to heal; empty: as the device proposes for what it was used on."""
    known: VisitFacts = VisitFacts()
    also_classes: tuple[str, ...] = ()
    """Procedure classes of what else was done in the same visit."""

    def also_with(self, procedure_class: str) -> str:
        """What else was done, as it is kept. Raises InvalidInput for a class that is not known."""
        return also_done(procedure_class, self.also_classes)

    def class_with(self, device_class: DeviceClass) -> str:
        """The procedure class that is recorded. Raises InvalidInput for one that is not known."""
        if not self.procedure_class:
            return proposed_class(device_class, ((area.area, area.indication) for area in self.areas))
        procedure_label(self.procedure_class)
        return self.procedure_class


def _known(field: str, value: str | None, allowed: Mapping[str, str]) -> None:
    if value is not None and value not in allowed:
        raise InvalidInput(field=field, found=value, allowed="one of " + ", ".join(allowed))


def _within(field: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise InvalidInput(field=field, found=value, allowed=f"{low} to {high}")


def _limits(device_class: DeviceClass, name: str) -> str:
    parameter = parameter_of(device_class, name)
    low, high = (parameter.plausible_min, parameter.plausible_max) if parameter else (None, None)
    unit = setting_fields()[name].unit
    return (
        " and ".join(
            words
            for words in (
                f"at least {low:g} {unit}" if low is not None else "",
                f"at most {high:g} {unit}" if high is not None else "",
            )
            if words
        )
        or "a number"
    )


def _check_setting(device_class: DeviceClass, name: str, value: float) -> bool:
    """Refuses what cannot be; returns whether the value lies outside the typical range."""
    if name not in setting_fields():
        raise InvalidInput(field=name, found=value, allowed="a setting that this tool knows")
    if not math.isfinite(value):
        raise InvalidInput(field=name, found=value, allowed="a number")
    verdict = check_setting(device_class, name, value)
    if verdict == "not_a_setting":
        raise InvalidInput(field=name, found=value, allowed=f"no value: {device_class.name} has no such setting")
    if verdict == "implausible":
        raise InvalidInput(field=name, found=value, allowed=_limits(device_class, name))
    return verdict == "outside_typical"


def check_area(area: AreaRecord, device_class: DeviceClass) -> list[str]:
    """The settings of ``area`` outside the typical range. Raises InvalidInput."""
    _known("area", area.area, areas())
    _known("indication", area.indication, indications())
    _known("cooling", area.cooling, cooling_kinds())
    _known("immediate_endpoint", area.immediate_endpoint, endpoints())
    _within("pass_group", area.pass_group, 1, 20)
    return [name for name, value in area.settings.items() if _check_setting(device_class, name, value)]


def check_areas(found: Sequence[AreaRecord], device_class: DeviceClass) -> list[list[str]]:
    """For each area its settings outside the typical range. Raises InvalidInput."""
    if not 1 <= len(found) <= 20:
        raise InvalidInput(field="areas", found=len(found), allowed="1 to 20 areas")
    keys = [(area.area, area.pass_group) for area in found]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice:
        raise InvalidInput(field="areas", found=twice[0], allowed="each area once (or in another pass group)")
    return [check_area(area, device_class) for area in found]


def check_day(performed_on: date, today: date) -> None:
    """A treatment is neither in the future nor before lasers were used so. Raises InvalidInput."""
    if not FIRST_DAY <= performed_on <= today:
        raise InvalidInput(
            field="performed_on",
            found=performed_on.isoformat(),
            allowed=f"{FIRST_DAY.isoformat()} to {today.isoformat()} (not in the future)",
        )


def check_facts(known: VisitFacts) -> None:
    """Raises InvalidInput for what cannot be known of a visit."""
    _within("isotretinoin_months_ago", known.isotretinoin_months_ago, 0, ISOTRETINOIN_MOST)


def check_patient(patient: PatientRecord, today: date) -> None:
    """Raises InvalidInput for what a patient's record cannot hold."""
    if not 1 <= len(patient.reference.strip()) <= REFERENCE_CHARACTERS:
        raise InvalidInput(
            field="reference", found=patient.reference, allowed=f"1 to {REFERENCE_CHARACTERS} characters"
        )
    _within("year_of_birth", patient.year_of_birth, today.year - 120, today.year)
    _within("fitzpatrick", patient.fitzpatrick, 1, 6)
    if patient.email and ("@" not in patient.email.strip("@") or any(sign.isspace() for sign in patient.email)):
        raise InvalidInput(field="email", found=patient.email, allowed="an e-mail address, or nothing")
    if patient.phone and sum(sign.isdigit() for sign in patient.phone) < 5:
        raise InvalidInput(field="phone", found=patient.phone, allowed="a telephone number, or nothing")
