"""Our own columns of the three kinds of file: what each holds, in which unit, and what is allowed in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from reporting.domain import devices, vocabulary
from reporting.domain.symptoms import SYMPTOMS

Kind = Literal["devices", "treatments", "check-ins"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Type = Literal["text", "number", "whole", "date", "moment", "yes_no", "code"]
REFERENCE_PREFIXES = ("ref_", "plausible_min_", "plausible_max_", "typical_low_", "typical_high_")
EARLIEST = "1990-01-01"
_NEVER_ZERO = {"fluence_j_cm2", "pulse_energy_mj", "density_pct", "passes"}


@dataclass(frozen=True)
class Field:
    """One of our columns. ``low`` and ``high`` are inclusive; ``longest`` is in characters."""

    name: str
    type: Type
    meaning: str
    unit: str = ""
    needed: bool = False
    low: float | None = None
    high: float | None = None
    above_zero: bool = False
    codes: tuple[str, ...] = ()
    longest: int = 64

    @property
    def allowed(self) -> str:
        """What may stand in it, in words."""
        return _ALLOWED[self.type](self)


def _range(field: Field) -> str:
    if field.above_zero:
        return " above 0" + (f" up to {field.high:g}" if field.high is not None else "")
    if field.low is None:
        return ""
    if field.high is None:
        return f" of {field.low:g} or more"
    return f" from {field.low:g} to {field.high:g}"


_ALLOWED: Mapping[Type, Callable[[Field], str]] = {
    "text": lambda field: f"text of at most {field.longest} characters",
    "number": lambda field: f"a number{_range(field)}{' in ' + field.unit if field.unit else ''}",
    "whole": lambda field: f"a whole number{_range(field)}",
    "date": lambda _: f"a date such as 2026-03-07, from {EARLIEST}",
    "moment": lambda _: "a date such as 2026-03-07, or a moment such as 2026-03-07 18:30",
    "yes_no": lambda _: "yes or no (also true, false, 1, 0)",
    "code": lambda field: f"one of {', '.join(field.codes)}",
}


def _settings(prefix: str = "") -> list[Field]:
    """One column per setting of a treated area. Setting names carry their unit."""
    return [
        Field(
            prefix + name, "number", _setting_meaning(prefix, setting.label), setting.unit,
            low=None if setting.unit == "degC" else 0, high=100 if setting.unit == "%" else None,
            above_zero=name in _NEVER_ZERO,
        )
        for name, setting in devices.setting_fields().items()
    ]  # fmt: skip


def _setting_meaning(prefix: str, label: str) -> str:
    words = {
        "": "", "ref_": "reference of the class: ", "plausible_min_": "values below are refused: ",
        "plausible_max_": "values above are refused: ", "typical_low_": "values below are marked: ",
        "typical_high_": "values above are marked: ",
    }  # fmt: skip
    return words[prefix] + label


def _procedure_classes() -> tuple[str, ...]:
    return tuple(vocabulary.procedure_classes())


def _device_fields() -> list[Field]:
    return [
        Field("device_class", "text", "code of the device class; a new one is defined here", needed=True),
        Field("device_class_name", "text", "its name for people", longest=120),
        Field("procedure_class", "code", "needed for a new class", codes=_procedure_classes()),
        Field("wavelength_nm", "text", "its wavelength", unit="nm"),
        Field("clinic", "text", "code of the clinic"),
        Field("device", "text", "the clinic's name of one machine of this class"),
        Field("model", "text", "its model", longest=120),
        Field("manufacturer", "text", "its manufacturer", longest=120),
        Field("serial", "text", "its serial number", longest=120),
        Field("handpiece", "text", "its handpiece", longest=120),
        *(field for prefix in REFERENCE_PREFIXES for field in _settings(prefix)),
    ]


def _treatment_fields() -> list[Field]:
    return [
        Field("treatment", "text", "the clinic's own number; else made from the content", longest=96),
        Field("clinic", "text", "code of the clinic; may be given by option instead"),
        Field("patient", "text", "the clinic's own patient number", needed=True),
        Field("performed_on", "date", "day of the treatment, in the clinic's time zone", needed=True),
        Field("operator", "text", "code of the operator"),
        Field("device", "text", "the clinic's name of the machine"),
        Field("device_class", "text", "class of the machine, where it is new"),
        Field("model", "text", "model of the machine; its class where that is not given", longest=120),
        Field("procedure_class", "code", "where not that of the device class", codes=_procedure_classes()),
        Field("session_number", "whole", "number of the session in the course", low=1, high=200),
        Field("year_of_birth", "whole", "of the patient", low=1900, high=2100),
        Field("age_years", "whole", "at the treatment, where no year of birth is kept", unit="years",
              low=0, high=120),
        Field("fitzpatrick", "whole", "skin type", low=1, high=6),
        Field("is_tanned", "yes_no", "of a patient who is new"),
        Field("isotretinoin_months_ago", "whole", "since the last dose; 0 = taking it", unit="months",
              low=0, high=1200),
        Field("herpes_history", "yes_no", "of a patient who is new"),
        Field("keloid_history", "yes_no", "of a patient who is new"),
        Field("pigmentation_history", "yes_no", "of a patient who is new"),
        Field("area", "code", "treated area; not_recorded where empty", codes=_terms("area")),
        Field("pass_group", "whole", "1, 2 … for several settings on one area", low=1, high=20),
        Field("indication", "code", "why; not_recorded where empty", codes=_terms("indication")),
        Field("cooling", "code", "kind of cooling", codes=_terms("cooling")),
        Field("immediate_endpoint", "code", "what the skin showed at once", codes=_terms("endpoint")),
        Field("test_spot_done", "yes_no", "whether a test spot was done"),
        *_settings(),
    ]  # fmt: skip


def _terms(kind: vocabulary.Kind) -> tuple[str, ...]:
    return tuple(vocabulary.terms(kind))


def _check_in_fields() -> list[Field]:
    return [
        Field("clinic", "text", "code of the clinic; may be given by option instead"),
        Field("treatment", "text", "the clinic's own number of the treatment", needed=True, longest=96),
        Field("scheduled_day", "whole", "day after the treatment for which it was due", unit="days",
              needed=True, low=0, high=3650),
        Field("due_on", "date", "date for which it was due; worked out where empty"),
        Field("answered", "yes_no", "no: it was due and nobody answered; kept, response rates need it"),
        Field("answered_on", "moment", "when it was answered, in the clinic's time zone"),
        *(Field(symptom, "whole", "0 none, 1 mild, 2 moderate, 3 severe, 4 very severe", low=0, high=4)
          for symptom in SYMPTOMS),
        Field("worried", "yes_no", "whether the patient said so"),
    ]  # fmt: skip


@cache
def fields_of(kind: Kind) -> Mapping[str, Field]:
    """Our columns of a kind of file, by name, in the order of the template."""
    made = {"devices": _device_fields, "treatments": _treatment_fields, "check-ins": _check_in_fields}[kind]()
    return {field.name: field for field in made}
