"""Two links in one browser: what was begun under one is never kept under the other, by any door."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from reporting import clock
from reporting.domain.language import languages, translator
from reporting.domain.patient_words import LIGHT_WORDS
from reporting.records.engine import reading, transaction
from reporting.records.tables import CheckIn, Consent, Draft, Photo, TreatedArea, Treatment, TriageCase
from reporting.security.tokens import form_mark, is_form_of
from reporting.treatments.act_invitations import issue_invitation
from tests.cast import House, house
from tests.photos import phone_jpeg
from tests.web.screen import Phone
from tests.web.site import of, words
from tests.web.test_check_in import DAY_3, link_of, to_review

WATCHED = (Draft, CheckIn, Photo, TriageCase, Consent)


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    with clock.fixed(DAY_3):
        yield


def all_there() -> list[list[dict[str, Any]]]:
    """Every row that a patient's form can write, as it is."""
    with reading() as session:
        return [
            [row.model_dump() for row in session.execute(select(table).order_by(table.id)).scalars()]  # type: ignore[attr-defined]
            for table in WATCHED
        ]


def second_treatment(home: House) -> str:
    """The link of another treatment of the same patient."""
    with transaction() as session:
        row = Treatment(
            clinic_id=home.clinic_id,
            patient_id=home.patient_id,
            reference="second",
            performed_on=session.get_one(Treatment, home.treatment_id).performed_on,
            procedure_class="ipl",
        )
        session.add(row)
        session.flush()
        session.add(TreatedArea(treatment_id=row.id, clinic_id=home.clinic_id, area="hands"))
        key = row.id or 0
    return f"/c/{issue_invitation(by=home.staff['clinician'], treatment_id=key).token}"


OTHERS: dict[str, Callable[[House], str]] = {
    "somebody else": lambda _: link_of(house("B")),
    "another treatment of one's own": second_treatment,
}
STAGES: dict[str, Callable[[Phone], Phone]] = {
    "a question": lambda phone: phone.press("Continue", ["swelling"]),
    "a list": lambda phone: phone.press("Continue", ["swelling"]).press("Severe"),
    "the emergency card": lambda phone: phone.press("Continue", ["swelling_breathing"]),
    "the review": to_review,
    "the photos": lambda phone: to_review(phone).open("/check-in/photo"),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("stage", STAGES)
def test_no_button_of_one_tab_writes_for_the_other(client: TestClient, stage: str, other: str) -> None:
    home = house("A", areas=("cheeks", "neck"))
    one = STAGES[stage](Phone(client, link_of(home)))
    Phone(client, OTHERS[other](home)).press("Continue", ["bumps"])
    before = all_there()
    buttons = [button for button in one.screen.buttons() if not one.screen.actions[button.form].startswith("/")]
    assert buttons
    for button in buttons:
        data = one.data(button.form, [], **({button.name: button.value} if button.name else {}))
        upload = {"files": {"file": ("a.jpg", phone_jpeg(), "image/jpeg")}} if "photo" in one.here else {}
        answer = client.post(one.here, data=data, headers={"sec-fetch-site": "same-origin"}, **upload)
        assert answer.status_code == 409, button.words
        assert "Open your own link again." in words(answer.text)
        assert all_there() == before, f"{button.words} of {stage} wrote something"


def test_one_tap_no_problems_of_a_page_opened_earlier(client: TestClient) -> None:
    home = house("A", areas=("cheeks", "neck"))
    one = Phone(client, link_of(home)).press("Continue", ["swelling"]).follow("Back")
    Phone(client, link_of(house("B"))).press("Continue", ["bumps"])
    before = all_there()
    one.press("No problems")
    assert one.status == 409
    assert all_there() == before


def test_the_link_opened_again_goes_on_where_it_was(client: TestClient) -> None:
    mine, other = link_of(house("A", areas=("cheeks", "neck"))), link_of(house("B"))
    Phone(client, mine).press("Continue", ["swelling"])
    Phone(client, other).press("Continue", ["bumps"])
    again = Phone(client, mine)
    assert again.screen.heading.startswith("How bad was the swelling"), again.screen.heading
    assert again.press("Severe").status == 200


@pytest.mark.parametrize("door", ["/unlock", "/my-data", "/check-in/photo", "/check-in/review", "/check-in/now"])
def test_a_form_without_its_mark_or_with_a_made_up_one_is_refused(client: TestClient, door: str) -> None:
    home = house("A", areas=("cheeks", "neck"))
    issued = issue_invitation(by=home.staff["clinician"], treatment_id=home.treatment_id)
    Phone(client, "/code").post({"code": issued.code, "year_of_birth": "1980"})
    if door == "/unlock":
        client.cookies.clear()
        Phone(client, f"/c/{issued.token}").post({})
    genuine = of(client)["of"]
    assert is_form_of(genuine, home.treatment_id)
    for mark in ("", "x", str(home.treatment_id), form_mark(home.treatment_id + 1), genuine[:-1]):
        upload = {"files": {"file": ("a.jpg", phone_jpeg(), "image/jpeg")}} if "photo" in door else {}
        answer = client.post(door, data={"of": mark, "send": "yes"}, **upload)  # type: ignore[arg-type]
        assert answer.status_code == 409, mark


def test_it_is_told_in_every_language(client: TestClient) -> None:
    Phone(client, link_of(house("A", areas=("cheeks", "neck")))).post({})
    for code in languages():
        answer = client.post("/check-in/now", data={}, headers={"accept-language": code})
        assert translator(code)(LIGHT_WORDS["other_treatment"]) in words(answer.text)


class TestLeaving:
    def test_a_patient_signs_out(self, client: TestClient) -> None:
        phone = Phone(client, link_of(house("A", areas=("cheeks", "neck")))).press("Continue", ["swelling"])
        assert phone.press("Sign out").here == "/code"
        assert client.get("/check-in/now").status_code == 401

    def test_a_session_from_a_code_ends_with_the_browser(self, client: TestClient) -> None:
        home = house("A", areas=("cheeks", "neck"))
        issued = issue_invitation(by=home.staff["clinician"], treatment_id=home.treatment_id)
        by_code = client.post("/code", data={"code": issued.code, "year_of_birth": "1980"})
        assert "max-age" not in by_code.headers["set-cookie"].lower()
        assert "expires" not in by_code.headers["set-cookie"].lower()
        client.cookies.clear()
        assert "max-age" in client.post(f"/c/{issued.token}").headers["set-cookie"].lower()
