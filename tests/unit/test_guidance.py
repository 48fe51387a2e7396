"""What patients are told: the clinic's number, whether and when somebody reads it, what to do out of hours."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.answers import Question
from reporting.domain.case_work import deadline, promised
from reporting.domain.content import content
from reporting.domain.content_rows import ADVICE_LEVELS, SYMPTOMS
from reporting.domain.course import days_late, due_day, due_days, self_care
from reporting.domain.guidance import told
from reporting.domain.language import languages, translator
from reporting.domain.opening_hours import DAYS, Hours, Opening, OpenTimes, opening, opening_words, week_words
from reporting.domain.patient_words import WORDS, plain_words
from reporting.domain.questionnaire import CheckInContext, CompletedCheckIn, note_question
from reporting.domain.triage import Guidance, Reading, assess
from reporting.errors import InvalidInput, NotFound, StorageBusy, StorageFull

LONDON = "Europe/London"
WEEK = {day: ["08:00", "18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
ABOUT = CheckInContext("ablative", 3)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2026, where London keeps UTC; the 16th is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (at(16, 7, 59), "The clinic is closed now. It opens today at 08:00."),
        (at(16, 8), "The clinic is open now, until 18:00."),
        (at(16, 17, 59), "The clinic is open now, until 18:00."),
        (at(16, 18), "The clinic is closed now. It opens tomorrow at 08:00."),
        (at(20, 18), "The clinic is closed now. It opens on Monday at 08:00."),
        (at(21, 12), "The clinic is closed now. It opens on Monday at 08:00."),
        (at(22, 12), "The clinic is closed now. It opens tomorrow at 08:00."),
    ],
)
def test_the_clinic_says_whether_it_is_open_and_when_it_opens(moment: datetime, words: str) -> None:
    assert opening_words(opening(OpenTimes(WEEK, LONDON), moment)) == words


def test_the_hours_are_those_of_the_clinics_time_zone() -> None:
    summer = datetime(2026, 7, 6, 7, 30, tzinfo=UTC)
    assert opening(OpenTimes(WEEK, LONDON), summer) == Opening(True, until="18:00")
    assert opening(OpenTimes(WEEK, "America/New_York"), summer) == Opening(
        False, opens_on=date(2026, 7, 6), opens_at="08:00", days_until=0
    )


def test_the_hour_that_the_clocks_skip_or_repeat_is_read_off_the_wall() -> None:
    hours = {"sun": ["01:30", "03:00"]}
    assert opening(OpenTimes(hours, LONDON), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) == Opening(True, until="03:00")
    for hour in (0, 1):  # 01:30 comes twice
        assert opening(OpenTimes(hours, LONDON), datetime(2026, 10, 25, hour, 45, tzinfo=UTC)) == Opening(
            True, until="03:00"
        )


def test_a_break_at_noon_and_one_day_a_week() -> None:
    hours = {"mon": ["08:00", "12:00", "14:00", "18:00"]}
    state = opening(OpenTimes(hours, LONDON), at(16, 13))
    assert (state.is_open, state.opens_at, state.days_until) == (False, "14:00", 0)
    assert (
        opening_words(opening(OpenTimes(hours, LONDON), at(16, 19)))
        == "The clinic is closed now. It opens on Monday at 08:00."
    )
    assert week_words(hours) == "Mon 08:00–12:00 14:00–18:00"
    office = {day: ["08:00", "18:00"] for day in ("mon", "tue", "wed", "thu")}
    week = office | {"fri": ["08:00", "14:00"], "sun": ["08:00", "14:00"]}
    assert week_words(week) == "Mon–Thu 08:00–18:00, Fri 08:00–14:00, Sun 08:00–14:00"


@pytest.mark.parametrize("hours", [{}, {"mon": []}, {"mon": ["08:00"]}, {"mon": ["18:00", "08:00"]}])
def test_hours_that_are_not_known_are_closed_and_promise_no_day(hours: Hours) -> None:
    assert opening(OpenTimes(hours, LONDON), at(16, 9)) == Opening(False)
    assert opening_words(Opening(False)) == opening_words(None) == ""


def test_public_holidays_and_own_closed_days_are_closed() -> None:
    """25 December 2026 is a Friday, 28 December a substitute holiday in England; the third is the clinic's own."""
    home = OpenTimes(WEEK, LONDON, "GB", "ENG", {"2026-12-29": "Training"}, {"2026-05-04"})
    assert opening(home, datetime(2026, 12, 25, 10, tzinfo=UTC)) == Opening(False, "", date(2026, 12, 30), "08:00", 5)
    assert home.closed_for(date(2026, 12, 25)) == "Christmas Day"
    assert home.closed_for(date(2026, 12, 29)) == "Training"
    assert opening(home, datetime(2026, 5, 4, 10, tzinfo=UTC)).is_open, "the clinic said that it opens on this holiday"
    assert not opening(home, datetime(2026, 5, 25, 10, tzinfo=UTC)).is_open
    scotland = OpenTimes(WEEK, LONDON, "GB", "SCT")
    assert scotland.closed_for(date(2026, 11, 30)).startswith("Saint Andrew")
    assert home.closed_for(date(2026, 11, 30)) == ""


