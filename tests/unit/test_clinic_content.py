"""A clinic's own content: refused by the checks of the files, never milder for a red flag, never upside down."""

from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.clinic_content import (
    EDITABLE,
    IS_ON,
    LEVELS,
    RANGES,
    RULES,
    SCHEDULES,
    TOLERANCES,
    Change,
    ClinicContent,
    checked,
    first_day,
    rules_with,
    values_of,
)
from reporting.domain.content import content
from reporting.domain.content_reader import ContentError, cells_of, is_safety_rule, later_columns, with_cells
from reporting.domain.content_rows import ADVICE_LEVELS, CASE_LEVELS, SYMPTOMS, Rule
from reporting.domain.course import SLOTS, due_days, expected_severity
from reporting.domain.devices import device_classes
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn, TreatedAreaRef, complete, path
from reporting.domain.triage import assess, fires
from reporting.errors import ContentRefused
from tests.content_folders import copied, used

BEFORE = ClinicContent()
TODAY, TOMORROW = date(2026, 3, 10), date(2026, 3, 11)
SAFE = [rule.code for rule in content().rules if is_safety_rule(rule)]
TUNABLE = [rule.code for rule in content().rules if not is_safety_rule(rule)]
NUMBERS = ("min_severity", "min_rise", "min_excess", "from_day", "to_day")
CO2 = "frac_ablative_co2|pulse_energy_mj|"


def check(table: str, row: str, now: ClinicContent = BEFORE, **cells: str) -> dict[str, str]:
    return checked(table, row, cells, now, device_classes())


def with_change(table: str, row: str, day: date = TODAY, now: ClinicContent = BEFORE, **cells: str) -> ClinicContent:
    return ClinicContent((*now.changes, Change(table, row, tuple(sorted(cells.items())), day)))


@st.composite
def rule_cells(draw: st.DrawFn) -> dict[str, str]:
    """Any cells that somebody might type for a rule, most of them nonsense."""
    number = st.sampled_from(["", "0", "1", "2", "3", "4", "5", "7", "21", "90", "x"])
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "min_severity": number,
                "min_rise": number,
                "min_excess": number,
                "from_day": number,
                "to_day": number,
                "advice": st.sampled_from([*ADVICE_LEVELS, "none"]),
                "case_level": st.sampled_from([*CASE_LEVELS, ""]),
                IS_ON: st.sampled_from(["yes", "no"]),
            },
        )
    )


@st.composite
def reports(draw: st.DrawFn) -> tuple[CompletedCheckIn, CheckInContext]:
    context = CheckInContext(
        draw(st.sampled_from(sorted(content().procedure_classes))),
        draw(st.integers(0, 200)),
        fitzpatrick=draw(st.sampled_from([None, 2, 5])),
        pigmentation_history=draw(st.sampled_from([None, True])),
        previous=draw(st.dictionaries(st.sampled_from(SYMPTOMS), st.integers(0, 4))),
    )
    follow_up = {
        row.key: draw(st.sampled_from([option.value for option in content().options[row.options]]))
        for row in content().follow_ups.values()
    }
    severities = {symptom: draw(st.integers(0, 4)) for symptom in SYMPTOMS}
    now = {symptom: draw(st.integers(0, worst)) for symptom, worst in severities.items()} if draw(st.booleans()) else {}
    return CompletedCheckIn(
        severities, follow_up, {}, draw(st.booleans()), draw(st.sampled_from([None, False])), "", now
    ), context


def worse(done: CompletedCheckIn, draw: Any) -> CompletedCheckIn:
    """The same report with every answer as bad or worse."""
    follow_up = {}
    for row in content().follow_ups.values():
        values = [option.value for option in content().options[row.options]]
        follow_up[row.key] = draw(st.sampled_from(values[values.index(done.follow_up[row.key]) :]))
    severities = {symptom: draw(st.integers(low, 4)) for symptom, low in done.severities.items()}
    return CompletedCheckIn(
        severities,
        follow_up,
        {},
        done.worried or draw(st.booleans()),
        False if done.can_wait is False else draw(st.sampled_from([None, False])),
        "",
        {symptom: draw(st.integers(low, severities[symptom])) for symptom, low in done.now.items()},
    )


