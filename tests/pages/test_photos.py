"""Photos on the pages: added and taken back where answers are checked, and side by side for the clinic."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from reporting.domain.actors import Actor
from reporting.errors import StorageFull
from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_photos import add_photo
from reporting.records.engine import reading
from reporting.records.tables import Photo
from tests import photos
from tests.accounts import trail
from tests.answers import filled
from tests.cast import House, house
from tests.pages.staff import open_page, text
from tests.pages.test_patient_check_in import opened, tap, to_review


@pytest.fixture
def clinic(sqlite_database: str, stopped_clock: datetime) -> House:
    return house("A", areas=("cheeks", "neck"))


def rows() -> list[Photo]:
    with reading() as session:
        return list(session.execute(select(Photo).order_by(Photo.id)).scalars())


def html(page: AppTest) -> str:
    return "\n".join(str(each.proto.body) for each in page.get("html"))


def choose(page: AppTest, data: bytes, name: str = "me.jpg") -> AppTest:
    page.file_uploader[0].upload(name, data, "image/jpeg").run()
    assert not page.exception, page.exception
    return page


class TestThePatient:
    @pytest.fixture
    def page(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> AppTest:
        return to_review(opened(monkeypatch, clinic))

    def test_a_photo_goes_with_the_check_in(self, page: AppTest, clinic: House) -> None:
        choose(page, photos.phone_jpeg())
        assert "Photo 1 is added." in text(page)
        assert f"/photo/{rows()[0].id}?w=320" in html(page)
        assert page.file_uploader[0].value is None, "the field is empty for the next one"
        tap(page, "Send")
        assert rows()[0].check_in_id is not None

    def test_a_photo_is_taken_back(self, page: AppTest) -> None:
        tap(choose(page, photos.phone_jpeg()), "Remove photo 1")
        assert "is added" not in text(page)
        assert rows()[0].removed_at is not None
        choose(page, photos.phone_jpeg())
        assert "Photo 1 is added." in text(page)

    def test_the_camera(self, page: AppTest) -> None:
        assert len(page.camera_input) == 0
        page.toggle(key="photo_use_camera").set_value(True).run()
        page.camera_input[0].set_value(("camera.jpg", photos.phone_jpeg(), "image/jpeg")).run()
        assert not page.exception
        assert "Photo 1 is added." in text(page)

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (photos.SVG, "is not a photo that we can read"),
            (photos.HEIC, "(HEIC)"),
            (b"", "This file is empty."),
            (photos.png_claiming(50_000, 50_000), "too large to open"),
            (photos.phone_jpeg()[:700], "damaged"),
        ],
    )
    def test_what_is_refused_is_said_and_nothing_is_lost(self, page: AppTest, data: bytes, sentence: str) -> None:
        choose(page, data)
        assert sentence in page.error[0].value
        assert "Your answers are still here." in page.error[0].value
        assert rows() == []
        choose(page, photos.phone_jpeg())
        assert len(page.error) == 0
        tap(page, "Send")
        assert len(rows()) == 1

    def test_a_full_disk(self, page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise StorageFull()

        with monkeypatch.context() as broken:
            broken.setattr("reporting.patient.act_photos.photo_store.write", full)
            choose(page, photos.phone_jpeg())
        assert "Your answers are still here." in page.error[0].value

    def test_three_fit(self, page: AppTest) -> None:
        for orientation in (1, 3, 6):
            choose(page, photos.phone_jpeg(orientation=orientation))
        assert len(page.file_uploader) == 0
        assert "You have added 3 photos." in text(page)

    def test_the_note_survives_a_photo(self, page: AppTest) -> None:
        page.text_area[0].set_value("It itches at night.")
        choose(page, photos.phone_jpeg())
        assert page.text_area[0].value == "It itches at night."

    def test_with_the_link_alone_they_are_named_and_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, clinic: House
    ) -> None:
        link = Actor(
            kind="patient",
            id=clinic.patient_id,
            clinic_id=clinic.clinic_id,
            label="patient",
            strength="link",
            treatment_id=clinic.treatment_id,
        )
        page = opened(monkeypatch, clinic)
        monkeypatch.setattr("reporting.shell.ui_identity.actor_of", lambda *_, **__: link)
        choose(to_review(page), photos.phone_jpeg())
        assert "Photo 1 is added." in text(page)
        assert "<img" not in html(page)


def with_photos(clinic: House, count: int) -> list[int]:
    """Photos that the patient sent with one check-in."""
    ids = [
        add_photo(
            by=clinic.patient,
            treatment_id=clinic.treatment_id,
            submission_key=f"k{number}",
            data=photos.phone_jpeg(orientation=number + 1),
        ).photo_id
        for number in range(count)
    ]
    submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=filled(clinic.treatment_id), submission_key="k"
    )
    return ids


class TestTheClinic:
    @pytest.fixture
    def opens(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> Any:
        return lambda role: open_page(monkeypatch, "cases/page_timeline", clinic.staff[role], patient=clinic.patient_id)

    def test_two_photos_side_by_side(self, opens: Any, clinic: House) -> None:
        first, second, third = with_photos(clinic, 3)
        page = opens("clinician")
        shown = html(page)
        assert [f"/photo/{key}?w=" in shown for key in (first, second, third)] == [True, False, True]
        assert 'alt="Photo of Day 3, 10 Mar 2026, 10:30 · 1/3"' in shown
        page.selectbox(key=f"photos_{clinic.treatment_id}_right").select_index(1).run()
        assert [f"/photo/{key}?w=" in html(page) for key in (first, second, third)] == [True, True, False]
        assert trail("photo.viewed") == [], "the page itself shows none: the browser asks for each"

    def test_one_photo_and_none(self, opens: Any, clinic: House) -> None:
        assert "Photos" not in text(opens("clinician"))
        [only] = with_photos(clinic, 1)
        page = opens("safety_lead")
        assert f"/photo/{only}?w=" in html(page)
        assert not [box for box in page.selectbox if "Photo on" in box.label]

    def test_the_front_desk_sees_none(self, opens: Any, clinic: House) -> None:
        with_photos(clinic, 1)
        assert "/photo/" not in html(opens("front_desk"))

    def test_a_photo_is_removed_with_a_reason(self, opens: Any, clinic: House) -> None:
        with_photos(clinic, 1)
        page, place = opens("clinician"), f"photos_{clinic.treatment_id}"
        page.button(key=f"{place}_remove").click().run()
        assert "why the photo is taken away" in text(page)
        assert rows()[0].removed_at is None
        page.text_input(key=f"{place}_reason").set_value("somebody else")
        page.button(key=f"{place}_remove").click().run()
        assert rows()[0].removed_at is not None
        assert "/photo/" not in html(page)
        assert [row[0] for row in trail("photo.removed")] == ["photo.removed"]


class TestTheHome:
    def test_the_first_beside_the_newest(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        first, second, third = with_photos(clinic, 3)
        page = open_page(monkeypatch, "patient/page_home", clinic.patient)
        assert [f"/photo/{key}?w=" in html(page) for key in (first, second, third)] == [True, False, True]
        page.selectbox(key="photo_right").select_index(1).run()
        assert [f"/photo/{key}?w=" in html(page) for key in (first, second, third)] == [True, True, False]

    def test_the_link_alone_shows_none(self, monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
        with_photos(clinic, 1)
        page = open_page(monkeypatch, "patient/page_home", replace(clinic.patient, strength="link"))
        assert "/photo/" not in html(page)
