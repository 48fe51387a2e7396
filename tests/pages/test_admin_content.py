"""Schedules, deadlines, ranges and tolerance: set on their pages, refused with words, read by the safety lead."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from reporting.clinic.read_content import content_row, protocol_ranges, tolerated_factor
from tests.accounts import trail
from tests.cast import House
from tests.pages.staff import open_page, text

WHY = "agreed at the safety meeting"
RANGE = "frac_ablative_co2|pulse_energy_mj|IV-VI"


def opened(
    monkeypatch: pytest.MonkeyPatch, clinic: House, file: str, role: str = "administrator", **at: str
) -> AppTest:
    return open_page(monkeypatch, file, clinic.staff[role], **at)  # type: ignore[index]


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return page


def why(page: AppTest, form: int) -> None:
    fields = [one for one in page.text_input if one.label.startswith("Why") and not str(one.key).startswith("undo")]
    fields[form].set_value(WHY)


class TestSchedules:
    def test_days_are_changed_from_a_day_on(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = opened(monkeypatch, clinic, "clinic/page_schedules", procedure="Intense pulsed light")
        page.multiselect[0].set_value([1, 7, 28])
        page.date_input[0].set_value(date(2026, 4, 1))
        why(page, 0)
        press(page, "save_schedule")
        assert page.success[0].value == "Saved. It holds from 1 Apr 2026."
        row = content_row(clinic.staff["administrator"], "schedules", "ipl")
        assert (row.in_force["days"], row.decided["days"], row.begins) == (
            "0|1|3|7|14|28|56|90",
            "1|7|28",
            date(2026, 4, 1),
        )
        assert page.multiselect[0].value == [1, 7, 28]
        assert "0, 1, 3, 7, 14, 28, 56, 90 → 1, 7, 28" in page.info[0].value

    def test_no_days_at_all_are_refused(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = opened(monkeypatch, clinic, "clinic/page_schedules", procedure="Intense pulsed light")
        page.multiselect[0].set_value([])
        why(page, 0)
        press(page, "save_schedule")
        assert "ipl, days: found ''; ipl has no schedule." in page.error[0].value
        assert trail("content.") == []

    def test_a_deadline_is_changed_and_undone(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = opened(monkeypatch, clinic, "clinic/page_schedules", case="Within one working day")
        page.number_input[0].set_value(3)
        why(page, 1)
        press(page, "save_level")
        assert content_row(clinic.staff["administrator"], "case_levels", "one_day").decided["deadline_hours"] == "3"
        page.text_input(key="undo_why_case_levels_one_day").set_value(WHY)
        press(page, "undo_case_levels_one_day")
        assert not content_row(clinic.staff["administrator"], "case_levels", "one_day").is_changed

    def test_a_faster_case_never_waits_longer(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = opened(monkeypatch, clinic, "clinic/page_schedules", case="Same day")
        page.number_input[0].set_value(20)
        why(page, 1)
        press(page, "save_level")
        assert "same_day waits longer than one_day" in page.error[0].value
        assert page.number_input[0].value == 20

    def test_the_safety_lead_reads(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = opened(monkeypatch, clinic, "clinic/page_schedules", "safety_lead")
        assert len(page.dataframe) == 2
        assert not page.button


class TestRanges:
    def test_a_range_is_set_and_taken_away(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        at = {"class": "Fractional ablative CO2", "setting": "Pulse energy", "skin": "IV-VI"}
        page = opened(monkeypatch, clinic, "clinic/page_guidelines", **at)
        assert "No protocol ranges yet." in text(page)
        page.number_input[1].set_value(30.0)
        why(page, 0)
        press(page, "save_range")
        [one] = protocol_ranges(clinic.staff["clinician"])
        assert (one.skin_group, one.minimum, one.maximum) == ("IV-VI", None, 30.0)
        assert page.dataframe[0].value.loc[0, "Highest"] == "30 mJ"
        why(page, 0)
        press(page, "drop_range")
        assert protocol_ranges(clinic.staff["clinician"]) == ()
        assert [record for _, _, record in trail("content.")] == [RANGE, RANGE]

    def test_a_typing_error_is_refused(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = opened(monkeypatch, clinic, "clinic/page_guidelines")
        page.number_input[1].set_value(3000.0)
        why(page, 0)
        press(page, "save_range")
        assert "maximum: found '3000'; allowed is 1 to 300, the plausible limits." in page.error[0].value
        assert page.number_input[1].value == 3000.0

    def test_the_tolerated_risk(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = opened(monkeypatch, clinic, "clinic/page_guidelines")
        page.number_input[2].set_value(1.2)
        why(page, 1)
        press(page, "save_factor")
        assert tolerated_factor(clinic.staff["clinician"]) == 1.2
        assert "under **1.2 times**" in text(page)

    def test_the_safety_lead_reads(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        page = opened(monkeypatch, clinic, "clinic/page_guidelines", "safety_lead")
        assert len(page.dataframe[-1].value) > 10
        assert not page.button