def just_enough(rule: Rule) -> list[tuple[CompletedCheckIn, CheckInContext]]:
    """Reports in which the rule fires and a hair less would not do, on its first and on its last day."""
    places = [
        CheckInContext(
            next(name for name in (*rule.procedure_classes, "ipl", "tattoo") if name not in rule.not_classes),
            day,
            tuple(TreatedAreaRef(1, area, area) for area in rule.areas[:1]),
            modifiers=frozenset(rule.modifiers[:1]),
        )
        for day in (rule.from_day or 0, 200 if rule.to_day is None else rule.to_day)
    ]
    lines = [row for row in content().follow_ups.values() if row.shown_for]
    said = [next(row.key for row in lines if frozenset(row.facts) <= group) for group in rule.fact_groups]
    answer = "not_sure" if rule.unsure else "yes"
    cases = []
    for place in places:
        grades, previous = dict(rule.grades_together), {}
        for symptom in (*rule.symptoms[:1],) if "*" not in rule.symptoms else ("burning",):
            over = expected_severity(place.procedure_class, symptom, place.recovery_day) + (rule.min_excess or 0)
            least = max(rule.min_severity or 0, over if rule.min_excess else 0, rule.min_rise or 0, 1)
            grades[symptom] = max(least, grades.get(symptom, 0))
            if rule.min_rise:
                previous[symptom] = grades[symptom] - rule.min_rise
        if max(grades.values(), default=0) > 4:
            continue
        worst = dict.fromkeys(SYMPTOMS, 0) | grades
        can_wait = False if rule.given == "cannot_wait" else None
        done = CompletedCheckIn(
            worst, dict.fromkeys(said, answer), {}, rule.given == "worried", can_wait, "", dict(worst)
        )
        since = place.recovery_day if previous else None
        cases.append((done, replace(place, previous=previous, since_day=since)))
    assert cases
    return cases


def content_rule(code: str) -> Rule:
    return next(rule for rule in content().rules if rule.code == code)


