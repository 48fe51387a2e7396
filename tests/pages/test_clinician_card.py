"""The card: one link at a time, shown once, printable, for one's own clinic only."""

from datetime import date

import pytest
from sqlalchemy import select

from reporting.records.engine import reading
from reporting.records.tables import Invitation
from reporting.treatments import file_card
from tests.cast import House, house
from tests.pages.staff import open_page, text


def working_links() -> int:
    with reading() as session:
        found = session.execute(select(Invitation)).scalars()
        return sum(invitation.revoked_at is None for invitation in found)


def test_a_card_is_made_by_pressing_not_by_looking(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    by = clinic.staff["front_desk"]
    page = open_page(monkeypatch, "treatments/page_card", by, treatment=clinic.treatment_id)
    assert working_links() == 0
    page.button(key="make_card").click().run()
    assert working_links() == 1
    link, code = (each.value for each in page.code)
    assert "/c/" in link
    assert len(code) >= 8
    [image] = page.get("image")
    assert image.proto.imgs[0].alt == f"QR code that opens the check-in page: {link}"
    page.button(key="make_card").click().run()
    assert working_links() == 1
    assert page.code[0].value != link


def test_the_secret_is_gone_with_the_session(monkeypatch: pytest.MonkeyPatch, clinic: House) -> None:
    by = clinic.staff["clinician"]
    page = open_page(monkeypatch, "treatments/page_card", by, treatment=clinic.treatment_id)
    page.button(key="make_card").click().run()
    again = open_page(monkeypatch, "treatments/page_card", by, treatment=clinic.treatment_id)
    assert not again.code


def test_without_a_treatment_and_for_another_clinic_there_is_none(
    monkeypatch: pytest.MonkeyPatch, clinic: House
) -> None:
    assert "Choose a treatment." in text(open_page(monkeypatch, "treatments/page_card", clinic.staff["clinician"]))
    other = house("B").staff["clinician"]
    page = open_page(monkeypatch, "treatments/page_card", other, treatment=clinic.treatment_id)
    assert "nothing here that you may see" in text(page)


CARD = file_card.Card(
    clinic_name="Demo <clinic>",
    clinic_telephone="+34 555 0100",
    emergency_telephone="112",
    performed_on=date(2026, 3, 7),
    link="https://clinic.example/c/abc",
    code="AB12-CD34",
    valid_until=date(2026, 9, 23),
    is_synthetic=True,
)


def test_the_printed_card_is_complete_and_fetches_nothing() -> None:
    page = file_card.printable(CARD)
    for expected in (
        "Demo &lt;clinic&gt;",
        "https://clinic.example/c/abc",
        "AB12-CD34",
        "https://clinic.example/code",
        "7 March 2026",
        "23 September 2026",
        'href="tel:+34555',
        'href="tel:112"',
        "synthetic data",
        "alt=",
    ):
        assert expected in page, expected
    assert "<script" not in page
    assert 'src="http' not in page
    assert "<clinic>" not in page


def test_the_picture_holds_the_link() -> None:
    import segno

    assert file_card.png(CARD.link).startswith(b"\x89PNG")
    assert file_card.png(CARD.link) != file_card.png(CARD.link + "x")
    assert segno.make(CARD.link, error="m", micro=False).error in ("M", "Q", "H")
