"""The project's own acceptance vignettes: well formed, balanced, and none of them one of the first eighty again."""

import csv
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from reporting.demo.vignette_patient import LEVELS, Vignette, read_vignettes
from reporting.domain.vocabulary import areas

FOLDER = Path(__file__).parent.parent / "data" / "vignettes"
OWN, FIRST = FOLDER / "own_vignettes.csv", FOLDER / "vignettes.csv"
SHORT_DAYS = 28
"""The last day that most schedules ask about weekly or closer."""
FURTHER_CLASSES = {"peel", "peel_superficial", "peel_deep", "dermabrasion", "plasma"}
HOURS = {
    "usual": {None},
    "look_this_week": {72.0, 168.0},
    "look_next_working_day": {24.0, 48.0, 72.0},
    "contact_today": {2.0, 4.0, 8.0, 12.0, 24.0},
    "emergency": {1.0},
}
"""Longest clock hours until a person has the case in hand, by the mildest level that is right."""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def own() -> list[Vignette]:
    return read_vignettes(OWN, FOLDER / "facts.csv")[0]


@pytest.fixture(scope="module")
def first() -> list[Vignette]:
    return read_vignettes(FIRST, FOLDER / "facts.csv")[0]


def test_the_columns_are_those_of_the_first_file_and_every_row_names_its_source() -> None:
    mine = rows(OWN)
    assert list(mine[0]) == list(rows(FIRST)[0])
    assert all(row["why"] and row["source"] and row["verified"] in {"yes", "no"} for row in mine)
    assert {row["worried"] for row in mine} == {row["can_wait"] for row in mine} == {"yes", "no"}
    unread = [row["id"] for row in mine if ("not verified" in row["source"]) and row["verified"] == "yes"]
    assert unread == []


def test_ids_are_unique_and_of_their_own(own: list[Vignette], first: list[Vignette]) -> None:
    ids = [one.id for one in own]
    assert ids == [f"O{number:03}" for number in range(1, len(own) + 1)]
    assert not set(ids) & {one.id for one in first}
    assert len(own) >= 64


def test_a_band_is_that_of_the_mildest_right_level(own: list[Vignette]) -> None:
    for one in own:
        lowest, highest = LEVELS.index(one.level_min), LEVELS.index(one.level_max)
        assert lowest <= highest <= lowest + 1, one.id
        band = {"usual": "benign", "contact_today": "red", "emergency": "red"}.get(one.level_min, "between")
        assert (one.band, one.hours in HOURS[one.level_min]) == (band, True), one.id


def test_grades_and_modifiers_can_be_true(own: list[Vignette]) -> None:
    groups = {row["code"]: row["group"] for row in rows(FOLDER / "facts.csv")}
    for one in own:
        assert all(one.worst.get(symptom, 0) >= grade for symptom, grade in one.now.items()), one.id
        assert all(groups[code] == "modifier" for code in one.modifiers), one.id
        assert all(groups[code] != "modifier" for code in one.facts | one.unsure), one.id
        assert (one.previous is None) or one.day > 0, one.id
        assert 0 <= one.day <= 365, one.id


def test_bands_skin_types_and_days_are_balanced(own: list[Vignette]) -> None:
    share = {band: count / len(own) for band, count in Counter(one.band for one in own).items()}
    assert share == pytest.approx({"red": 0.3, "between": 0.35, "benign": 0.35}, abs=0.05)
    skin = Counter(one.skin_type for one in own)
    assert set(skin) == set(range(1, 7))
    assert max(skin.values()) - min(skin.values()) <= 2
    for band in share:
        darker = sum(one.skin_type >= 4 for one in own if one.band == band)
        assert darker / sum(one.band == band for one in own) == pytest.approx(0.5, abs=0.15), band
    days = {one.day for one in own}
    assert days >= set(range(8))
    assert len([day for day in days if day > SHORT_DAYS]) >= 10


def test_every_class_of_the_first_file_is_there_and_the_further_ones(
    own: list[Vignette], first: list[Vignette]
) -> None:
    classes = Counter(one.procedure_class for one in own)
    assert set(classes) == {one.procedure_class for one in first} | FURTHER_CLASSES
    assert min(classes.values()) >= 2


def test_areas_are_those_of_the_product(own: list[Vignette]) -> None:
    assert {one.area for one in own} <= areas().keys()
    assert {"eyelids", "neck", "hands", "bikini", "scalp", "chest"} <= {one.area for one in own}


def test_children_several_modifiers_and_bad_days_that_are_over_are_told(own: list[Vignette]) -> None:
    assert sum("child" in one.modifiers for one in own) >= 4
    assert sum(len(one.modifiers) > 1 for one in own) >= 2
    assert sum(dict(one.worst) != dict(one.now) for one in own) >= 15
    assert sum(one.previous is not None for one in own) >= 40


def test_no_patient_is_one_of_the_first_eighty(own: list[Vignette], first: list[Vignette]) -> None:
    def case(one: Vignette) -> tuple[object, ...]:
        return one.procedure_class, one.area, one.facts, tuple(sorted(one.now))

    assert not {case(one) for one in own if one.facts} & {case(one) for one in first}
    for mine in own:
        for other in first:
            alike = SequenceMatcher(None, mine.story.lower(), other.story.lower(), autojunk=False)
            assert alike.quick_ratio() < 0.8 or alike.ratio() < 0.6, (mine.id, other.id)
