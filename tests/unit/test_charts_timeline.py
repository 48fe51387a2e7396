"""The recovery chart: the finding in its title, the numbers in its words, the band behind the points."""

from datetime import UTC, date, datetime

from reporting.cases.chart_timeline import KINDS, course_table, reported_symptoms, symptom_course
from reporting.cases.read_timeline import Report, TreatmentLine
from reporting.domain.course import expected_severity
from reporting.shell.chart_look import COLOURS


def report(day: int, *, answered: bool = True, replaced: bool = False, **severities: int) -> Report:
    beyond = tuple(code for code, value in severities.items() if value > expected_severity("ablative", code, day))
    return Report(
        check_in_id=day,
        scheduled_day=day,
        recovery_day=day if answered else None,
        answered_at=datetime(2026, 3, 7 + day, 9, tzinfo=UTC) if answered else None,
        severities=severities,
        unexpected=beyond,
        areas={},
        follow_up={},
        is_worried=False,
        cannot_wait=False,
        advice=None,
        note=None,
        has_note=False,
        is_replaced=replaced,
        is_proxy=False,
    )


def treatment(*reports: Report, course: str = "ablative") -> TreatmentLine:
    return TreatmentLine(
        treatment_id=1,
        reference="T",
        performed_on=date(2026, 3, 7),
        course=course,
        procedure="Ablative",
        device="D1",
        device_class="CO2",
        operator="O1",
        session_number=None,
        source="form",
        areas=(),
        reports=reports,
        unfinished=(),
        due=len(reports),
    )


COURSE = treatment(
    report(1, swelling=2, burning=0),
    report(3, swelling=1, burning=0),
    report(5, answered=False),
    report(10, swelling=4, burning=0),
    report(7, swelling=4, replaced=True),
)


def test_the_title_says_the_finding_and_the_words_state_the_numbers() -> None:
    figure = symptom_course(COURSE, "swelling")
    assert figure.title == "Swelling: very severe at worst, more than expected on day 10"
    assert "day 10 very severe (expected up to" in figure.alt
    assert "1 due check-ins were not answered" in figure.alt
    assert "day 7" not in figure.alt


def test_a_usual_course_says_so() -> None:
    figure = symptom_course(treatment(report(1, swelling=2)), "swelling")
    assert figure.title == "Swelling: moderate at worst, never more than expected"


def test_the_band_is_the_expected_course_and_points_differ_by_shape_and_colour() -> None:
    spec = symptom_course(COURSE, "swelling").chart.to_dict()
    data = spec["datasets"]
    band, _, marks = spec["layer"]
    drawn = {row["day"]: row["expected"] for row in data[band["data"]["name"]]}
    assert drawn == {day: expected_severity("ablative", "swelling", day) for day in drawn}
    assert max(drawn) >= 14
    kinds = {row["day"]: row["kind"] for row in data[marks["data"]["name"]]}
    assert kinds == {1: KINDS[0], 3: KINDS[0], 5: KINDS[2], 10: KINDS[1]}
    assert len(set(marks["encoding"]["shape"]["scale"]["range"])) == 3
    assert "days" in marks["encoding"]["x"]["title"]


def test_it_takes_the_colours_of_the_page() -> None:
    spec = symptom_course(COURSE, "swelling").chart.to_dict()
    assert spec["layer"][0]["mark"]["color"] == COLOURS.band


def test_only_reported_symptoms_are_drawn_and_the_table_says_the_same() -> None:
    assert reported_symptoms(COURSE) == ("swelling",)
    table = course_table(COURSE, ("swelling", "burning"))
    assert list(table["Recovery day"]) == [1, 3, 5, 10]
    assert table["Swelling"].iloc[2] == "not answered"
    assert table["Swelling"].iloc[3] == "Very severe, more than expected"


def test_a_kind_of_procedure_without_an_expected_course_has_no_band() -> None:
    figure = symptom_course(treatment(report(1, swelling=2), course="own"), "swelling")
    assert "expected up to" not in figure.alt
    assert figure.chart.to_dict()["layer"]
