"""Photos over HTTP: the picture for those who may see it, the form that takes one, and what it refuses."""

import asyncio
import tracemalloc
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from starlette.requests import Request
from starlette.testclient import TestClient

from reporting.patient.act_check_ins import submit_check_in
from reporting.patient.act_photos import add_photo
from reporting.patient.web_photos import form
from reporting.records import photo_store
from reporting.records.engine import reading
from reporting.records.tables import Photo
from reporting.treatments import act_invitations
from tests import photos
from tests.accounts import PASSWORD, trail, with_password
from tests.answers import filled
from tests.cast import House, house
from tests.web.screen import bare
from tests.web.site import log_lines, of, without_address, words
from tests.web.test_ways_in import FOREIGN

MEGA = 1_000_000
FORM = "/check-in/photo"
FORM_TYPE = {"content-type": "multipart/form-data; boundary=x"}


def by_link(client: TestClient, clinic: House) -> None:
    token = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id).token
    _as(client, client.post(f"/c/{token}"))


def by_code(client: TestClient, clinic: House) -> None:
    made = act_invitations.issue_invitation(by=clinic.staff["clinician"], treatment_id=clinic.treatment_id)
    _as(client, client.post("/code", data={"code": made.code, "year_of_birth": "1980"}))


def as_staff(client: TestClient, clinic: House, role: str) -> None:
    email = with_password(clinic, role)  # type: ignore[arg-type]
    _as(client, client.post("/sign-in", data={"email": email, "password": PASSWORD}))


def _as(client: TestClient, answer: object) -> None:
    name, value = answer.headers["set-cookie"].split(";")[0].split("=", 1)  # type: ignore[attr-defined]
    client.cookies.clear()
    client.cookies.set(name, value)


def stored(clinic: House, key: str = "k") -> int:
    """A photo that was sent with a check-in."""
    kept = add_photo(by=clinic.patient, treatment_id=clinic.treatment_id, data=photos.phone_jpeg(), submission_key=key)
    submit_check_in(
        by=clinic.patient, treatment_id=clinic.treatment_id, answers=filled(clinic.treatment_id), submission_key=key
    )
    return kept.photo_id


def rows() -> list[Photo]:
    with reading() as session:
        return list(session.execute(select(Photo).order_by(Photo.id)).scalars())


def upload(client: TestClient, data: bytes, name: str = "me.jpg", field: str = "file") -> object:
    return client.post(FORM, files={field: (name, data, "image/jpeg")}, data=of(client))


class TestThePicture:
    def test_it_comes_alone_and_harmless(self, client: TestClient, clinic: House) -> None:
        photo_id = stored(clinic)
        as_staff(client, clinic, "clinician")
        answer = client.get(f"/photo/{photo_id}")
        assert answer.status_code == 200
        assert answer.content.startswith(b"\xff\xd8")
        headers = answer.headers
        assert headers["content-type"] == "image/jpeg"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-disposition"] == 'inline; filename="photo.jpg"'
        assert "sandbox" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"
        assert len(headers.get_list("content-security-policy")) == 1
        assert [row[:2] for row in trail("photo.viewed")] == [("photo.viewed", clinic.staff["clinician"].label)]

    @pytest.mark.parametrize("width", ["320", "64", "99999", "-3", "x", "²", "", "0", "1e9"])
    def test_a_width_is_a_wish(self, client: TestClient, clinic: House, width: str) -> None:
        photo_id = stored(clinic)
        as_staff(client, clinic, "safety_lead")
        assert client.get(f"/photo/{photo_id}", params={"w": width}).content.startswith(b"\xff\xd8")

    def test_who_sees_what(self, client: TestClient, clinic: House) -> None:
        other, photo_id = house("B"), stored(clinic)
        unknown = photo_id + 100
        people = {
            "clinician": (200, 404),
            "administrator": (200, 404),
            "safety_lead": (200, 404),
            "front_desk": (403, 403),
        }
        for role, expected in people.items():
            as_staff(client, clinic, role)
            assert tuple(client.get(f"/photo/{number}").status_code for number in (photo_id, unknown)) == expected
            as_staff(client, other, role)
            foreign = [client.get(f"/photo/{number}") for number in (photo_id, unknown)]
            assert {each.status_code for each in foreign} == {expected[1]}
            assert len({without_address(each.text) for each in foreign}) == 1
        for enter, mine, foreign_status in ((by_link, 403, 403), (by_code, 200, 404)):
            enter(client, clinic)
            assert client.get(f"/photo/{photo_id}").status_code == mine
            enter(client, other)
            answers = [client.get(f"/photo/{number}") for number in (photo_id, unknown)]
            assert {each.status_code for each in answers} == {foreign_status}
            assert len({without_address(each.text) for each in answers}) == 1
        client.cookies.clear()
        assert client.get(f"/photo/{photo_id}").status_code == 401

    def test_neighbouring_numbers_are_not_there(self, client: TestClient, clinic: House) -> None:
        other, photo_id = house("B"), stored(clinic)
        as_staff(client, other, "administrator")
        for number in [*range(photo_id + 50), 2**63, 10**30]:
            assert client.get(f"/photo/{number}").status_code == 404

    def test_the_file_itself_has_no_address(self, client: TestClient, clinic: House) -> None:
        stored(clinic)
        as_staff(client, clinic, "administrator")
        [path] = photo_store.folder().rglob("*.bin")
        inside = path.relative_to(photo_store.folder()).as_posix()
        for address in (
            f"/photos/{inside}",
            f"/media/{path.name}",
            f"/static/{inside}",
            f"/data/local/photos/{inside}",
            f"/photo/{path.stem}",
            f"/photo/../photos/{inside}",
        ):
            answer = client.get(address)
            assert path.read_bytes()[:40] not in answer.content
            assert answer.headers["content-type"].split(";")[0] != "image/jpeg"

    def test_a_file_that_was_changed_is_said_and_logged_without_its_name(
        self, client: TestClient, clinic: House
    ) -> None:
        photo_id = stored(clinic)
        as_staff(client, clinic, "clinician")
        [path] = photo_store.folder().rglob("*.bin")
        path.write_bytes(b"something else")
        with log_lines() as lines:
            answer = client.get(f"/photo/{photo_id}")
        assert answer.status_code == 500
        assert "cannot be shown" in words(answer.text)
        assert any(f"photo {photo_id} was changed" in line for line in lines)
        assert path.stem not in "".join(lines)


