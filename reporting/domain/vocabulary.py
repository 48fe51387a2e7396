"""The six symptoms, their words and their codes.

Coded words: treated areas, indications, immediate endpoints, cooling, procedure classes.

The two groups of Fitzpatrick skin types that settings and side effects are told apart by.

Where a number comes from, as people read it: the publication, without where somebody found a copy of it.
"""

import re
from collections.abc import Mapping
from typing import Literal

from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS, ProcedureClass, SeverityWord, Symptom, Term
from reporting.domain.course import classes_of
from reporting.errors import InvalidInput

__all__ = [
    "DARK",
    "SEVERITIES",
    "SKIN_GROUPS",
    "SYMPTOMS",
    "Kind",
    "SeverityWord",
    "Symptom",
    "area_label",
    "areas",
    "cooling_kinds",
    "cooling_label",
    "endpoint_label",
    "endpoints",
    "indication_label",
    "indications",
    "is_warning_endpoint",
    "labels",
    "procedure_classes",
    "procedure_label",
    "severity_word",
    "short_source",
    "skin_group_of",
    "symptom",
    "symptoms",
    "terms",
    "visit_label",
]


SEVERITIES = (0, 1, 2, 3, 4)


def symptoms() -> tuple[Symptom, ...]:
    """The six symptoms, in the order of SYMPTOMS."""
    return tuple(content().symptoms[code] for code in SYMPTOMS)


def symptom(code: str) -> Symptom:
    """The symptom with that code. Raises KeyError."""
    return content().symptoms[code]


def severity_word(value: int) -> str:
    """Word for a severity from 0 (None) to 4 (Very severe)."""
    return content().severity_words[value].word


Kind = Literal["area", "indication", "endpoint", "cooling"]


def terms(kind: Kind) -> Mapping[str, Term]:
    """Terms of one vocabulary by code, in the order of the table."""
    return content().terms[kind]


def labels(kind: Kind) -> dict[str, str]:
    """Code to label of one vocabulary."""
    return {code: term.label for code, term in terms(kind).items()}


def areas() -> dict[str, str]:
    """Treated areas, code to label; has ``not_recorded``."""
    return labels("area")


def indications() -> dict[str, str]:
    """Indications, code to label; has ``not_recorded``."""
    return labels("indication")


def endpoints() -> dict[str, str]:
    """Immediate endpoints, code to label."""
    return labels("endpoint")


def cooling_kinds() -> dict[str, str]:
    """Kinds of cooling, code to label."""
    return labels("cooling")


def procedure_classes() -> Mapping[str, ProcedureClass]:
    """Procedure classes by code."""
    return content().procedure_classes


def _label(kind: Kind, code: str) -> str:
    found = terms(kind).get(code)
    if found is None:
        raise InvalidInput(field=kind, found=code, allowed="one of " + ", ".join(terms(kind)))
    return found.label


def area_label(code: str) -> str:
    """Label of a treated area. Raises InvalidInput."""
    return _label("area", code)


def indication_label(code: str) -> str:
    """Label of an indication. Raises InvalidInput."""
    return _label("indication", code)


def endpoint_label(code: str) -> str:
    """Label of an immediate endpoint. Raises InvalidInput."""
    return _label("endpoint", code)


def cooling_label(code: str) -> str:
    """Label of a kind of cooling. Raises InvalidInput."""
    return _label("cooling", code)


def procedure_label(code: str, field: str = "procedure_class") -> str:
    """Clinicians' label of a procedure class. Raises InvalidInput."""
    found = procedure_classes().get(code)
    if found is None:
        raise InvalidInput(field=field, found=code, allowed="one of " + ", ".join(procedure_classes()))
    return found.label


def visit_label(course: str) -> str:
    """Clinicians' words for all that was done in a visit; a code that is not known stands as it is."""
    known = procedure_classes()
    return " with ".join(known[code].label if code in known else code for code in classes_of(course))


def is_warning_endpoint(code: str) -> bool:
    """Whether an immediate endpoint shows damage (for example grey skin or a blister)."""
    found = terms("endpoint").get(code)
    return found is not None and found.is_warning


DARK = 4
"""Fitzpatrick type from which the darker group begins."""
SKIN_GROUPS = ("I-III", "IV-VI")


def skin_group_of(fitzpatrick: int | None) -> str:
    """Group of a Fitzpatrick type, empty where the type is not recorded."""
    return SKIN_GROUPS[fitzpatrick >= DARK] if fitzpatrick else ""


_ASIDE = re.compile(r"\s*\([^)]*\)?")
_COPY = re.compile(r"[,/]?\s*(?:[\w.]*scribd|qxmd|manualshive|mdedge)\s+\d+(?:\s+p\.\s*\d+)?", re.I)
_PATH = re.compile(r"\b((?:[\w-]+\.)+(?:com|ai|us|org|net))/\S+", re.I)
_MARK = re.compile(r"^(?:typical range|one or two points, typical bounds are our estimate):\s*", re.I)


def short_source(source: str) -> str:
    """The sources of a row in short: ``Yuan XH 2014 Dermatol Surg; Faghihi 2015 PMC4601415``.

    The table keeps every detail; what stands in brackets, numbers of copies and paths of web pages are left out.
    """
    first = _ASIDE.sub("", _MARK.sub("", source.split(";")[0]))
    parts = [_PATH.sub(r"\1", _COPY.sub("", part)).strip(" ,./") for part in first.split(" + ")]
    return "; ".join(part for part in parts if part) or source
