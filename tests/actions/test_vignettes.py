"""Invented patients whose truth is known, walked through the real check-in."""

from dataclasses import replace
from pathlib import Path

import pytest

from reporting.demo.vignette_patient import Vignette, answer, read_vignettes
from reporting.demo.vignettes import Answered, answered, bar_holds, summary
from reporting.domain.answers import Option, Question
from reporting.domain.content import content
from reporting.errors import InvalidInput

FOLDER = Path(__file__).parent.parent / "data" / "vignettes"
FILES = (FOLDER / "vignettes.csv", FOLDER / "facts.csv", FOLDER / "class_map.csv")


@pytest.fixture(scope="module")
def told() -> dict[str, Vignette]:
    return {one.id: one for one in read_vignettes(*FILES)[0]}


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
    assert answer(told["VG057"], checklist("burning_eye_pain", "burning_skin_change")) == ["not_sure"]


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


@pytest.mark.parametrize("language", ["es", "ar"])
def test_the_level_is_the_same_in_every_language_and_with_the_story(told: dict[str, Vignette], language: str) -> None:
    [english] = answered([told["VG148"]], {})
    [other] = answered([told["VG148"]], {}, language=language, story=True)
    assert (english.level, english.case_due_hours) == (other.level, other.case_due_hours)
    assert english.told != other.told


def test_the_bar_forgives_few_and_no_red_one() -> None:
    right = Answered("X", "red", "emergency", "right", 0, "", 1.0, "right", (), "")
    assert bar_holds([right])
    assert not bar_holds([replace(right, verdict="under", by=1)])
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