class TestTheForm:
    @pytest.fixture(autouse=True)
    def _patient(self, client: TestClient, clinic: House) -> None:
        by_link(client, clinic)

    def test_it_works_without_scripts(self, client: TestClient) -> None:
        page = client.get(FORM)
        assert page.status_code == 200
        assert "<script" not in page.text
        assert 'enctype="multipart/form-data"' in page.text
        assert page.text.count('type="file"') == 2
        assert " capture" in page.text
        assert "By sending a photo you agree" in words(page.text)

    @pytest.mark.parametrize("field", ["camera", "file"])
    def test_a_photo_is_added_and_taken_back(self, client: TestClient, field: str) -> None:
        answer = upload(client, photos.phone_jpeg(), field=field)
        assert (answer.status_code, bare(answer.headers["location"])) == (303, FORM)
        page = client.get(FORM)
        assert "Photo 1 is added." in words(page.text)
        assert "<img" not in page.text, "the link alone does not show photos"
        [row] = rows()
        client.post(FORM, files={"nothing": ("", b"")}, data={"remove": str(row.id)} | of(client))
        assert rows()[0].removed_at is not None
        assert "is added" not in words(client.get(FORM).text)

    def test_both_at_once_and_the_same_again(self, client: TestClient) -> None:
        two = {"camera": ("a.jpg", photos.phone_jpeg()), "file": ("b.png", photos.encoded(photos.picture(), "PNG"))}
        for _ in range(3):
            assert client.post(FORM, files=two, data=of(client)).status_code == 303
        assert len(rows()) == 2

    def test_with_the_code_they_are_shown(self, client: TestClient, clinic: House) -> None:
        upload(client, photos.phone_jpeg())
        by_code(client, clinic)
        page = client.get(FORM).text
        [row] = rows()
        assert f'<img src="/photo/{row.id}?w=320" alt="Your photo of' in page
        assert client.get(f"/photo/{row.id}?w=320").status_code == 200

    def test_no_more_than_fit(self, client: TestClient) -> None:
        for orientation in (1, 3, 6):
            upload(client, photos.phone_jpeg(orientation=orientation))
        assert 'type="file"' not in client.get(FORM).text
        refused = upload(client, photos.phone_jpeg(orientation=8))
        assert refused.status_code == 422
        assert "You have added 3 photos." in words(refused.text)
        assert len(rows()) == 3

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (photos.SVG, "is not a photo that we can read"),
            (photos.GIF, "is not a photo that we can read"),
            (b"just text", "is not a photo that we can read"),
            (b"", "This file is empty."),
            (photos.HEIC, "this kind of photo (HEIC)"),
            (photos.phone_jpeg()[:700], "damaged, or not all of it came"),
            (photos.png_claiming(50_000, 50_000), "too large to open"),
        ],
    )
    def test_what_is_refused_is_said_plainly(self, client: TestClient, data: bytes, sentence: str) -> None:
        answer = upload(client, data, "holiday.jpg")
        assert answer.status_code == 422
        assert sentence in words(answer.text)
        assert "Your answers are still here." in words(answer.text)
        assert "holiday" not in answer.text
        assert 'type="file"' in answer.text, "another one can be chosen at once"
        assert rows() == []

    def test_nothing_chosen(self, client: TestClient) -> None:
        answer = client.post(FORM, files={"file": ("", b""), "camera": ("", b"")}, data=of(client))
        assert "Choose or take a photo first." in words(answer.text)

    def test_in_the_patients_language(self, client: TestClient) -> None:
        client.cookies.set("language", "ar")
        answer = upload(client, photos.SVG)
        assert '<html lang="ar" dir="rtl">' in answer.text

    @pytest.mark.parametrize(("announced", "most_mb"), [(True, 2), (False, 45)])
    def test_fifty_megabytes_are_refused_before_memory_grows(
        self, client: TestClient, monkeypatch: pytest.MonkeyPatch, announced: bool, most_mb: int
    ) -> None:
        """Announced, nothing is kept at all; else no more than two photos may weigh. Never is the disk touched."""
        monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", None)
        status, said, peak_mb = _run(_fifty_megabytes(client.cookies["session"], announced))
        assert status == 413
        assert "It can have up to 15 MB." in said
        assert peak_mb < most_mb
        assert rows() == []

    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            (FORM_TYPE, b"no boundary here"),
            (FORM_TYPE, b"--x\r\n\r\n"),
            ({"content-type": "text/plain"}, b"x"),
            ({"content-type": "multipart/form-data"}, b"x"),
            ({"content-type": "application/json"}, b"{}"),
            (FORM_TYPE, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 9),
            (FORM_TYPE | {"content-length": "²"}, b""),
        ],
    )
    def test_what_is_no_form(self, client: TestClient, headers: dict[str, str], body: bytes) -> None:
        try:
            answer = client.post(FORM, content=body, headers=headers)
        except UnicodeEncodeError:
            return
        if b'name="a"' in body and body.count(b"name") < 5:
            assert answer.status_code == 409, "a form that does not say whose it is"
            return
        assert answer.status_code == 422
        assert "Your answers are still here." in words(answer.text)

    @pytest.mark.parametrize("number", ["", "x", "0", "²", "9" * 40, "999999"])
    def test_what_cannot_be_removed(self, client: TestClient, number: str) -> None:
        answer = client.post(FORM, files={"nothing": ("", b"")}, data={"remove": number} | of(client))
        assert answer.status_code in (404, 422)

    def test_anothers_photo_cannot_be_removed(self, client: TestClient, clinic: House) -> None:
        upload(client, photos.phone_jpeg())
        by_code(client, house("B"))
        answer = client.post(FORM, files={"nothing": ("", b"")}, data={"remove": str(rows()[0].id)} | of(client))
        assert answer.status_code == 404
        assert rows()[0].removed_at is None

    @pytest.mark.parametrize("headers", FOREIGN)
    def test_another_sites_form(self, client: TestClient, headers: dict[str, str]) -> None:
        answer = client.post(FORM, files={"file": ("a.jpg", photos.phone_jpeg())}, headers=headers)
        assert answer.status_code == 403
        assert rows() == []

    def test_who_is_not_a_patient(self, client: TestClient, clinic: House) -> None:
        as_staff(client, clinic, "clinician")
        assert client.get(FORM).status_code == 403
        client.cookies.clear()
        for answer in (client.get(FORM), upload(client, photos.phone_jpeg())):
            assert (answer.status_code, answer.headers["location"]) == (303, "/code")
        assert rows() == []


def _run(work: Coroutine[Any, Any, tuple[int, str, float]]) -> tuple[int, str, float]:
    """In a thread of its own: where a browser test ran before, this one has a loop running already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _fifty_megabytes(cookie: str, announced: bool) -> tuple[int, str, float]:
    """Send 50 MB piece by piece, as a server hands them on. Gives the status, the words, and the peak in MB."""
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + photos.phone_jpeg()
    piece = bytes(64_000)
    pieces = iter([start, *[piece] * (50 * MEGA // len(piece))])
    headers = FORM_TYPE | {"cookie": f"session={cookie}"} | ({"content-length": str(50 * MEGA)} if announced else {})

    async def receive() -> dict[str, object]:
        body = next(pieces, None)
        return {"type": "http.request", "body": body or b"", "more_body": body is not None}

    scope = {
        "type": "http",
        "method": "POST",
        "path": FORM,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    tracemalloc.start()
    try:
        answer = await form(Request(scope, receive))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return answer.status_code, words(bytes(answer.body).decode()), peak / MEGA
