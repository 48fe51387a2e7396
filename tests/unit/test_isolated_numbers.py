"""A telephone number keeps its order on a page that is read from the right, in both renderers."""

import pytest
from streamlit.testing.v1 import AppTest

from reporting.domain.language import isolated
from reporting.domain.triage import Guidance
from reporting.patient.read_contact import ClinicContact

CONTACT = ClinicContact("Demo clinic", "+34 555 0100", "112", {})


def _foot(language: str) -> None:
    from reporting.patient.read_contact import ClinicContact
    from reporting.patient.ui_check_in import call_button, foot

    contact = ClinicContact("Demo clinic", "+34 555 0100", "112", {})
    call_button(contact, language, emergency=True)
    foot(contact, language)


@pytest.mark.parametrize(("language", "mark"), [("ar", "\u2066"), ("es", "")])
def test_foot_and_buttons(language: str, mark: str) -> None:
    page = AppTest.from_function(_foot, args=(language,)).run()
    words = page.markdown[-1].value
    for number in ("+34 555 0100", "112"):
        assert (f"\u2066{number}\u2069" in words) is bool(mark)
        assert number in words
    labels = [block.proto.label for block in page.get("link_button")]
    assert [isolated("112", language) in labels[0], isolated("+34 555 0100", language) in labels[1]] == [True, True]


def test_what_is_advised_names_the_number_in_order() -> None:
    advice = Guidance("emergency", "{emergency}", (), ("Call {emergency}.",), emergency=True, phone_first=True)
    assert CONTACT.tells(advice, "ar").heading == "\u2066112\u2069"
    assert CONTACT.tells(advice, "en").heading == "112"
