"""The patient's chart: a title that says the finding, words on the axis, the numbers in words, both pages and hands."""

from typing import Any

import pytest

from reporting.domain.case_work import ACTIONS_TAKEN, EVENT_WORDS
from reporting.domain.content import content
from reporting.domain.content_rows import SYMPTOMS
from reporting.domain.corrections import REASONS
from reporting.domain.course import due_days, expected_severity, is_unexpected
from reporting.domain.guidance import next_check_in, step_name, usual, what_people_have
from reporting.domain.patient_words import WORDS
from reporting.domain.vocabulary import procedure_classes
from reporting.patient.chart_recovery import recovery_chart
from reporting.patient.read_recovery import Course, CourseDay
from reporting.shell.chart_look import COLOURS


def course(today: int, *days: tuple[int, dict[str, int]], procedure: str = "ablative") -> Course:
    return Course(
        procedure,
        today,
        tuple(
            CourseDay(
                day,
                dict.fromkeys(SYMPTOMS, 0) | had,
                frozenset(code for code, value in had.items() if is_unexpected(procedure, code, day, value)),
            )
            for day, had in days
        ),
    )


def layers(figure: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def walk(spec: dict[str, Any], name: str) -> None:
        name = spec.get("data", {}).get("name", name)
        for each in spec.get("layer", ()):
            walk(each, name)
        if "mark" in spec:
            found.append({**spec, "rows": whole["datasets"][name]})

    whole = figure.chart.to_dict()
    walk(whole, "")
    return found


def mark(figure: Any, kind: str) -> dict[str, Any]:
    return next(each for each in layers(figure) if each["mark"]["type"] == kind)


@pytest.mark.parametrize(
    ("days", "title"),
    [
        ([(1, {})], "You have reported no problems so far."),
        ([(1, {"swelling": 2})], "Swelling: moderate on day 1. Never more than most people have."),
        (
            [(1, {"swelling": 1}), (2, {"swelling": 2})],
            "Swelling: moderate, now the worst so far. Never more than most people have.",
        ),
        (
            [(1, {"swelling": 1}), (2, {"swelling": 1})],
            "Swelling: mild, the same each time. Never more than most people have.",
        ),
        (
            [(1, {"swelling": 2}), (3, {"swelling": 1})],
            "Swelling: moderate on day 1, mild now. Never more than most people have.",
        ),
        ([(1, {"swelling": 2}), (9, {})], "Swelling: moderate on day 1, gone now. Never more than most people have."),
        (
            [(1, {"swelling": 3}), (2, {"swelling": 4}), (5, {"swelling": 3})],
            "Swelling: very severe on day 2, severe now. That is more than most people have on days 1, 2 and 5.",
        ),
        (
            [(1, {"swelling": 2, "burning": 3})],
            "All problems together: severe on day 1. Never more than most people have.",
        ),
        (
            [(8, {"bumps": 1, "swelling": 1}), (9, {"bumps": 2, "swelling": 1})],
            "All problems together: moderate, now the worst so far. "
            "More than most people have: bumps or spots on day 9; swelling on days 8 and 9.",
        ),
        (
            [(1, {"burning": 3}), (2, {"infection": 1})],
            "All problems together: severe on day 1, mild now. "
            "More than most people have: signs of infection on day 2.",
        ),
    ],
)
def test_the_title_is_the_finding(days: list[tuple[int, dict[str, int]]], title: str) -> None:
    assert recovery_chart(course(9, *days)).title == title


def test_the_text_alternative_says_every_day_and_what_is_usual() -> None:
    figure = recovery_chart(course(9, (1, {"swelling": 3}), (9, {"swelling": 1})))
    assert figure.alt.removeprefix(figure.title) == (
        " Day 1: severe. Most people have up to moderate then. Day 9: mild. Most people have none then."
    )


def test_the_table_says_the_same() -> None:
    table = recovery_chart(course(9, (1, {"swelling": 3}), (9, {"swelling": 1}))).table
    assert table.to_dict("list") == {
        "Day": [1, 9],
        "Your answer": ["Severe", "Mild"],
        "People usually have": ["Up to moderate", "None"],
    }


def test_severity_stands_in_words_on_the_axis() -> None:
    points = mark(recovery_chart(course(3, (1, {"swelling": 3}))), "point")
    assert points["encoding"]["y"]["axis"]["labelExpr"] == (
        '["None", "Mild", "Moderate", "Severe", "Very severe"][datum.value]'
    )


def test_more_than_usual_differs_in_shape_and_not_by_colour_alone() -> None:
    points = mark(recovery_chart(course(9, (1, {"swelling": 1}), (9, {"swelling": 1}))), "point")
    assert [row["kind"] for row in points["rows"]] == ["usual", "more"]
    assert points["encoding"]["shape"]["scale"]["range"] == ["circle", "triangle-up"]
    assert len(set(points["encoding"]["color"]["scale"]["range"])) == 2


@pytest.mark.parametrize("code", SYMPTOMS)
def test_the_band_is_the_expected_course_and_goes_beyond_today(code: str) -> None:
    band = mark(recovery_chart(course(20, (1, {code: 1})), code), "area")
    assert [(row["day"], row["expected"]) for row in band["rows"]] == [
        (day, expected_severity("ablative", code, day)) for day in range(29)
    ]


def test_all_together_the_band_is_that_of_what_was_reported() -> None:
    band = mark(recovery_chart(course(3, (1, {"swelling": 1, "bumps": 1}))), "area")
    assert band["rows"][0]["expected"] == max(expected_severity("ablative", code, 0) for code in ("swelling", "bumps"))


def test_it_has_the_colours_of_the_page() -> None:
    figure = recovery_chart(course(3, (1, {"swelling": 1})))
    assert mark(figure, "area")["mark"]["color"] == COLOURS.band
    assert mark(figure, "point")["encoding"]["color"]["scale"]["range"] == [COLOURS.accent, COLOURS.warning]


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_every_word_is_in_the_language_and_the_days_run_its_way(language: str) -> None:
    figure = recovery_chart(course(3, (1, {"swelling": 3})), language=language)
    points = mark(figure, "point")
    assert points["encoding"]["x"]["scale"]["reverse"] is (language == "ar")
    assert points["encoding"]["y"]["axis"]["orient"] == ("right" if language == "ar" else "left")
    if language != "en":
        said = f"{figure.title} {figure.alt} {list(figure.table)} {points['encoding']['y']['axis']['labelExpr']}"
        assert not {"Severe", "severe", "Swelling", "Day", "People", "people"} & set(said.replace('"', " ").split())


class TestWords:
    def test_now_and_what_comes_next(self) -> None:
        found = usual("ablative", "swelling", 2)
        assert found is not None
        assert (found.now, found.later_from_day) == (
            "Swelling is common now. It is often worst around the eyes. It gets less in a few days.",
            4,
        )
        assert found.later == "Most swelling has gone by now. A little may be left."

    def test_windows_with_the_same_words_are_one(self) -> None:
        found = usual("ablative", "burning", 0)
        assert found is not None
        assert found.later_from_day == 4

    def test_nothing_comes_after_the_last_window(self) -> None:
        found = usual("ablative", "burning", 100)
        assert found is not None
        assert (found.later_from_day, found.later) == (None, "")
        assert usual("ablative", "burning", 366) is None

    def test_of_what_was_reported_else_of_what_is_usual(self) -> None:
        assert [each.symptom for each in what_people_have("ablative", 2, ("scarring",))] == ["scarring"]
        assert [each.symptom for each in what_people_have("ablative", 2, ())] == ["burning", "bumps", "swelling"]

    @pytest.mark.parametrize("procedure", sorted(procedure_classes()))
    def test_there_are_words_for_every_procedure_on_every_day(self, procedure: str) -> None:
        for day in range(366):
            assert len(what_people_have(procedure, day, SYMPTOMS)) == len(SYMPTOMS)


class TestNextCheckIn:
    def test_the_one_that_is_due_and_open_comes_first(self) -> None:
        assert next_check_in(due_days("ablative"), 8, {5}) == 7
        assert next_check_in(due_days("ablative"), 8, {5, 7}) == 10
        assert next_check_in(due_days("ablative"), 0, set()) == 0
        assert next_check_in(due_days("ablative"), 0, {0}) == 1

    def test_after_the_last_there_is_none(self) -> None:
        days = due_days("ablative")
        assert next_check_in(due_days("ablative"), days[-1] + 5, days) is None


@pytest.mark.parametrize(
    ("kind", "details", "name"),
    [
        ("contacted", {"action_taken": "call"}, "step_call"),
        ("contacted", {}, ""),
        ("note", {}, ""),
        ("outcome", {"term": "Oedema", "grade": 2}, ""),
        ("taken_over", {}, ""),
        ("something_new", {}, ""),
        ("opened", {"rules": ["R1"]}, "step_opened"),
        ("closed", {}, "step_closed"),
    ],
)
def test_a_patient_is_told_steps_and_never_the_clinics_own(kind: str, details: dict[str, Any], name: str) -> None:
    assert step_name(kind, details) == name


def test_every_step_reason_and_mark_has_its_sentence() -> None:
    names = {step_name("contacted", {"action_taken": action}) for action in ACTIONS_TAKEN}
    names |= {step_name(kind, {}) for kind in EVENT_WORDS} - {""}
    names |= {f"reason_{code}" for code in REASONS} | {f"mark_{who}" for who in ("telephone", "desk", "carer")}
    assert names <= WORDS.keys()


def test_a_case_opened_by_silence_says_so() -> None:
    code = content().silence[-1].code
    assert step_name("opened", {"rules": [code]}) == "step_silent"
    assert step_name("opened", {"rules": [code, "R1"]}) == "step_opened"
