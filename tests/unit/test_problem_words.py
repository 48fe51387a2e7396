"""What staff read when a value is refused: the form's own name of the field, and an empty one is missing."""

from reporting.errors import InvalidInput, NotFound
from reporting.shell.ui_states import problem_words


def test_a_field_that_was_left_empty_is_missing() -> None:
    asked = {"allowed": "one of advice, call"}
    for nothing in ("", None, "0 characters"):
        words = problem_words(InvalidInput(field="action_taken", found=nothing, **asked))
        assert words == "**Action taken is missing.** Fill it in and send it again."
    assert problem_words(InvalidInput(field="words", found="", row=3, **asked)).startswith("**Row 3: Words is missing.")


def test_a_setting_has_its_name_and_unit() -> None:
    words = problem_words(InvalidInput(field="pulse_energy_mj", found=5000.0, allowed="1 to 300 mJ"))
    assert words.startswith("**Pulse energy (mJ): found 5000.0; allowed is 1 to 300 mJ.**")


def test_other_problems_say_what_they_say() -> None:
    assert problem_words(NotFound()) == f"**{NotFound.message}** {NotFound.what_to_do}"