class TestRules:
    @pytest.mark.parametrize("row", SAFE)
    def test_a_rule_of_safety_that_fires_just_so_still_does_after_any_allowed_change(self, row: str) -> None:
        rule = content_rule(row)
        cases = just_enough(rule)
        assert all(fires(rule, *case) for case in cases)
        cells = [(name, value) for name in NUMBERS for value in ("", "0", "1", "3", "4", "5", "20", "300")]
        cells += [("advice", level) for level in ADVICE_LEVELS[1:]] + [("case_level", level) for level in CASE_LEVELS]
        kept = 0
        first = next(code for code in SAFE if content_rule(code).red_flag == rule.red_flag)
        pairs = combinations(cells, 2) if row == first else ()  # one rule of each flag stands for its others
        for one in [{name: value} for name, value in cells] + [dict(pair) for pair in pairs]:
            try:
                changed = with_cells("triage_rules.csv", rule, check(RULES, row, **one))
            except ContentRefused:
                continue
            kept += 1
            assert all(fires(changed, *case) for case in cases), one
            assert ADVICE_LEVELS.index(changed.advice) >= ADVICE_LEVELS.index(rule.advice), one
            assert CASE_LEVELS.index(changed.case_level) >= CASE_LEVELS.index(rule.case_level), one
        assert kept

    @given(row=st.sampled_from(SAFE), cells=rule_cells(), report=reports())
    def test_no_change_that_is_allowed_silences_a_rule_of_safety(
        self, row: str, cells: dict[str, str], report: tuple[CompletedCheckIn, CheckInContext]
    ) -> None:
        try:
            allowed = check(RULES, row, **cells)
        except ContentRefused:
            return
        done, context = report
        changed = with_change(RULES, row, **allowed).rules(TODAY)
        before = assess(done, context)
        after = assess(done, replace(context, changed_rules=changed))
        still = {rule.code for rule in changed if fires(rule, done, context)}
        assert {rule.code for rule in content().rules if fires(rule, done, context)} <= still
        assert {rule.red_flag for rule in before.fired} <= {rule.red_flag for rule in after.fired}
        assert ADVICE_LEVELS.index(before.advice) <= ADVICE_LEVELS.index(after.advice)
        levels = [CASE_LEVELS.index(each.case_level) if each.case_level else -1 for each in (before, after)]
        assert levels[0] <= levels[1]

    @given(row=st.sampled_from(TUNABLE), cells=rule_cells(), report=reports(), data=st.data())
    def test_with_any_allowed_change_red_flags_stay_and_worse_answers_are_never_milder(
        self, row: str, cells: dict[str, str], report: tuple[CompletedCheckIn, CheckInContext], data: st.DataObject
    ) -> None:
        try:
            allowed = check(RULES, row, **cells)
        except ContentRefused:
            return
        done, context = report
        own = replace(context, changed_rules=with_change(RULES, row, **allowed).rules(TODAY))
        safe = [
            {rule.code for rule in c.rules if is_safety_rule(content_rule(rule.code)) and fires(rule, done, c)}
            for c in (context, own)
        ]
        assert safe[0] == safe[1]
        mild, bad = assess(done, own), assess(worse(done, data.draw), own)
        assert ADVICE_LEVELS.index(mild.advice) <= ADVICE_LEVELS.index(bad.advice)

    @pytest.mark.parametrize(
        ("row", "cells", "field", "words"),
        [
            ("R6", {"min_severity": "4"}, "min_severity", "may only be made stricter than 3"),
            ("R6", {"from_day": "5"}, "from_day", "may only be made stricter than 3"),
            ("R14", {"to_day": "0"}, "to_day", "may only be made stricter than 1"),
            ("R8", {"from_day": "2"}, "from_day", "may only be made stricter than no limit"),
            ("R1", {"advice": "contact_today", "case_level": "same_day"}, "advice", "may only be made stricter"),
            ("R4", {"case_level": "one_day"}, "case_level", "may only be made stricter than same_day"),
            ("R12", {IS_ON: "no"}, IS_ON, "can never be off"),
            ("I2", {IS_ON: "no"}, IS_ON, "can never be off"),
            (
                "I2",
                {"min_severity": "3"},
                "min_severity",
                "I2 is a rule of safety: it may only be made stricter than 2",
            ),
            ("N1", {IS_ON: "no"}, IS_ON, "can never be off"),
            ("U3", {"to_day": "20"}, "to_day", "may only be made stricter than 30"),
            ("I2", {"min_severity": "7"}, "min_severity", "7 is not from 1 to 4"),
            ("I2", {"min_severity": "two"}, "min_severity", "not a whole number"),
            ("I2", {"min_severity": ""}, "min_severity", "a symptom needs"),
            ("I2", {"case_level": "one_week"}, "case_level", "slower than what the patient is told"),
            ("I2", {"advice": "soon"}, "advice", "known: unusual, contact_today, emergency"),
            ("U1", {"from_day": "9", "to_day": "3"}, "to_day", "ends before it begins"),
            ("I2", {IS_ON: "maybe"}, IS_ON, "allowed is yes or no"),
            ("I2", {"patient_words": "Relax."}, "patient_words", "allowed to change is"),
            ("I9", {"min_severity": "2"}, "row", "allowed is one of R1"),
        ],
    )
    def test_what_is_refused_is_named(self, row: str, cells: dict[str, str], field: str, words: str) -> None:
        with pytest.raises(ContentRefused) as refused:
            check(RULES, row, **cells)
        assert (refused.value.row, refused.value.field) == (row, field)
        assert words in refused.value.message
        assert repr(cells.get(field, row)) in refused.value.message

    def test_what_the_table_marks_is_guarded_whatever_it_advises(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def mark(table: str, row: dict[str, str]) -> None:
            if table == "triage_rules" and row["code"] in ("I1", "U1", "B9"):
                row["safety"] = "yes"

        off = {"B9": {IS_ON: "no"}}
        assert "B9" not in {rule.code for rule in rules_with(off)}
        with used(monkeypatch, copied(tmp_path / "marked", mark)):
            for row, cells in (("I1", {"min_severity": "2"}), ("U1", {"from_day": "3"}), ("B9", {IS_ON: "no"})):
                with pytest.raises(ContentRefused, match="rule of safety"):
                    check(RULES, row, **cells)
            assert check(RULES, "I1", advice="contact_today", case_level="same_day")
            assert "B9" in {rule.code for rule in rules_with(off)}, "saved before it was marked"

    def test_a_red_flag_may_get_stricter_and_go_back(self) -> None:
        assert check(RULES, "R6", min_severity="2") == {"min_severity": "2"}
        stricter = with_change(RULES, "R6", min_severity="2")
        assert check(RULES, "R6", stricter, min_severity="3") == {}

    def test_a_rule_that_is_off_asks_no_question_for_itself_alone(self) -> None:
        off = with_change(RULES, "B9", **{IS_ON: "no"})
        answers = {"symptoms": ["scarring"], "severity_scarring": "2"}
        asked = []
        for rules in (None, off.rules(TODAY)):
            context = CheckInContext("ablative", 30, fitzpatrick=5, changed_rules=rules)
            asked.append({option.value for question in path(answers, context) for option in question.options})
        assert asked[0] - asked[1] == {"dent"}

    def test_a_changed_rule_decides_the_advice(self) -> None:
        stricter = with_change(
            RULES, "S1", **check(RULES, "S1", min_severity="1", advice="contact_today", case_level="same_day")
        )
        context = CheckInContext("ablative", 40, changed_rules=stricter.rules(TODAY))
        answers = {
            "symptoms": ["scarring"],
            "severity_scarring": "1",
            "follow_ups_scarring": ["none"],
            "how_soon": "wait",
        }
        assessed = assess(complete(answers, context), context)
        assert assessed.advice == "contact_today"
        assert "S1" in {rule.code for rule in assessed.fired}

    @given(stored=st.dictionaries(st.sampled_from(SAFE), rule_cells(), max_size=4), report=reports())
    def test_whatever_was_once_saved_no_rule_of_safety_gets_milder(
        self, stored: dict[str, dict[str, str]], report: tuple[CompletedCheckIn, CheckInContext]
    ) -> None:
        """Cells that no check has seen: saved before the file became stricter, or written by hand."""
        own = BEFORE
        for row, cells in stored.items():
            own = with_change(RULES, row, now=own, **cells)
        try:
            changed = own.rules(TODAY)
        except ContentError:
            return
        done, context = report
        before, after = assess(done, context), assess(done, replace(context, changed_rules=changed))
        assert {rule.code for rule in changed} >= set(SAFE)
        safe = {rule.code for rule in content().rules if rule.code in SAFE and fires(rule, done, context)}
        assert safe <= {rule.code for rule in changed if fires(rule, done, context)}
        assert ADVICE_LEVELS.index(before.advice) <= ADVICE_LEVELS.index(after.advice)
        levels = [CASE_LEVELS.index(each.case_level) if each.case_level else -1 for each in (before, after)]
        assert levels[0] <= levels[1]

    @given(
        row=st.sampled_from(CASE_LEVELS),
        cells=st.dictionaries(
            st.sampled_from(EDITABLE[LEVELS][::3] + EDITABLE[LEVELS][2::3]), st.integers(0, 200).map(str)
        ),
        counted=st.sampled_from(["opening_hours", "around_the_clock"]),
    )
    def test_whatever_was_once_saved_no_deadline_gets_later(
        self, row: str, cells: dict[str, str], counted: str
    ) -> None:
        own = with_change(LEVELS, row, **cells, counted=counted, contact_counted=counted)
        assert later_columns(content().case_levels[row], own.case_levels(TODAY)[row]) == ()


class TestDays:
    def test_a_rule_holds_from_its_day_and_the_last_version_wins(self) -> None:
        changed = with_change(RULES, "I1", TOMORROW, min_severity="3")
        assert changed.rules(TODAY) == content().rules
        assert next(rule for rule in changed.rules(TOMORROW) if rule.code == "I1").min_severity == 3
        undone = ClinicContent((*changed.changes, Change(RULES, "I1", (), TOMORROW)))
        assert undone.rules(TOMORROW) == content().rules

    def test_a_schedule_is_that_of_the_day_of_the_treatment(self) -> None:
        changed = with_change(SCHEDULES, "ablative", TOMORROW, days="1|4|28")
        assert changed.due_days("ablative", TODAY) == due_days("ablative", TODAY)
        assert changed.due_days("ablative", TOMORROW) == (1, 4, 28)
        assert changed.due_days("ipl", TOMORROW) == due_days("ipl", TOMORROW)

    @pytest.mark.parametrize(
        ("table", "day"),
        [(RULES, TOMORROW), (LEVELS, TOMORROW), (SCHEDULES, TOMORROW), (RANGES, TODAY), (TOLERANCES, TODAY)],
    )
    def test_when_a_change_begins(self, table: str, day: date) -> None:
        assert first_day(table, TODAY) == day


class TestLevels:
    def test_a_deadline_may_get_shorter(self) -> None:
        changed = with_change(LEVELS, "one_day", **check(LEVELS, "one_day", deadline_hours="3"))
        assert changed.case_levels(TODAY)["one_day"].deadline_hours == 3
        assert changed.case_levels(TODAY)["same_day"] == content().case_levels["same_day"]

    @pytest.mark.parametrize(
        ("row", "cells", "at", "words"),
        [
            ("one_day", {"deadline_hours": "1"}, "same_day", "same_day waits longer than one_day"),
            ("one_day", {"deadline_hours": "6"}, "one_day", "at most 4"),
            ("one_day", {"contact_hours": "9"}, "one_day", "at most 8"),
            ("one_week", {"deadline_hours": "17"}, "one_week", "at most 16"),
            ("same_day", {"ceiling_hours": "12"}, "same_day", "at most 2"),
            ("emergency", {"deadline_hours": "2"}, "emergency", "is earlier than deadline_hours"),
            ("one_day", {"contact_ceiling_hours": "96"}, "one_day", "at most 72"),
            ("one_day", {"contact_hours": "3"}, "same_day", "same_day waits longer than one_day"),
            ("emergency", {"contact_hours": "0"}, "emergency", "is earlier than deadline_hours"),
            ("emergency", {"counted": "opening_hours"}, "emergency", "around the clock"),
            ("emergency", {"deadline_hours": "0"}, "emergency", "at least 1"),
            ("one_week", {"deadline_hours": "-3"}, "one_week", "is not from 0"),
        ],
    )
    def test_what_is_refused_is_named(self, row: str, cells: dict[str, str], at: str, words: str) -> None:
        with pytest.raises(ContentRefused) as refused:
            check(LEVELS, row, **cells)
        assert refused.value.row == at
        assert words in refused.value.message


class TestSchedules:
    @given(days=st.lists(st.integers(0, 400), max_size=12))
    def test_only_days_that_can_be_stored_each_once(self, days: list[int]) -> None:
        usable = bool(days) and len(set(days)) == len(days) and set(days) <= set(SLOTS)
        try:
            found = check(SCHEDULES, "ablative", days="|".join(map(str, days)))
        except ContentRefused:
            assert not usable
            return
        assert usable
        expected = tuple(sorted(days))
        assert found == ({} if expected == due_days("ablative") else {"days": "|".join(map(str, expected))})

    def test_the_refusal_says_which_days_there_are(self) -> None:
        with pytest.raises(ContentRefused, match="8 is not a check-in day: 0, 1, 2"):
            check(SCHEDULES, "ablative", days="1|8")


class TestRanges:
    def test_a_range_and_its_end(self) -> None:
        cells = check(RANGES, CO2 + "IV-VI", maximum="40", minimum="", note="our protocol")
        assert cells == {"maximum": "40", "note": "our protocol"}
        now = with_change(RANGES, CO2 + "IV-VI", **cells)
        [one] = now.protocol_ranges()
        assert (one.skin_group, one.minimum, one.maximum, one.note) == ("IV-VI", None, 40.0, "our protocol")
        assert check(RANGES, CO2 + "IV-VI", now, maximum="", note="") == {}

    @pytest.mark.parametrize(
        ("row", "cells", "words"),
        [
            (CO2, {"maximum": "9000"}, "plausible limits"),
            (CO2, {"minimum": "40", "maximum": "30"}, "allowed is 40"),
            (CO2, {"note": "only words"}, "needs a minimum or a maximum"),
            (CO2, {"maximum": "nan"}, "is a number"),
            ("frac_ablative_co2|cutoff_filter_nm|", {"maximum": "5"}, "a setting of Fractional ablative CO2"),
            ("frac_ablative_co2|nothing|", {"maximum": "5"}, "a setting of"),
            ("toaster|passes|", {"maximum": "5"}, "toaster"),
            (CO2 + "VII", {"maximum": "5"}, "empty for every skin"),
            (CO2, {"maximum": "5", "note": "a\nb"}, "one line"),
        ],
    )
    def test_what_is_refused_is_named(self, row: str, cells: dict[str, str], words: str) -> None:
        with pytest.raises(ContentRefused) as refused:
            check(RANGES, row, **cells)
        assert words in refused.value.message

    def test_the_tolerated_factor(self) -> None:
        assert BEFORE.tolerated_factor() == 1.5
        assert (
            with_change(TOLERANCES, "ceiling", **check(TOLERANCES, "ceiling", factor="1.25")).tolerated_factor() == 1.25
        )
        for wrong in ("1", "6", "inf", "", "much"):
            with pytest.raises(ContentRefused, match="factor"):
                check(TOLERANCES, "ceiling", factor=wrong)


def test_cells_are_written_as_they_are_read() -> None:
    for rule in content().rules:
        assert with_cells("triage_rules.csv", rule, cells_of(rule)) == rule
        assert set(values_of(RULES, rule.code, {})) == set(EDITABLE[RULES])