def test_a_day_far_ahead_is_named_by_its_date() -> None:
    shut = OpenTimes(WEEK, LONDON, closed_days={f"2026-11-{day}": "Move" for day in range(16, 28)})
    assert "30 November 2026 at 08:00" in opening_words(opening(shut, at(16, 9)))
    always = {(date(2026, 11, 16) + timedelta(days=ahead)).isoformat(): "Closed" for ahead in range(100)}
    assert opening(OpenTimes(WEEK, LONDON, closed_days=always), at(16, 9)) == Opening(False)


spans = st.lists(st.integers(0, 23), min_size=2, max_size=2, unique=True).map(
    lambda pair: [f"{hour:02}:00" for hour in sorted(pair)]
)


@given(
    st.dictionaries(st.sampled_from(DAYS), spans, min_size=1),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.sampled_from([LONDON, "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)
def test_it_is_open_then_or_opens_later_within_a_week(hours: Hours, moment: datetime, zone: str) -> None:
    state = opening(OpenTimes(hours, zone), moment)
    assert opening_words(state)
    if not state.is_open:
        assert 0 <= state.days_until <= 7
        assert state.opens_on is not None
        assert hours[DAYS[state.opens_on.weekday()]][0] == state.opens_at


def advised(**more: Any) -> Guidance:
    done = CompletedCheckIn(dict.fromkeys(SYMPTOMS, 0), {}, {}, False, True, "")
    return assess(replace(done, **more), ABOUT).guidance


CASES = {
    "no_problems": advised(can_wait=None),
    "expected": advised(severities=dict.fromkeys(SYMPTOMS, 0) | {"burning": 1}),
    "unusual": advised(worried=True),
    "contact_today": advised(follow_up={"infection_pus": "yes"}),
    "emergency": advised(follow_up={"swelling_breathing": "yes"}),
}


def whole(guidance: Guidance) -> str:
    return " ".join([guidance.heading, *guidance.paragraphs, *guidance.next_steps])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("language", list(languages()))
@pytest.mark.parametrize("moment", [at(16, 9), at(21, 9)])
def test_the_clinics_own_emergency_number_stands_everywhere(name: str, language: str, moment: datetime) -> None:
    state = opening(OpenTimes(WEEK, LONDON), moment)
    words = whole(told(CASES[name], emergency="000", opening=state, language=language))
    assert "000" in words
    assert not {"911", "112", "999"} & {word.strip(".,") for word in words.split()}
    assert "{" not in words


def test_no_table_names_a_number_of_one_country() -> None:
    tables = content()
    sentences = [rule.patient_words for rule in tables.rules]
    for text in tables.guidance.values():
        sentences += [text.heading, text.opening, text.what_next, text.out_of_hours]
    assert not [text for text in (*sentences, *WORDS.values()) if any(n in text for n in ("911", "999", "112"))]


@pytest.mark.parametrize("name", ["no_problems", "expected", "unusual", "contact_today"])
def test_every_page_says_whether_somebody_is_there_and_what_to_do_meanwhile(name: str) -> None:
    closed = told(CASES[name], emergency="999", opening=opening(OpenTimes(WEEK, LONDON), at(21, 9)))
    assert "The clinic is closed now. It opens on Monday at 08:00." in closed.next_steps
    assert "urgent care line" in closed.next_steps[-1]
    is_open = told(CASES[name], emergency="999", opening=opening(OpenTimes(WEEK, LONDON), at(16, 9)))
    assert "The clinic is open now, until 18:00." in is_open.next_steps
    assert told(CASES[name], emergency="999", opening=None).next_steps


def test_a_call_today_does_not_promise_a_reader_while_the_clinic_is_closed() -> None:
    is_open = told(CASES["contact_today"], emergency="999", opening=opening(OpenTimes(WEEK, LONDON), at(16, 9)))
    closed = told(CASES["contact_today"], emergency="999", opening=opening(OpenTimes(WEEK, LONDON), at(21, 9)))
    for page in (is_open, closed):
        assert "We have also told the clinic." in whole(page)
        assert "will read your answers" not in whole(page), "nothing is known of who reads it"
    assert "today." not in " ".join(closed.next_steps)
    assert closed.next_steps[-1].startswith("Call an urgent care line now.")


LEVEL_OF = {"unusual": ("one_week", "one_day"), "contact_today": ("same_day",)}
MOMENTS = {
    "open": at(16, 9),
    "five minutes before it closes": at(16, 17, 55),
    "at night": at(17, 3),
    "on a Friday before it closes": at(20, 17, 55),
    "at the weekend": at(21, 9),
    "the eve of a holiday": datetime(2026, 12, 24, 17, 55, tzinfo=UTC),
    "the night before summer time": datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
    "the night before winter time": datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
}


@pytest.mark.parametrize(
    "times",
    [
        OpenTimes(WEEK, LONDON),
        OpenTimes(WEEK, LONDON, "GB", "ENG", {"2026-11-17": "Training"}),
        OpenTimes({"wed": ["08:00", "12:00"]}, LONDON),
    ],
    ids=["an office week", "holidays and a closed day", "four hours a week"],
)
@pytest.mark.parametrize("is_on_call", [False, True])
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=list(MOMENTS))
@pytest.mark.parametrize(("name", "level"), [(name, level) for name, known in LEVEL_OF.items() for level in known])
def test_every_reader_that_a_patient_is_promised_is_held_to_a_deadline_that_staff_see(
    name: str, level: str, moment: datetime, is_on_call: bool, times: OpenTimes
) -> None:
    said = promised(level, moment, times, is_on_call=is_on_call)
    assert said is not None
    assert deadline(level, moment, times) <= said
    page = told(replace(CASES[name], reading=Reading(said, LONDON)), emergency="999", opening=None)
    [line] = [text for text in page.next_steps if "will read your answers by" in text]
    here = said.astimezone(ZoneInfo(LONDON))
    assert f"{here:%A} {here.day} {here:%B}" in line
    assert f"{here.hour}:{here.minute:02}" in line or f"{here:%I:%M}".lstrip("0") in line
    if not (is_on_call and level == "same_day"):
        assert opening(times, said - timedelta(minutes=1)).is_open, "it is promised for an hour that is kept"


def test_no_other_sentence_says_when_a_person_reads_it() -> None:
    for text in content().guidance.values():
        for words in (text.what_next, text.what_next_closed, text.opening, text.opening_closed):
            assert not ("read" in words and ("today" in words or "opens" in words)), words


def test_who_has_waited_in_vain_is_told_to_call_and_who_was_read_is_told_so() -> None:
    def steps(reading: Reading) -> str:
        return " ".join(told(replace(CASES["unusual"], reading=reading), emergency="999", opening=None).next_steps)

    assert WORDS["read_late"] in steps(Reading(at(16, 9), LONDON, is_late=True))
    assert WORDS["step_acknowledged"] in steps(Reading(at(16, 9), LONDON, is_read=True, is_late=True))
    assert "will read your answers by" not in steps(Reading(None, LONDON))
    urgent = replace(CASES["emergency"], reading=Reading(at(16, 9), LONDON))
    assert "will read" not in whole(told(urgent, emergency="999", opening=None)), "nobody waits for a reader then"


def test_an_emergency_waits_for_no_opening_hours() -> None:
    closed = told(CASES["emergency"], emergency="999", opening=opening(OpenTimes(WEEK, LONDON), at(21, 9)))
    assert closed.heading == "Call 999 now, or go to an emergency department."
    assert not any("opens" in words for words in closed.next_steps)


def test_worse_advice_is_never_less_urgent_while_closed() -> None:
    assert [CASES[name].advice for name in list(CASES)[1:]] == list(ADVICE_LEVELS)
    assert [CASES[name].phone_first for name in CASES] == [False, False, False, True, True]


@pytest.mark.parametrize("language", list(languages()))
@pytest.mark.parametrize("day", [0, 3, 10, 30])
def test_a_calm_page_ends_with_the_days_self_care_and_no_other_page_has_it(language: str, day: int) -> None:
    mild = dict.fromkeys(SYMPTOMS, 0) | {"burning": 1}
    worst = dict.fromkeys(SYMPTOMS, 0) | {"burning": 4}
    calm = CompletedCheckIn(dict.fromkeys(SYMPTOMS, 0), {}, {}, False, None, "")
    for name in content().procedure_classes:
        about, english = CheckInContext(name, day), self_care(name, day)
        words = translator(language)(english)
        assert english
        assert language == "en" or words != english
        every = {text for days in content().self_care.values() for text in days.values()}
        told_care = {translator(language)(text) for text in every}
        for done in (calm, replace(calm, severities=mild), replace(calm, worried=True)):
            found = assess(done, about).guidance
            page = told(found, emergency="999", opening=None, language=language)
            assert found.advice in ADVICE_LEVELS[:2]
            assert page.paragraphs[-1] == words
            assert len(told_care.intersection(page.paragraphs)) == 1
        for more in ({"severities": worst}, {"follow_up": {"swelling_breathing": "yes"}}):
            found = assess(replace(calm, **more), about).guidance
            page = told(found, emergency="999", opening=None, language=language)
            assert found.advice in ADVICE_LEVELS[2:]
            assert not told_care.intersection((*page.paragraphs, *page.next_steps))


def test_after_the_last_window_there_is_no_self_care() -> None:
    assert self_care("ablative", 181) == ""
    assert self_care("unheard_of", 1) == ""
    done = CompletedCheckIn(dict.fromkeys(SYMPTOMS, 0), {}, {}, False, None, "")
    assert "" not in assess(done, CheckInContext("ablative", 400)).guidance.paragraphs


def refused(allowed: str = "one of yes, no", found: str = "x") -> InvalidInput:
    return InvalidInput(field="note", found=found, allowed=allowed)


@pytest.mark.parametrize(
    ("problem", "question", "words"),
    [
        (refused(), Question("how_soon", "single", ""), "Choose one answer."),
        (refused(), Question("symptoms", "multiple", ""), "Choose at least one."),
        (refused(), None, "Choose one answer."),
        (refused("at most 1000 characters"), note_question(ABOUT), WORDS["note_too_long"].format(count=1000)),
        (refused("plain text"), note_question(ABOUT), WORDS["note_signs"]),
        (StorageBusy(), None, WORDS["busy"]),
        (StorageFull(), None, WORDS["full"]),
        (NotFound(), None, WORDS["went_wrong"]),
    ],
)
def test_a_refusal_is_told_in_plain_words(problem: Any, question: Question | None, words: str) -> None:
    assert plain_words(problem, question=question) == words


def test_late_is_counted_from_the_due_day() -> None:
    days = due_days("ablative", date(2026, 3, 1))
    assert [due_day(day, days) for day in (0, 1, 4, 7, 9, 10, 400)] == [1, 1, 3, 7, 7, 10, 180]
    assert days_late(1, 3, answered_before=(0,)) == 2
    assert days_late(1, 3, answered_before=(0, 1)) == 0
    assert [days_late(due_day(day, days), day) for day in (0, 1, 4, 9, 10, 200)] == [0, 0, 1, 2, 0, 20]
    assert days_late(7, None) == 0
