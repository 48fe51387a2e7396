"""What is worked out once for all alike is never given to somebody who differs in anything that decides it."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting.domain import check_in_context, questionnaire
from reporting.domain.check_in_context import Circumstances
from reporting.domain.content import content
from reporting.domain.questionnaire import CheckInContext, Question, TreatedAreaRef, path
from reporting.settings import settings

CHEEKS, BACK = (TreatedAreaRef(1, "cheeks", "Cheeks"),), (TreatedAreaRef(2, "back", "Back"),)
USUAL: dict[str, Any] = {"procedure_class": "ablative", "recovery_day": 3, "areas": CHEEKS, "fitzpatrick": 2}
MODIFIERS = frozenset(code for code, fact in content().facts.items() if fact.group == "modifier")


def all_rules(**changed: Any) -> dict[str, Any]:
    """Every rule with one condition more."""
    return {"changed_rules": tuple(dataclasses.replace(rule, **changed) for rule in content().rules)}


BESIDE = {
    "treated": all_rules(areas=("cheeks",)),
    "modifiers": all_rules(modifiers=tuple(sorted(MODIFIERS))),
    "is_at_pigment_risk": all_rules(condition="darker_skin_or_pigment_history"),
}
"""Rules that look at it, whatever those of the tables look at today."""
OTHERS: dict[str, dict[str, Any]] = {
    "rules": {"changed_rules": content().rules[::2]},
    "procedure_class": {"procedure_class": "hair_removal"},
    "recovery_day": {"recovery_day": 40},
    "treated": {"areas": BACK},
    "modifiers": {"modifiers": MODIFIERS},
    "is_at_pigment_risk": {"fitzpatrick": 5},
    "is_first": {"first_check_in": False},
}
PREPARED = (check_in_context.possible_rules, check_in_context.lines, questionnaire._first_of)
Worked = tuple[tuple[str, ...], tuple[str, ...], tuple[Question, ...]]


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Nothing is remembered, before and after."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    for one in PREPARED:
        one.cache_clear()


def worked_out(context: CheckInContext) -> Worked:
    """The rules that can fire, the lines that are shown, and the first page with all its words."""
    about = context.circumstances
    rules = tuple(rule.code for rule in check_in_context.possible_rules(about))
    return rules, tuple(row.key for row in check_in_context.lines(about)), path({}, context)


def anew_worked_out(context: CheckInContext) -> Worked:
    _forget()
    return worked_out(context)


def test_every_part_of_the_key_has_a_pair_here() -> None:
    assert {each.name for each in dataclasses.fields(Circumstances)} == {*OTHERS, "tables"} - {"is_first"}
    assert all(each.compare for each in dataclasses.fields(Circumstances))


@pytest.mark.parametrize("part", OTHERS)
def test_who_differs_in_one_thing_gets_the_own_page(part: str) -> None:
    base = USUAL | BESIDE.get(part, {})
    pair = CheckInContext(**base), CheckInContext(**(base | OTHERS[part]))
    one, other = (anew_worked_out(context) for context in pair)
    assert one != other, f"this pair does not show that {part} matters"
    _forget()
    assert [worked_out(context) for context in (*pair, *pair)] == [one, other, one, other]


def test_other_tables_are_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = worked_out(CheckInContext(**USUAL))
    copied = shutil.copytree(settings().content_dir, tmp_path / "data")
    table, title = copied / "questions.csv", content().questions["symptoms"].title_first
    table.write_text(table.read_text().replace(title, "How is your skin?"))
    monkeypatch.setenv("REPORTING_CONTENT_DIR", str(copied))
    settings.cache_clear()
    assert worked_out(CheckInContext(**USUAL))[2][0].title == "How is your skin?"
    monkeypatch.undo()
    settings.cache_clear()
    assert worked_out(CheckInContext(**USUAL)) == before


def test_those_alike_are_worked_out_once() -> None:
    first, second = (path({}, CheckInContext(**USUAL, previous={"burning": day})) for day in (1, 2))
    assert first[0] is second[0]
    assert questionnaire._first_of.cache_info().hits == 1
