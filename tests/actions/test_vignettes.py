"""Invented patients whose truth is known, walked through the real check-in."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reporting.demo.vignette_patient import Vignette, answer, read_vignettes
from reporting.demo.vignettes import Answered, answered, bar_holds, summary
from reporting.domain.answers import Option, Question
from reporting.domain.content import content
from reporting.errors import InvalidInput
from tools.safety_file.vignettes import kept

pytestmark = pytest.mark.xdist_group("vignettes")  # what English patients were told is asked once

FOLDER = Path(__file__).parent.parent / "data" / "vignettes"
TABLES = (FOLDER / "facts.csv", FOLDER / "class_map.csv")
FILES = (FOLDER / "vignettes.csv", *TABLES)
SETS = ("vignettes", "own_vignettes")


@pytest.fixture(scope="module")
def told() -> dict[str, Vignette]:
    return {one.id: one for one in read_vignettes(*FILES)[0]}


def answered_set(name: str, each: int = 1, **how: Any) -> tuple[Answered, ...]:
    """All vignettes of a file, or one of so many, at the moment each of them tells."""
    vignettes, mapped = read_vignettes(FOLDER / f"{name}.csv", *TABLES)
    return answered(vignettes[::each], mapped, hard_moments=False, **how)


@cache
def in_english(name: str) -> tuple[Answered, ...]:
    return answered_set(name)


def wrong(results: Sequence[Answered], band: str, verdict: str) -> dict[str, int]:
    return {one.id: one.by for one in results if (one.band, one.verdict) == (band, verdict)}


@pytest.mark.parametrize("name", SETS)
def test_the_advice_is_right_as_often_as_the_bar_asks(name: str) -> None:
    """No red one under; at most 3 between ones under and 3 benign ones over, none of them by 2."""
    results = in_english(name)
    assert (len(results), {one.band for one in results}) == (80, {"red", "between", "benign"})
    assert wrong(results, "red", "under") == {}
    for few in (wrong(results, "between", "under"), wrong(results, "benign", "over")):
        assert len(few) <= 3, few
        assert all(steps < 2 for steps in few.values()), few
    assert bar_holds(results)


@pytest.mark.parametrize("name", SETS)
def test_the_table_of_the_safety_file_is_what_they_are_told_today(name: str) -> None:
    """Its hours are of three moments and not asked again here."""
    told = {one.id: (one.level, one.verdict, one.by) for one in kept()[name]}
    assert told == {one.id: (one.level, one.verdict, one.by) for one in in_english(name)}


@pytest.mark.parametrize(
    ("name", "language", "story", "each"),
    [
        ("own_vignettes", "ar", True, 8),
        pytest.param("own_vignettes", "ar", True, 1, marks=pytest.mark.thorough),
        pytest.param("vignettes", "ar", True, 1, marks=pytest.mark.thorough),
        pytest.param("vignettes", "es", False, 1, marks=pytest.mark.thorough),
        pytest.param("own_vignettes", "es", False, 1, marks=pytest.mark.thorough),
    ],
    ids=[
        "own, some, Arabic with the story",
        "own, Arabic with the story",
        "Arabic with the story",
        "Spanish",
        "own, Spanish",
    ],
)
def test_every_vignette_gets_the_same_level_in_every_language_and_with_its_story(
    name: str, language: str, story: bool, each: int
) -> None:
    english, other = in_english(name)[::each], answered_set(name, each, language=language, story=story)
    pairs = list(zip(english, other, strict=True))
    assert {one.id: (one.level, two.level) for one, two in pairs if one.level != two.level} == {}
    assert {one.id for one, two in pairs if one.asked != two.asked} == set()
    assert {one.id for one, two in pairs if one.told == two.told} == set(), "told in English words"


def checklist(*keys: str) -> Question:
    lines = tuple(Option(key, "", "") for key in keys)
    return Question("follow_ups_infection", "multiple", "", "", lines, True, "infection")


def test_eighty_patients_are_read(told: dict[str, Vignette]) -> None:
    assert len(told) == 80
    assert (told["VG057"].facts, told["VG057"].unsure) == (frozenset(), frozenset({"eye_pain"}))


def test_a_truthful_patient_ticks_what_is_true_and_nothing_else(told: dict[str, Vignette]) -> None:
    pus = told["VG152"]
    assert answer(pus, checklist("infection_fever", "infection_pus")) == ["infection_pus"]
    assert answer(pus, checklist("infection_fever")) == ["none"]
    assert answer(told["VG057"], checklist("burning_eye_pain", "blister")) == ["not_sure"]


def test_facts_of_the_tables_are_known(told: dict[str, Vignette]) -> None:
    named = {fact for one in told.values() for fact in (*one.facts, *one.unsure, *one.modifiers)}
    assert named <= content().facts.keys()


def test_the_answers_are_those_of_the_real_rules(told: dict[str, Vignette]) -> None:
    calm, blistered = told["VG034"], told["VG148"]
    both = {one.id: one for one in answered([calm, blistered], {"microneedling": "other"})}
    assert (both["VG034"].level, both["VG034"].verdict, both["VG034"].case_due_hours) == ("usual", "right", None)
    assert (both["VG148"].level, both["VG148"].verdict) == ("contact_today", "right")
    assert both["VG148"].case_due_hours is not None
    assert "follow_ups_burning" in both["VG148"].asked


def test_a_story_typed_in_changes_no_level_and_the_hard_moments_only_the_clock(told: dict[str, Vignette]) -> None:
    [hard], [plain] = answered([told["VG148"]], {}), answered([told["VG148"]], {}, hard_moments=False, story=True)
    assert (hard.level, hard.verdict, hard.asked) == (plain.level, plain.verdict, plain.asked)
    assert hard.case_due_hours is not None
    assert plain.case_due_hours is not None
    assert hard.contact_due_hours is not None
    assert plain.contact_due_hours is not None
    assert hard.case_due_hours == plain.case_due_hours == 2, "counted around the clock"
    assert hard.contact_due_hours > plain.contact_due_hours


def test_the_bar_forgives_few_and_no_red_one() -> None:
    right = Answered("X", "red", "emergency", "right", 0, "", 1.0, 2.0, "right", (), "")
    assert bar_holds([right])
    assert not bar_holds([replace(right, verdict="under", by=1)])
    assert not bar_holds([replace(right, case_verdict="under")])
    over = replace(right, band="benign", verdict="over", by=1)
    assert bar_holds([over] * 3)
    assert not bar_holds([over] * 4)
    assert not bar_holds([replace(over, by=2)])
    assert summary([right, over])["benign"] == {"right": 0, "under": 0, "over": 1}


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(FILES[0].read_text().replace("hives_all_over", "no_such_fact", 1))
    with pytest.raises(InvalidInput, match="no_such_fact"):
        read_vignettes(wrong, *FILES[1:])
