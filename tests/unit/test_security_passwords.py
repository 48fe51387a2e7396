"""Passwords: long enough, not a common one, no other rules; hashed with Argon2id."""

import pytest

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
