"""A truthful patient: ticks what is literally true of the facts that hold, and nothing else."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting.domain.answers import UNSURE, Question
from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS
from reporting.domain.questionnaire import NOT_SURE, SOMETHING_ELSE
from reporting.errors import InvalidInput

LEVELS = ("usual", "look_this_week", "look_next_working_day", "contact_today", "emergency")
"""What a patient is told, mildest first."""
WANTS_CALL = "wants_call"
"""The line of the first page that says a worry which cannot wait."""
BANDS = ("benign", "between", "red")


@dataclass(frozen=True)
class Vignette:
    """An invented patient whose truth is known. Grades are 0 to 4 by symptom code, a symptom not named is 0.

    ``facts`` hold for certain, ``unsure`` are not sure. ``hours``: the longest that a case may wait; None: no case.
    """

    id: str
    procedure_class: str
    day: int
    skin_type: int
    area: str
    modifiers: frozenset[str]
    now: Mapping[str, int]
    worst: Mapping[str, int]
    previous: Mapping[str, int] | None
    facts: frozenset[str]
    unsure: frozenset[str]
    is_worried: bool
    can_wait: bool
    level_min: str
    level_max: str
    hours: float | None
    story: str
    band: str


def _grades(cell: str) -> dict[str, int]:
    found = {}
    for part in filter(None, cell.split(";")):
        symptom, _, grade = part.partition(":")
        if symptom not in SYMPTOMS or grade not in {"0", "1", "2", "3", "4"}:
            raise InvalidInput(field="grades", found=part[:40], allowed="symptom:grade, grades 0 to 4")
        found[symptom] = int(grade)
    return found


def _codes(cell: str, known: Iterable[str]) -> list[str]:
    codes = [code for code in cell.split(";") if code]
    for code in codes:
        if code.removesuffix("?") not in known:
            raise InvalidInput(field="facts", found=code[:40], allowed="a code of the table of facts")
    return codes


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise InvalidInput(field=field, found=value[:40], allowed=", ".join(allowed))
    return value


def _vignette(row: Mapping[str, str], known: set[str]) -> Vignette:
    facts = _codes(row["facts"], known)
    return Vignette(
        id=row["id"],
        procedure_class=row["procedure_class"],
        day=int(row["day"]),
        skin_type=int(row["skin_type"]),
        area=row["area"],
        modifiers=frozenset(_codes(row["modifiers"], known)),
        now=_grades(row["now"]),
        worst=_grades(row["worst"]),
        previous=_grades(row["previous"]) if row["previous"] else None,
        facts=frozenset(code for code in facts if not code.endswith("?")),
        unsure=frozenset(code.removesuffix("?") for code in facts if code.endswith("?")),
        is_worried=row["worried"] == "yes",
        can_wait=row["can_wait"] == "yes",
        level_min=_one_of("level_min", row["level_min"], LEVELS),
        level_max=_one_of("level_max", row["level_max"], LEVELS),
        hours=float(row["case_within_hours_max"]) if row["case_within_hours_max"] else None,
        story=row["story"],
        band=_one_of("band", row["band"], BANDS),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def read_vignettes(path: Path, facts: Path, classes: Path | None = None) -> tuple[list[Vignette], dict[str, str]]:
    """The vignettes of ``path`` and, by procedure class, the class to run it as where the product has none.

    Raises OSError or UnicodeDecodeError for what cannot be read, InvalidInput for a cell or column that is wrong.
    """
    try:
        known = {row["code"] for row in _rows(facts)}
        mapped = {row["procedure_class"]: row["run_as_product_class"] for row in _rows(classes)} if classes else {}
        return [_vignette(row, known) for row in _rows(path)], mapped
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(field="file", found=str(error)[:80], allowed="the columns of the contract") from error


def _is_true(vignette: Vignette, key: str) -> bool:
    return not vignette.facts.isdisjoint(content().follow_ups[key].facts)


def _is_unsure(vignette: Vignette, key: str) -> bool:
    """Whether all that holds of the line is not sure."""
    return not _is_true(vignette, key) and not vignette.unsure.isdisjoint(content().follow_ups[key].facts)


def _ticked(vignette: Vignette, keys: list[str]) -> list[str]:
    """Lines of a checklist that are true; not sure where all that holds of a line is not sure."""
    true = [key for key in keys if _is_true(vignette, key)]
    if any(_is_unsure(vignette, key) for key in keys):
        true.append(NOT_SURE)
    return true or ["none"]


def _wants_call(vignette: Vignette) -> bool:
    """Worry and wait are as given, also where nothing can be seen."""
    return vignette.is_worried and not vignette.can_wait


def _first_page(vignette: Vignette, keys: list[str]) -> list[str]:
    """Symptoms that were there, lines that are true, and something else for what no line of the page takes."""
    taken = {fact for key in keys for fact in content().follow_ups[key].facts}
    ticks = [symptom for symptom in SYMPTOMS if vignette.worst.get(symptom) or vignette.now.get(symptom)]
    ticks += [key for key in keys if _is_true(vignette, key) or (key == WANTS_CALL and _wants_call(vignette))]
    if (vignette.facts | vignette.unsure) - taken:
        ticks.append(SOMETHING_ELSE)
    if any(_is_unsure(vignette, key) for key in keys):
        ticks.append(NOT_SURE)
    return ticks or ["none"]


def answer(vignette: Vignette, question: Question) -> Any:
    """The patient's answer, in the form's own values."""
    keys = [option.value for option in question.options if option.value in content().follow_ups]
    if question.id == "symptoms":
        return _first_page(vignette, keys)
    if question.kind == "grades":
        now, worst = (grades.get(question.symptom or "", 0) for grades in (vignette.now, vignette.worst))
        return f"{now}/{max(now, worst)}"
    if question.id.startswith(UNSURE):
        return [key for key in keys if _is_unsure(vignette, key)] or ["none"]
    if question.id.startswith("follow_ups_"):
        return _ticked(vignette, keys)
    if question.id.startswith("area_"):
        return ["all"]
    wanted = "wait" if vignette.can_wait else "soon"
    return f"{wanted}_worried" if vignette.is_worried else wanted
