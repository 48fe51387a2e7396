"""Passwords: long enough, not a common one, no other rules; hashed with Argon2id."""

import time

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from reporting.errors import InvalidInput
from reporting.security import passwords
from reporting.security.passwords import check_new, hash_password, verify_password

REFUSED = {
    "too short": "tr0ub4dor&3",
    "empty": "",
    "longer than anybody types": "violet otter " * 10,
    "a common word with numbers": "Password123!",
    "a common word twice": "passwordpassword",
    "two common words": "welcome-admin-2024",
    "a row of keys": "qwertyuiop[]",
    "numbers in order": "123456789012",
    "one character": "aaaaaaaaaaaaaaaa",
    "the word for the job": "administrator1",
    "look-alike signs": "P@ssw0rd1234",
    "asked to be changed": "changeme1234",
    "look-alike signs and a word": "Passw0rd!long",
    "season and year": "Summer2026!!!",
    "a name with numbers": "Undertaker2026!!",
    "keys in a pattern": "1qaz2wsx3edc4rfv",
}
ACCEPTED = {
    "four words": "correct horse battery staple",
    "twelve characters": "kz7-fjord-mu",
    "only small letters": "violetottersleeps",
    "sixty-four signs": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_",
    "another script": "наступит тихий вечер",
    "a common word among others": "my laser hums at dawn",
}


@pytest.mark.parametrize("password", REFUSED.values(), ids=REFUSED)
def test_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new(password)
    assert refused.value.field == "password"
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize("password", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(password: str) -> None:
    check_new(password)


def is_refused(password: str, *about: str) -> bool:
    try:
        check_new(password, about=about)
    except InvalidInput:
        return True
    return False


DECORATED = (
    lambda word: word.capitalize() + "2026!!",
    lambda word: word + "123456",
    lambda word: word.translate(str.maketrans("aoes", "@03$")) + "!2024",
    lambda word: word * 2,
)


def test_common_passwords_are_refused_however_they_are_decorated() -> None:
    """Of the library's list of 30,000: the long ones as they are, the most used ones as people decorate them."""
    known = FREQUENCY_LISTS["passwords"]
    assert sum(len(word) >= 12 for word in known) > 200
    long = [word for word in known if len(word) >= 12]
    decorated = [make(word) for word in known[:200] if word.isalpha() for make in DECORATED]
    passed = [word for word in (*long[::2], *decorated) if len(word) >= 12 and not is_refused(word)]
    assert set(passed) <= {"q1w2e3r4t5y6u7i8o9p0"}  # twenty keys in turn: a great many guesses


OWN = ("Rosewater Skin Clinic", "RSW-NORTH", "Marguerite Okafor", "m.okafor@rosewater.example")


@pytest.mark.parametrize(
    "password",
    [
        "rosewater-skin-2026",
        "R0sew4ter2026!!",
        "okafor.marguerite",
        "Rsw-North-2026-1",
        "0k@forM4rguer1te",
        "rosewater.example",
    ],
)
def test_what_the_clinic_and_the_person_are_called_is_refused(password: str) -> None:
    assert is_refused(password, *OWN)


def test_their_words_among_others_are_no_reason() -> None:
    assert not is_refused("okafor hums a violet tune", *OWN)


def test_no_password_takes_long_to_be_judged() -> None:
    """The estimate tries every reading of look-alike signs: a made-up one would take it minutes."""
    began = time.thread_time()
    check_new("4@8({[<369!1/|0$5+7%2abcdef"[:27] * 4)
    assert time.thread_time() - began < 1


def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    first, second = hash_password("violet otter sleeps"), hash_password("violet otter sleeps")
    assert first.startswith("$argon2id$")
    assert first != second
    assert verify_password(first, "violet otter sleeps")
    assert not verify_password(first, "violet otter sleeps ")


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$broken"])
def test_without_a_usable_hash_nothing_fits(stored: str | None) -> None:
    assert not verify_password(stored, "the account does not exist")
    assert not verify_password(stored, "")


def test_an_account_that_is_not_there_costs_as_much_as_one_that_is() -> None:
    """The hash that is compared with where there is no account has the parameters of new ones."""
    cost = hash_password("four plain words together").rsplit("$", 2)[0]
    assert passwords._NOBODY.rsplit("$", 2)[0] == cost
    assert not verify_password(None, "the account does not exist")
